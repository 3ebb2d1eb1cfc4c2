"""Paying in test mode. Test keys only."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import MissingField, UnknownField
from api.schema import operation
from api.v1 import examples
from api.v1.base import MerchantView
from api.v1.rendering.amounts import moment
from api.v1.shapes import payments as shapes
from chains.base import Block
from payments import services


class SandboxTransfers(MerchantView):
    required_scopes = {"POST": "invoices:create"}
    rate_class = "sandbox"
    tag = "Sandbox"

    @operation(
        "Send on the sandbox chain",
        description="Puts a transfer into the mempool: to one of your test invoices, or to any sandbox address.",
        body=shapes.SEND_TRANSFER,
        answers={201: shapes.SANDBOX_TRANSFER},
        request_example=examples.SEND_TRANSFER,
        answer_example=examples.SANDBOX_TRANSFER,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        sent = services.send_transfer(
            merchant=self.merchant, livemode=self.livemode, order=_order(self.body()), now=self.now
        )
        answer = {
            "tx_hash": sent.txid,
            "network": sent.asset.network,
            "address": sent.address,
            "crypto_currency": sent.asset.code,
            "amount": sent.asset.to_amount(sent.units),
            "invoice_id": sent.invoice.public_id if sent.invoice else None,
        }
        return Response(answer, status=201)


class SandboxBlocks(MerchantView):
    required_scopes = {"POST": "invoices:create"}
    rate_class = "sandbox"
    tag = "Sandbox"

    @operation(
        "Make sandbox blocks",
        description="The first takes everything that waits in the mempool.",
        body=shapes.MAKE_BLOCKS,
        answers={201: shapes.SANDBOX_BLOCK},
        request_example=examples.MAKE_BLOCKS,
        answer_example=examples.SANDBOX_BLOCK,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        block = services.mine_blocks(livemode=self.livemode, count=self.body()["count"], now=self.now)
        return Response(_block(block), status=201)


class SandboxReorgs(MerchantView):
    required_scopes = {"POST": "invoices:create"}
    rate_class = "sandbox"
    tag = "Sandbox"

    @operation(
        "Reorganise the sandbox chain",
        description=(
            "Replaces the last blocks by a branch that is one block longer. Transfers move to it, except those "
            "named in `drop`, which vanish as a double-spent transaction does; only your own can be named."
        ),
        body=shapes.REORGANISE,
        answers={201: shapes.SANDBOX_BLOCK},
        request_example=examples.REORGANISE,
        answer_example=examples.SANDBOX_BLOCK,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body()
        block = services.reorganise(
            merchant=self.merchant, livemode=self.livemode, depth=wanted["depth"], drop=wanted["drop"], now=self.now
        )
        return Response(_block(block), status=201)


class SandboxExpirations(MerchantView):
    required_scopes = {"POST": "invoices:create"}
    rate_class = "sandbox"
    tag = "Sandbox"

    @operation(
        "Let a test invoice run out of time",
        description="As if its deadline had passed. What has ended or was paid in part stays as it is.",
        body=shapes.END_TIME,
        answers={201: shapes.SANDBOX_INVOICE},
        request_example=examples.END_TIME,
        answer_example=examples.SANDBOX_INVOICE,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        invoice = services.end_time(
            merchant=self.merchant, livemode=self.livemode, invoice_id=self.body()["invoice"], now=self.now
        )
        return Response({"invoice_id": invoice.public_id, "status": invoice.status}, status=201)


class SandboxFailures(MerchantView):
    required_scopes = {"POST": "invoices:create"}
    rate_class = "sandbox"
    tag = "Sandbox"

    @operation(
        "Give up a sandbox transfer",
        description="As if a day had passed since a reorg dropped it: its payment has failed.",
        body=shapes.GIVE_UP,
        answers={201: shapes.SANDBOX_INVOICE},
        request_example=examples.GIVE_UP,
        answer_example=examples.SANDBOX_INVOICE,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body()
        invoice = services.give_up_transfer(
            merchant=self.merchant,
            livemode=self.livemode,
            invoice_id=wanted["invoice"],
            txid=wanted["tx_hash"],
            now=self.now,
        )
        return Response({"invoice_id": invoice.public_id, "status": invoice.status}, status=201)


def _order(wanted: dict[str, Any]) -> services.TransferOrder:
    invoice_id, address = wanted.get("invoice") or "", wanted.get("address") or ""
    if invoice_id and address:
        raise UnknownField("Give either an invoice or an address.", field="address")
    if not invoice_id and not address:
        raise MissingField("Give an invoice or an address.", field="invoice")
    return services.TransferOrder(
        invoice_id=invoice_id, address=address, asset_code=wanted.get("asset") or "", amount=wanted.get("amount")
    )


def _block(block: Block) -> dict[str, Any]:
    return {
        "height": block.height,
        "hash": block.hash,
        "parent_hash": block.parent_hash,
        "timestamp": moment(block.timestamp),
    }
