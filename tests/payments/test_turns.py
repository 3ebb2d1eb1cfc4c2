"""How often a network is read: soon while somebody waits, seldom else, and once however many clocks strike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction

from chains import registry
from config.chains import chains_from_env
from merchants.services import add_wallet
from payments.models import Cursor
from payments.services import scan
from payments.services.turns import take_turn
from payments.tasks import verify
from tests.chains import small_cardano
from tests.chains.fake_node import FakeNode
from tests.chains.small_cardano import SmallCardano
from tests.chains.test_three_addresses import ACCOUNT
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer

TEN = timedelta(seconds=10)


@pytest.fixture
def network():
    return replace(registry.network("ethereum"), scan_every=TEN)


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


def make_cursor(now, *, network: str = "ethereum", height: int = 7, tip: int = 7, asked_at=None) -> None:
    Cursor.objects.create(
        network=network, height=height, hash="f" * 64, tip_height=tip, scanned_at=now, asked_at=asked_at
    )


@pytest.mark.django_db
class TestTurns:
    def test_a_network_that_was_never_read_is_read_at_once(self, network, now):
        assert [take_turn(network, now=now), take_turn(network, now=now)] == [True, True]

    def test_the_first_turn_after_a_reading_is_given(self, network, now):
        make_cursor(now)

        assert [take_turn(network, now=now), take_turn(network, now=now)] == [True, False]

    def test_while_an_invoice_is_open_it_is_read_as_often_as_the_network_says(self, network, now, settings):
        settings.RATE_SOURCES = ["fixed"]
        settings.CHAINS = {"cardano": {"rpc_urls": ["http://127.0.0.1:1"]}}
        merchant = make_merchant(now)
        add_wallet(merchant=merchant, network="cardano", xpub=ACCOUNT, now=now)
        invoice = make_invoice(merchant, now, livemode=True, crypto_currency="ADA")
        cardano = replace(registry.network("cardano"), scan_every=TEN)
        make_cursor(now, network="cardano", asked_at=now)

        assert take_turn(cardano, now=now + seconds(8)) is False
        assert take_turn(cardano, now=now + seconds(9)) is True  # a beat that is a moment early
        invoice.cancelled_at = now
        invoice.status = "cancelled"
        invoice.save()
        assert take_turn(cardano, now=now + seconds(25)) is False
        assert take_turn(cardano, now=now + seconds(39)) is True

    def test_when_nobody_waits_it_is_read_seldom(self, network, now):
        make_cursor(now, asked_at=now)

        assert take_turn(network, now=now + seconds(28)) is False
        assert take_turn(network, now=now + seconds(29)) is True

    def test_while_a_payment_is_not_settled_somebody_waits(self, now, invoice):
        chain, network = ScriptedChain(start=now), replace(registry.network("sandbox"), scan_every=TEN)
        chain.mine(transfer(invoice))
        scan(network="sandbox", now=now, reader=chain)
        take_turn(network, now=now)
        invoice.refresh_from_db()
        assert invoice.status == "confirming"

        assert take_turn(network, now=now + TEN) is True
        chain.grow(3)
        scan(network="sandbox", now=now, reader=chain)
        assert take_turn(network, now=now + 2 * TEN) is False
        assert take_turn(network, now=now + 4 * TEN) is True

    def test_a_network_that_is_behind_is_read_on_at_once(self, network, now):
        make_cursor(now, height=5, tip=7, asked_at=now)

        assert take_turn(network, now=now) is True

    def test_the_sandbox_is_read_whenever_the_clock_strikes(self, now):
        make_cursor(now, network="sandbox", asked_at=now)

        assert take_turn(registry.network("sandbox"), now=now) is True

    def test_a_clock_that_was_set_back_stops_nothing(self, network, now):
        make_cursor(now, asked_at=now + timedelta(hours=1))

        assert [take_turn(network, now=now), take_turn(network, now=now)] == [True, False]


@pytest.mark.django_db(transaction=True)
class TestTwoClocks:
    def test_two_beats_at_once_give_one_turn(self, network, now):
        make_cursor(now, asked_at=now - timedelta(minutes=1))
        barrier = Barrier(4)

        def strike(_: int) -> bool:
            try:
                barrier.wait(timeout=30)
                return take_turn(network, now=now)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as threads:
            turns = list(threads.map(strike, range(4)))

        assert sorted(turns) == [False, False, False, True]

    def test_while_a_reading_is_recorded_nobody_waits_for_it(self, network, now):
        make_cursor(now, asked_at=now - timedelta(minutes=1))

        def strike() -> bool:
            try:
                return take_turn(network, now=now)
            finally:
                connection.close()

        with transaction.atomic(), ThreadPoolExecutor(1) as threads:
            Cursor.objects.select_for_update().get()
            assert threads.submit(strike).result(timeout=30) is False
        assert take_turn(network, now=now) is True


@pytest.mark.django_db
class TestFreePlans:
    """
    Blockfrost gives 50,000 requests a day for nothing.

    Here each block touches fewer than a hundred addresses; each further hundred costs 8,640 requests a day.
    """

    BEAT, BLOCK, SECOND_PASS, MINUTES = 5, 20, 60, 20

    @pytest.fixture
    def node(self, settings):
        chain = SmallCardano()
        chain.oldest -= 200
        node = FakeNode(chain)
        settings.CHAINS = {"cardano": {"rpc_urls": [node.url]}}
        settings.RATE_SOURCES = ["fixed"]
        yield node
        node.stop()

    def test_a_day_of_cardano_fits_into_one(self, node, now):
        merchant = make_merchant(now)
        add_wallet(merchant=merchant, network="cardano", xpub=ACCOUNT, now=now)
        make_invoice(merchant, now, livemode=True, crypto_currency="ADA")
        chain, network = node.answer, registry.network("cardano")
        scan(network="cardano", now=now)
        node.requests.clear()
        for second in range(0, 60 * self.MINUTES, self.BEAT):
            at = now + seconds(second)
            if second % self.BLOCK == 0:
                chain.tip += 1
                chain.add(chain.tip, small_cardano.pay(f"tx {second}", 5, to=small_cardano.PAYER))
            if take_turn(network, now=at):
                scan(network="cardano", now=at)
            if second % self.SECOND_PASS == 0:
                verify("cardano")

        a_day = len(node.requests) * 24 * 60 // self.MINUTES
        assert Cursor.objects.get().height >= chain.tip - 2
        assert 20_000 < a_day < 25_000


def test_the_operator_says_how_often(settings):
    settings.CHAINS = chains_from_env({"CARDANO_SCAN_SECONDS": "60", "BITCOIN_RPC_URL": "http://x"})

    assert registry.network("cardano").scan_every == seconds(60)
    assert registry.network("bitcoin").scan_every == seconds(15)
    assert registry.network("tron").scan_every == seconds(5)
    assert registry.network("sandbox").scan_every == seconds(0)
