"""Invoices that share an address differ by their exact amount: raised a little, never lowered, freed at the end."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from chains import registry
from invoices.errors import AmountsExhausted
from invoices.models import AmountClaim, Invoice, ReplacedQuote
from invoices.rates.book import price_of
from invoices.selectors import wallet_uses
from invoices.services import Item, cancel_invoice, expire_due, view_invoice
from invoices.services.claims import claim_amount, release_claims, step_of
from merchants.errors import NoWalletConfigured
from merchants.models import Wallet
from merchants.services import add_addresses, add_wallet, remove_wallet
from tests.chains.test_addresses import ETH_ACCOUNT
from tests.factories import make_invoice, make_merchant

SHARED = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
NEXT = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {code: {"rpc_urls": ["http://127.0.0.1:1"]} for code in ("ethereum", "base")}
    settings.FIXED_RATES = {"USDT/USD": Decimal("1.0001"), "USDC/USD": Decimal(1), "ETH/USD": Decimal(2500)}
    settings.RATE_SOURCES = ["fixed"]


@pytest.fixture
def wallet(merchant, now):
    return add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(SHARED,), now=now)


def invoice_of(merchant, now, price="16.49", **order):
    items = (Item(name="Thing", quantity=Decimal(1), unit_price=Decimal(price)),)
    return make_invoice(
        merchant, now, livemode=True, items=items, tax=Decimal(0), **{"network": "ethereum", "currency": "USD", **order}
    )


def open_claims():
    return sorted(int(units) for units in AmountClaim.objects.filter(released_at=None).values_list("units", flat=True))


class TestCreation:
    def test_the_second_of_two_alike_is_asked_for_a_little_more(self, merchant, wallet, now):
        first, second, third = (invoice_of(merchant, now) for _ in range(3))

        assert [int(each.amount_units) for each in (first, second, third)] == [16_490_000, 16_490_100, 16_490_200]
        assert {each.address for each in (first, second, third)} == {SHARED}
        assert {each.matching for each in (first, second, third)} == {"amount"}
        assert second.total == first.total
        assert second.asked_value > first.asked_value >= first.total
        assert open_claims() == [16_490_000, 16_490_100, 16_490_200]

    def test_a_gap_is_filled_first(self, merchant, wallet, now):
        first, _ = invoice_of(merchant, now), invoice_of(merchant, now)
        AmountClaim.objects.filter(invoice=first).update(released_at=now)

        assert int(invoice_of(merchant, now).amount_units) == 16_490_000

    def test_what_is_close_but_different_stays_as_it_is(self, merchant, wallet, now):
        invoice_of(merchant, now, "16.50")

        assert int(invoice_of(merchant, now, "16.49").amount_units) == 16_490_000

    def test_nobody_is_asked_for_more_than_a_hundredth_more(self, merchant, wallet, now):
        holder = make_invoice(merchant, now)
        place = {"network": "ethereum", "address": SHARED, "asset_code": "USDT"}
        AmountClaim.objects.bulk_create(
            AmountClaim(invoice=holder, units=500_000 + raised, **place) for raised in range(5_001)
        )

        with pytest.raises(AmountsExhausted):
            invoice_of(merchant, now, "0.50")

        assert not Invoice.objects.filter(total=Decimal("0.50")).exists()

    def test_two_open_claims_never_meet(self, merchant, wallet, now):
        claim = AmountClaim.objects.get(invoice=invoice_of(merchant, now))
        claim.pk = None
        claim.id = None

        with pytest.raises(IntegrityError, match="amountclaim_open_once"), transaction.atomic():
            AmountClaim.objects.create(
                invoice_id=claim.invoice_id,
                network=claim.network,
                address=claim.address,
                asset_code=claim.asset_code,
                units=claim.units,
            )


class TestLife:
    def test_a_renewed_quote_keeps_what_was_shown_before(self, merchant, wallet, now, settings):
        invoice = invoice_of(merchant, now, crypto_currency="ETH", price_lock_duration=60)
        before = int(invoice.amount_units)
        settings.FIXED_RATES = {"ETH/USD": Decimal(2000)}
        later = now + timedelta(minutes=2)
        _forget_rates(later)

        viewed = view_invoice(invoice_id=invoice.pk, now=later)

        assert ReplacedQuote.objects.count() == 1
        assert int(viewed.amount_units) > before
        assert open_claims() == [before, int(viewed.amount_units)]

    def test_a_quote_is_not_renewed_to_an_amount_that_means_another_invoice(self, merchant, wallet, now, settings):
        invoice = invoice_of(merchant, now, "0.50", price_lock_duration=60)
        before = (int(invoice.amount_units), invoice.rate, invoice.asked_value)
        holder = make_invoice(merchant, now)
        place = {"network": "ethereum", "address": SHARED, "asset_code": "USDT"}
        AmountClaim.objects.bulk_create(
            AmountClaim(invoice=holder, units=1_000_000 + raised, **place) for raised in range(10_001)
        )
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.5")}
        later = now + timedelta(minutes=2)
        _forget_rates(later)

        viewed = view_invoice(invoice_id=invoice.pk, now=later)

        assert (int(viewed.amount_units), viewed.rate, viewed.asked_value) == before
        invoice.refresh_from_db()
        assert (int(invoice.amount_units), invoice.rate, invoice.asked_value) == before
        assert ReplacedQuote.objects.count() == 0
        assert viewed.viewed_at == later

    @pytest.mark.parametrize(
        ("_case", "status", "minutes", "is_released"),
        [
            ("open", "pending", 60 * 24 * 3, False),
            ("ended, late window open", "expired", 60 * 24 - 1, False),
            ("ended, late window closed", "expired", 30 + 60 * 24 + 1, True),
        ],
    )
    def test_an_amount_is_free_when_the_invoice_has_ended_for_good(
        self, merchant, wallet, now, _case, status, minutes, is_released
    ):
        invoice = invoice_of(merchant, now)
        Invoice.objects.filter(pk=invoice.pk).update(status=status)

        count = release_claims(now=now + timedelta(minutes=minutes))

        assert count == int(is_released)
        assert (open_claims() == []) is is_released

    def test_the_merchants_own_late_window_counts(self, now):
        merchant = make_merchant(now, email="c@example.com", late_payment={"window_hours": 1})
        add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(SHARED,), now=now)
        invoice_of(merchant, now)
        expire_due(now=now + timedelta(minutes=31))

        assert release_claims(now=now + timedelta(minutes=89)) == 0
        assert release_claims(now=now + timedelta(minutes=91)) == 1

    def test_a_cancelled_invoice_keeps_its_amount_for_the_late_window(self, merchant, wallet, now):
        invoice = invoice_of(merchant, now)
        cancel_invoice(merchant=merchant, livemode=True, public_id=invoice.public_id, reason="", now=now)

        assert release_claims(now=now + timedelta(hours=24)) == 0
        assert release_claims(now=now + timedelta(hours=25)) == 1

    def test_what_has_a_claim_claims_nothing_more(self, merchant, wallet, now):
        invoice = invoice_of(merchant, now)

        assert claim_amount(invoice, now=now) is True
        assert open_claims() == [16_490_000]


class TestPool:
    def test_an_address_that_was_given_out_before_is_skipped(self, merchant, now):
        xpub = add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)
        assert invoice_of(merchant, now).address == SHARED
        remove_wallet(merchant=merchant, wallet_id=xpub.public_id, now=now)

        pool = add_wallet(merchant=merchant, network="ethereum", kind="pool", addresses=(SHARED, NEXT), now=now)

        assert invoice_of(merchant, now).address == NEXT
        remove_wallet(merchant=merchant, wallet_id=pool.public_id, now=now)
        add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)
        third = invoice_of(merchant, now)
        assert (third.wallet_id, third.wallet_index) == (xpub.pk, 2)

    def test_an_empty_one_creates_no_invoice(self, merchant, now):
        pool = add_wallet(merchant=merchant, network="ethereum", kind="pool", addresses=(SHARED,), now=now)
        invoice_of(merchant, now)

        with pytest.raises(NoWalletConfigured):
            invoice_of(merchant, now)

        assert Invoice.objects.count() == 1
        add_addresses(merchant=merchant, wallet_id=pool.public_id, addresses=(NEXT,), now=now)
        assert invoice_of(merchant, now).address == NEXT


class TestGap:
    def test_is_counted_from_the_last_paid_index(self, merchant, now):
        wallet = add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)
        invoices = [invoice_of(merchant, now) for _ in range(3)]
        Invoice.objects.filter(pk=invoices[0].pk).update(received_units=1)
        wallet.refresh_from_db()

        use = wallet_uses(merchant=merchant, wallets=[wallet])[wallet.pk]

        assert (use.next_index, use.last_paid_index, use.gap, use.warning) == (3, 0, 2, "")

    def test_a_key_on_two_networks_has_one_gap(self, merchant, now):
        wallets = [
            add_wallet(merchant=merchant, network=code, xpub=ETH_ACCOUNT, now=now) for code in ("ethereum", "base")
        ]
        invoices = [
            invoice_of(merchant, now, network=code, crypto_currency="USDC") for code in ("ethereum", "base", "ethereum")
        ]
        Invoice.objects.filter(pk=invoices[1].pk).update(received_units=1)

        uses = wallet_uses(merchant=merchant, wallets=wallets)

        assert [each.wallet_index for each in invoices] == [0, 1, 2]
        assert {(use.next_index, use.last_paid_index, use.gap) for use in uses.values()} == {(3, 1, 1)}

    @pytest.mark.parametrize(("next_index", "warns"), [(20, False), (21, True)])
    def test_beyond_twenty_the_owner_is_warned(self, merchant, now, next_index, warns):
        wallet = add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)
        Wallet.objects.filter(pk=wallet.pk).update(next_index=next_index)

        use = wallet_uses(merchant=merchant, wallets=[wallet])[wallet.pk]

        assert use.gap == next_index
        assert ("gap limit" in use.warning) is warns


@pytest.mark.parametrize(
    ("code", "amount", "digits"),
    [
        ("USDT", "16.49", 4),
        ("USDT", "1000", 2),
        ("USDT", "0.50", 6),
        ("ETH", "0.004", 8),
        ("ETH", "0.0004", 9),
        ("ETH", "1", 8),
    ],
)
def test_as_few_digits_as_leave_room_for_a_thousand(code, amount, digits):
    asset = registry.asset("ethereum", code)

    step = step_of(asset, asset.to_units(Decimal(amount)))

    assert step == 10 ** (asset.decimals - digits)


@pytest.mark.django_db(transaction=True)
def test_concurrent_invoices_get_different_amounts(now, settings):
    merchant = make_merchant(now)
    add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(SHARED,), now=now)
    price_of("USDT", currencies={"USD"}, livemode=True, now=now)
    start, amounts = Barrier(4), []

    def work():
        start.wait()
        amounts.extend(int(invoice_of(merchant, now).amount_units) for _ in range(5))
        connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(amounts) == [16_490_000 + 100 * place for place in range(20)]


def _forget_rates(now):
    from invoices.rates import book

    book.fetch_all(now=now)
