"""Reports: what may be asked, and what the answer holds."""

import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

from analytics.calendars import RECENT, Unit
from analytics.errors import InvalidPeriod
from api.errors import InvalidTime
from api.v1.shapes.fields import CURRENCY, TIME, number, text
from api.validation import Choice, ListOf, MapOf, Moment, Schema, Shape, Text, Whole
from api.validation.base import Reference

DEFAULT_PERIOD: Final = "30d"
_MANY: Final = 2**53 - 1  # as far as every JSON reader counts exactly
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DateOrMoment(Moment):
    """A whole day of the report's time zone, or a time with its offset (RFC 3339)."""

    def convert(self, value: Any, path: str) -> Any:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            return super().convert(value, path)
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise InvalidTime(field=path or None) from None

    def bare_schema(self, ref: Reference) -> Schema:  # noqa: ARG002
        return {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}


ANALYTICS_QUERY: Final = Shape(
    "AnalyticsQuery",
    {
        "period": Choice(
            *RECENT,
            required=False,
            failure=InvalidPeriod,
            doc="The last so many whole hours, days or months of the time zone, the running one included. "
            f"{DEFAULT_PERIOD} when neither this nor `from` is given.",
            example=DEFAULT_PERIOD,
        ),
        "from": DateOrMoment(required=False, doc="A first day, or a first moment; instead of `period`."),
        "to": DateOrMoment(
            required=False, doc="A last day, which is included, or a moment, which is not. Now when it is left out."
        ),
        "group_by": Choice(
            *Unit,
            required=False,
            doc="Weeks begin on Monday. By default hours for 24h, months for 12m, days for all else.",
            example="day",
        ),
        "timezone": Text(
            max=64, default="UTC", doc="Whose days and hours are meant: a name of the IANA database.", example="UTC"
        ),
        "format": Choice("json", "csv", default="json", doc="`csv` gives the time series as a file."),
    },
)


def _count(doc: str, example: int) -> Whole:
    return Whole(min=0, max=_MANY, doc=doc, example=example)


_BUCKET: Final = Shape(
    "AnalyticsBucket",
    {
        "date": text("The first day, or for hours the beginning with its offset.", "2025-01-01"),
        "invoices_created": _count("Invoices created in this part of the period.", 42),
        "invoices_paid": _count("Those of them that have been paid by now.", 38),
        "amount_created": number("Sum of their totals.", Decimal("1534.50")),
        "amount_paid": number("Sum of the totals of the paid ones.", Decimal("1388.75")),
        "conversion_rate": number("Paid of created, in percent.", Decimal("90.5")),
    },
    is_open=True,
)
_METRICS: Final = Shape(
    "AnalyticsMetrics",
    {
        "total_invoices": _count("Invoices created in the period.", 1250),
        "total_amount": number("Sum of their totals.", Decimal("45678.90")),
        "paid_invoices": _count("Those of them that have been paid by now.", 1100),
        "paid_amount": number("Sum of the totals of the paid ones.", Decimal("42350.75")),
        "conversion_rate": number("Paid of created, in percent.", Decimal("88.0")),
        "average_amount": number("Average total of an invoice.", Decimal("36.54")),
        "average_payment_time": Whole(
            min=0,
            max=_MANY,
            nullable=True,
            doc="Seconds from creation to payment; null when none has been paid.",
            example=425,
        ),
        "other_currency_invoices": _count(
            "Invoices made while another currency was the default: they count, but add to no amount.", 0
        ),
    },
    is_open=True,
)
_METHOD: Final = Shape(
    "AnalyticsPaymentMethod",
    {
        "count": _count("Paid invoices.", 800),
        "amount": number("Sum of their totals.", Decimal("28500.00")),
    },
    is_open=True,
)
ANALYTICS: Final = Shape(
    "Analytics",
    {
        "period": Choice(*RECENT, "custom", doc="What was asked for.", example="30d"),
        "timezone": text("Whose days and hours these are.", "UTC"),
        "group_by": Choice(*Unit, doc="How the period is divided.", example="day"),
        "from": TIME,
        "to": TIME,
        "currency": CURRENCY,
        "metrics": _METRICS,
        "time_series": ListOf(_BUCKET, max=1000),
        "payment_methods": MapOf(_METHOD),
    },
    is_open=True,
)
ANALYTICS_EXAMPLE: Final = {
    "period": "30d",
    "timezone": "UTC",
    "group_by": "day",
    "from": "2025-01-01T00:00:00Z",
    "to": "2025-01-30T14:30:00Z",
    "currency": "USD",
    "metrics": {
        "total_invoices": 1250,
        "total_amount": 45678.90,
        "paid_invoices": 1100,
        "paid_amount": 42350.75,
        "conversion_rate": 88.0,
        "average_amount": 36.54,
        "average_payment_time": 425,
        "other_currency_invoices": 0,
    },
    "time_series": [
        {
            "date": "2025-01-01",
            "invoices_created": 42,
            "invoices_paid": 38,
            "amount_created": 1534.50,
            "amount_paid": 1388.75,
            "conversion_rate": 90.5,
        }
    ],
    "payment_methods": {
        "USDT": {"count": 800, "amount": 28500.00},
        "BTC": {"count": 200, "amount": 9850.75},
        "ETH": {"count": 100, "amount": 4000.00},
    },
}
