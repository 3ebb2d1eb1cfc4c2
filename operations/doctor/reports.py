"""Reports say of every invoice what became of it."""

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext_lazy as _

from analytics import services
from operations.doctor.base import Check, Moment, Row, asks_in_slices

# An event that waits for its place in the log has not reached the reports either.
_FACTS: Final = """
SELECT i.id AS invoice, i.paid_at AS paid, f.paid_at AS reported FROM invoices_invoice i
LEFT JOIN analytics_invoicefact f ON f.invoice_id = i.id
WHERE i.id > %(after)s AND i.id <= %(upto)s
  AND (f.invoice_id IS NULL OR (f.paid_at IS NULL) <> (i.paid_at IS NULL))
  AND i.created_at >= %(begun)s::timestamptz
  AND NOT EXISTS (SELECT FROM events_event e WHERE e.invoice_id = i.id AND e.position IS NULL)
"""


def _wrong_sums(_moment: Moment) -> Iterator[Row]:
    if wrong := services.wrong_sums():
        yield {"sums": wrong}


CHECKS: Final = (
    Check(
        "reports",
        _("Reports know every invoice, and whether it was paid."),
        _("Invoice %(invoice)s was paid at %(paid)s, in the reports at %(reported)s, or it is not in them."),
        _("`manage.py rebuild_analytics` makes them anew from the log, at any time."),
        asks_in_slices(_FACTS),
        has_views=True,
    ),
    Check(
        "report-sums",
        _("The sums that reports are made of are those of the invoices."),
        _("%(sums)s sums are not those of the facts."),
        _("`manage.py rebuild_analytics --sums` makes them anew."),
        _wrong_sums,
        has_views=True,
    ),
)
