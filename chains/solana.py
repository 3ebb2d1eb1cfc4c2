"""Reads Solana account by account over its JSON-RPC: SOL, and tokens of the Token and Token-2022 programs.

A block holds thousands of transactions, 2.5 of them come each second, and nodes have no filter over them: all of it
is some 600 GB a day. So the node is asked for what concerns each watched address and the token accounts that belong
to it. Their number is small: keys of Solana cannot be derived without the secret, so invoices share an address and
are told apart by a reference (Solana Pay).

Heights are slots, because nodes find blocks by nothing else. In a slot without a block the chain stays as it was: it
is read as a block whose hash is that of its parent, so that slots form a chain without gaps like any other.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from chains.base import ANY_ENDS, Block, ChainUnavailable, Ends, Landmark, Network, Transfer, Watchlist
from chains.codecs_solana import TOKEN_PROGRAMS, is_signature, token_account
from chains.endpoint import Endpoint, Limits, Refused
from chains.health import EndpointHealth
from chains.histories import Between, read_histories
from chains.replies import fields_of, items_of, moment, whole
from chains.rpc import JsonRpc
from chains.solana_transactions import Receipt, read_key, read_transaction

_BLOCK_RANGE: Final = 2000
_BATCH_SIZE: Final = 10
_CONFIRMED, _FINALIZED = "confirmed", "finalized"
# Nodes write the index that is asked here after the block itself: a tip this many slots old is in it.
_SETTLING: Final = 4
_PAGE: Final = 1000  # signatures a node gives at once
_MOST_PAGES: Final = 1000
_TRANSACTIONS_AT_ONCE: Final = 100
_VERSIONS: Final = {"maxSupportedTransactionVersion": 0, "commitment": _CONFIRMED}
_HEADER: Final = {**_VERSIONS, "transactionDetails": "none", "rewards": False}
_SIGNATURES: Final = {**_VERSIONS, "transactionDetails": "signatures", "rewards": False}


class SolanaRpc(JsonRpc):
    """JSON-RPC with nodes that are told apart by their first block."""

    def __init__(self, network: Network, *, limits: Limits | None = None) -> None:
        batch_size = int(network.options.get("batch_size", _BATCH_SIZE))
        limits = limits or Limits(requests_per_second=network.requests_per_second)
        super().__init__(network.rpc_urls, chain_id=0, batch_size=batch_size, limits=limits)
        self._name = network.name
        self._landmark = network.landmark or Landmark(0, "")

    def ask_at(self, endpoint: Endpoint, method: str, *params: object) -> Any:
        """Return the result of one call at one endpoint."""
        return self._call(endpoint, (method, params))

    def require(self, slot: int) -> None:
        """
        Go on with an endpoint that still knows what was in ``slot``. Those that forgot would list nothing, and not say.

        :raises ChainUnavailable: when there is none
        """
        self.nodes.ask(lambda endpoint: self._require(endpoint, slot))

    def _require(self, endpoint: Endpoint, slot: int) -> None:
        oldest = whole(self._call(endpoint, ("getFirstAvailableBlock", ())), "first available block")
        if oldest > slot:
            raise endpoint.failure(f"has forgotten what was before slot {oldest}")

    def _verify(self, endpoint: Endpoint) -> None:
        if self._call(endpoint, ("getGenesisHash", ())) != self._landmark.hash:
            raise endpoint.failure(f"is on another chain than {self._name}")


class SolanaReader:
    """Implements ``chains.base.ChainReader`` for Solana."""

    def __init__(self, network: Network, *, rpc: SolanaRpc | None = None) -> None:
        self._rpc = rpc or SolanaRpc(network)
        self._coin = next(asset for asset in network.assets if not asset.contract)
        self._tokens = {asset.contract: asset for asset in network.assets if asset.contract}
        self._lag = network.tolerable_lag
        self.max_range = int(network.options.get("block_range", _BLOCK_RANGE))

    @property
    def source(self) -> str:
        """The endpoint that answered last, as people may see it."""
        return self._rpc.nodes.source

    def health(self) -> list[EndpointHealth]:
        """Return how each endpoint is doing."""
        return self._rpc.nodes.health()

    def block_at(self, height: int | None = None) -> Block:
        """Return the block in the slot ``height``, or of the newest slot that nearly all stake has seen."""
        nodes = self._rpc.nodes
        if height is None:
            return nodes.newest(self._tip, lag=self._lag)
        return nodes.ask(lambda endpoint: self._block_at(endpoint, height))

    def finalized_height(self) -> int | None:
        """Return the newest slot that more than two thirds of the stake have locked in."""
        return self._slot(_FINALIZED)

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """Yield the transfers to watched addresses in slots ``first..last``, in chain order."""

        def read(owners: Sequence[str]) -> list[tuple[int, int, Transfer]]:
            return self._between(first, last, set(owners), watchlist)

        between = Between(first, last, ends, self.block_at)
        found = read_histories(self._rpc.nodes, list(watchlist.live()), read, between=between)
        yield from (transfer for _, _, transfer in sorted(found, key=lambda each: each[:2]))

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Yield nothing: Solana has no mempool."""
        del watchlist
        return iter(())

    def has_failed(self, txid: str) -> bool:
        """Return whether the transaction is in a final block and failed."""
        status = self._status(txid)
        return status.get("err") is not None and status.get("confirmationStatus") == _FINALIZED

    def height_of(self, txid: str) -> int | None:
        """Return the slot that holds the transaction, once most validators have voted for it."""
        status = self._status(txid)
        is_seen = status.get("confirmationStatus") in {_CONFIRMED, _FINALIZED}
        return whole(status.get("slot"), "slot") if is_seen else None

    def _between(
        self, first: int, last: int, owners: Collection[str], watchlist: Watchlist
    ) -> list[tuple[int, int, Transfer]]:
        """Return transfers with slot and position in the block."""
        self._rpc.require(first)
        slots = self._signatures(self._accounts(owners), first, last)
        signatures = sorted(slots, key=lambda signature: slots[signature])
        found: list[tuple[int, int, Transfer]] = []
        for start in range(0, len(signatures), _TRANSACTIONS_AT_ONCE):
            some = {signature: slots[signature] for signature in signatures[start : start + _TRANSACTIONS_AT_ONCE]}
            found += self._transfers(some, owners, watchlist)
        return found

    def _status(self, txid: str) -> dict[str, Any]:
        """Return what the node says of a transaction; nothing for one it does not know."""
        if not is_signature(txid):
            return {}
        reply = self._rpc.call("getSignatureStatuses", [txid], {"searchTransactionHistory": True})
        statuses = items_of(fields_of(reply, "statuses").get("value"), "list of statuses")
        if len(statuses) != 1 or statuses[0] is None:
            return {}
        return fields_of(statuses[0], "status")

    def _slot(self, commitment: str) -> int:
        return whole(self._rpc.call("getSlot", {"commitment": commitment}), "slot")

    def _tip(self, endpoint: Endpoint) -> Block:
        newest = whole(self._rpc.ask_at(endpoint, "getSlot", {"commitment": _CONFIRMED}), "slot")
        return self._block_at(endpoint, max(newest - _SETTLING, 0))

    def _block_at(self, endpoint: Endpoint, slot: int) -> Block:
        try:
            reply = self._rpc.ask_at(endpoint, "getBlock", slot, _HEADER)
        except Refused:  # as a rule because the slot was skipped; what follows tells
            reply = None
        return self._skipped(endpoint, slot) if reply is None else _block(reply, slot)

    def _skipped(self, endpoint: Endpoint, slot: int) -> Block:
        """Return what stands for a slot without a block. That it has none is known from the block after it."""
        wanted = (slot, 1, {"commitment": _CONFIRMED})
        found = items_of(self._rpc.ask_at(endpoint, "getBlocksWithLimit", *wanted), "list of blocks")
        following = whole(found[0], "slot") if found else slot
        if following <= slot:
            raise Refused(f"{endpoint.name} does not tell the block in slot {slot}")
        reply = fields_of(self._rpc.ask_at(endpoint, "getBlock", following, _HEADER), "block")
        if whole(reply.get("parentSlot"), "parent slot") >= slot:
            raise endpoint.failure(f"leaves out the block in slot {slot}")
        after = _block(reply, following)
        return Block(slot, after.parent_hash, after.parent_hash, after.timestamp)

    def _accounts(self, owners: Collection[str]) -> list[str]:
        """Return the accounts whose histories hold every payment to ``owners``: their own and their token accounts'."""
        # Which of the two programs a mint belongs to is not asked: a wrong answer would hide payments for good.
        return [
            account
            for owner in owners
            for account in (
                owner,
                *(token_account(owner, mint, program) for mint in self._tokens for program in TOKEN_PROGRAMS),
            )
        ]

    def _signatures(self, accounts: Sequence[str], first: int, last: int) -> dict[str, int]:
        """Return the slots of the successful transactions that touch ``accounts``."""
        found: dict[str, int] = {}
        waiting: dict[str, str | None] = dict.fromkeys(accounts)  # account -> the signature before which to go on
        for _ in range(_MOST_PAGES):
            if not waiting:
                return found
            calls = [("getSignaturesForAddress", (each, _page(before, last))) for each, before in waiting.items()]
            pages = self._rpc.batch(calls)
            following: dict[str, str | None] = {}
            for (account, before), page in zip(waiting.items(), pages, strict=True):
                entries = [_entry(item) for item in items_of(page, "list of signatures")]
                for signature, slot, is_good in entries:
                    if is_good and first <= slot <= last and found.setdefault(signature, slot) != slot:
                        raise ChainUnavailable("the node told of one transaction in two slots")
                # A short page may be this node's limit; only an empty one, or an older slot, is the end.
                if entries and entries[-1][1] >= first:
                    following[account] = _oldest(entries, before)
            waiting = following
        raise ChainUnavailable("the node's lists of signatures have no end")

    def _transfers(
        self, slots: Mapping[str, int], owners: Collection[str], watchlist: Watchlist
    ) -> Iterator[tuple[int, int, Transfer]]:
        """Yield transfers with slot and position in the block."""
        replies = self._rpc.batch([("getTransaction", (each, {**_VERSIONS, "encoding": "json"})) for each in slots])
        receipts: list[Receipt] = []
        for (signature, slot), reply in zip(slots.items(), replies, strict=True):
            receipt = read_transaction(reply, signature=signature, slot=slot, coin=self._coin, tokens=self._tokens)
            if receipt is not None and receipt.paid(owners):
                receipts.append(receipt)
        issued = watchlist.references({key for receipt in receipts for key in receipt.keys}) if receipts else set()
        blocks: dict[int, tuple[Block, dict[str, int]]] = {}
        for receipt in receipts:
            if receipt.slot not in blocks:
                blocks[receipt.slot] = self._body(receipt.slot)
            block, positions = blocks[receipt.slot]
            if receipt.signature not in positions:
                raise ChainUnavailable(f"the block in slot {block.height} lacks a transaction the node says is in it")
            for transfer in receipt.transfers(owners, issued, block):
                yield receipt.slot, positions[receipt.signature], transfer

    def _body(self, slot: int) -> tuple[Block, dict[str, int]]:
        """Return the block of a slot and the positions of its transactions."""
        reply = fields_of(self._rpc.call("getBlock", slot, _SIGNATURES), "block")
        signatures = items_of(reply.get("signatures"), "list of signatures")
        return _block(reply, slot), {str(signature): place for place, signature in enumerate(signatures)}


def _page(before: str | None, last: int) -> dict[str, Any]:
    """Return which signatures to list; a node that has not come as far as ``last`` shall say so."""
    wanted: dict[str, Any] = {"limit": _PAGE, "commitment": _CONFIRMED, "minContextSlot": last}
    return wanted if before is None else {**wanted, "before": before}


def _entry(item: object) -> tuple[str, int, bool]:
    """Return signature, slot and whether the transaction succeeded."""
    fields = fields_of(item, "signature")
    signature = fields.get("signature")
    if not isinstance(signature, str) or not is_signature(signature) or "err" not in fields:
        raise ChainUnavailable("the node's list of signatures holds something else")
    return signature, whole(fields.get("slot"), "slot"), fields["err"] is None


def _oldest(entries: Sequence[tuple[str, int, bool]], before: str | None) -> str:
    """Return the signature before which the next page begins."""
    slots = [slot for _, slot, _ in entries]
    if slots != sorted(slots, reverse=True) or entries[-1][0] == before:
        raise ChainUnavailable("the node's list of signatures is not in order")
    return entries[-1][0]


def _block(reply: object, slot: int) -> Block:
    fields = fields_of(reply, "block")
    if slot and whole(fields.get("parentSlot"), "parent slot") >= slot:
        raise ChainUnavailable(f"the node's block in slot {slot} grows from a later one")
    return Block(
        height=slot,
        hash=read_key(fields.get("blockhash"), "block hash"),
        parent_hash=read_key(fields.get("previousBlockhash"), "parent hash"),
        timestamp=moment(whole(fields.get("blockTime"), "block time"), "block time"),
    )
