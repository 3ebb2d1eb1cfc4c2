"""What was set aside is somebody's: addresses, indexes of keys, amounts, answers to repeated requests."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from core import secrets
from core.ids import parse_public_id
from core.models import IdempotencyKey, Record
from invoices.models import Invoice
from merchants.settings import DEFAULTS
from operations.doctor.base import CHUNK, Check, Moment, Row, asks, asks_in_slices
from payments.models import Refund
from webhooks.models import WebhookEndpoint

# Rows with one key count together, in the oldest.
_INDEXES: Final = """
WITH given AS (
    SELECT wallet_id, max(wallet_index) AS highest FROM (
        SELECT wallet_id, wallet_index FROM invoices_invoice WHERE wallet_index IS NOT NULL
        UNION ALL SELECT wallet_id, wallet_index FROM invoices_invoicedestination WHERE wallet_index IS NOT NULL
    ) used GROUP BY wallet_id
)
SELECT (array_agg(w.id ORDER BY w.created_at))[1] AS wallet, max(w.next_index) AS next, max(g.highest) AS highest
FROM merchants_wallet w LEFT JOIN given g ON g.wallet_id = w.id
WHERE w.kind IN ('xpub', 'vault') GROUP BY w.xpub HAVING max(g.highest) >= max(w.next_index)
"""
_POOL: Final = """
WITH used AS (
    SELECT network, address FROM invoices_invoice
    UNION ALL SELECT network, address FROM invoices_invoicedestination
)
SELECT w.id AS wallet, a.network, a.address, a.taken_at IS NOT NULL AS taken
FROM merchants_walletaddress a JOIN merchants_wallet w ON w.id = a.wallet_id AND w.kind = 'pool'
WHERE (a.taken_at IS NOT NULL) <> EXISTS (
    SELECT FROM used u WHERE u.network = a.network AND u.address = a.address)
ORDER BY a.network, a.address
"""
_CLAIMS: Final = """
SELECT i.id AS invoice, c.network, c.units
FROM invoices_amountclaim c
JOIN invoices_invoice i ON i.id = c.invoice_id JOIN merchants_merchant m ON m.id = i.merchant_id
WHERE c.released_at IS NULL AND i.status IN ('expired', 'cancelled', 'paid', 'refunded')
  AND greatest(i.expires_at, i.paid_at, i.cancelled_at) + make_interval(
      hours => coalesce((m.settings #>> '{late_payment,window_hours}')::int, %(window)s::int)
  ) < %(settled)s::timestamptz - interval '10 minutes'
ORDER BY i.id
"""
_UNCLAIMED: Final = """
SELECT i.id AS invoice, i.network FROM invoices_invoice i
WHERE i.id > %(after)s AND i.id <= %(upto)s AND i.matching = 'amount' AND i.status IN ('created', 'pending')
  AND NOT EXISTS (SELECT FROM invoices_amountclaim c WHERE c.invoice_id = i.id AND c.released_at IS NULL)
ORDER BY i.id
"""
_WORKS: Final[Mapping[str, type[Record]]] = {model.PREFIX: model for model in (Invoice, Refund, WebhookEndpoint)}


def _answers_without_work(_moment: Moment) -> Iterator[Row]:
    answered = IdempotencyKey.objects.order_by().filter(status_code__range=(200, 299), body__isnull=False)
    rows = answered.values_list("scope", "key", "body", "is_encrypted").iterator(chunk_size=CHUNK)
    while some := list(islice(rows, CHUNK)):
        named = [(scope, key, _named(body, is_encrypted)) for scope, key, body, is_encrypted in some]
        there = _there([name for _scope, _key, name in named if name])
        for scope, key, name in named:
            if name and name not in there:
                yield {"scope": scope, "key": key, "object": name}


def _named(body: str | None, is_encrypted: bool) -> str:
    """Return the id of what an answer tells was made, if it is of a kind that is never deleted."""
    with suppress(ValueError, secrets.SecretUnreadable):
        answer: Any = json.loads(secrets.decrypt(body or "") if is_encrypted else body or "")
        name = answer.get("id") if isinstance(answer, dict) else None
        if isinstance(name, str) and name.partition("_")[0] in _WORKS:
            return name
    return ""


def _there(names: list[str]) -> set[str]:
    found: set[str] = set()
    for prefix, model in _WORKS.items():
        keys = {key: name for name in names if (key := parse_public_id(prefix, name))}
        found.update(keys[key] for key in model._default_manager.filter(pk__in=keys).values_list("pk", flat=True))  # noqa: SLF001
    return found


CHECKS: Final = (
    Check(
        "key-index",
        _("No index of an extended key is given out twice: the next one is above all that were used."),
        _("Wallet %(wallet)s would give out index %(next)s next, and %(highest)s is used."),
        _("Set next_index of the wallet above that. The database refuses a second invoice there, so nothing is lost."),
        asks(_INDEXES),
    ),
    Check(
        "pool",
        _("An address of a list is taken exactly when an invoice has it."),
        _("%(network)s: %(address)s of wallet %(wallet)s: taken is %(taken)s, and its invoices say otherwise."),
        _("Taken without an invoice: set taken_at to NULL. Not taken and in use: set taken_at, or it is tried again."),
        asks(_POOL),
    ),
    Check(
        "claims",
        _("An amount is set aside only while its invoice can still be paid."),
        _("%(network)s: %(units)s base units are still set aside for invoice %(invoice)s."),
        _("The clock (beat) or the workers stand still: every five minutes they free such amounts."),
        asks(_CLAIMS, window=DEFAULTS["late_payment"]["window_hours"]),
    ),
    Check(
        "claimed",
        _("An open invoice that is told by its amount has that amount to itself."),
        _("%(network)s: no amount is set aside for invoice %(invoice)s."),
        _("Cancel the invoice and make another: its payer's money would wait in the inbox."),
        asks_in_slices(_UNCLAIMED),
        has_views=True,
    ),
    Check(
        "idempotency",
        _("A request that was answered as done has been done."),
        _("The request with key %(key)s of %(scope)s was answered with %(object)s, which does not exist."),
        _("The merchant holds an id of nothing: restore the row from a backup, or have the merchant ask anew."),
        _answers_without_work,
    ),
)
