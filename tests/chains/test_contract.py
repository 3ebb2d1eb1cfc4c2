"""Each reader keeps the same promises: on recorded replies, and on real nodes where they run here."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chains import registry
from chains.codecs import tron_address
from chains.sandbox import services
from chains.sandbox.reader import SandboxReader
from tests.chains import test_bitcoin as bitcoin
from tests.chains import test_cardano as cardano
from tests.chains import test_evm_lies as evm
from tests.chains import test_solana as solana
from tests.chains import test_tron as tron
from tests.chains import test_xrp as xrp
from tests.chains.anvil import CHAIN_ID, spread_call
from tests.chains.contract import FaultContract, ReaderContract, Stage, running
from tests.chains.fake_node import FakeNode, RpcAnswers, SmallChain, hash_of, log
from tests.chains.test_evm_anvil import fresh_address

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


class TestEvm(ReaderContract, FaultContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        chain = SmallChain()
        other = log(105, 6, units=6, tx=105003, transactionIndex="0x3")
        chain.logs = [log(105, 3), log(105, 4, units=8), other, log(107, 0, units=9)]
        node = FakeNode(RpcAnswers(chain))

        def fork() -> None:
            for height in range(105, 111):
                chain.blocks[height] |= {"hash": hash_of(height + 500), "parentHash": hash_of(height + 499)}
            chain.blocks[105]["parentHash"] = hash_of(104)
            chain.receipts[hash_of(105000)]["blockHash"] = hash_of(605)
            for entry in chain.logs:
                entry["blockHash"] = hash_of(int(entry["blockHash"], 16) + 500)
                entry["logIndex"] = hex(int(entry["logIndex"], 16) + 10)

        paid = [("ETH", 5), ("USDC", 7), ("USDC", 8), ("USDC", 6), ("USDC", 9)]
        reader = evm.reader_of(node.url)
        yield from running(node, Stage(reader, "ethereum", evm.SHOP_TEXT, evm.PAYER_TEXT, 101, 110, paid, fork, node))


@pytest.mark.evm
class TestAnvil(ReaderContract):
    @pytest.fixture
    def stage(self, anvil, settings) -> Stage:
        token, shop = anvil.deploy("Coin"), fresh_address()
        config = {"rpc_urls": [anvil.url], "chain_id": CHAIN_ID}
        settings.CHAINS = {"ethereum": config | {"tokens": {"USDC": {"contract": token, "decimals": 6}}}}
        anvil.mine(2)
        first, snapshot = anvil.height, anvil.rpc("evm_snapshot")

        def play() -> None:
            anvil.receipt(anvil.send(token, data=spread_call([fresh, shop, shop], [1, 2, 3])))
            anvil.pay(shop, 10**18)
            anvil.transfer(token, shop, 4)
            anvil.mine(2)

        def fork() -> None:
            anvil.rpc("evm_revert", snapshot)
            anvil.mine(3)
            play()

        fresh = fresh_address()
        play()
        paid = [("USDC", 2), ("USDC", 3), ("ETH", 10**18), ("USDC", 4)]
        reader = registry.reader("ethereum")
        return Stage(reader, "ethereum", shop, fresh_address(), first, anvil.height, paid, fork)


class TestTron(ReaderContract, FaultContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        chain = tron.SmallTron()
        node = FakeNode(chain)

        def fork() -> None:
            def on_another_branch(path: str, body: dict) -> tuple[int, bytes]:
                status, reply = chain(path, body)
                for height in (tron.TIP - 1, tron.TIP):
                    reply = reply.replace(tron.block_id(height).encode(), tron.block_id(height, branch=7).encode())
                return status, reply

            node.answer = on_another_branch
            for index, entry in enumerate(chain.logs):
                entry["logIndex"] = hex(10 + index)

        paid = [("TRX", 1_000_000), ("USDT", 16_490_000), ("USDT", 5_000_000), ("USDT", 5_000_000)]
        stranger = tron_address("11" * 20)
        yield from running(
            node,
            Stage(tron.reader_of(node.url), "tron", tron.SHOP, stranger, tron.TIP - 5, tron.TIP, paid, fork, node),
        )


class TestBitcoin(ReaderContract, FaultContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        first = bitcoin.tx(
            1, bitcoin.pay(bitcoin.SHOP, Decimal("0.5")), bitcoin.pay(bitcoin.SHOP, Decimal("0.25"), n=1)
        )
        second = bitcoin.tx(2, bitcoin.pay(bitcoin.SHOP, Decimal("0.00000001")))
        chain = bitcoin.SmallBitcoin([], [], [first], [second], [])
        node = FakeNode(bitcoin.ExactAnswers(chain))

        def fork() -> None:
            del chain.blocks[2:]
            for body in ([], [first], [second], [], []):
                chain.grow(*body)

        paid = [("BTC", 50_000_000), ("BTC", 25_000_000), ("BTC", 1)]
        reader = bitcoin.reader_of(node, chain)
        yield from running(node, Stage(reader, "bitcoin", bitcoin.SHOP, bitcoin.OTHER, 1, 4, paid, fork, node))


class TestSolana(ReaderContract, FaultContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        chain, slot = solana.SmallSolana(), solana.SLOT
        node = FakeNode(RpcAnswers(chain))

        def play(slot: int) -> None:
            chain.pay(slot, solana.sol("coin", 1_500_000_000), solana.usdc("token", 16_490_000))
            chain.pay(slot + 2, solana.sol("more", 7))

        def fork() -> None:
            chain.fork(slot)
            play(slot + 1)

        play(slot)
        paid = [("SOL", 1_500_000_000), ("USDC", 16_490_000), ("SOL", 7)]
        reader, stranger = solana.reader_of(node.url), solana.OTHER_SHOP
        yield from running(
            node,
            Stage(reader, "solana", solana.SHOP, stranger, solana.FIRST_SLOT, slot + 10, paid, fork, node),
        )


class TestXrp(ReaderContract, FaultContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        chain = xrp.SmallXrp()
        node = FakeNode(chain)
        chain.pay(xrp.INDEX, xrp.payment("one", "7", tag=1), xrp.payment("two", "8", tag=2))
        chain.pay(xrp.INDEX + 3, xrp.payment("three", "9"))
        paid = [("XRP", 7), ("XRP", 8), ("XRP", 9)]
        reader = xrp.reader_of(node.url)
        yield from running(
            node, Stage(reader, "xrp", xrp.SHOP, xrp.OTHER_SHOP, xrp.FIRST, xrp.FIRST + 20, paid, None, node)
        )


class TestCardano(ReaderContract, FaultContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        chain = cardano.SmallCardano()
        node = FakeNode(chain)

        def play(height: int) -> None:
            chain.add(height, cardano.pay("one", 12_345_678, 3))
            chain.add(height + 2, cardano.pay("two", 4))

        def fork() -> None:
            chain.roll_back(cardano.HEIGHT)
            play(cardano.HEIGHT + 1)

        play(cardano.HEIGHT)
        paid = [("ADA", 12_345_678), ("ADA", 3), ("ADA", 4)]
        reader = cardano.reader_of(node.url)
        first, last = cardano.FIRST + 1, cardano.HEIGHT + 8
        yield from running(
            node, Stage(reader, "cardano", cardano.SHOP, cardano.OTHER_SHOP, first, last, paid, fork, node)
        )


@pytest.mark.django_db
class TestSandbox(ReaderContract):
    @pytest.fixture
    def stage(self) -> Stage:
        shop, stranger = services.new_address(), services.new_address()
        first = services.mine(now=NOW).height
        for units in (7, 8):
            services.send(address=shop, asset_code="USDT", units=units, now=NOW)
            services.mine(now=NOW)
        services.send(address=shop, asset_code="BTC", units=9, now=NOW)
        last = services.mine(count=2, now=NOW).height

        def fork() -> None:
            services.reorg(depth=last - first, now=NOW)
            services.mine(count=2, now=NOW)

        paid = [("USDT", 7), ("USDT", 8), ("BTC", 9)]
        return Stage(SandboxReader(), "sandbox", shop, stranger, first, last, paid, fork)
