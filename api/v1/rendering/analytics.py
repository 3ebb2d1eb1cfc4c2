"""Reports, in the words of the native API."""

from typing import Any

from analytics.selectors import Figures, Report
from core.exact_json import timestamp
from core.money import round_to
from core.spreadsheets import csv_lines


def render_report(report: Report) -> dict[str, Any]:
    """Return a report as JSON values; amounts with the minor digits of its currency."""
    total, digits = report.total, report.digits
    return {
        "period": report.period.name,
        "timezone": report.period.zone.key,
        "group_by": str(report.unit),
        "from": timestamp(report.period.start),
        "to": timestamp(report.period.end),
        "currency": report.currency,
        "metrics": {
            "total_invoices": total.created,
            "total_amount": round_to(total.amount_created, digits),
            "paid_invoices": total.paid,
            "paid_amount": round_to(total.amount_paid, digits),
            "conversion_rate": total.conversion_rate,
            "average_amount": total.average_amount(digits),
            "average_payment_time": total.average_payment_seconds,
            "other_currency_invoices": total.other_currency,
        },
        "time_series": [_bucket(bucket.label, figures, digits) for bucket, figures in report.parts],
        "payment_methods": {
            code: {"count": figures.paid, "amount": round_to(figures.amount_paid, digits)}
            for code, figures in report.by_asset.items()
        },
    }


def render_csv(report: Report) -> str:
    """Return the time series as CSV with a header line."""
    rows = [_bucket(bucket.label, figures, report.digits) for bucket, figures in report.parts]
    return "".join(csv_lines([*rows[0], "currency"], ([*row.values(), report.currency] for row in rows)))


def _bucket(label: str, figures: Figures, digits: int) -> dict[str, Any]:
    return {
        "date": label,
        "invoices_created": figures.created,
        "invoices_paid": figures.paid,
        "amount_created": round_to(figures.amount_created, digits),
        "amount_paid": round_to(figures.amount_paid, digits),
        "conversion_rate": figures.conversion_rate,
    }
