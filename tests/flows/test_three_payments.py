"""From a wallet to a paid invoice on small stand-ins for Solana, the XRP Ledger and Cardano."""

import pytest
from django.utils import timezone

from chains.uris import payment_uri
from events.models import Event
from merchants.services import add_wallet
from payments.models import Payment, ScannedRange
from payments.services import scan
from tests.chains import small_cardano, small_solana, small_xrp
from tests.chains.fake_node import FakeNode, RpcAnswers
from tests.chains.small_cardano import SmallCardano
from tests.chains.small_solana import SmallSolana
from tests.chains.small_xrp import SmallXrp
from tests.chains.test_three_addresses import ACCOUNT, FIRST
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture
def serve(settings):
    """Serve a small chain and configure it as ``network``."""
    nodes = []

    def start(network, answer):
        node = FakeNode(answer)
        nodes.append(node)
        settings.CHAINS = {network: {"rpc_urls": [node.url]}}
        settings.RATE_SOURCES = ["fixed"]

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture
def merchant():
    return make_merchant(timezone.now())


def invoice_in(merchant, network, coin, **order):
    invoice = make_invoice(merchant, timezone.now(), livemode=True, crypto_currency=coin, **order)
    assert invoice.network == network
    return invoice


def read(network, *invoices):
    scan(network=network, now=timezone.now())
    for invoice in invoices:
        invoice.refresh_from_db()


def events_of(invoice):
    log = Event.objects.filter(invoice_id=invoice.pk).order_by("sequence").values_list("type", flat=True)
    return [name for name in log if name.startswith(("invoice.", "payment."))][1:]


class TestSolana:
    @pytest.fixture
    def chain(self, serve):
        chain = SmallSolana()
        chain.tip, chain.finalized = 1200, 1100
        chain.began = int(timezone.now().timestamp()) - 1200
        serve("solana", RpcAnswers(chain))
        return chain

    @pytest.fixture
    def wallet(self, chain, merchant):
        address = small_solana.SHOP
        return add_wallet(merchant=merchant, network="solana", kind="single", addresses=[address], now=timezone.now())

    def test_two_invoices_at_one_address_are_told_apart_by_their_references(self, chain, wallet, merchant):
        first, second = (invoice_in(merchant, "solana", "USDC") for _ in range(2))
        read("solana", first)
        assert first.address == second.address == small_solana.SHOP
        assert payment_uri(first.asset, first.address, None, tag=first.tag).endswith(f"reference={first.tag}")

        chain.pay(1200, small_solana.usdc("paid", second.amount_units, references=(second.tag,)))
        chain.skipped = {1197, 1199, 1201, 1202, 1206}
        chain.tip = 1210
        read("solana", first, second)
        assert (first.status, second.status) == ("created", "confirming")

        chain.finalized = 1200
        chain.tip = 1215
        read("solana", first, second)
        assert (first.status, second.status) == ("created", "paid")
        told = ["payment.detected", "payment.confirming", "invoice.confirming", "payment.confirmed", "invoice.paid"]
        assert events_of(second) == told

    def test_without_a_reference_the_money_waits_for_its_owner(self, chain, wallet, merchant):
        invoice = invoice_in(merchant, "solana", "SOL")
        chain.pay(1190, small_solana.sol("paid", invoice.amount_units))
        read("solana", invoice)

        payment = Payment.objects.get()
        assert (payment.invoice, payment.review, payment.review_reason) == (None, "open", "unknown")
        assert invoice.status == "created"

    def test_a_fork_across_skipped_slots_takes_the_payment_back(self, chain, wallet, merchant):
        invoice = invoice_in(merchant, "solana", "SOL")
        chain.skipped = {1188, 1189, 1195}
        chain.pay(1190, small_solana.sol("paid", invoice.amount_units, references=(invoice.tag,)))
        read("solana", invoice)
        assert invoice.status == "confirming"

        chain.fork(1187)
        chain.skipped |= {1190, 1196}
        chain.tip = 1205
        read("solana", invoice)
        assert (invoice.status, Payment.objects.get().status) == ("pending", "orphaned")
        assert ScannedRange.objects.order_by("-last").values_list("last", flat=True)[0] == 1201

    def test_reading_again_changes_nothing(self, chain, wallet, merchant):
        invoice = invoice_in(merchant, "solana", "SOL")
        chain.pay(1190, small_solana.sol("paid", invoice.amount_units, references=(invoice.tag,)))
        for _ in range(3):
            chain.tip += 1
            chain.skipped.add(chain.tip)
            chain.tip += 1
            read("solana", invoice)

        assert (invoice.status, invoice.received_units) == ("confirming", invoice.amount_units)
        assert Payment.objects.count() == 1


class TestXrp:
    @pytest.fixture
    def chain(self, serve):
        chain = SmallXrp()
        chain.began += int(timezone.now().timestamp()) - small_xrp.CLOSED - 946_684_800 - 160
        chain.oldest -= 500
        serve("xrp", chain)
        return chain

    @pytest.fixture
    def invoices(self, chain, merchant):
        address = small_xrp.SHOP
        add_wallet(merchant=merchant, network="xrp", kind="single", addresses=[address], now=timezone.now())
        return [invoice_in(merchant, "xrp", "XRP") for _ in range(2)]

    def test_a_payment_with_the_tag_is_final_at_once(self, chain, invoices):
        first, second = invoices
        assert payment_uri(first.asset, first.address, None, tag=first.tag) == f"xrpl://{first.address}?dt={first.tag}"
        chain.pay(chain.tip, small_xrp.payment("paid", str(first.amount_units), tag=int(first.tag)))
        read("xrp", first, second)

        assert (first.status, second.status) == ("paid", "created")

    def test_a_partial_payment_pays_only_what_it_delivers(self, chain, invoices):
        first, _ = invoices
        exploit = small_xrp.payment("exploit", str(first.amount_units), tag=int(first.tag), delivered="1000")
        chain.pay(chain.tip, exploit)
        read("xrp", first)

        assert (first.status, first.received_units) == ("partial", 1000)

    def test_another_tag_or_none_pays_nobody(self, chain, invoices):
        first, second = invoices
        chain.pay(
            chain.tip,
            small_xrp.payment("untagged", str(first.amount_units)),
            small_xrp.payment("mistyped", str(first.amount_units), tag=12345),
        )
        read("xrp", first, second)

        assert (first.status, second.status) == ("created", "created")
        assert sorted(Payment.objects.values_list("tag", "review_reason")) == [("", "unknown"), ("12345", "unknown")]


class TestCardano:
    @pytest.fixture
    def chain(self, serve):
        chain = SmallCardano()
        chain.oldest -= 200
        chain.tip += 60
        chain.began = int(timezone.now().timestamp()) - 2000
        serve("cardano", chain)
        return chain

    @pytest.fixture
    def invoice(self, chain, merchant):
        add_wallet(merchant=merchant, network="cardano", xpub=ACCOUNT, now=timezone.now())
        return invoice_in(merchant, "cardano", "ADA")

    def pay(self, chain, invoice, height):
        chain.add(height, small_cardano.pay("paid", invoice.amount_units, to=invoice.address))

    def test_each_invoice_has_an_address_of_the_account(self, invoice, merchant, chain):
        assert invoice.address == FIRST
        assert invoice_in(merchant, "cardano", "ADA").address != FIRST
        assert payment_uri(invoice.asset, FIRST, None) == f"web+cardano:{FIRST}"

    def test_a_payment_is_confirmed_by_blocks(self, chain, invoice):
        self.pay(chain, invoice, chain.tip)
        read("cardano", invoice)
        assert invoice.status == "confirming"

        chain.tip += 5
        read("cardano", invoice)
        assert invoice.status == "paid"

    def test_a_rollback_takes_it_back_and_another_block_brings_it_again(self, chain, invoice):
        self.pay(chain, invoice, chain.tip - 6)
        read("cardano", invoice)
        assert invoice.status == "paid"

        chain.roll_back(chain.tip - 8)
        chain.tip += 1
        read("cardano", invoice)
        assert (invoice.status, Payment.objects.get().status) == ("pending", "orphaned")
        assert events_of(invoice)[-2:] == ["payment.reversed", "invoice.reversed"]

        self.pay(chain, invoice, chain.tip + 1)
        chain.tip += 6
        read("cardano", invoice)
        assert (invoice.status, Payment.objects.get().status) == ("paid", "confirmed")
