"""A transfer counts once, sums are those of what they sum up, and a status says what the money says."""

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext_lazy as _

from chains import registry
from invoices.models import Invoice
from invoices.states import Facts, InvoiceException, InvoiceStatus, enough_for, exception_of, next_status
from operations.doctor.base import Check, Moment, Row, asks, asks_in_slices
from payments import reconciliation
from payments.reconciliation import Scope

_TWICE: Final = """
SELECT network, txid, address, count(*) AS times FROM payments_payment
GROUP BY network, txid, asset_code, address, tag, ordinal HAVING count(*) > 1 ORDER BY 1, 2
"""
_SHARED: Final = """
SELECT network, address, count(*) AS times FROM invoices_invoice
WHERE matching = 'address' GROUP BY network, address HAVING count(*) > 1 ORDER BY 1, 2
"""
_STRANGERS: Final = """
SELECT 'payment' AS kind, p.id::text AS key, p.invoice_id AS invoice
FROM payments_payment p JOIN invoices_invoice i ON i.id = p.invoice_id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND (p.merchant_id, p.livemode) <> (i.merchant_id, i.livemode)
UNION ALL SELECT 'refund', r.id::text, r.invoice_id
FROM payments_refund r JOIN invoices_invoice i ON i.id = r.invoice_id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND (r.merchant_id, r.livemode) <> (i.merchant_id, i.livemode)
UNION ALL SELECT 'settlement', s.id::text, s.invoice_id
FROM payments_settlement s JOIN invoices_invoice i ON i.id = s.invoice_id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND (s.merchant_id, s.livemode) <> (i.merchant_id, i.livemode)
UNION ALL SELECT 'credit', c.id::text, c.invoice_id
FROM invoices_credit c JOIN invoices_invoice i ON i.id = c.invoice_id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND (c.merchant_id, c.livemode) <> (i.merchant_id, i.livemode)
UNION ALL SELECT 'booking', b.id::text, b.invoice_id
FROM payments_booking b JOIN invoices_invoice i ON i.id = b.invoice_id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND (b.merchant_id, b.livemode) <> (i.merchant_id, i.livemode)
"""
# What goes back of a part counts towards the invoice no longer, as far as there is money in its own asset.
_RECEIPTS: Final = """
SELECT i.id AS invoice, i.received_units AS said, i.confirmed_units AS said_confirmed,
       coalesce(s.came, 0) - least(coalesce(s.own, 0), coalesce(b.units, 0)) AS received,
       coalesce(s.sure, 0) - least(coalesce(s.own_sure, 0), coalesce(b.units, 0)) AS confirmed
FROM invoices_invoice i
LEFT JOIN (
    SELECT p.invoice_id, sum(p.credited_units) AS came,
           sum(p.credited_units) FILTER (WHERE p.status = 'confirmed') AS sure,
           sum(p.units) FILTER (WHERE (p.network, p.asset_code) = (i.network, i.asset_code)) AS own,
           sum(p.units) FILTER (
               WHERE (p.network, p.asset_code) = (i.network, i.asset_code) AND p.status = 'confirmed') AS own_sure
    FROM payments_payment p JOIN invoices_invoice i ON i.id = p.invoice_id
    WHERE p.counts AND p.status IN ('detected', 'confirming', 'confirmed')
      AND p.invoice_id > %(after)s AND p.invoice_id <= %(upto)s GROUP BY p.invoice_id
) s ON s.invoice_id = i.id
LEFT JOIN (
    SELECT invoice_id, sum(units) AS units FROM payments_refund
    WHERE kind = 'part' AND status <> 'cancelled' AND invoice_id > %(after)s AND invoice_id <= %(upto)s
    GROUP BY invoice_id
) b ON b.invoice_id = i.id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND (i.received_units, i.confirmed_units) <> (
    coalesce(s.came, 0) - least(coalesce(s.own, 0), coalesce(b.units, 0)),
    coalesce(s.sure, 0) - least(coalesce(s.own_sure, 0), coalesce(b.units, 0)))
"""
_CREDITS: Final = """
SELECT i.id AS invoice, 'none' AS there FROM invoices_invoice i
WHERE i.id > %(after)s AND i.id <= %(upto)s
  AND i.status = 'paid' AND i.exception = 'overpaid' AND i.overpayment_action = 'credit_account'
  AND NOT EXISTS (SELECT FROM invoices_credit c WHERE c.invoice_id = i.id AND c.voided_at IS NULL)
UNION ALL SELECT i.id, 'one' FROM invoices_credit c JOIN invoices_invoice i ON i.id = c.invoice_id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND c.voided_at IS NULL AND i.status NOT IN ('paid', 'refunded')
"""
_UNSIGNED: Final = """
SELECT p.id AS payout, p.status FROM payments_payout p
WHERE p.txid <> '' AND NOT EXISTS (
    SELECT FROM payments_payouttransaction t WHERE t.payout_id = p.id AND t.txid = p.txid)
"""
_FACTS: Final = """
SELECT id AS invoice, status, exception, total, underpayment_threshold, overpayment_threshold, asked_value,
       received_value, confirmed_value, viewed_at IS NOT NULL AS is_viewed,
       expires_at <= %(settled)s::timestamptz AS is_overdue, accepted_value, is_late
FROM invoices_invoice WHERE id > %(after)s AND id <= %(upto)s
"""


def _against_reducer(moment: Moment) -> Iterator[Row]:
    """The clock takes some seconds to close what is over: deadlines count once they are settled."""
    for row in asks_in_slices(_FACTS)(moment):
        facts = Facts(
            enough=enough_for(row["total"], row["underpayment_threshold"]),
            ceiling=max(row["total"], row["asked_value"]) + row["overpayment_threshold"],
            received=row["received_value"],
            confirmed=row["confirmed_value"],
            is_viewed=row["is_viewed"],
            is_overdue=row["is_overdue"],
            accepted=row["accepted_value"],
            is_late=row["is_late"],
        )
        said = InvoiceStatus(row["status"]), InvoiceException(row["exception"])
        follows = next_status(said[0], facts), exception_of(facts)
        if said != follows:
            yield {"invoice": row["invoice"], "said": " ".join(said), "follows": " ".join(follows)}


def _unknown_assets(_moment: Moment) -> Iterator[Row]:
    pairs = Invoice.objects.order_by().values_list("network", "asset_code").distinct()
    for network, code in pairs:
        if registry.asset(network, code) is None:
            yield {"network": network, "asset": code}


def _ledger(_moment: Moment) -> Iterator[Row]:
    for difference in reconciliation.ledger_differences(Scope()):
        yield {"difference": difference}


CHECKS: Final = (
    Check(
        "payment-once",
        _("A transfer is credited once."),
        _("%(network)s: the transfer %(txid)s to %(address)s is recorded %(times)s times."),
        _("Keep the oldest row. Then see `guards`: the constraint payment_once must be back before the next scan."),
        asks(_TWICE),
    ),
    Check(
        "destination-once",
        _("An address serves one invoice, ever."),
        _("%(network)s: the address %(address)s serves %(times)s invoices."),
        _("Cancel all but the invoice that the customer pays; see `guards` for invoice_address_once."),
        asks(_SHARED),
    ),
    Check(
        "owners",
        _("What belongs to an invoice belongs to its merchant, in test mode or live like it."),
        _("The %(kind)s %(key)s of invoice %(invoice)s has another merchant or mode."),
        _("Somebody has written to the tables by hand: `manage.py audit verify` and the log say who was at work."),
        asks_in_slices(_STRANGERS),
        has_views=True,
    ),
    Check(
        "receipts",
        _("What an invoice has received is what its payments say, in base units."),
        _(
            "Invoice %(invoice)s says %(said)s received and %(said_confirmed)s confirmed, "
            "its payments %(received)s and %(confirmed)s."
        ),
        _("`manage.py rescan` the blocks of its payments: the next change of one brings the invoice in line."),
        asks_in_slices(_RECEIPTS),
        has_views=True,
    ),
    Check(
        "status",
        _("Status and exception of an invoice follow from its money."),
        _("Invoice %(invoice)s is %(said)s, and %(follows)s follows from its money."),
        _(
            "If many are overdue, the clock (beat) or the workers stand still. Otherwise see `receipts`; "
            "`manage.py rescan` the blocks of its payments."
        ),
        _against_reducer,
        has_views=True,
    ),
    Check(
        "assets",
        _("Every asset that invoices ask for is configured."),
        _("%(asset)s on %(network)s is no longer configured, and there are invoices in it."),
        _("Put the network back (its `…_RPC_URL`): money may arrive at those addresses at any time."),
        _unknown_assets,
    ),
    Check(
        "ledger",
        _("The books say what payments, settlements, refunds and payouts say, and every booking adds up to nothing."),
        _("%(difference)s"),
        _("`manage.py reconcile --book-missing` books what follows from the tables; the rest needs a person."),
        _ledger,
        has_views=True,
    ),
    Check(
        "credits",
        _("A surplus that is to be credited is credited, and nothing else is."),
        _("Invoice %(invoice)s has %(there)s credit in force, which does not fit its money."),
        _("See `receipts` and `status` for the same invoice; `manage.py rescan` the blocks of its payments."),
        asks_in_slices(_CREDITS),
        has_views=True,
    ),
    Check(
        "payouts",
        _("Every transaction that a vault signed is kept as it was signed."),
        _("Payout %(payout)s is %(status)s, and its transaction is not among those that were signed."),
        _("Pay nothing by hand: restore the row of payments_payouttransaction from a backup, or ask the chain first."),
        asks(_UNSIGNED),
    ),
)
