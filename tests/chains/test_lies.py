"""Each reader doubts a node that tells what cannot be, and turns to an honest one: the same lies for all of them."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chains.base import Landmark
from chains.bitcoin import BitcoinReader
from tests.chains import test_bitcoin as bitcoin
from tests.chains import test_cardano as cardano
from tests.chains import test_evm_lies as evm
from tests.chains import test_solana as solana
from tests.chains import test_tron as tron
from tests.chains import test_xrp as xrp
from tests.chains.contract import LIES, LieContract, Lying
from tests.chains.fake_node import FakeNode, RpcAnswers, SmallChain, hash_of

Bend = Callable[..., Any]

CHAIN, BLOCK, LINK, PLACE, MISSING, ANOTHER, AMOUNT = LIES


def changed(value: Any, *path: str | int, to: Any) -> Any:
    """Return a copy of ``value`` in which what is at ``path`` is something else."""
    copied = copy.deepcopy(value)
    place = copied
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return copied


class TestEvm(LieContract):
    @pytest.fixture
    def lying(self) -> Iterator[Lying]:
        liar, honest = (FakeNode(RpcAnswers(SmallChain())) for _ in range(2))

        def lie(asked: str, first: Any, bend: Bend) -> Callable[[], None]:
            def tell() -> None:
                liar.answer.bend = lambda method, params, result: (
                    bend(result) if method == asked and first in {None, str(params[0])} else result
                )

            return tell

        receipt = "eth_getTransactionReceipt"
        lies = {
            CHAIN: lie("eth_chainId", None, lambda _: "0x2"),
            BLOCK: lie("eth_getBlockByNumber", "0x69", lambda block: block | {"number": "0x6a"}),
            LINK: lie("eth_getBlockByNumber", "0x69", lambda block: block | {"parentHash": hash_of(9)}),
            PLACE: lie("eth_getLogs", None, lambda logs: changed(logs, 0, "blockHash", to=hash_of(106))),
            MISSING: lie(receipt, None, lambda _: None),
            ANOTHER: lie(receipt, None, lambda found: found | {"transactionHash": hash_of(1)}),
            AMOUNT: lie("eth_getLogs", None, lambda logs: changed(logs, 0, "data", to="0x" + "ff" * 33)),
        }
        alone, both = evm.reader_of(liar.url), evm.reader_of(liar.url, honest.url)
        lying = Lying(alone, both, liar, honest, evm.SHOP_TEXT, 101, 110, [("ETH", 5), ("USDC", 7)], lies)
        yield lying
        lying.stop()


class TestTron(LieContract):
    @pytest.fixture
    def lying(self) -> Iterator[Lying]:
        chain = tron.SmallTron()
        liar, honest = FakeNode(chain), FakeNode(tron.SmallTron())
        header = chain.header

        def lie(*path: str, to: str | int) -> Callable[[], None]:
            def told(height: int) -> dict[str, Any]:
                return changed(header(height), *path, to=to) if height == chain.paid else header(height)

            return lambda: setattr(chain, "header", told)

        def log(**fields: str) -> Callable[[], None]:
            return lambda: chain.logs[0].update(fields)

        lies = {
            CHAIN: lambda: vars(chain).update(genesis="00" * 32, chain_id=1),
            BLOCK: lie("block_header", "raw_data", "number", to=chain.paid + 1),
            LINK: lie("block_header", "raw_data", "parentHash", to="ab" * 32),
            PLACE: log(blockHash="0x" + tron.block_id(chain.paid, branch=7)),
            MISSING: lambda: chain.logs.pop(0),
            ANOTHER: log(transactionHash="0x" + "ab" * 32),
            AMOUNT: lambda: chain.transactions[chain.paid].insert(0, tron.trx("9" * 64, -1)),
        }
        paid = [("TRX", 1_000_000), ("USDT", 16_490_000), ("USDT", 5_000_000), ("USDT", 5_000_000)]
        alone, both = tron.reader_of(liar.url), tron.reader_of(liar.url, honest.url)
        lying = Lying(alone, both, liar, honest, tron.SHOP, tron.TIP - 5, tron.TIP, paid, lies)
        yield lying
        lying.stop()


def small_bitcoin(*, branch: int = 0) -> bitcoin.SmallBitcoin:
    """Return a chain on which the shop is paid in block 2; ``branch`` makes another one from block 1 on."""
    paid = bitcoin.serialised(bitcoin.pay(bitcoin.SHOP, Decimal("0.5")))
    other = [bitcoin.tx(100 + branch, bitcoin.script("51"))] if branch else []
    return bitcoin.SmallBitcoin([], other, [paid], [], [])


class TestBitcoin(LieContract):
    @pytest.fixture
    def lying(self) -> Iterator[Lying]:
        chain, fork = small_bitcoin(), small_bitcoin(branch=7)
        liar, honest = FakeNode(bitcoin.ExactAnswers(chain)), FakeNode(bitcoin.ExactAnswers(small_bitcoin()))
        body = chain.blocks[2]["tx"]
        urls = [liar.url, honest.url]
        found = replace(bitcoin.network(urls=urls), landmark=Landmark(0, chain.blocks[0]["hash"]))

        def other_chain() -> None:
            chain.blocks[0] = chain.blocks[0] | {"hash": "ab" * 32}

        def other_block() -> None:
            chain.blocks[2] = chain.blocks[2] | {"header": chain.blocks[3]["header"]}

        lies = {
            CHAIN: other_chain,
            BLOCK: other_block,
            LINK: lambda: chain.blocks.__setitem__(slice(2, None), fork.blocks[2:]),
            PLACE: lambda: chain.blocks[3]["tx"].append(body[1]),
            MISSING: body.pop,
            ANOTHER: lambda: body[1].update(txid=bitcoin.txid_of(2)),
            AMOUNT: lambda: body[1]["vout"][0].update(value=Decimal(5)),
        }
        alone = BitcoinReader(replace(found, rpc_urls=(liar.url,)))
        lying = Lying(alone, BitcoinReader(found), liar, honest, bitcoin.SHOP, 1, 4, [("BTC", 50_000_000)], lies)
        yield lying
        lying.stop()


def small_solana() -> solana.SmallSolana:
    chain = solana.SmallSolana()
    chain.pay(solana.SLOT, solana.sol("coin", 1_500_000_000), solana.usdc("token", 16_490_000))
    return chain


class TestSolana(LieContract):
    @pytest.fixture
    def lying(self) -> Iterator[Lying]:
        liar, honest = (FakeNode(RpcAnswers(small_solana())) for _ in range(2))

        def lie(asked: str, bend: Bend) -> Callable[[], None]:
            def tell() -> None:
                liar.answer.bend = lambda method, _params, result: bend(result) if method == asked else result

            return tell

        other = solana.sol("other", 10**9).told(solana.SLOT)
        lies = {
            CHAIN: lie("getGenesisHash", lambda _: solana.key("another chain")),
            BLOCK: lie("getTransaction", lambda found: found | {"slot": solana.SLOT + 1}),
            LINK: lie("getBlock", lambda block: block | {"parentSlot": solana.SLOT}),
            PLACE: lie("getBlock", lambda block: block | {"signatures": block.get("signatures", [])[:1]}),
            MISSING: lie("getTransaction", lambda _: None),
            ANOTHER: lie("getTransaction", lambda _: other),
            AMOUNT: lie("getTransaction", lambda found: changed(found, "meta", "postBalances", 1, to=10**15)),
        }
        alone, both = solana.reader_of(liar.url), solana.reader_of(liar.url, honest.url)
        paid = [("SOL", 1_500_000_000), ("USDC", 16_490_000)]
        lying = Lying(alone, both, liar, honest, solana.SHOP, solana.FIRST_SLOT, solana.SLOT + 10, paid, lies)
        yield lying
        lying.stop()


def small_xrp() -> xrp.SmallXrp:
    chain = xrp.SmallXrp()
    chain.pay(xrp.INDEX, xrp.payment("one", "7", tag=1), xrp.payment("two", "8", tag=2))
    return chain


class TestXrp(LieContract):
    @pytest.fixture
    def lying(self) -> Iterator[Lying]:
        chain = small_xrp()
        liar, honest = FakeNode(chain), FakeNode(small_xrp())

        def lie(asked: str, bend: Bend) -> Callable[[], None]:
            def tell() -> None:
                chain.bend = lambda method, _fields, result: bend(result) if method == asked else result

            return tell

        first = ("transactions", 0)
        twice = xrp.payment("one", "7", tag=9).told(xrp.INDEX + 1, 0)
        lies = {
            CHAIN: lie("server_info", lambda found: changed(found, "info", "network_id", to=1)),
            BLOCK: lie("ledger", lambda found: changed(found, "ledger", "ledger_index", to=str(xrp.INDEX + 1))),
            LINK: lie("ledger", lambda found: found | {"ledger_hash": xrp.hash_of("another")}),
            PLACE: lie("ledger", lambda found: changed(found, "ledger", "transactions", to=[])),
            MISSING: lie("account_tx", lambda found: changed(found, *first, "tx", to=None)),
            ANOTHER: lie("account_tx", lambda found: found | {"transactions": [*found["transactions"], twice]}),
            AMOUNT: lie("account_tx", lambda found: changed(found, *first, "meta", "delivered_amount", to="9")),
        }
        alone, both = xrp.reader_of(liar.url), xrp.reader_of(liar.url, honest.url)
        paid = [("XRP", 7), ("XRP", 8)]
        lying = Lying(alone, both, liar, honest, xrp.SHOP, xrp.FIRST, xrp.FIRST + 20, paid, lies)
        yield lying
        lying.stop()


def small_cardano() -> cardano.SmallCardano:
    chain = cardano.SmallCardano()
    chain.add(cardano.HEIGHT, cardano.pay("one", 12_345_678, 3), cardano.pay("elsewhere", 5, to=cardano.PAYER))
    return chain


class TestCardano(LieContract):
    @pytest.fixture
    def lying(self) -> Iterator[Lying]:
        chain = small_cardano()
        liar, honest = FakeNode(chain), FakeNode(small_cardano())
        paying = f"/txs/{cardano.hash_of('one')}"

        def lie(end: str | tuple[str, ...], bend: Bend) -> Callable[[], None]:
            def tell() -> None:
                chain.bend = lambda path, result: bend(result) if path.endswith(end) else result

            return tell

        lies = {
            CHAIN: lambda: setattr(chain, "magic", 1),
            BLOCK: lie("/next", lambda blocks: changed(blocks, 3, "height", to=cardano.HEIGHT)),
            LINK: lie("/next", lambda blocks: changed(blocks, 3, "previous_block", to=cardano.hash_of("another"))),
            PLACE: lie(paying, lambda found: found | {"block": cardano.hash_of("another")}),
            MISSING: lie(("/addresses", "/txs"), lambda told: told[:1]),
            ANOTHER: lie("/utxos", lambda found: found | {"hash": cardano.hash_of("another")}),
            AMOUNT: lie(
                paying, lambda found: found | {"output_amount": [{"unit": "lovelace", "quantity": "12345680"}]}
            ),
        }

        alone, both = cardano.reader_of(liar.url), cardano.reader_of(liar.url, honest.url)
        first, last = cardano.FIRST + 1, cardano.HEIGHT + 8
        paid = [("ADA", 12_345_678), ("ADA", 3)]
        lying = Lying(alone, both, liar, honest, cardano.SHOP, first, last, paid, lies)
        yield lying
        lying.stop()
