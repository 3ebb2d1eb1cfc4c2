"""What a merchant sold, and how much of it was paid."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import calendars, selectors
from analytics.calendars import RECENT, Period, Unit
from analytics.errors import InvalidPeriod
from api.schema import Binary, operation
from api.v1.base import MerchantView
from api.v1.rendering.analytics import render_csv, render_report
from api.v1.shapes.analytics import ANALYTICS, ANALYTICS_EXAMPLE, ANALYTICS_QUERY, DEFAULT_PERIOD
from merchants.settings import MerchantSettings


class Analytics(MerchantView):
    required_scopes = {"GET": "analytics:read"}
    rate_class = "analytics"
    tag = "Analytics"

    @operation(
        "Get a report",
        description="What became of the invoices created in a period. Every figure is about those invoices: "
        "one that was created in January and paid in February counts as paid in January. Amounts are in your "
        "default currency, at each invoice's own rate.",
        query=ANALYTICS_QUERY,
        answers={200: (ANALYTICS, Binary(["text/csv"]))},
        answer_example=ANALYTICS_EXAMPLE,
    )
    def get(self, request: Request) -> HttpResponseBase:  # noqa: ARG002
        query = self.query()
        period = self._period(query)
        report = selectors.report(
            merchant_id=self.merchant.pk,
            livemode=self.livemode,
            period=period,
            unit=_unit(query, period),
            currency=MerchantSettings.of(self.merchant).default_currency,
        )
        if query["format"] == "csv":
            return HttpResponse(
                render_csv(report),
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": 'attachment; filename="analytics.csv"'},
            )
        return Response(render_report(report))

    def _period(self, query: dict[str, Any]) -> Period:
        zone = calendars.find_zone(query["timezone"])
        if "from" not in query:
            if "to" in query:
                raise InvalidPeriod("`to` needs a `from`.", field="from")
            return calendars.recent(query.get("period", DEFAULT_PERIOD), zone=zone, now=self.now)
        if "period" in query:
            raise InvalidPeriod("Give either `period` or `from`, not both.", field="period")
        return calendars.between(query["from"], query.get("to"), zone=zone, now=self.now)


def _unit(query: dict[str, Any], period: Period) -> Unit:
    if "group_by" in query:
        return Unit(query["group_by"])
    return RECENT[period.name].divided_by if period.name in RECENT else Unit.DAY
