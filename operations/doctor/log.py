"""Every change has its event, no event lacks its change, and the log is what was sealed."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from core.ids import public_id
from core.models import Record
from events import checking
from events.models import ChainHead
from invoices.events import STATUS_EVENT
from operations.doctor.base import CHUNK, Check, Moment, Row, asks, asks_in_slices, beginning_of_log, joined, stream
from payments.models import Payment, Refund, Settlement
from payments.states import STATUS_EVENT as PAYMENT_EVENT

_OF_STATUS: Final = [*STATUS_EVENT.values(), "invoice.reversed"]

# Up to the last cut events may be in files: what happened before is not compared, and `audit` looks at the cut itself.
_UNTOLD: Final = """
WITH kept AS (
    SELECT invoice_id, type, data, sequence FROM events_event
    WHERE invoice_id > %(after)s AND invoice_id <= %(upto)s
      AND (position IS NULL OR position > (SELECT coalesce(max(position), 0) FROM events_cut))
)
SELECT i.id AS invoice, i.status, told.status AS told FROM invoices_invoice i
LEFT JOIN (
    SELECT DISTINCT ON (invoice_id) invoice_id, data->>'status' AS status FROM kept
    WHERE invoice_id IS NOT NULL AND type = ANY(%(types)s::text[]) ORDER BY invoice_id, sequence DESC
) told ON told.invoice_id = i.id
WHERE i.id > %(after)s AND i.id <= %(upto)s AND told.status IS DISTINCT FROM i.status
  AND (told.status IS NOT NULL OR i.created_at >= %(begun)s::timestamptz)
"""
_TWICE: Final = """
SELECT id AS event, invoice, type FROM (
    SELECT id, invoice_id AS invoice, type, data->>'status' AS status,
           lag(data->>'status') OVER (PARTITION BY invoice_id ORDER BY sequence) AS before
    FROM events_event
    WHERE invoice_id > %(after)s AND invoice_id <= %(upto)s AND type = ANY(%(types)s::text[])
      AND (position IS NULL OR position > (SELECT coalesce(max(position), 0) FROM events_cut))
) told WHERE status = before
"""
_BASELESS: Final = """
SELECT e.id AS event, e.type, e.invoice_id AS invoice FROM events_event e
WHERE e.invoice_id > %(after)s AND e.invoice_id <= %(upto)s AND NOT EXISTS (
    SELECT FROM invoices_invoice i
    WHERE i.id = e.invoice_id AND i.merchant_id = e.merchant_id AND i.livemode = e.livemode)
ORDER BY e.sequence
"""
_OF_PAYMENTS: Final = """
SELECT DISTINCT ON (key) key, status FROM (
    SELECT (data->'payment'->>'id') COLLATE "C" AS key, data->'payment'->>'status' AS status, sequence
    FROM events_event WHERE type = ANY(%(types)s::text[])
      AND (position IS NULL OR position > (SELECT coalesce(max(position), 0) FROM events_cut))
) told WHERE key IS NOT NULL ORDER BY key, sequence DESC
"""
_COUNTED: Final = """
SELECT key, count(*) AS times FROM (
    SELECT (data->>%(name)s::text) COLLATE "C" AS key FROM events_event WHERE type = %(type)s::text
      AND (position IS NULL OR position > (SELECT coalesce(max(position), 0) FROM events_cut))
) told WHERE key IS NOT NULL GROUP BY key ORDER BY key
"""
_WAITING: Final = """
SELECT count(*) AS events, min(created_at) AS since FROM events_event
WHERE position IS NULL AND created_at < %(settled)s::timestamptz HAVING count(*) > 0
"""
_GAPS: Final = """
SELECT before, position FROM (
    SELECT position, lag(position) OVER (ORDER BY position) AS before
    FROM events_event WHERE position IS NOT NULL
      AND (position IS NULL OR position > (SELECT coalesce(max(position), 0) FROM events_cut))
) places WHERE position <> before + 1 ORDER BY position
"""
_UNSEALED: Final = """
SELECT count(*) AS events, min(e.created_at) AS since FROM events_event e
WHERE e.position > coalesce((SELECT number FROM events_chainhead WHERE chain = %(whole)s::uuid), 0)
  AND e.created_at < %(settled)s::timestamptz HAVING count(*) > 0
"""
_FAILED: Final = """
SELECT event_id AS event, subscriber, left(error, 200) AS error FROM events_faileddispatch
WHERE created_at < %(settled)s::timestamptz ORDER BY created_at
"""
_TASKS: Final = """
SELECT task, failures, failed_at AS failed FROM events_failedtask
WHERE failed_at < %(settled)s::timestamptz ORDER BY failed_at
"""


def _payments_untold(_moment: Moment) -> Iterator[Row]:
    oldest = beginning_of_log()
    rows = Payment.objects.order_by("pk").values_list("pk", "status", "created_at").iterator(chunk_size=CHUNK)
    recorded = ((public_id(Payment.PREFIX, key), (status, created)) for key, status, created in rows)
    types = sorted(PAYMENT_EVENT.values())
    told = ((row["key"], row["status"]) for row in stream(_OF_PAYMENTS, types=types))
    for key, payment, said in joined(recorded, told):
        status, created = payment or (None, None)
        is_archived = said is None and created is not None and (oldest is None or created < oldest)
        if status != said and not is_archived:
            yield {"payment": key, "status": status, "told": said}


def _announced_once(model: type[Record], event_type: str, name: str) -> Callable[[Moment], Iterator[Row]]:
    def look(_moment: Moment) -> Iterator[Row]:
        oldest = beginning_of_log()
        rows: Any = model._default_manager.order_by("pk").values_list("pk", "created_at")  # noqa: SLF001
        recorded = ((public_id(model.PREFIX, key), created) for key, created in rows.iterator(chunk_size=CHUNK))
        told = ((row["key"], row["times"]) for row in stream(_COUNTED, type=event_type, name=name))
        for key, created, times in joined(recorded, told):
            is_archived = times is None and (oldest is None or created < oldest)
            if created is None or (times != 1 and not is_archived):
                yield {"object": key, "times": times or 0, "rows": int(created is not None)}

    return look


def _broken_chains(_moment: Moment) -> Iterator[Row]:
    for problem in checking.look_at_all().problems:
        is_whole = problem.chain == ChainHead.WHOLE
        yield {"chain": "all" if is_whole else public_id("mer", problem.chain), "problem": str(problem)}


CHECKS: Final = (
    Check(
        "status-told",
        _("Every change of an invoice has its event: the last one tells the status it has."),
        _("Invoice %(invoice)s is %(status)s, its last event says %(told)s."),
        _("Somebody has written to the tables by hand. Put the status back that the event tells, then see `status`."),
        asks_in_slices(_UNTOLD, types=_OF_STATUS),
        has_views=True,
    ),
    Check(
        "status-told-once",
        _("A change is told once."),
        _("Event %(event)s (%(type)s) of invoice %(invoice)s tells again what the one before it has told."),
        _("Receivers were told twice, with two ids. Please report it with the events of this invoice."),
        asks_in_slices(_TWICE, types=_OF_STATUS),
        has_views=True,
    ),
    Check(
        "events-founded",
        _("No event lacks its change: what it is about is there, and is its merchant's."),
        _("Event %(event)s (%(type)s) is about invoice %(invoice)s, which its merchant does not have."),
        _("Rows were deleted by hand, or a restore was cut short: restore them from a backup."),
        asks_in_slices(_BASELESS),
        has_views=True,
    ),
    Check(
        "payments-told",
        _("Every change of a payment has its event, and every event its payment."),
        _("Payment %(payment)s is %(status)s, its last event says %(told)s."),
        _("`manage.py rescan` the blocks around it brings a payment back that is missing; see `status-told`."),
        _payments_untold,
    ),
    Check(
        "refunds-told",
        _("Every refund was told of once."),
        _("%(object)s: %(rows)s row and %(times)s events refund.created."),
        _("Rows were deleted or written by hand: restore them from a backup."),
        _announced_once(Refund, "refund.created", "refund_id"),
    ),
    Check(
        "settlements-told",
        _("Every settlement was told of once."),
        _("%(object)s: %(rows)s row and %(times)s events settlement.created."),
        _("Rows were deleted or written by hand: restore them from a backup, or see `ledger`."),
        _announced_once(Settlement, "settlement.created", "settlement_id"),
    ),
    Check(
        "dispatched",
        _("Events get their place in the log within minutes."),
        _("%(events)s events wait for their place, the oldest since %(since)s."),
        _("Start the clock (beat) and a worker; they go on from there by themselves."),
        asks(_WAITING),
    ),
    Check(
        "log-gaps",
        _("The log has no gap: readers that have seen an event have seen all before it."),
        _("After event number %(before)s comes number %(position)s."),
        _("Events were deleted: restore them from a backup. Receivers may have been told of them."),
        asks(_GAPS),
    ),
    Check(
        "sealed",
        _("Entries of the audit log are sealed within minutes."),
        _("%(events)s entries are not sealed, the oldest since %(since)s."),
        _("Start the clock (beat) and a worker, or run `manage.py audit seal`."),
        asks(_UNSEALED, whole=str(ChainHead.WHOLE)),
    ),
    Check(
        "audit",
        _("Every entry of the audit log is what was sealed, none is missing and none was put in."),
        _("The chain of %(chain)s: %(problem)s"),
        _("See docs/audit.md: keep a copy of the database as it is, and compare with the heads that you noted."),
        _broken_chains,
        has_views=True,
    ),
    Check(
        "subscribers",
        _("Every event was taken by all who read the log."),
        _("Event %(event)s was not taken by %(subscriber)s: %(error)s"),
        _("It is tried again each minute; at /admin/ it can be tried at once. If it stays, please report the error."),
        asks(_FAILED),
    ),
    Check(
        "tasks",
        _("Every task of the workers ended well."),
        _("%(task)s failed %(failures)s times, last at %(failed)s."),
        _("At /admin/ under failed tasks stands the error; run it again there once its cause is gone."),
        asks(_TASKS),
    ),
)
