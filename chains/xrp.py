"""Reads the XRP Ledger account by account over the JSON-RPC of rippled and Clio: XRP only, validated ledgers only.

What arrived is what the ledger says was delivered, never what a payment asked for: a partial payment may deliver
next to nothing of its ``Amount``. What issuers owe (other currencies of the ledger) is no XRP and is not read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from chains.base import ANY_ENDS, Block, ChainUnavailable, Ends, Network, Transfer, Watchlist
from chains.endpoint import Endpoint, Limits
from chains.health import EndpointHealth
from chains.histories import Between, read_histories
from chains.nodes import Nodes
from chains.replies import fields_of, items_of, moment, whole
from chains.xrp_transactions import SUCCESS, Delivery, read_deliveries, read_hash

_BLOCK_RANGE: Final = 1000
_PAGE: Final = 200
_MOST_PAGES: Final = 5000
_EPOCH: Final = 946_684_800  # the ledger counts seconds from the year 2000
_LAST_INDEX: Final = 2**32 - 1
_HASH: Final = re.compile("[0-9A-F]{64}")


class Rippled:
    """The JSON-RPC of rippled: like the common one, but errors come as results and nothing has an id."""

    def __init__(self, network: Network, *, limits: Limits | None = None) -> None:
        limits = limits or Limits(requests_per_second=network.requests_per_second)
        endpoints = [Endpoint(url, headers={}, limits=limits, batch_size=1) for url in network.rpc_urls]
        self.nodes = Nodes(endpoints, verify=self._verify, limits=limits)
        self._name = network.name
        self._network_id = network.chain_id
        self._landmark = network.landmark if network.chain_id == 0 else None

    def ask(self, method: str, **fields: object) -> dict[str, Any]:
        """
        Return the result of one command.

        :raises ChainUnavailable: see ``Nodes.ask``
        """
        return self.nodes.ask(lambda endpoint: self.ask_at(endpoint, method, fields))

    def find(self, method: str, missing: str, **fields: object) -> dict[str, Any] | None:
        """
        Return the result of one command, or None when the server answers with the error ``missing``.

        :raises ChainUnavailable: see ``Nodes.ask``
        """
        return self.nodes.ask(lambda endpoint: self.find_at(endpoint, method, missing, fields))

    def ask_at(self, endpoint: Endpoint, method: str, fields: Mapping[str, object]) -> dict[str, Any]:
        """Return the result of one command at one endpoint."""
        result = self.find_at(endpoint, method, "", fields)
        if result is None:
            raise endpoint.failure("did not answer as rippled does")
        return result

    def find_at(
        self, endpoint: Endpoint, method: str, missing: str, fields: Mapping[str, object]
    ) -> dict[str, Any] | None:
        """Return the result of one command at one endpoint, or None for the error ``missing``."""
        answer = endpoint.post("", {"method": method, "params": [{"api_version": 1, **fields}]})
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, dict):
            raise endpoint.failure("did not answer as rippled does")
        if result.get("error") == missing:
            return None
        if result.get("status") != "success" or "error" in result:
            raise endpoint.refusal({"message": result.get("error_message") or result.get("error")})
        return result

    def _verify(self, endpoint: Endpoint) -> None:
        info = fields_of(self.ask_at(endpoint, "server_info", {}).get("info"), "server info")
        network_id = info.get("network_id")
        if network_id is None:
            self._verify_landmark(endpoint)
        elif type(network_id) is not int or network_id != self._network_id:
            raise endpoint.failure(f"is on another network than {self._name}")

    def _verify_landmark(self, endpoint: Endpoint) -> None:
        """A server that was not told its network id is known by an old ledger, if it still has it."""
        known = self._landmark
        found = self.find_at(endpoint, "ledger", "lgrNotFound", {"ledger_index": known.height}) if known else None
        if known is None or found is None or found.get("ledger_hash") != known.hash:
            raise endpoint.failure(f"does not say that it is on {self._name}: set network_id in its configuration")


class XrpReader:
    """Implements ``chains.base.ChainReader`` for the XRP Ledger. Heights are ledger indexes."""

    def __init__(self, network: Network, *, rpc: Rippled | None = None) -> None:
        self._rpc = rpc or Rippled(network)
        self._coin = network.assets[0]
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
        """Return the ledger with the index ``height``, or the last validated one."""
        if height is None:
            return self._rpc.nodes.newest(self._tip, lag=self._lag)
        with self._rpc.nodes.doubted():
            return _ledger(self._rpc.ask("ledger", ledger_index=height), height)

    def finalized_height(self) -> int | None:
        """Return the index of the last validated ledger: every one that can be seen here is final."""
        return self.block_at().height

    def transfers(self, *, first: int, last: int, watchlist: Watchlist, ends: Ends = ANY_ENDS) -> Iterator[Transfer]:
        """Yield the transfers to watched addresses in ledgers ``first..last``, in chain order."""

        def read(accounts: Sequence[str]) -> list[tuple[Delivery, Transfer]]:
            return list(self._transfers(accounts, first, last))

        between = Between(first, last, ends, self.block_at)
        found = read_histories(self._rpc.nodes, list(watchlist.live()), read, between=between)
        yield from (transfer for _, transfer in sorted(found, key=lambda each: _place(each[0])))

    def mempool(self, *, watchlist: Watchlist) -> Iterator[Transfer]:
        """Yield nothing: what is not validated may still turn out differently, and is within seconds."""
        del watchlist
        return iter(())

    def has_failed(self, txid: str) -> bool:
        """Return whether the transaction is in a validated ledger and did not do what it was for."""
        found = self._validated(txid)
        if found is None:
            return False
        return fields_of(found.get("meta"), "transaction result").get("TransactionResult") != SUCCESS

    def height_of(self, txid: str) -> int | None:
        """Return the index of the validated ledger that holds the transaction."""
        found = self._validated(txid)
        return None if found is None else whole(found.get("ledger_index"), "ledger index", most=_LAST_INDEX)

    def _validated(self, txid: str) -> dict[str, Any] | None:
        if not _HASH.fullmatch(txid):
            return None
        found = self._rpc.find("tx", "txnNotFound", transaction=txid, binary=False)
        is_told = found is not None and found.get("validated") is True and found.get("hash") == txid
        return found if is_told else None

    def _tip(self, endpoint: Endpoint) -> Block:
        return _ledger(self._rpc.ask_at(endpoint, "ledger", {"ledger_index": "validated"}), None)

    def _transfers(self, accounts: Iterable[str], first: int, last: int) -> Iterator[tuple[Delivery, Transfer]]:
        found: dict[tuple[str, str], Delivery] = {}
        for account in accounts:
            for delivery in self._history(account, first, last):
                is_payment = delivery.recipient == account and delivery.sender != account
                if is_payment and found.setdefault((delivery.txid, account), delivery) != delivery:
                    raise ChainUnavailable("the server told of one transaction in two ways")
        ledgers: dict[int, tuple[Block, set[str]]] = {}
        for delivery in sorted(found.values(), key=_place):
            if delivery.height not in ledgers:
                ledgers[delivery.height] = self._body(delivery.height)
            block, txids = ledgers[delivery.height]
            if delivery.txid not in txids:
                raise ChainUnavailable(f"ledger {block.height} lacks a transaction the server says is in it")
            yield delivery, self._transfer(delivery, block)

    def _history(self, account: str, first: int, last: int) -> list[Delivery]:
        """Return what ``account`` took part in; all pages from one server, whose markers others do not know."""
        return self._rpc.nodes.ask(lambda endpoint: self._pages(endpoint, account, first, last))

    def _pages(self, endpoint: Endpoint, account: str, first: int, last: int) -> list[Delivery]:
        wanted: dict[str, object] = {
            "account": account,
            "ledger_index_min": first,
            "ledger_index_max": last,
            "binary": False,
            "forward": True,
            "limit": _PAGE,
        }
        found: list[Delivery] = []
        for _ in range(_MOST_PAGES):
            result = self._rpc.find_at(endpoint, "account_tx", "actNotFound", wanted)
            if result is None:  # some servers say so of an account that was never funded
                return []
            _check_searched(result, account, first, last)
            for item in items_of(result.get("transactions"), "list of transactions"):
                found += read_deliveries(item, first=first, last=last)
            marker = _marker(result.get("marker"))
            if marker is None:
                return found
            if marker == wanted.get("marker"):
                break
            wanted["marker"] = marker
        raise endpoint.failure("lists transactions without end")

    def _body(self, index: int) -> tuple[Block, set[str]]:
        """Return a ledger and the ids of its transactions."""
        reply = self._rpc.ask("ledger", ledger_index=index, transactions=True, expand=False)
        txids = items_of(fields_of(reply.get("ledger"), "ledger").get("transactions"), "list of transactions")
        return _ledger(reply, index), {read_hash(txid, "transaction id") for txid in txids}

    def _transfer(self, delivery: Delivery, block: Block) -> Transfer:
        return Transfer(
            network=self._coin.network,
            asset=self._coin.code,
            txid=delivery.txid,
            ordinal=0,  # a transaction delivers to one account, once
            sender=delivery.sender,
            recipient=delivery.recipient,
            units=delivery.drops,
            block=block,
            tag=delivery.tag,
            fee_units=delivery.fee,
        )


def _place(delivery: Delivery) -> tuple[int, int, str]:
    return delivery.height, delivery.position, delivery.recipient


def _ledger(reply: dict[str, Any], index: int | None) -> Block:
    fields = fields_of(reply.get("ledger"), "ledger")
    if reply.get("validated") is not True:
        raise ChainUnavailable("the server's ledger is not validated")
    height = whole(reply.get("ledger_index"), "ledger index", most=_LAST_INDEX)
    if reply.get("ledger_hash", fields.get("ledger_hash")) != fields.get("ledger_hash"):
        raise ChainUnavailable(f"the server told of two different ledgers {height}")
    if index not in {None, height} or str(fields.get("ledger_index", height)) != str(height):
        raise ChainUnavailable(f"the server answered with ledger {height} instead of {index}")
    return Block(
        height=height,
        hash=read_hash(fields.get("ledger_hash"), "ledger hash"),
        parent_hash=read_hash(fields.get("parent_hash"), "parent hash"),
        timestamp=moment(_EPOCH + whole(fields.get("close_time"), "close time", most=_LAST_INDEX), "close time"),
    )


def _marker(value: object) -> object:
    """Return where the next page begins: a thing of the server's own making that is sent back as it came."""
    parts = value.values() if isinstance(value, dict) else [value]
    if not all(part is None or isinstance(part, str | int) for part in parts):
        raise ChainUnavailable("the server's marker cannot be sent back")
    return value


def _check_searched(result: dict[str, Any], account: str, first: int, last: int) -> None:
    """
    Make sure that the server looked through all the ledgers it was asked for.

    :raises ChainUnavailable: when it has only some of them, or answered about others
    """
    if result.get("account") != account or result.get("validated") is not True:
        raise ChainUnavailable("the server's history is not validated, or not of this account")
    lowest = whole(result.get("ledger_index_min"), "first ledger", most=_LAST_INDEX)
    highest = whole(result.get("ledger_index_max"), "last ledger", most=_LAST_INDEX)
    if lowest > first or highest < last:
        raise ChainUnavailable(f"the server has only the ledgers {lowest} to {highest} of {first} to {last}")
