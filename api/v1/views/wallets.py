"""Where live invoices are paid. Test keys stay outside: the sandbox needs no wallet."""

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1 import examples_merchants as examples
from api.v1.base import MerchantView
from api.v1.pagination import list_answer, list_query, page
from api.v1.rendering.merchants import render_wallet
from api.v1.shapes import merchants as shapes
from merchants import selectors, services
from merchants.errors import LiveModeRequired
from merchants.models import Merchant

_LIST_QUERY = list_query("WalletFilters", {})
_LIST = list_answer("WalletList", "wallets", shapes.WALLET)


class WalletView(MerchantView):
    """A view of wallets, for live keys only."""

    tag = "Wallets"

    @property
    def owner(self) -> Merchant:
        """
        The merchant, whose live money is meant.

        :raises LiveModeRequired: for a test key
        """
        self.check_live()
        return self.merchant

    def check_live(self) -> None:
        """
        Make sure that real money is meant.

        :raises LiveModeRequired: for a test key
        """
        if not self.livemode:
            raise LiveModeRequired("Wallets receive real money: use a live key. Test invoices need no wallet.")


class WalletList(WalletView):
    """The wallets in use."""

    required_scopes = {"GET": "wallets:manage", "POST": "wallets:manage"}
    rate_class = {"GET": "list", "POST": "merchant"}

    @operation("List wallets", query=_LIST_QUERY, answers={200: _LIST})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wallets = selectors.list_wallets(merchant=self.owner)
        return Response(page(wallets, self.query(), name="wallets", render=render_wallet))

    @operation(
        "Add a wallet",
        description="Invoices on the network are paid to children of this extended public key. "
        "Compare `preview` with the first addresses that your wallet shows.",
        body=shapes.ADD_WALLET,
        answers={201: shapes.WALLET},
        request_example=examples.ADD_WALLET,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wallet = services.add_wallet(merchant=self.owner, **self.body(), now=self.now)
        return Response(render_wallet(wallet), status=201)


class WalletPreview(WalletView):
    """What a key would give."""

    required_scopes = {"POST": "wallets:manage"}
    rate_class = "merchant"

    @operation(
        "Preview a wallet",
        description="Shows the first addresses of an extended public key and stores nothing.",
        body=shapes.ADD_WALLET,
        answers={200: shapes.WALLET_PREVIEW},
        request_example=examples.ADD_WALLET,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        self.check_live()
        wanted = self.body()
        return Response({"network": wanted["network"], "preview": services.preview_wallet(**wanted)})


class WalletDetail(WalletView):
    """One wallet."""

    required_scopes = {"GET": "wallets:manage", "DELETE": "wallets:manage"}
    rate_class = {"GET": "status", "DELETE": "merchant"}

    @operation("Get a wallet", answers={200: shapes.WALLET})
    def get(self, request: Request, wallet_id: str) -> Response:  # noqa: ARG002
        return Response(render_wallet(selectors.get_wallet(merchant=self.owner, public_id=wallet_id)))

    @operation(
        "Remove a wallet",
        description="No invoice gets an address of it any more. Those that were given out stay watched.",
        answers={200: shapes.WALLET},
    )
    def delete(self, request: Request, wallet_id: str) -> Response:  # noqa: ARG002
        return Response(render_wallet(services.remove_wallet(merchant=self.owner, wallet_id=wallet_id, now=self.now)))
