"""
What the database refuses, whoever writes: each CHECK condition, with rows it takes and rows it does not.

PostgreSQL is asked what the condition in its catalogue makes of a row; so nothing has to be set up, and a condition
that is dropped, loosened or not yet validated shows here, also when no service would ever write such a row.
"""

import json
from dataclasses import dataclass

import pytest
from django.db import connection

AT = "2026-01-15T10:00:00Z"
KEY = "01890000-0000-7000-8000-000000000001"

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Condition:
    """Rows of ``columns``, in their order; every part of a condition has a row that only this part refuses."""

    columns: str
    taken: tuple[tuple[object, ...], ...]
    refused: tuple[tuple[object, ...], ...]


def words(column, known, *, unknown=("", "other")):
    """Return the condition of a column that holds one of some words."""
    return Condition(column, tuple((word,) for word in known.split()), tuple((word,) for word in unknown))


def above(column, bound=0):
    return Condition(column, ((bound + 1,),), ((bound,), (bound - 1,)))


ROLES = "owner admin developer viewer"
CONDITIONS = {
    # Who sells.
    "plan_amounts_ordered": Condition(
        "min_invoice_usd max_invoice_usd", ((1, 1), (1, 2)), ((0, 1), (-1, 1), (2, 1))
    ),
    "plan_limits_positive": Condition(
        "max_api_keys max_webhook_endpoints monthly_invoice_limit", ((2, 1, 1),), ((1, 1, 1), (2, 0, 1), (2, 1, 0))
    ),
    "merchant_platform_fee_range": Condition("platform_fee_percent", (("0.1",), ("5",)), (("0.09",), ("5.01",))),
    "merchant_status_known": words("status", "active suspended"),
    "member_role_known": words("role", ROLES),
    "invitation_role_known": words("role", ROLES),
    "invitation_ends_once": Condition(
        "accepted_at withdrawn_at", ((None, None), (AT, None), (None, AT)), ((AT, AT),)
    ),
    "apikey_format_known": words("format", "native cryptic selfhosted"),
    "apikey_permissions_some": Condition("permissions", ((["invoices:read"],),), (([],),)),
    "apikey_permissions_known": Condition(
        "permissions",
        ((["*"],), (["invoices:create", "wallets:manage"],)),
        ((["invoices"],), (["invoices:read", "all"],)),
    ),
    "wallet_kind_known": words("kind", "xpub pool single vault"),
    "wallet_forwards_from_vaults": Condition(
        "kind forward_to", (("vault", "a"), ("vault", ""), ("xpub", "")), (("xpub", "a"), ("single", "a"))
    ),
    "wallet_index_range": Condition("next_index", ((0,), (2**31,)), ((-1,), (2**31 + 1,))),
    "wallet_xpub_of_its_kind": Condition(
        "kind xpub",
        (("xpub", "k"), ("vault", "k"), ("pool", ""), ("single", "")),
        (("xpub", ""), ("vault", ""), ("pool", "k"), ("single", "k")),
    ),
    "walletnotice_kind_known": words("kind", "pool_low pool_empty gas_low"),
    "savedview_narrows": Condition("query", (("status=paid",),), (("",),)),
    # What is sold.
    "invoice_status_known": words("status", "created pending partial confirming paid expired cancelled refunded"),
    "invoice_exception_known": words("exception", "none underpaid overpaid late"),
    "invoice_matching_known": words("matching", "address tag amount"),
    "invoice_amount_positive": Condition(
        "amount_units rate total", ((1, "0.1", "0.1"),), ((0, 1, 1), (1, 0, 1), (1, 1, 0), (-1, 1, 1))
    ),
    "invoice_confirmed_within_received": Condition(
        "confirmed_units received_units confirmed_value received_value",
        ((0, 0, 0, 0), (1, 2, "0.1", "0.2")),
        ((2, 1, 0, 0), (0, 0, "0.2", "0.1")),
    ),
    "invoice_paid_at_when_paid": Condition(
        "status paid_at",
        (("paid", AT), ("refunded", AT), *((each, None) for each in ("created", "partial", "confirming", "cancelled"))),
        (
            ("paid", None),
            ("refunded", None),
            *((each, AT) for each in ("created", "pending", "partial", "confirming", "expired", "cancelled")),
        ),
    ),
    "invoice_sandbox_is_test": Condition(
        "livemode network", ((False, "sandbox"), (True, "ethereum")), ((True, "sandbox"), (False, "ethereum"))
    ),
    "invoice_tag_when_matched_by_it": Condition(
        "matching tag",
        (("tag", "7"), ("address", ""), ("amount", "")),
        (("tag", ""), ("address", "7"), ("amount", "7")),
    ),
    "invoicedestination_matching_known": words("matching", "address tag amount"),
    "invoicedestination_tag_when_matched_by_it": Condition(
        "matching tag",
        (("tag", "7"), ("address", ""), ("amount", "")),
        (("tag", ""), ("address", "7"), ("amount", "7")),
    ),
    "amountclaim_positive": above("units"),
    "credit_positive": above("amount"),
    "note_says_something": Condition("text", (("x",),), (("",),)),
    "paymentlink_amount_positive": Condition("amount", ((None,), ("0.01",)), ((0,), (-1,))),
    "paymentlink_amount_or_bounds": Condition(
        "amount min_amount max_amount",
        ((1, None, None), (None, 1, 2), (None, None, None)),
        ((1, 1, None), (1, None, 2)),
    ),
    "paymentlink_bounds_in_order": Condition(
        "min_amount max_amount", ((1, 1), (1, None), (None, 1), (None, None)), ((2, 1),)
    ),
    "paymentlink_payments_some": Condition("max_payments", ((None,), (1,)), ((0,),)),
    "idempotencykey_answer_whole": Condition(
        "body status_code", ((None, None), ("\\x00", 201)), ((None, 201), ("\\x00", None))
    ),
    # What comes in.
    "payment_status_known": words("status", "detected confirming confirmed orphaned failed"),
    "payment_review_known": words("review", "none open accepted refunded ignored"),
    "payment_positive": above("units"),
    "payment_confirmed_in_block": Condition(
        "status block_height", (("confirmed", 1), ("detected", None), ("confirming", 1)), (("confirmed", None),)
    ),
    "payment_unmatched_counts_for_nothing": Condition(
        "invoice_id counts", ((KEY, True), (KEY, False), (None, False)), ((None, True),)
    ),
    "finding_kind_known": words("kind", "missed unconfirmed fork"),
    "scannedrange_adjoins": Condition("previous first", ((None, 5), (4, 5)), ((3, 5), (5, 5))),
    "scannedrange_not_empty": Condition("first last", ((0, 0), (1, 2)), ((-1, 0), (2, 1))),
    "rescan_blocks_ordered": Condition("first last", ((1, 1), (1, 2)), ((2, 1),)),
    "rescan_status_known": words("status", "waiting done stopped failed"),
    "rescan_ended_when_over": Condition(
        "status ended_at",
        (("waiting", None), ("done", AT), ("stopped", AT), ("failed", AT)),
        (("waiting", AT), ("done", None), ("stopped", None), ("failed", None)),
    ),
    "sandboxblock_height_positive": above("height"),
    "sandboxtransfer_units_positive": above("units"),
    "sandboxtransfer_dropped_nowhere": Condition(
        "is_dropped block_id", ((True, None), (False, None), (False, 7)), ((True, 7),)
    ),
    # What goes out, and the books.
    "refund_status_known": words("status", "requested sent completed cancelled"),
    "refund_positive": above("units"),
    "refund_of_something": Condition("invoice_id payment_id", ((KEY, None), (None, KEY), (KEY, KEY)), ((None, None),)),
    "refund_completed_has_transaction": Condition(
        "status txid", (("completed", "t"), ("requested", "")), (("completed", ""),)
    ),
    "refund_named_otherwise": Condition(
        "named_txid txid ordinal",
        (("", "t", None), ("", "", 1), ("n", "t", 1)),
        (("n", "t", None), ("n", "n", 1)),
    ),
    "settlement_adds_up": Condition(
        "gross_units fee_units net_units", ((10, 1, 9), (10, 0, 10)), ((0, 0, 0), (10, -1, 11), (10, 1, 10), (10, 1, 8))
    ),
    "settlement_fee_rounded_down": Condition(
        "gross_units fee_units fee_percent", ((199, 1, 1), (200, 2, 1), (99, 0, 1)), ((199, 2, 1), (200, 1, 1))
    ),
    "settlement_reversed_whole": Condition(
        "status reversed_at reversal_reason",
        (("settled", None, ""), ("reversed", AT, "fork")),
        (
            ("settled", AT, ""),
            ("settled", None, "fork"),
            ("settled", AT, "fork"),
            ("reversed", None, "fork"),
            ("reversed", AT, ""),
            ("reversed", None, ""),
        ),
    ),
    "booking_fact_known": words("fact", "payment settlement credit refund payout"),
    "booking_kind_known": words(
        "kind",
        "payment_confirmed payment_reversed deposit_resolved invoice_settled settlement_reversed credit_given "
        "credit_voided refund_promised refund_completed refund_reversed refund_cancelled corrected payout",
    ),
    "booking_numbered_from_one": above("number"),
    "posting_account_known": words(
        "account", "chain customers merchant fees network_fees refunds credits unmatched"
    ),
    "posting_moves_something": Condition("units", ((1,), (-1,)), ((0,),)),
    "payout_kind_known": words("kind", "refund forward fee gas"),
    "payout_status_known": words("status", "planned approved signed sent quarantined confirmed failed cancelled"),
    "payout_positive": above("units"),
    "payout_of_its_kind": Condition(
        "kind refund_id settlement_id pays_for_id",
        (("refund", KEY, None, None), ("forward", None, KEY, None), ("fee", None, KEY, None), ("gas", None, None, KEY)),
        (
            *((kind, None, None, None) for kind in ("refund", "forward", "fee", "gas")),
            ("refund", KEY, KEY, None),
            ("refund", KEY, None, KEY),
            ("forward", KEY, KEY, None),
            ("forward", None, KEY, KEY),
            ("fee", KEY, None, None),
            ("gas", KEY, None, KEY),
            ("gas", None, KEY, KEY),
        ),
    ),
    "payout_signed_whole": Condition(
        "status nonce raw txid",
        (
            *((each, None, "", "") for each in ("planned", "approved", "cancelled")),
            *((each, 0, "r", "t") for each in ("signed", "sent", "quarantined", "confirmed", "failed")),
        ),
        (
            ("planned", 0, "", ""),
            ("planned", None, "r", ""),
            ("planned", None, "", "t"),
            ("cancelled", 0, "r", "t"),
            ("signed", None, "r", "t"),
            ("signed", 0, "", "t"),
            ("signed", 0, "r", ""),
            ("sent", None, "", ""),
        ),
    ),
    "payouttransaction_whole": Condition("raw txid", (("r", "t"),), (("", "t"), ("r", ""))),
    # Who is told.
    "webhookendpoint_backoff_known": words("retry_backoff", "exponential linear"),
    "webhookendpoint_disabled_reason_known": Condition(
        "disabled_reason", (("",), ("by_merchant",), ("gone",), ("failing",)), (("other",),)
    ),
    "webhookendpoint_events_some": Condition("events", ((["*"],),), (([],),)),
    "webhookendpoint_retries_range": Condition("max_retries", ((0,), (10,)), ((11,),)),
    "webhookendpoint_timeout_range": Condition("timeout", ((1,), (30,)), ((0,), (31,))),
    "delivery_status_known": words("status", "pending delivered failed"),
    "delivery_delivered_at_when_delivered": Condition(
        "status delivered_at",
        (("delivered", AT), ("pending", None), ("failed", None)),
        (("delivered", None), ("pending", AT), ("failed", AT)),
    ),
    "delivery_due_while_pending": Condition(
        "status next_attempt_at",
        (("pending", AT), ("delivered", None), ("failed", None)),
        (("pending", None), ("delivered", AT), ("failed", AT)),
    ),
    "delivery_one_receiver": Condition(
        "endpoint_id hook_id", ((KEY, None), (None, KEY)), ((None, None), (KEY, KEY))
    ),
}  # fmt: skip


def catalogue():
    """Return the conditions PostgreSQL keeps: by name, the table, the words, and whether every row was looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, conrelid::regclass::text, pg_get_expr(conbin, conrelid), convalidated FROM pg_constraint "
            "WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        )
        return {name: rest for name, *rest in cursor.fetchall()}


def takes(name, columns, values):
    """Return whether a row with these values would be written; like PostgreSQL, what is unknown is no objection."""
    table, expression, _ = catalogue()[name]
    row = json.dumps(dict(zip(columns.split(), values, strict=True)))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression} FROM jsonb_populate_record(NULL::{table}, %s::jsonb)", [row])
        return cursor.fetchone()[0] is not False


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_takes_what_is_right_and_refuses_what_is_wrong(name):
    condition = CONDITIONS[name]

    assert [row for row in condition.taken if not takes(name, condition.columns, row)] == []
    assert [row for row in condition.refused if takes(name, condition.columns, row)] == []


def test_every_condition_is_tried_and_holds_for_old_rows_too():
    kept = catalogue()
    of_a_field = {
        name for name, (_, expression, _) in kept.items() if name.endswith("_check") and expression.endswith(" >= 0)")
    }

    assert kept.keys() - of_a_field == CONDITIONS.keys()
    assert [name for name, (_, _, is_validated) in kept.items() if not is_validated] == []
