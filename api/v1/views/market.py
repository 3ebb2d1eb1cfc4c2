"""What can be paid with, and at what price."""

from collections.abc import Iterator
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1 import examples
from api.v1.base import MerchantView
from api.v1.rendering.amounts import moment, plain
from api.v1.shapes import payments as shapes
from chains import registry
from core.money import MINOR_DIGITS
from invoices.errors import RateUnavailable, UnknownAsset
from invoices.rates.book import price_of
from merchants.selectors import payable_networks


class RateList(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "status"
    tag = "Rates and assets"

    @operation(
        "List exchange rates",
        description="What one unit of each asset is worth now. Assets without a fresh price are left out.",
        query=shapes.RATE_QUERY,
        answers={200: shapes.RATES},
        answer_example=examples.RATES,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        query = self.query()
        currencies = [query["currency"]] if "currency" in query else list(MINOR_DIGITS)
        wanted = query.get("crypto_currency")
        known = sorted({asset.code for network in registry.networks(self.livemode) for asset in network.assets})
        if wanted is not None and wanted not in known:
            raise UnknownAsset(field="crypto_currency", constraints={"allowed": known})
        return Response({"rates": list(self._rates([wanted] if wanted else known, currencies))})

    def _rates(self, codes: list[str], currencies: list[str]) -> Iterator[dict[str, Any]]:
        for code in codes:
            try:
                price = price_of(code, currencies=currencies, livemode=self.livemode, now=self.now)
            except RateUnavailable:
                continue
            yield {
                "crypto_currency": code,
                "source": price.source,
                "observed_at": moment(price.observed_at),
                "prices": {
                    currency: plain(price.in_currency[currency])
                    for currency in currencies
                    if currency in price.in_currency
                },
            }


class AssetList(MerchantView):
    required_scopes = {"GET": "invoices:read"}
    rate_class = "status"
    tag = "Rates and assets"

    @operation(
        "List assets",
        description="Every asset on every network of this installation, in the mode of your key.",
        answers={200: shapes.ASSETS},
        answer_example=examples.ASSETS,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        payable = set(payable_networks(self.merchant, self.livemode))
        assets = [
            {
                "crypto_currency": asset.code,
                "network": network.code,
                "network_name": network.name,
                "decimals": asset.decimals,
                "contract": asset.contract or None,
                "is_available": network.code in payable,
            }
            for network in registry.networks(self.livemode)
            for asset in network.assets
        ]
        return Response({"assets": assets})
