"""Sends coins and tokens on Ethereum and the chains like it, with the fees of EIP-1559."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from chains.base import Asset, ChainUnavailable, Network
from chains.codecs import keccak256
from chains.endpoint import Limits, Refused
from chains.erc20 import TRANSFER_TOPIC
from chains.hexadecimal import HASH_BYTES, data, fields_of, items_of, quantity
from chains.rpc import JsonRpc
from chains.signing import BroadcastUnclear, FeeQuote, NotPayable, Order, Outcome, Signed, Standing

T = TypeVar("T")

# selectors of transfer(address,uint256) and balanceOf(address) in ERC-20
_TRANSFER: Final = "a9059cbb"
_BALANCE_OF: Final = "70a08231"
# Chains that charge for the room a transaction takes on Ethereum, and the contract that says how much (OP Stack).
_ABOVE_ETHEREUM: Final = frozenset({"base", "optimism"})
_GAS_PRICE_ORACLE: Final = "0x420000000000000000000000000000000000000F"
_GET_L1_FEE: Final = keccak256(b"getL1Fee(bytes)")[:4].hex()
_LONGEST_TRANSFER: Final = 224  # bytes of a signed transfer of a token, generously
_PLAIN_TRANSFER_GAS: Final = 21_000
_BLOCKS_TO_FINALITY: Final = 64  # where a node knows no tag for it: two epochs of Ethereum
_USUAL_TIP: Final = 10**9
_LEAST_RAISE: Final = 8  # an eighth of both fees: nodes refuse a replacement for less (10 to 12.5 %)
_LIMITS: Final = Limits(connect_seconds=5, silence_seconds=15, total_seconds=30, rounds=1)


@dataclass(frozen=True, slots=True)
class _Receipt:
    height: int
    block_hash: str
    succeeded: bool
    fee_units: int


class EvmSigner:
    """Implements ``chains.signing.OutbiddingSigner`` for one EVM network."""

    lapses = False

    def __init__(self, network: Network) -> None:
        self._network = network
        self._rpc = JsonRpc(network.rpc_urls, chain_id=network.chain_id, limits=_LIMITS)
        # What would cost money if it were a lie is asked of every node by itself.
        self._each = [JsonRpc([url], chain_id=network.chain_id, limits=_LIMITS) for url in network.rpc_urls]

    def standing(self, address: str) -> Standing:
        """Return where the numbering of ``address`` stands."""
        mined, waiting = self._rpc.batch(
            [("eth_getTransactionCount", (address, "latest")), ("eth_getTransactionCount", (address, "pending"))]
        )
        nonce = quantity(mined, "nonce")
        return Standing(nonce, is_busy=quantity(waiting, "nonce") > nonce)

    def used_for_good(self, address: str) -> int:
        """Return how many nonces of ``address`` are used up in blocks that are final, as every single node says."""
        # All of them must answer: what one cannot tell, nobody knows.
        return min(self._used_at_one(node, address) for node in self._each)

    def balance(self, address: str, asset: Asset) -> int:
        """Return what an address holds, in base units."""
        if not asset.contract:
            return quantity(self._rpc.call("eth_getBalance", address, "latest"), "balance")
        call = {"to": asset.contract, "data": "0x" + _BALANCE_OF + _word(address)}
        return int(data(self._rpc.call("eth_call", call, "latest"), 32, "token balance"), 16)

    def quote(self, order: Order) -> FeeQuote:
        """
        Return what sending ``order`` may cost now.

        :raises NotPayable: when the transfer would fail as things stand
        """
        header = fields_of(self._rpc.call("eth_getBlockByNumber", "latest", False), "block")
        base = quantity(header.get("baseFeePerGas"), "base fee")
        tip = self._tip()
        gas = self._gas(order)
        # A block can raise the base fee by an eighth: this is good for six full blocks in a row.
        price = 2 * base + tip
        below = 2 * self._fee_below()
        return FeeQuote(gas, price, tip, below=below, bringing=_PLAIN_TRANSFER_GAS * price + below)

    def sign(self, order: Order, *, nonce: int, quote: FeeQuote, private_key: bytes, anchor: str = "") -> Signed:
        """Return the signed transaction, which is good on this chain only; nothing is asked of the network."""
        from eth_account import Account

        del anchor  # the number and the chain's id are enough here

        target, value, payload = _what(order)
        account = Account.from_key(private_key)
        if account.address != order.sender:
            raise ValueError("the key is not that of the sender")
        signed = account.sign_transaction(
            {
                "type": 2,
                "chainId": self._network.chain_id,
                "nonce": nonce,
                "to": target,
                "value": value,
                "data": payload,
                "gas": quote.gas,
                "maxFeePerGas": quote.price,
                "maxPriorityFeePerGas": quote.tip,
            }
        )
        raw = bytes(signed.raw_transaction)
        return Signed(raw.hex(), "0x" + keccak256(raw).hex())

    def broadcast(self, signed: Signed) -> None:
        """
        Hand the transaction to the network. Doing so again is harmless.

        :raises BroadcastUnclear: for every answer but a plain acceptance: a node may refuse what it has accepted
        """
        try:
            answer = self._rpc.call("eth_sendRawTransaction", "0x" + signed.raw)
        except ChainUnavailable as problem:
            raise BroadcastUnclear(str(problem)) from None
        if answer != signed.txid:
            raise BroadcastUnclear("the node answered with the id of another transaction")

    def outcome(self, txid: str, order: Order) -> Outcome:
        """Return what has become of the transaction that was signed for ``order``."""
        receipts, all_answered = self._ask_each(lambda node: _receipt(node, txid, order))
        found = [receipt for receipt in receipts if receipt is not None]
        if not found:
            known, all_said = self._ask_each(lambda node: node.call("eth_getTransactionByHash", txid) is not None)
            return Outcome(is_known=any(known), is_denied=all_answered and all_said and not any(known))
        receipt = found[0]
        agree = all_answered and all(other == receipt for other in receipts)
        return Outcome(
            is_known=True,
            height=receipt.height,
            block_hash=receipt.block_hash,
            succeeded=receipt.succeeded,
            fee_units=receipt.fee_units,
            is_final=agree and receipt.height <= min(self._final_height(node) for node in self._each),
        )

    def outbid(self, signed: Sequence[Signed], quote: FeeQuote) -> FeeQuote | None:
        """
        Return what has to be offered for nodes to take a transaction in place of all those ``signed``.

        Never less than ``quote``, what the network asks now; None while it asks no more than was offered.
        """
        offers = [_offer(each) for each in signed]
        price, tip = max(offer.price for offer in offers), max(offer.tip for offer in offers)
        if quote.price <= price and quote.tip <= tip:
            return None
        return replace(quote, price=max(quote.price, _raised(price)), tip=max(quote.tip, _raised(tip)))

    def _ask_each(self, question: Callable[[JsonRpc], T]) -> tuple[list[T], bool]:
        """Return the answers of all nodes that gave one, and whether all did; at least one must."""
        answers: list[T] = []
        problems: list[ChainUnavailable] = []
        for node in self._each:
            try:
                answers.append(question(node))
            except ChainUnavailable as problem:
                problems.append(problem)
        if not answers:
            raise ChainUnavailable("; ".join(map(str, problems)))
        return answers, not problems

    def _used_at_one(self, node: JsonRpc, address: str) -> int:
        height = self._final_height(node)
        return quantity(node.call("eth_getTransactionCount", address, hex(height)), "nonce") if height >= 0 else 0

    def _final_height(self, node: JsonRpc) -> int:
        tip = quantity(node.call("eth_blockNumber"), "height")
        deepest = self._network.confirmations[-1]
        if isinstance(deepest, int):
            return tip - deepest
        try:
            block = node.call("eth_getBlockByNumber", "finalized", False)
        except Refused:
            block = None
        if block is None:
            return tip - _BLOCKS_TO_FINALITY
        return min(quantity(fields_of(block, "block").get("number"), "height"), tip)

    def _fee_below(self) -> int:
        if self._network.code not in _ABOVE_ETHEREUM:
            return 0
        transaction = f"{32:064x}{_LONGEST_TRANSFER:064x}" + "ff" * _LONGEST_TRANSFER
        call = {"to": _GAS_PRICE_ORACLE, "data": "0x" + _GET_L1_FEE + transaction}
        answer = self._rpc.call("eth_call", call, "latest")
        # A development chain has no such contract.
        return 0 if answer == "0x" else int(data(answer, 32, "fee of the chain below"), 16)

    def _tip(self) -> int:
        try:
            return quantity(self._rpc.call("eth_maxPriorityFeePerGas"), "tip")
        except Refused:
            return _USUAL_TIP

    def _gas(self, order: Order) -> int:
        target, value, payload = _what(order)
        call = {"from": order.sender, "to": target, "value": hex(value), "data": "0x" + payload.hex()}
        try:
            estimate = quantity(self._rpc.call("eth_estimateGas", call, "latest"), "gas")
        except Refused as refusal:
            raise NotPayable(str(refusal)) from None
        # What a contract uses may be a little more when it runs; a plain transfer always uses the same.
        return estimate if estimate == _PLAIN_TRANSFER_GAS else estimate * 5 // 4


def _what(order: Order) -> tuple[str, int, bytes]:
    """Return target, value and data of the transaction that carries out ``order``."""
    if not order.asset.contract:
        return order.recipient, order.units, b""
    return order.asset.contract, 0, bytes.fromhex(_TRANSFER + _word(order.recipient) + f"{order.units:064x}")


def _offer(signed: Signed) -> FeeQuote:
    """Return the fees that a signed transaction offers, read from its bytes."""
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes

    fields = TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()
    return FeeQuote(fields["gas"], fields["maxFeePerGas"], fields["maxPriorityFeePerGas"])


def _raised(fee: int) -> int:
    return fee + max(-(-fee // _LEAST_RAISE), 1)


def _word(address: str) -> str:
    return address.lower().removeprefix("0x").rjust(64, "0")


def _receipt(node: JsonRpc, txid: str, order: Order) -> _Receipt | None:
    reply: Any = node.call("eth_getTransactionReceipt", txid)
    if reply is None:
        return None
    fields = fields_of(reply, "receipt")
    if "0x" + data(fields.get("transactionHash"), HASH_BYTES, "transaction hash") != txid:
        raise ChainUnavailable("the node answered with the receipt of another transaction")
    below = fields.get("l1Fee")
    paid = quantity(fields.get("gasUsed"), "gas used") * quantity(fields.get("effectiveGasPrice"), "gas price")
    return _Receipt(
        height=quantity(fields.get("blockNumber"), "height"),
        block_hash="0x" + data(fields.get("blockHash"), HASH_BYTES, "block hash"),
        succeeded=quantity(fields.get("status"), "receipt status") == 1 and _has_moved(fields, order),
        fee_units=paid + (quantity(below, "fee") if below is not None else 0),
    )


def _has_moved(receipt: dict[str, Any], order: Order) -> bool:
    """Return whether the token says that it moved: some contracts refuse without reverting."""
    if not order.asset.contract:
        return True
    wanted = ["0x" + TRANSFER_TOPIC, "0x" + _word(order.sender), "0x" + _word(order.recipient)]
    return any(
        str(entry.get("address")).lower() == order.asset.contract.lower()
        and [str(topic).lower() for topic in items_of(entry.get("topics"), "list of topics")] == wanted
        and int(data(entry.get("data"), 32, "units of a log"), 16) == order.units
        for entry in (fields_of(item, "log") for item in items_of(receipt.get("logs"), "list of logs"))
    )
