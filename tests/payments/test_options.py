"""Customers choose what they pay in: no destination that anybody was ever shown loses what is sent to it."""

from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import IntegrityError, connection, connections, transaction

from chains.base import Transfer
from core.errors import Conflict, Invalid
from events.models import Event
from invoices.errors import InvoiceNotFound, OptionFixed, OptionNotOffered, RateUnavailable
from invoices.models import AmountClaim, Invoice, InvoiceDestination, ReplacedQuote
from invoices.selectors import wallet_uses
from invoices.services import OptionOrder, cancel_invoice, expire_due, view_invoice
from merchants.errors import NoWalletConfigured
from merchants.models import Wallet
from merchants.services import add_wallet, remove_wallet
from payments import reconciliation, services
from payments.errors import DepositNotAcceptable, InvalidAddress
from payments.models import Cursor, Payment
from payments.reconciliation import Scope
from payments.services import Resolution, choose_option
from payments.watchlist import IssuedAddresses
from tests.chains.test_addresses import ETH_ACCOUNT
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain
from tests.rivals import wait_until_held_up

# Of the account, children 0 to 3; the networks share the key, so each invoice goes on where the last one stopped.
FIRST = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
SECOND = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"
SINGLE = "0x00000000000000000000000000000000DeaDBeef"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {name: {"rpc_urls": ["http://127.0.0.1:1"]} for name in ("ethereum", "base", "tron")}
    settings.FIXED_RATES = {"USDC/USD": Decimal(1), "ETH/USD": Decimal(2000)}
    settings.RATE_SOURCES = ["fixed"]


@pytest.fixture
def merchant(now):
    merchant = make_merchant(now)
    for network in ("ethereum", "base"):
        add_wallet(merchant=merchant, network=network, xpub=ETH_ACCOUNT, now=now)
    return merchant


@pytest.fixture
def invoice(merchant, now):
    return offer(merchant, now)


@pytest.fixture
def chain(now):
    return ScriptedChain(start=now)


def offer(merchant, now, **more) -> Invoice:
    """Return an invoice of 16.49 USD for which USDC on Ethereum is asked, and three other ways are offered."""
    options = (
        OptionOrder("USDC", "ethereum"),
        OptionOrder("ETH", "ethereum"),
        OptionOrder("USDC", "base"),
        OptionOrder("ETH", "base"),
    )
    order = {"crypto_currency": None, "payment_options": options, "livemode": True, **more}
    return make_invoice(merchant, now, **order)


def choose(invoice, now, asset="USDC", network="base") -> Invoice:
    return choose_option(public_id=invoice.public_id, asset_code=asset, network=network, now=now)


def send(network, address, units=16_490_000, *, asset="USDC", txid="a", tag="") -> Transfer:
    return Transfer(
        network=network,
        asset=asset,
        txid=txid if len(txid) > 1 else txid * 64,
        ordinal=0,
        sender="0xpayer",
        recipient=address,
        units=units,
        block=None,
        tag=tag,
    )


def read(network, chain, now) -> None:
    services.scan(network=network, now=now, reader=chain)


def state(invoice) -> tuple:
    invoice.refresh_from_db()
    return invoice.status, invoice.asset_code, invoice.network, invoice.received_units


def types(invoice) -> list[str]:
    return list(Event.objects.filter(invoice_id=invoice.pk).order_by("sequence").values_list("type", flat=True))


def check_books(**chains: ScriptedChain) -> None:
    """The ledger follows from the facts, and all that is on the chains is on the books."""
    assert reconciliation.ledger_differences(Scope()) == []
    for network, chain in chains.items():
        for scope in (Scope(), Scope(merchant=Invoice.objects.first().merchant)):
            blocks = reconciliation.scanned(network, scope)
            assert list(reconciliation.chain_differences(network, blocks, scope, reader=chain)) == []


class TestChoosing:
    def test_asks_for_the_other_asset_at_a_destination_of_its_own(self, invoice, now):
        assert (invoice.address, invoice.asset_code, invoice.network) == (FIRST, "USDC", "ethereum")

        chosen = choose(invoice, now, "ETH", "base")

        invoice.refresh_from_db()
        assert (invoice.address, invoice.asset_code, invoice.network) == (SECOND, "ETH", "base")
        assert (chosen.amount_units, invoice.rate) == (8_245_000_000_000_000, 2000)
        assert invoice.asked_value == Decimal("16.49")
        assert [(p.network, p.address) for p in InvoiceDestination.objects.order_by("created_at", "id")] == [
            ("ethereum", FIRST),
            ("base", SECOND),
        ]
        assert types(invoice) == ["invoice.created", "invoice.option_chosen"]
        told = Event.objects.get(type="invoice.option_chosen").data
        assert told["previous"] == {"crypto_currency": "USDC", "network": "ethereum", "address": FIRST}
        assert (told["address"], told["crypto_currency"], told["chosen_by"]) == (SECOND, "ETH", "customer")

    def test_keeps_the_address_for_the_coins_of_one_network(self, invoice, now):
        choose(invoice, now, "ETH", "ethereum")

        assert state(invoice) == ("created", "ETH", "ethereum", 0)
        assert invoice.address == FIRST

    def test_comes_back_to_the_destination_that_was_shown_before(self, invoice, now):
        choose(invoice, now)
        choose(invoice, now, "USDC", "ethereum")
        choose(invoice, now)

        invoice.refresh_from_db()
        assert invoice.address == SECOND
        assert InvoiceDestination.objects.count() == 2
        assert Wallet.objects.order_by("created_at", "id").first().next_index == 2

    def test_gives_each_coin_of_the_sandbox_an_address_of_its_own(self, merchant, now):
        invoice = make_invoice(merchant, now, payment_options=(OptionOrder("USDC"),))
        before = invoice.address

        chosen = choose(invoice, now, "USDC", "sandbox")

        assert chosen.address != before
        assert choose(invoice, now, "USDT", "sandbox").address == before

    def test_takes_the_rate_of_today(self, invoice, now, settings):
        choose(invoice, now, "ETH", "ethereum")
        settings.FIXED_RATES = {"USDC/USD": Decimal(1), "ETH/USD": Decimal(1000)}
        choose(invoice, now)

        chosen = choose(invoice, now + timedelta(minutes=1), "ETH", "ethereum")

        assert (chosen.rate, chosen.amount_units) == (1000, 16_490_000_000_000_000)
        assert chosen.quoted_at == now + timedelta(minutes=1)
        kept = ReplacedQuote.objects.order_by("created_at", "id")
        assert [(q.asset_code, q.network) for q in kept] == [
            ("USDC", "ethereum"),
            ("ETH", "ethereum"),
            ("USDC", "base"),
        ]

    def test_changes_nothing_when_it_is_chosen_already(self, invoice, now):
        choose(invoice, now, "USDC", "ethereum")

        assert InvoiceDestination.objects.count() == 0
        assert types(invoice) == ["invoice.created"]

    @pytest.mark.parametrize(("asset", "network"), [("USDT", "base"), ("USDC", "tron"), ("usdc", "base"), ("", "")])
    def test_refuses_what_is_not_offered(self, invoice, now, asset, network):
        with pytest.raises(OptionNotOffered):
            choose(invoice, now, asset, network)

        assert state(invoice) == ("created", "USDC", "ethereum", 0)

    def test_refuses_an_invoice_that_does_not_exist(self, invoice, now):
        with pytest.raises(InvoiceNotFound):
            choose_option(public_id="inv_00000000000000000000000000", asset_code="USDC", network="base", now=now)

    def test_is_over_with_the_deadline_even_before_it_is_written_down(self, invoice, now):
        with pytest.raises(OptionFixed):
            choose(invoice, invoice.expires_at)

    def test_is_over_when_the_invoice_is_cancelled(self, merchant, invoice, now):
        cancel_invoice(merchant=merchant, livemode=True, public_id=invoice.public_id, reason="", now=now)

        with pytest.raises(OptionFixed):
            choose(invoice, now)

    def test_is_over_once_money_is_seen_and_open_again_when_it_is_gone(self, invoice, chain, now):
        chain.pool = [send("ethereum", FIRST, 1_000_000)]
        read("ethereum", chain, now)

        with pytest.raises(OptionFixed):
            choose(invoice, now)

        chain.pool = []
        later = now + timedelta(minutes=6)
        chain.mine(at=later)
        read("ethereum", chain, later)
        choose(invoice, later)
        assert state(invoice) == ("pending", "USDC", "base", 0)

    def test_is_over_while_money_that_a_fork_took_is_promised_back(self, merchant, invoice, chain, now):
        chain.mine(send("ethereum", FIRST, 5_000_000))
        chain.grow(12)
        read("ethereum", chain, now)
        order = services.RefundOrder(amount=Decimal(2))
        own = {"merchant": merchant, "livemode": True, "now": now}
        refund = services.request_refund(public_id=invoice.public_id, order=order, **own)
        chain.fork(13)
        chain.grow(14)
        read("ethereum", chain, now)
        assert state(invoice) == ("pending", "USDC", "ethereum", 0)

        with pytest.raises(OptionFixed):
            choose(invoice, now)

        services.cancel_refund(public_id=refund.public_id, **own)
        choose(invoice, now)
        assert state(invoice) == ("pending", "USDC", "base", 0)

    def test_is_refused_without_a_rate_and_leaves_no_trace(self, invoice, now, settings):
        settings.FIXED_RATES = {"USDC/USD": Decimal(1), "ETH/USD": Decimal(0)}
        settings.RATE_SOURCES = ["coinbase"]

        with pytest.raises(RateUnavailable):
            choose(invoice, now)

        assert InvoiceDestination.objects.count() == 0
        assert Wallet.objects.order_by("created_at", "id").first().next_index == 1

    def test_is_refused_when_the_wallet_is_gone_but_not_where_it_was_shown_before(self, merchant, invoice, now):
        choose(invoice, now)
        choose(invoice, now, "USDC", "ethereum")
        other = offer(merchant, now)
        wallet = Wallet.objects.get(network="base")
        remove_wallet(merchant=merchant, wallet_id=wallet.public_id, now=now)

        with pytest.raises(NoWalletConfigured), transaction.atomic():
            choose(other, now)

        assert choose(invoice, now).address == SECOND

    def test_asks_for_an_amount_of_its_own_at_a_shared_address(self, merchant, invoice, now):
        remove_wallet(merchant=merchant, wallet_id=Wallet.objects.get(network="base").public_id, now=now)
        add_wallet(merchant=merchant, network="base", kind="single", addresses=(SINGLE,), now=now)
        rival = make_invoice(merchant, now, livemode=True, network="base", crypto_currency="USDC")

        chosen = choose(invoice, now)

        assert (chosen.address, chosen.matching) == (rival.address, "amount")
        assert chosen.amount_units > rival.amount_units
        assert AmountClaim.objects.filter(invoice=invoice, units=chosen.amount_units).exists()


class TestMoneyAtAFormerDestination:
    def test_makes_its_option_the_present_one_and_pays(self, invoice, chain, now):
        choose(invoice, now, "ETH", "base")

        chain.mine(send("ethereum", FIRST))
        chain.grow(12)
        read("ethereum", chain, now)

        assert state(invoice) == ("paid", "USDC", "ethereum", 16_490_000)
        assert (invoice.address, invoice.exception) == (FIRST, "none")
        assert Payment.objects.get().counts
        assert types(invoice)[:4] == [
            "invoice.created",
            "invoice.option_chosen",
            "invoice.option_chosen",
            "payment.detected",
        ]
        assert Event.objects.filter(type="invoice.option_chosen").last().data["chosen_by"] == "payment"
        check_books(ethereum=chain)

    def test_is_found_in_the_mempool_too(self, invoice, chain, now):
        choose(invoice, now)
        chain.pool = [send("ethereum", FIRST)]

        read("ethereum", chain, now)

        assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)

    def test_counts_at_the_rate_its_sender_saw_for_15_minutes(self, invoice, chain, now, settings):
        choose(invoice, now, "ETH", "ethereum")
        settings.FIXED_RATES = {"USDC/USD": Decimal(1), "ETH/USD": Decimal(1000)}
        choose(invoice, now + timedelta(minutes=1))

        chain.mine(send("ethereum", FIRST, 8_245_000_000_000_000, asset="ETH"), at=now + timedelta(minutes=16))
        read("ethereum", chain, now + timedelta(minutes=16))

        assert state(invoice) == ("confirming", "ETH", "ethereum", 8_245_000_000_000_000)
        assert (invoice.rate, invoice.amount_units) == (2000, 8_245_000_000_000_000)

    def test_counts_at_the_rate_of_today_after_that(self, invoice, chain, now, settings):
        choose(invoice, now, "ETH", "ethereum")
        settings.FIXED_RATES = {"USDC/USD": Decimal(1), "ETH/USD": Decimal(1000)}
        choose(invoice, now + timedelta(minutes=1))

        chain.mine(send("ethereum", FIRST, 8_245_000_000_000_000, asset="ETH"), at=now + timedelta(minutes=17))
        read("ethereum", chain, now + timedelta(minutes=17))

        assert state(invoice) == ("partial", "ETH", "ethereum", 8_245_000_000_000_000)
        assert (invoice.rate, invoice.received_value) == (1000, Decimal("8.245"))

    def test_never_counts_at_the_rate_of_another_asset(self, invoice, chain, now):
        choose(invoice, now, "ETH", "ethereum")
        choose(invoice, now, "USDC", "ethereum")

        chain.mine(send("ethereum", FIRST, 1_000_000))
        read("ethereum", chain, now)

        assert Payment.objects.get().value == 1

    def test_counts_in_an_option_that_was_never_chosen_when_it_shares_the_address(self, invoice, chain, now):
        chain.mine(send("ethereum", FIRST, 8_245_000_000_000_000, asset="ETH"))

        read("ethereum", chain, now)

        assert state(invoice) == ("confirming", "ETH", "ethereum", 8_245_000_000_000_000)

    def test_waits_in_the_inbox_when_it_is_in_no_option(self, invoice, chain, now):
        choose(invoice, now)
        chain.mine(send("ethereum", FIRST, asset="USDT"))

        read("ethereum", chain, now)

        assert state(invoice) == ("created", "USDC", "base", 0)
        assert Payment.objects.get().review_reason == "wrong_asset"

    def test_waits_in_the_inbox_when_other_money_came_first(self, merchant, invoice, chain, now):
        choose(invoice, now)
        base = ScriptedChain(start=now)
        base.mine(send("base", SECOND, 5_000_000))
        read("base", base, now)

        chain.mine(send("ethereum", FIRST, txid="b"))
        read("ethereum", chain, now)

        assert state(invoice) == ("partial", "USDC", "base", 5_000_000)
        late = Payment.objects.get(network="ethereum")
        assert (late.counts, late.review, late.review_reason) == (False, "open", "wrong_asset")
        decide = {"merchant": merchant, "livemode": True, "public_id": late.public_id, "now": now}
        with pytest.raises(DepositNotAcceptable), transaction.atomic():
            services.resolve_deposit(**decide, resolution=Resolution.ACCEPT)
        chain.grow(12)
        read("ethereum", chain, now)
        services.resolve_deposit(**decide, resolution=Resolution.IGNORE)
        check_books(ethereum=chain, base=base)

    def test_counts_once_when_two_options_are_paid_in_one_block(self, invoice, chain, now):
        choose(invoice, now)

        chain.mine(
            send("ethereum", FIRST, 8_245_000_000_000_000, asset="ETH"), send("ethereum", FIRST, 16_490_000, txid="b")
        )
        chain.grow(12)
        read("ethereum", chain, now)

        assert state(invoice) == ("paid", "ETH", "ethereum", 8_245_000_000_000_000)
        assert [(p.asset_code, p.counts) for p in Payment.objects.order_by("asset_code")] == [
            ("ETH", True),
            ("USDC", False),
        ]
        check_books(ethereum=chain)

    def test_waits_in_the_inbox_when_the_invoice_is_over(self, merchant, invoice, chain, now):
        choose(invoice, now)
        later = invoice.expires_at + timedelta(minutes=1)
        expire_due(now=later)

        chain.mine(send("ethereum", FIRST), at=later)
        read("ethereum", chain, later)

        assert state(invoice) == ("expired", "USDC", "base", 0)
        waiting = Payment.objects.get()
        assert (waiting.counts, waiting.review_reason) == (False, "wrong_asset")

        services.resolve_deposit(
            merchant=merchant,
            livemode=True,
            public_id=waiting.public_id,
            resolution=Resolution.ACCEPT,
            now=later,
        )
        assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)

    def test_counts_when_it_was_sent_in_time_and_is_read_too_late(self, invoice, chain, now):
        choose(invoice, now)
        sent = invoice.expires_at - timedelta(minutes=1)
        later = invoice.expires_at + timedelta(minutes=1)
        expire_due(now=later)

        chain.mine(send("ethereum", FIRST), at=sent)
        read("ethereum", chain, later)

        assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)

    def test_waits_in_the_inbox_while_there_is_no_rate(self, merchant, invoice, chain, now, settings):
        view_invoice(invoice_id=invoice.pk, now=now)
        settings.RATE_SOURCES = ["coinbase"]
        chain.mine(send("ethereum", FIRST, 8_245_000_000_000_000, asset="ETH"))

        read("ethereum", chain, now)

        assert state(invoice) == ("pending", "USDC", "ethereum", 0)
        waiting = Payment.objects.get()
        assert (waiting.counts, waiting.review) == (False, "open")
        settings.RATE_SOURCES = ["fixed"]
        services.resolve_deposit(
            merchant=merchant, livemode=True, public_id=waiting.public_id, resolution=Resolution.ACCEPT, now=now
        )
        assert state(invoice) == ("confirming", "ETH", "ethereum", 8_245_000_000_000_000)

    def test_is_found_by_its_exact_amount_at_a_shared_address(self, merchant, now, chain):
        remove_wallet(merchant=merchant, wallet_id=Wallet.objects.get(network="ethereum").public_id, now=now)
        add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(SINGLE,), now=now)
        invoice = offer(merchant, now)
        assert invoice.matching == "amount"
        choose(invoice, now)

        chain.mine(send("ethereum", invoice.address))
        read("ethereum", chain, now)

        assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)
        assert (invoice.address, invoice.matching) == (SINGLE, "amount")

    def test_is_found_by_its_tag(self, merchant, chain, now):
        remove_wallet(merchant=merchant, wallet_id=Wallet.objects.get(network="ethereum").public_id, now=now)
        add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(SINGLE,), now=now)
        invoice = offer(merchant, now)
        Invoice.objects.filter(pk=invoice.pk).update(tag="7", matching="tag")
        choose(invoice, now)
        rival = offer(merchant, now)
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=rival.pk).update(
                network="ethereum", address=invoice.address, tag="7", matching="tag"
            )

        chain.mine(send("ethereum", SINGLE, tag="7"))
        read("ethereum", chain, now)

        assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)
        assert IssuedAddresses("ethereum").references(["7", "8"]) == {"7"}

    def test_is_credited_by_a_second_pass_that_the_first_one_missed(self, invoice, chain, now):
        choose(invoice, now)
        chain.mine(send("ethereum", FIRST))
        chain.is_blind = True
        read("ethereum", chain, now)
        chain.is_blind = False
        chain.grow(80)
        read("ethereum", chain, now)

        services.verify(network="ethereum", reader_apart_from=lambda _: chain, now=now)

        assert state(invoice) == ("paid", "USDC", "ethereum", 16_490_000)

    def test_is_credited_by_a_rescan(self, invoice, chain, now):
        choose(invoice, now)
        chain.mine(send("ethereum", FIRST))
        chain.grow(20)
        chain.is_blind = True
        read("ethereum", chain, now)
        chain.is_blind = False

        list(services.rescan(network="ethereum", first=0, last=5, reader=chain, now=now))

        assert state(invoice) == ("paid", "USDC", "ethereum", 16_490_000)

    def test_on_a_network_that_was_never_read_is_looked_for_since_it_was_shown(self, invoice, now):
        choose(invoice, now)
        choose(invoice, now, "USDC", "ethereum")
        chain = ScriptedChain(start=now, max_range=10_000)
        chain.mine(send("base", SECOND))
        chain.grow(200)

        read("base", chain, now + timedelta(seconds=600))

        assert state(invoice)[:3] == ("paid", "USDC", "base")


class TestForks:
    def test_a_payment_that_comes_back_makes_its_option_the_present_one_again(self, invoice, chain, now):
        paid = send("ethereum", FIRST)
        chain.mine(paid)
        read("ethereum", chain, now)
        chain.fork(1)
        chain.grow(2)
        read("ethereum", chain, now)
        choose(invoice, now)
        assert state(invoice) == ("pending", "USDC", "base", 0)

        chain.mine(paid)
        chain.grow(12)
        read("ethereum", chain, now)

        assert state(invoice) == ("paid", "USDC", "ethereum", 16_490_000)
        check_books(ethereum=chain)

    def test_a_payment_that_comes_back_after_another_waits_in_the_inbox(self, invoice, chain, now):
        paid = send("ethereum", FIRST)
        chain.mine(paid)
        read("ethereum", chain, now)
        chain.fork(1)
        chain.grow(2)
        read("ethereum", chain, now)
        choose(invoice, now, "ETH", "base")
        base = ScriptedChain(start=now)
        base.mine(send("base", SECOND, 8_245_000_000_000_000, asset="ETH", txid="b"))
        base.grow(20)
        read("base", base, now)

        chain.mine(paid)
        chain.grow(12)
        read("ethereum", chain, now)

        assert state(invoice) == ("paid", "ETH", "base", 8_245_000_000_000_000)
        back = Payment.objects.get(network="ethereum")
        assert (back.counts, back.value, back.review, back.review_reason) == (False, 0, "open", "wrong_asset")
        assert back.status == "confirmed"
        check_books(ethereum=chain, base=base)

    def test_one_reading_that_takes_one_payment_and_brings_another_follows_the_other(self, invoice, chain, now):
        choose(invoice, now)
        chain.mine(send("ethereum", FIRST, 8_245_000_000_000_000, asset="ETH"))
        read("ethereum", chain, now)
        assert state(invoice)[1:3] == ("ETH", "ethereum")

        chain.fork(1)
        chain.mine(send("ethereum", FIRST, txid="b"))
        chain.grow(12)
        read("ethereum", chain, now)

        assert state(invoice) == ("paid", "USDC", "ethereum", 16_490_000)
        check_books(ethereum=chain)

    def test_what_was_accepted_counts_for_its_worth_after_it_was_away(self, merchant, now):
        invoice = make_invoice(merchant, now, payment_options=(OptionOrder("ETH"),))
        chain = ScriptedChain(start=now)
        strange = send("sandbox", invoice.address, 1_000_000, asset="USDC")
        chain.mine(send("sandbox", invoice.address, 5_000_000, asset="USDT", txid="c"), strange)
        read("sandbox", chain, now)
        services.resolve_deposit(
            merchant=merchant,
            livemode=False,
            public_id=Payment.objects.get(asset_code="USDC").public_id,
            resolution=Resolution.ACCEPT,
            now=now,
        )
        chain.fork(1)
        chain.grow(2)
        read("sandbox", chain, now)
        choose(invoice, now, "ETH", "sandbox")

        chain.mine(strange)
        chain.grow(3)
        read("sandbox", chain, now)

        invoice.refresh_from_db()
        assert (invoice.status, invoice.confirmed_value) == ("partial", 1)
        # Worth one dollar at the rate that ETH has in test mode.
        assert invoice.confirmed_units == int(10**18 / invoice.rate)
        check_books(sandbox=chain)


class TestOneDestinationOneInvoice:
    def test_a_former_destination_is_given_to_no_new_invoice(self, merchant, invoice, now):
        choose(invoice, now)
        Wallet.objects.update(next_index=0)

        fresh = offer(merchant, now)

        assert (fresh.network, fresh.address) == ("ethereum", SECOND)  # which was given out on the other network only

    def test_a_new_invoice_cannot_be_written_at_one_whoever_writes(self, invoice, now):
        choose(invoice, now)
        kept = InvoiceDestination.objects.get(network="ethereum")
        copy = Invoice.objects.get(pk=invoice.pk)
        copy.pk, copy._state.adding = Invoice().pk, True
        copy.network, copy.address, copy.wallet = "ethereum", kept.address, None

        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save(force_insert=True)

        assert Invoice.objects.count() == 1

    def test_an_invoice_cannot_be_moved_to_one_whoever_writes(self, merchant, invoice, now):
        choose(invoice, now)
        other = offer(merchant, now)

        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=other.pk).update(address=FIRST)

    def test_what_an_invoice_has_is_kept_for_no_other_whoever_writes(self, merchant, invoice, now):
        other = offer(merchant, now)

        with pytest.raises(IntegrityError), transaction.atomic():
            InvoiceDestination.objects.create(
                invoice=other, network="ethereum", asset_code="USDC", address=FIRST, matching="address"
            )

    def test_a_chooser_passes_over_what_another_invoice_has(self, merchant, invoice, now):
        Wallet.objects.update(next_index=0)  # as when a merchant lists an address of a key that is also used here
        taken = make_invoice(merchant, now, livemode=True, network="base", crypto_currency="USDC")
        assert taken.address == FIRST
        Wallet.objects.update(next_index=0)

        assert choose(invoice, now).address == SECOND

    def test_one_that_was_left_cannot_be_shared_by_another_merchant(self, merchant, invoice, now):
        choose(invoice, now)
        other = make_merchant(now, email="other@example.com")
        add_wallet(merchant=other, network="ethereum", kind="single", addresses=(FIRST,), now=now)

        with pytest.raises(NoWalletConfigured):
            make_invoice(other, now, livemode=True, network="ethereum", crypto_currency="USDC")

    def test_no_refund_goes_to_one(self, invoice, now):
        choose(invoice, now)

        with pytest.raises(InvalidAddress):
            services.check_refund_destination("ethereum", FIRST)

    def test_they_are_asked_for_in_small_letters(self, invoice, now):
        choose(invoice, now)

        watched = IssuedAddresses("ethereum")
        assert watched.among_folded([FIRST.lower(), SECOND.lower()]) == {FIRST.lower()}
        assert set(watched.live()) == {FIRST}

    def test_money_that_waits_at_one_counts_for_the_gap_of_the_key(self, merchant, invoice, chain, now):
        choose(invoice, now)
        choose(invoice, now, "USDC", "ethereum")
        wallets = list(Wallet.objects.order_by("created_at", "id"))
        assert wallet_uses(merchant=merchant, wallets=wallets)[wallets[0].pk].gap == 2
        chain.mine(send("ethereum", FIRST, 1_000_000))
        read("ethereum", chain, now)
        assert wallet_uses(merchant=merchant, wallets=wallets)[wallets[0].pk].last_paid_index == 0

        base = ScriptedChain(start=now)
        base.mine(send("base", SECOND, txid="b"))
        read("base", base, now)

        assert wallet_uses(merchant=merchant, wallets=wallets)[wallets[0].pk].last_paid_index == 1


class TestOffering:
    def test_each_option_once_and_the_named_asset_first(self, merchant, now):
        invoice = make_invoice(
            merchant,
            now,
            livemode=True,
            crypto_currency="ETH",
            network="base",
            payment_options=(
                OptionOrder("USDC", "ethereum"),
                OptionOrder("ETH", "base"),
                OptionOrder("USDC", "ethereum"),
            ),
        )

        assert [(o.code, o.network) for o in invoice.options] == [("ETH", "base"), ("USDC", "ethereum")]
        assert (invoice.asset_code, invoice.network) == ("ETH", "base")

    def test_one_option_is_no_choice(self, merchant, now):
        invoice = offer(merchant, now, payment_options=(OptionOrder("ETH", "base"),))

        assert (invoice.payment_options, invoice.asset_code, invoice.network) == (None, "ETH", "base")

    def test_an_option_without_a_wallet_is_refused_by_its_place(self, merchant, now):
        with pytest.raises(NoWalletConfigured) as refused:
            offer(merchant, now, payment_options=(OptionOrder("USDC", "base"), OptionOrder("USDT", "tron")))

        assert (refused.value.field, refused.value.constraints) == ("payment_options[1].network", {"network": "tron"})
        assert Invoice.objects.count() == 0

    def test_a_list_of_addresses_that_is_used_up_is_no_wallet(self, merchant, now, settings):
        settings.CHAINS = {**settings.CHAINS, "polygon": {"rpc_urls": ["http://127.0.0.1:1"]}}
        add_wallet(merchant=merchant, network="polygon", kind="pool", addresses=(SINGLE,), now=now)
        options = (OptionOrder("USDC", "base"), OptionOrder("USDC", "polygon"))
        assert len(offer(merchant, now, payment_options=options).options) == 2
        make_invoice(merchant, now, livemode=True, network="polygon", crypto_currency="USDC")

        with pytest.raises(NoWalletConfigured):
            offer(merchant, now, payment_options=options)

    @pytest.mark.parametrize(
        ("asset", "network", "field"),
        [("DOGE", "base", "crypto_currency"), ("USDC", "nowhere", "network"), ("USDC", "sandbox", "network")],
    )
    def test_what_there_is_not_is_refused_by_its_place(self, merchant, now, asset, network, field):
        with pytest.raises(Invalid) as refused:
            offer(merchant, now, payment_options=(OptionOrder("USDC", "base"), OptionOrder(asset, network)))

        assert refused.value.field == f"payment_options[1].{field}"

    def test_the_settings_offer_when_an_order_names_nothing(self, now):
        listed = [
            {"crypto_currency": "USDC", "network": "base"},
            {"crypto_currency": "USDT", "network": "tron"},
            {"crypto_currency": "ETH", "network": "ethereum"},
        ]
        merchant = make_merchant(now, payment_options=listed)
        for network in ("ethereum", "base"):
            add_wallet(merchant=merchant, network=network, xpub=ETH_ACCOUNT, now=now)

        live = make_invoice(merchant, now, livemode=True, crypto_currency=None)
        test = make_invoice(merchant, now, crypto_currency=None)
        named = make_invoice(merchant, now, livemode=True, crypto_currency="ETH")

        assert [(o.code, o.network) for o in live.options] == [("USDC", "base"), ("ETH", "ethereum")]
        assert [(o.code, o.network) for o in test.options] == [
            ("USDC", "sandbox"),
            ("USDT", "sandbox"),
            ("ETH", "sandbox"),
        ]
        assert named.options == []


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_choosers_at_once_leave_one_option_and_two_destinations(self, merchant, invoice, now):
        failures = []

        def work(asset, network):
            try:
                choose(invoice, now, asset, network)
            except Conflict as failure:
                failures.append(failure)
            finally:
                connections.close_all()

        rivals = [Thread(target=work, args=wanted) for wanted in (("USDC", "base"), ("ETH", "base"), ("USDC", "base"))]
        for rival in rivals:
            rival.start()
        for rival in rivals:
            rival.join()

        invoice.refresh_from_db()
        assert failures == []
        assert (invoice.network, invoice.address) == ("base", SECOND)
        assert InvoiceDestination.objects.count() == 2
        assert types(invoice).count("invoice.option_chosen") == ReplacedQuote.objects.count()

    def test_money_that_is_recorded_while_somebody_chooses_waits_for_them_and_counts(self, invoice, chain, now):
        chain.mine(send("ethereum", FIRST))
        Cursor.objects.all().delete()

        def work():
            read("ethereum", chain, now)
            connection.close()

        with transaction.atomic():
            choose(invoice, now, "ETH", "base")
            rival = Thread(target=work)
            rival.start()
            wait_until_held_up(rival)  # it has looked for the address, and waits for the invoice
            assert rival.is_alive()
        rival.join()

        assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)
        assert Payment.objects.get().counts

    def test_whoever_chooses_while_money_is_recorded_is_refused_after_it(self, invoice, chain, now):
        outcome = []

        def work():
            try:
                choose(invoice, now)
            except OptionFixed:
                outcome.append("refused")
            finally:
                connections.close_all()

        with transaction.atomic():
            chain.mine(send("ethereum", FIRST))
            read("ethereum", chain, now)
            rival = Thread(target=work)
            rival.start()
            wait_until_held_up(rival)
            assert rival.is_alive()
        rival.join()

        assert outcome == ["refused"]
        assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)


def test_a_transaction_that_a_customer_names_is_looked_for_on_every_network_they_were_shown(
    invoice, chain, now, valkey
):
    choose(invoice, now)
    chain.mine(send("ethereum", FIRST, txid="0x" + "a" * 64))
    chain.is_blind = True
    read("ethereum", chain, now)
    chain.is_blind = False
    invoice.refresh_from_db()

    found = services.look_for(invoice=invoice, text="0x" + "a" * 64, now=now, reader=chain)

    assert (found.outcome, found.network) == ("confirming", "ethereum")
    assert state(invoice) == ("confirming", "USDC", "ethereum", 16_490_000)
