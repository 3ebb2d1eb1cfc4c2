"""Where live invoices are paid. Test keys stay outside: the sandbox needs no wallet."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import operation
from api.v1 import examples_merchants as examples
from api.v1.base import MerchantView
from api.v1.pagination import list_answer, list_query, page
from api.v1.rendering.merchants import render_wallet
from api.v1.shapes import merchants as shapes
from invoices.selectors import wallet_uses
from merchants import selectors, services
from merchants.errors import LiveModeRequired
from merchants.models import Merchant, Wallet, WalletKind

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

    def rendered(self, wallet: Wallet) -> dict[str, Any]:
        """Return a wallet as it is shown."""
        uses = wallet_uses(merchant=self.merchant, wallets=[wallet])
        return render_wallet(wallet, uses[wallet.pk])

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
    carries_secret = True  # the seed of a new vault

    @operation("List wallets", query=_LIST_QUERY, answers={200: _LIST})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wallets = selectors.list_wallets(merchant=self.owner)
        return Response(page(wallets, self.query(), name="wallets", render=self.rendered))

    @operation(
        "Add a wallet",
        description="Invoices on the network are paid to children of this extended public key (`xpub`), to the "
        "addresses you list, one each (`pool`), or all to one address (`single`): there a destination tag or reference "
        "tells them apart or, on networks without one, the exact amount, whose last digits are raised by up to 1 % "
        "where they would meet. Compare `preview` with the first addresses that your wallet shows. Never send a "
        "private key or a seed phrase: it is refused, and its funds have to be moved. Where the installation keeps "
        "keys, a `vault` makes its own: `seed_phrase` is shown this once, for your backup; `forward_to` is where what "
        "its invoices bring goes on to, and can never be changed; `gas_address` is where you put the coin for fees.",
        body=shapes.ADD_WALLET,
        answers={201: shapes.NEW_WALLET},
        request_example=examples.ADD_WALLET,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        body = self.body()
        wanted = _wanted(body)
        if wanted["kind"] == WalletKind.VAULT:
            opened = services.open_vault(
                merchant=self.owner,
                network=wanted["network"],
                forward_to=body.get("forward_to") or "",
                given=[text for text in (wanted["xpub"], *wanted["addresses"]) if text],
                now=self.now,
            )
            return Response({**self.rendered(opened.wallet), "seed_phrase": opened.phrase}, status=201)
        wallet = services.add_wallet(merchant=self.owner, **wanted, now=self.now)
        return Response(self.rendered(wallet), status=201)


class WalletPreview(WalletView):
    """What a key would give."""

    required_scopes = {"POST": "wallets:manage"}
    rate_class = "merchant"

    @operation(
        "Preview a wallet",
        description="Shows the first addresses that a wallet would give, and stores nothing.",
        body=shapes.ADD_WALLET,
        answers={200: shapes.WALLET_PREVIEW},
        request_example=examples.ADD_WALLET,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        self.check_live()
        wanted = _wanted(self.body())
        if wanted["kind"] == WalletKind.VAULT:
            return Response(
                {"network": wanted["network"], "preview": services.preview_vault(network=wanted["network"])}
            )
        return Response({"network": wanted["network"], "preview": services.preview_wallet(**wanted)})


class WalletDetail(WalletView):
    """One wallet."""

    required_scopes = {"GET": "wallets:manage", "DELETE": "wallets:manage"}
    rate_class = {"GET": "status", "DELETE": "merchant"}

    @operation("Get a wallet", answers={200: shapes.WALLET})
    def get(self, request: Request, wallet_id: str) -> Response:  # noqa: ARG002
        return Response(self.rendered(selectors.get_wallet(merchant=self.owner, public_id=wallet_id)))

    @operation(
        "Remove a wallet",
        description="No invoice gets an address of it any more. Those that were given out stay watched.",
        answers={200: shapes.WALLET},
    )
    def delete(self, request: Request, wallet_id: str) -> Response:  # noqa: ARG002
        removed = services.remove_wallet(merchant=self.owner, wallet_id=wallet_id, now=self.now)
        return Response(self.rendered(removed))


class WalletAddresses(WalletView):
    """The list of a pool."""

    required_scopes = {"POST": "wallets:manage"}
    rate_class = "merchant"

    @operation(
        "Add addresses to a pool",
        description="They are handed out after those that are on the list, once each.",
        body=shapes.ADD_ADDRESSES,
        answers={200: shapes.WALLET},
        request_example=examples.ADD_ADDRESSES,
    )
    def post(self, request: Request, wallet_id: str) -> Response:  # noqa: ARG002
        wallet = services.add_addresses(
            merchant=self.owner, wallet_id=wallet_id, addresses=self.body()["addresses"], now=self.now
        )
        return Response(self.rendered(wallet))


def _wanted(body: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the services: a single address is a list of one."""
    address = body.get("address")
    return {
        "network": body["network"],
        "kind": body["kind"],
        "xpub": body.get("xpub") or "",
        "addresses": [address] if address else body.get("addresses") or [],
    }
