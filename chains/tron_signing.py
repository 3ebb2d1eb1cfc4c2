"""Sends TRX and TRC-20 tokens.

TRON does not number the transactions of an address. Each names the moment at which it expires, and a block
takes it only if the block before is older than that. So the moment is its number here: it rises with every
transaction of an address, and is over for good once a solid block is as late.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from chains import tron_transactions
from chains.base import Asset, Block, ChainUnavailable, Network
from chains.endpoint import Limits
from chains.erc20 import TRANSFER_TOPIC
from chains.hexadecimal import data, fields_of, items_of
from chains.replies import whole
from chains.rpc import HttpApi
from chains.signing import BroadcastUnclear, FeeQuote, NotPayable, Order, Outcome, Signed, Standing
from chains.tron import node_api, read_block
from chains.tron_transactions import long_form, word

T = TypeVar("T")

LIFETIME_MILLISECONDS: Final = 10 * 60_000  # of a transaction; a day is allowed
# Several machines may answer under one name, and some lag behind: a moment is over only so long after it.
SLACK_MILLISECONDS: Final = 10 * 60_000
_CLOCKS_DIFFER_SECONDS: Final = 3600
_BALANCE_OF: Final = "70a08231"  # selector of balanceOf(address)
_LIMITS: Final = Limits(connect_seconds=5, silence_seconds=15, total_seconds=30, rounds=1)
# Names of the chain's parameters, in millionths of a TRX.
_ENERGY_PRICE: Final = "getEnergyFee"
_BYTE_PRICE: Final = "getTransactionFee"
_NEW_ACCOUNT: Final = ("getCreateNewAccountFeeInSystemContract", "getCreateAccountFee")


@dataclass(frozen=True, slots=True)
class _Receipt:
    height: int
    block_hash: str
    succeeded: bool
    fee_units: int


class TronSigner:
    """Implements ``chains.signing.Signer`` for TRON."""

    lapses = True

    def __init__(self, network: Network) -> None:
        self._api = node_api(network, network.rpc_urls, _LIMITS)
        # What would cost money if it were a lie is asked of every node by itself.
        self._each = [node_api(network, [url], _LIMITS) for url in network.rpc_urls]

    def standing(self, address: str) -> Standing:
        """Return when a transaction that is signed now expires, and a solid block for it to name."""
        del address  # time is the same for all
        blocks, _ = self._ask_each(_newest_solid)
        block = min(blocks, key=lambda block: block.height)  # all nodes have it, and nobody can put it in the future
        if abs(block.timestamp.timestamp() - time.time()) > _CLOCKS_DIFFER_SECONDS:
            raise ChainUnavailable("the node's last solid block is an hour from what the clock says")
        return Standing(_moment(block) + LIFETIME_MILLISECONDS, is_busy=False, anchor=block.hash)

    def used_for_good(self, address: str) -> int:
        """Return until when all that expired is over for good, as every single node says, in milliseconds."""
        del address
        return min(_moment(_newest_solid(node)) for node in self._each) - SLACK_MILLISECONDS

    def balance(self, address: str, asset: Asset) -> int:
        """Return what an address holds, in base units."""
        if not asset.contract:
            return _count(_account(self._api, address), "balance")
        answer = _call(self._api, address, asset.contract, _BALANCE_OF + word(address))
        results = items_of(answer.get("constant_result"), "result of a call")
        return int(data("0x" + str(results[0]) if results else None, 32, "token balance"), 16)

    def quote(self, order: Order) -> FeeQuote:
        """
        Return what sending ``order`` may cost now.

        The highest word of all nodes counts: with too little energy a transfer fails, and that costs as well.

        :raises NotPayable: when one of them says that the transfer would fail as things stand
        """
        quotes, _ = self._ask_each(lambda node: _quote(node, order))
        return FeeQuote(
            gas=max(quote.gas for quote in quotes),
            price=max(quote.price for quote in quotes),
            tip=0,
            below=max(quote.below for quote in quotes),
            spared=min(quote.spared for quote in quotes),
            bringing=max(quote.bringing for quote in quotes),
        )

    def sign(self, order: Order, *, nonce: int, quote: FeeQuote, private_key: bytes, anchor: str = "") -> Signed:
        """Return the signed transaction, which expires at ``nonce``; nothing is asked of the network."""
        raw = tron_transactions.unsigned(
            order,
            made_at=nonce - LIFETIME_MILLISECONDS,
            expires_at=nonce,
            fee_limit=quote.gas * quote.price,
            anchor=anchor,
        )
        return tron_transactions.sign(raw, sender=order.sender, private_key=private_key)

    def broadcast(self, signed: Signed) -> None:
        """
        Hand the transaction to every node. Doing so again is harmless.

        :raises BroadcastUnclear: when none accepts it plainly, or says that it has it already
        """
        try:
            self._ask_each(lambda node: _hand_over(node, signed))
        except ChainUnavailable as problem:
            raise BroadcastUnclear(str(problem)) from None

    def outcome(self, txid: str, order: Order) -> Outcome:
        """Return what has become of the transaction that was signed for ``order``."""
        solid, all_answered = self._ask_each(lambda node: _receipt(node, "walletsolidity", txid, order))
        found, all_said = self._ask_each(lambda node: _receipt(node, "wallet", txid, order))
        receipts = [receipt for receipt in (*solid, *found) if receipt is not None]
        if not receipts:
            # What only waits for a block is sent again, which a node that has it says.
            return Outcome(is_known=False, is_denied=all_answered and all_said)
        receipt = receipts[0]
        return Outcome(
            is_known=True,
            height=receipt.height,
            block_hash=receipt.block_hash,
            succeeded=receipt.succeeded,
            fee_units=receipt.fee_units,
            is_final=all_answered and all_said and all(other == receipt for other in (*solid, *found)),
        )

    def _ask_each(self, question: Callable[[HttpApi], T]) -> tuple[list[T], bool]:
        """Return the answers of all nodes that gave one, and whether all did; at least one must."""
        answers: list[T] = []
        problems: list[ChainUnavailable] = []
        for node in self._each:
            try:
                answers.append(question(node))
            except NotPayable:
                raise
            except ChainUnavailable as problem:
                problems.append(problem)
        if not answers:
            raise ChainUnavailable("; ".join(map(str, problems)))
        return answers, not problems


def _newest_solid(node: HttpApi) -> Block:
    return read_block(node.post("/walletsolidity/getblock", {}))


def _moment(block: Block) -> int:
    """Return the time of a block in milliseconds."""
    return int(block.timestamp.timestamp()) * 1000


def _account(node: HttpApi, address: str) -> dict[str, Any]:
    """Return what a node says of an account; nothing when the account does not exist."""
    return node.post("/wallet/getaccount", {"address": long_form(address)})


def _call(node: HttpApi, caller: str, contract: str, call: str) -> dict[str, Any]:
    """
    Return what calling a contract would do.

    :raises NotPayable: when the call would fail
    """
    asked = {"owner_address": long_form(caller), "contract_address": long_form(contract), "data": call}
    answer = node.post("/wallet/triggerconstantcontract", asked)
    result = fields_of(answer.get("result"), "result of a call")
    returned = items_of(fields_of(answer.get("transaction", {}), "transaction").get("ret", []), "result of a call")
    has_failed = any(fields_of(each, "result of a call").get("ret") == "FAILED" for each in returned)
    if result.get("result") is not True or has_failed:
        text = "".join(filter(str.isprintable, str(result.get("message") or result.get("code"))))
        raise NotPayable(f"the node says that the call would fail: {text[:160]}")
    return answer


def _quote(node: HttpApi, order: Order) -> FeeQuote:
    prices = _parameters(node)
    resources = node.post("/wallet/getaccountresource", {"address": long_form(order.sender)})
    new_account = sum(prices[name] for name in _NEW_ACCOUNT)
    gas, below, is_new = 0, tron_transactions.size_of(order) * prices[_BYTE_PRICE], False
    if order.asset.contract:
        answer = _call(node, order.sender, order.asset.contract, tron_transactions.call_of(order))
        # A contract that is called much becomes dearer every six hours, up to a fifth.
        gas = _count(answer, "energy_used") * 5 // 4
    else:
        recipient = _account(node, order.recipient)
        if recipient.get("type") == "Contract":
            raise NotPayable("the recipient is a contract, which takes no TRX")
        is_new = not recipient
    energy = max(0, _count(resources, "EnergyLimit") - _count(resources, "EnergyUsed"))
    return FeeQuote(
        gas=gas,
        price=prices[_ENERGY_PRICE],
        tip=0,
        below=max(below, new_account) if is_new else below,
        spared=min(energy, gas) * prices[_ENERGY_PRICE]
        + (0 if is_new or not _has_room(resources, tron_transactions.size_of(order)) else below),
        bringing=below if _account(node, order.sender) else new_account,
    )


def _has_room(resources: dict[str, Any], size: int) -> bool:
    """Return whether an account's staked or free bandwidth has room; each pays for all of a transaction, or nothing."""
    staked = _count(resources, "NetLimit") - _count(resources, "NetUsed")
    free = _count(resources, "freeNetLimit") - _count(resources, "freeNetUsed")
    return max(staked, free) >= size


def _parameters(node: HttpApi) -> dict[str, int]:
    found = {}
    answer = node.post("/wallet/getchainparameters", {})
    for item in items_of(answer.get("chainParameter"), "list of parameters"):
        fields = fields_of(item, "parameter")
        found[fields.get("key")] = fields
    return {name: _count(found.get(name, {}), "value") for name in (_ENERGY_PRICE, _BYTE_PRICE, *_NEW_ACCOUNT)}


def _hand_over(node: HttpApi, signed: Signed) -> None:
    answer = node.post("/wallet/broadcasthex", {"transaction": signed.raw})
    code = str(answer.get("code"))
    if answer.get("result") is not True and code != "DUP_TRANSACTION_ERROR":
        text = "".join(filter(str.isprintable, f"{code} {answer.get('message', '')}"))
        raise BroadcastUnclear(f"the node refused the transaction: {text[:160]}")
    if answer.get("txid", signed.txid) != signed.txid:
        raise BroadcastUnclear("the node answered with the id of another transaction")


def _receipt(node: HttpApi, side: str, txid: str, order: Order) -> _Receipt | None:
    """Return what the blocks of a node say of a transaction: all of them, or (``walletsolidity``) the solid ones."""
    info = node.post(f"/{side}/gettransactioninfobyid", {"value": txid})
    if not info:
        return None
    if info.get("id") != txid:
        raise ChainUnavailable("the node answered with the receipt of another transaction")
    height = _count(info, "blockNumber")
    block = read_block(node.post(f"/{side}/getblock", {"id_or_num": str(height)}))
    if block.height != height:
        raise ChainUnavailable("the node answered with another block than was asked for")
    result = fields_of(info.get("receipt", {}), "receipt").get("result", "SUCCESS")  # a plain transfer has none
    return _Receipt(
        height=height,
        block_hash=block.hash,
        succeeded=info.get("result") != "FAILED" and result == "SUCCESS" and _has_moved(info, order),
        fee_units=_count(info, "fee"),
    )


def _has_moved(info: dict[str, Any], order: Order) -> bool:
    """Return whether the token says that it moved: some contracts refuse without failing."""
    if not order.asset.contract:
        return True
    wanted = [TRANSFER_TOPIC, word(order.sender), word(order.recipient)]
    return any(
        str(entry.get("address")).lower() == tron_transactions.body_of(order.asset.contract)
        and [str(topic).lower() for topic in items_of(entry.get("topics"), "list of topics")] == wanted
        and str(entry.get("data")).lower() == f"{order.units:064x}"
        for entry in (fields_of(item, "log") for item in items_of(info.get("log", []), "list of logs"))
    )


def _count(fields: dict[str, Any], name: str) -> int:
    """Return a number that nodes leave out when it is zero, as protobuf does."""
    return whole(fields.get(name, 0), name)
