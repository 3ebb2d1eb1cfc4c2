"""What a paid invoice brings: gross, fee, net; taken back with the payment, replaced when the money changes."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from events.models import Event
from merchants.errors import InvalidPlatformFee
from merchants.services import set_platform_fee
from payments.models import Settlement
from payments.models.books import fee_of
from payments.services import accept_invoice, scan
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer

ALL = 16_490_000


@pytest.fixture
def chain(db, now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


def read(chain, now) -> None:
    scan(network="sandbox", now=now, reader=chain)


def pay(chain, invoice, now, **details) -> None:
    chain.mine(transfer(invoice, **details))
    chain.grow(2)
    read(chain, now)
    invoice.refresh_from_db()


def take_back(chain, now) -> None:
    chain.fork(3)
    chain.grow(4)
    read(chain, now)


def figures(settlement) -> tuple[int, int, int]:
    return settlement.gross_units, settlement.fee_units, settlement.net_units


def told() -> list[str]:
    return list(
        Event.objects.filter(type__startswith="settlement.").order_by("created_at").values_list("type", flat=True)
    )


@given(gross=st.integers(1, 2**256), hundredths=st.integers(10, 500))
def test_the_fee_is_the_largest_whole_number_within_the_percentage(gross, hundredths):
    percent = Decimal(hundredths) / 100

    fee = fee_of(gross, percent)

    assert 0 <= fee * 10_000 <= gross * hundredths < (fee + 1) * 10_000


class TestSettle:
    def test_a_paid_invoice_is_settled_once(self, chain, invoice, now):
        pay(chain, invoice, now)

        settlement = Settlement.objects.get()
        assert figures(settlement) == (16_490_000, 164_900, 16_325_100)
        assert (settlement.fee_percent, settlement.status, settlement.created_at) == (Decimal("1.00"), "settled", now)
        assert (settlement.merchant, settlement.network, settlement.asset_code) == (invoice.merchant, "sandbox", "USDT")
        assert told() == ["settlement.created"]

    def test_the_event_says_how_much(self, chain, invoice, now):
        pay(chain, invoice, now)

        event = Event.objects.get(type="settlement.created")
        assert event.data["invoice_id"] == invoice.public_id
        assert event.data["settlement_id"] == Settlement.objects.get().public_id
        assert event.data["settlement"] == {
            "id": Settlement.objects.get().public_id,
            "gross": Decimal("16.49"),
            "fee": Decimal("0.1649"),
            "net": Decimal("16.3251"),
            "fee_percent": Decimal("1.00"),
            "crypto_currency": "USDT",
            "network": "sandbox",
            "status": "settled",
            "replaces": None,
            "reversal_reason": None,
        }

    def test_nothing_is_settled_before_it_is_paid(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000)

        assert Settlement.objects.count() == 0

    def test_a_part_that_is_accepted_is_settled_as_it_is(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_001)

        accept_invoice(merchant=invoice.merchant, livemode=False, public_id=invoice.public_id, now=now)

        assert figures(Settlement.objects.get()) == (5_000_001, 50_000, 4_950_001)

    def test_each_merchant_has_a_fee_of_its_own(self, chain, merchant, now):
        set_platform_fee(merchant=merchant, percent=Decimal("2.75"), now=now)
        merchant.refresh_from_db()

        pay(chain, make_invoice(merchant, now), now)

        # 2.75 % of 16.49 are 0.453475.
        assert figures(Settlement.objects.get()) == (16_490_000, 453_475, 16_036_525)

    def test_each_asset_is_settled_for_itself(self, chain, invoice, now):
        from payments.models import Payment
        from payments.services import Resolution, resolve_deposit

        pay(chain, invoice, now, units=10_000_000, asset="USDC", txid="b" * 64)
        resolve_deposit(
            merchant=invoice.merchant,
            livemode=False,
            public_id=Payment.objects.get().public_id,
            resolution=Resolution.ACCEPT,
            now=now,
        )
        invoice.refresh_from_db()
        pay(chain, invoice, now)

        assert invoice.status == "paid"
        assert [(s.asset_code, s.gross_units) for s in Settlement.objects.order_by("asset_code")] == [
            ("USDC", 10_000_000),
            ("USDT", 6_491_000),  # a dollar in USDC is worth a little less
        ]


class TestReverse:
    def test_a_reorg_takes_the_settlement_back(self, chain, invoice, now):
        pay(chain, invoice, now)

        take_back(chain, now)

        settlement = Settlement.objects.get()
        assert (settlement.status, settlement.reversal_reason, settlement.reversed_at) == ("reversed", "reorg", now)
        assert told() == ["settlement.created", "settlement.reversed"]

    def test_paid_again_it_is_settled_anew_at_the_same_fee(self, chain, invoice, now):
        sent = transfer(invoice)
        pay(chain, invoice, now)
        take_back(chain, now)
        set_platform_fee(merchant=invoice.merchant, percent=Decimal(5), now=now)

        chain.mine(sent)
        chain.grow(2)
        read(chain, now)

        first = Settlement.objects.get(status="reversed")
        second = Settlement.objects.get(status="settled")
        assert (figures(second), second.replaces) == ((16_490_000, 164_900, 16_325_100), first)

    def test_each_takes_the_place_of_the_one_before_however_often(self, chain, invoice, now):
        sent = transfer(invoice)
        for _ in range(5):
            chain.mine(sent)
            chain.grow(2)
            read(chain, now)
            take_back(chain, now)

        rows = {settlement.pk: settlement.replaces_id for settlement in Settlement.objects.all()}
        links = [next(iter(rows.keys() - set(rows.values())))]
        while rows[links[-1]]:
            links.append(rows[links[-1]])
        assert (len(rows), len(links)) == (5, 5)

    def test_what_comes_on_top_and_is_kept_replaces_it(self, chain, merchant, now):
        from invoices.services import Tolerance

        invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="keep"))
        pay(chain, invoice, now)

        pay(chain, invoice, now, units=3_000_000, txid="b" * 64)

        assert Settlement.objects.get(status="reversed").reversal_reason == "changed"
        assert figures(Settlement.objects.get(status="settled")) == (19_490_000, 194_900, 19_295_100)

    def test_a_refunded_invoice_whose_payment_is_lost_is_taken_back_too(self, chain, invoice, now):
        from chains.sandbox.services import new_address
        from payments.services import RefundOrder, complete_refund, request_refund

        pay(chain, invoice, now)
        order = RefundOrder(address=new_address())
        who = {"merchant": invoice.merchant, "livemode": False}
        refund = request_refund(**who, public_id=invoice.public_id, order=order, now=now)
        complete_refund(**who, public_id=refund.public_id, txid="f" * 64, now=now)

        take_back(chain, now)

        invoice.refresh_from_db()
        assert invoice.status == "refunded"
        assert Settlement.objects.get().reversal_reason == "reorg"


class TestTheDatabase:
    @pytest.mark.parametrize(
        ("wrong", "rule"),
        [
            ({"fee_units": 164_901, "net_units": ALL - 164_901}, "settlement_fee_rounded_down"),
            ({"fee_units": 164_899, "net_units": ALL - 164_899}, "settlement_fee_rounded_down"),
            ({"net_units": ALL}, "settlement_adds_up"),
            ({"status": "reversed"}, "settlement_reversed_whole"),
        ],
    )
    def test_a_settlement_that_is_wrong_cannot_be_stored(self, chain, invoice, now, wrong, rule):
        pay(chain, invoice, now)

        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Settlement.objects.update(**wrong)

    def test_two_cannot_hold_at_once(self, chain, invoice, now):
        pay(chain, invoice, now)
        settlement = Settlement.objects.get()
        settlement.pk = None
        settlement._state.adding = True

        with pytest.raises(IntegrityError, match="settlement_once"), transaction.atomic():
            settlement.save(force_insert=True)


@pytest.mark.django_db
class TestFee:
    @pytest.mark.parametrize("percent", ["0.1", "0.99", "5", "5.00"])
    def test_it_is_within_bounds(self, merchant, now, percent):
        changed = set_platform_fee(merchant=merchant, percent=Decimal(percent), now=now)

        assert changed.platform_fee_percent == Decimal(percent)
        event = Event.objects.get(type="merchant.platform_fee_changed")
        assert (event.data["previous"], event.data["percent"]) == (Decimal("1.00"), Decimal(percent))

    @pytest.mark.parametrize("percent", ["0", "0.09", "5.01", "-1", "1.001", "100"])
    def test_beyond_them_it_is_refused(self, merchant, now, percent):
        with pytest.raises(InvalidPlatformFee):
            set_platform_fee(merchant=merchant, percent=Decimal(percent), now=now)

        merchant.refresh_from_db()
        assert merchant.platform_fee_percent == Decimal("1.00")
        assert not Event.objects.filter(type="merchant.platform_fee_changed").exists()

    def test_the_database_keeps_them_too(self, merchant, now):
        merchant.platform_fee_percent = Decimal("5.01")

        with pytest.raises(IntegrityError, match="merchant_platform_fee_range"), transaction.atomic():
            merchant.save()
