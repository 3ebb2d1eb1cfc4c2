"""Settlements, and what the books hold."""

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import Binary, operation
from api.v1 import examples
from api.v1.base import MerchantView
from api.v1.filters import SettlementFilter, narrowed
from api.v1.pagination import page
from api.v1.rendering.settlements import balance_view, settlement_lines, settlement_view
from api.v1.shapes import settlements as shapes
from core.spreadsheets import csv_file
from payments import selectors


class SettlementList(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "list"
    tag = "Settlements"

    @operation(
        "List settlements",
        description="What each paid invoice brought, newest first; reversed ones too. With `format=csv` all that "
        "match as one file.",
        query=shapes.SETTLEMENT_QUERY,
        answers={200: (shapes.SETTLEMENTS, Binary(["text/csv"]))},
    )
    def get(self, request: Request) -> HttpResponseBase:  # noqa: ARG002
        query = self.query()
        rows = narrowed(
            selectors.list_settlements(merchant=self.merchant, livemode=self.livemode), SettlementFilter, query
        )
        if query["format"] == "csv":
            lines = settlement_lines(rows.iterator(chunk_size=2000))
            return csv_file(self.django_request, lines, name="settlements.csv", for_programs=True)
        return Response(page(rows, query, name="settlements", render=settlement_view))


class SettlementDetail(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "status"
    tag = "Settlements"

    @operation("Get a settlement", answers={200: shapes.SETTLEMENT}, answer_example=examples.SETTLEMENT)
    def get(self, request: Request, settlement_id: str) -> Response:  # noqa: ARG002
        settlement = selectors.get_settlement(merchant=self.merchant, livemode=self.livemode, public_id=settlement_id)
        return Response(settlement_view(settlement))


class BalanceList(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "analytics"
    tag = "Settlements"

    @operation(
        "Get balances",
        description="What your books hold, per network and asset: the money in your wallets (`chain`) and whom it "
        "belongs to. `chain` is always the sum of the others.",
        answers={200: shapes.BALANCES},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        held = selectors.balances(merchant=self.merchant, livemode=self.livemode)
        return Response({"balances": [balance_view(balance) for balance in held]})
