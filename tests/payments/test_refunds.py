"""Money back: never more than came in, each refund told once, the invoice refunded when all has gone back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chains.sandbox.services import new_address
from events.models import Event
from events.outbox import dispatch
from invoices.errors import InvoiceNotFound
from invoices.services import Tolerance
from payments.errors import (
    DepositNotAcceptable,
    DepositNotInReview,
    InvalidAddress,
    NothingToRefund,
    PaymentNotFound,
    RefundNotFound,
    RefundNotOpen,
    RefundTooLarge,
)
from payments.models import Payment, Refund
from payments.services import (
    RefundOrder,
    Resolution,
    cancel_invoice,
    cancel_refund,
    complete_refund,
    request_refund,
    resolve_deposit,
    scan,
)
from tests.factories import make_invoice, make_merchant
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now):
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


def pay(chain, invoice, now, *, units=None, asset=None, txid="a" * 64):
    chain.mine(transfer(invoice, units=units, asset=asset, txid=txid))
    chain.grow(2)
    scan(network="sandbox", now=now, reader=chain)
    invoice.refresh_from_db()
    return Payment.objects.get(txid=txid)


def refund(invoice, now, amount=None, address=None, **options):
    order = RefundOrder(address=address or new_address(), amount=amount)
    merchant = options.get("merchant", invoice.merchant)
    return request_refund(merchant=merchant, livemode=False, public_id=invoice.public_id, order=order, now=now)


def complete(refund, now, **options):
    merchant = options.get("merchant", refund.invoice.merchant)
    return complete_refund(merchant=merchant, livemode=False, public_id=refund.public_id, txid="f" * 64, now=now)


def told(kind: str) -> int:
    return Event.objects.filter(type=kind).count()


class TestRefund:
    def test_parts_can_go_back_until_nothing_is_left(self, chain, invoice, now):
        pay(chain, invoice, now)

        first = refund(invoice, now, Decimal("6.49"))
        second = refund(invoice, now)

        assert (first.units, second.units) == (6_490_000, 10_000_000)
        with pytest.raises(NothingToRefund):
            refund(invoice, now)
        assert told("refund.created") == 2

    def test_more_than_there_is_is_refused(self, chain, invoice, now):
        pay(chain, invoice, now)

        with pytest.raises(RefundTooLarge) as refused:
            refund(invoice, now, Decimal("16.490001"))

        assert refused.value.constraints == {"max_amount": Decimal("16.49")}

    @pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1), Decimal("0.0000001")])
    def test_an_amount_that_cannot_be_sent_is_refused(self, chain, invoice, now, amount):
        pay(chain, invoice, now)

        with pytest.raises(RefundTooLarge):
            refund(invoice, now, amount)

    def test_unconfirmed_money_is_not_refunded(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        scan(network="sandbox", now=now, reader=chain)

        with pytest.raises(NothingToRefund):
            refund(invoice, now)

    def test_a_foreign_address_is_refused(self, chain, invoice, now):
        pay(chain, invoice, now)

        with pytest.raises(InvalidAddress):
            refund(invoice, now, address="TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN")

    def test_the_invoice_is_refunded_when_all_has_gone_back(self, chain, invoice, now):
        pay(chain, invoice, now)
        first, second = refund(invoice, now, Decimal(6)), refund(invoice, now)

        complete(first, now)
        invoice.refresh_from_db()
        assert invoice.status == "paid"
        complete(second, now)

        invoice.refresh_from_db()
        assert invoice.status == "refunded"
        assert (told("refund.completed"), told("invoice.refunded")) == (2, 1)

    def test_a_refund_is_completed_once(self, chain, invoice, now):
        pay(chain, invoice, now)
        opened = refund(invoice, now)
        complete(opened, now)

        with pytest.raises(RefundNotOpen):
            complete(opened, now)
        assert told("refund.completed") == 1

    def test_a_withdrawn_refund_frees_its_amount(self, chain, invoice, now):
        pay(chain, invoice, now)
        opened = refund(invoice, now)

        cancel_refund(merchant=invoice.merchant, livemode=False, public_id=opened.public_id, now=now)

        assert refund(invoice, now).units == 16_490_000

    def test_another_merchant_sees_none_of_it(self, chain, invoice, now):
        pay(chain, invoice, now)
        opened = refund(invoice, now)
        stranger = make_merchant(now, email="stranger@example.com")

        with pytest.raises(InvoiceNotFound):
            refund(invoice, now, merchant=stranger)
        with pytest.raises(RefundNotFound):
            complete(opened, now, merchant=stranger)


class TestCancelWithRefunds:
    def test_every_part_gets_its_refund(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000, txid="a" * 64)
        pay(chain, invoice, now, units=6_000_000, txid="b" * 64)

        cancel_invoice(
            merchant=invoice.merchant,
            livemode=False,
            public_id=invoice.public_id,
            reason="Customer requested cancellation",
            refund_partial_payments=True,
            now=now,
        )

        assert sorted(Refund.objects.values_list("units", "kind")) == [
            (5_000_000, "cancellation"),
            (6_000_000, "cancellation"),
        ]

    def test_unless_nobody_asked(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000)

        cancel_invoice(
            merchant=invoice.merchant,
            livemode=False,
            public_id=invoice.public_id,
            reason="",
            refund_partial_payments=False,
            now=now,
        )

        assert Refund.objects.count() == 0


@pytest.mark.parametrize("sent", [True, False])
def test_cancelling_returns_nothing_that_was_refunded_before(chain, invoice, now, sent):
    pay(chain, invoice, now, units=5_000_000)
    earlier = refund(invoice, now, Decimal(2))
    if sent:
        complete(earlier, now)

    cancel_invoice(
        merchant=invoice.merchant,
        livemode=False,
        public_id=invoice.public_id,
        reason="",
        refund_partial_payments=True,
        now=now,
    )

    assert Refund.objects.get(kind="cancellation").units == 3_000_000
    assert not Refund.objects.filter(is_held=True).exists()


def test_a_surplus_is_refunded_where_the_invoice_says_so(chain, merchant, now):
    invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="refund"))
    pay(chain, invoice, now, units=20_000_000)
    dispatch()
    dispatch()

    assert Refund.objects.get().units == 3_510_000
    assert Refund.objects.get().kind == "surplus"


def test_a_surplus_that_comes_later_is_refunded_once_it_is_confirmed(chain, merchant, now):
    invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="refund"))
    pay(chain, invoice, now)
    chain.mine(transfer(invoice, units=5_000_000, txid="b" * 64))
    scan(network="sandbox", now=now, reader=chain)
    dispatch()
    dispatch()
    assert Refund.objects.count() == 0

    chain.grow(2)
    scan(network="sandbox", now=now, reader=chain)

    assert Refund.objects.get().units == 5_000_000


def test_more_surplus_is_refunded_too_and_a_withdrawn_refund_is_not_opened_again(chain, merchant, now):
    invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="refund"))
    pay(chain, invoice, now, units=20_000_000)
    dispatch()
    dispatch()
    first = Refund.objects.get()

    for txid, units in (("b" * 64, 5_000_000), ("c" * 64, 1_000_000)):
        chain.mine(transfer(invoice, units=units, txid=txid))
        chain.grow(2)
        scan(network="sandbox", now=now, reader=chain)
        dispatch()
        if units == 5_000_000:
            cancel_refund(merchant=merchant, livemode=False, public_id=first.public_id, now=now)

    open_ones = Refund.objects.exclude(status="cancelled").order_by("units")
    assert [int(refund.units) for refund in open_ones] == [1_000_000, 5_000_000]


class TestInbox:
    def resolve(self, payment, resolution, now, **options):
        return resolve_deposit(
            merchant=options.get("merchant", payment.invoice.merchant),
            livemode=False,
            public_id=payment.public_id,
            resolution=resolution,
            address=options.get("address", ""),
            now=now,
        )

    def test_another_asset_can_be_taken_at_today_s_rate(self, chain, invoice, now):
        deposit = pay(chain, invoice, now, units=132_000_000, asset="TRX")  # 132 TRX at 0.125 USD
        assert invoice.status == "created"

        self.resolve(deposit, Resolution.ACCEPT, now)

        invoice.refresh_from_db()
        assert invoice.status == "paid"
        assert invoice.confirmed_value == Decimal("16.500000000000")

    def test_what_an_invoice_is_priced_in_counts_as_itself_whatever_the_rate_has_become(self, chain, now, settings):
        strict = make_merchant(now, email="strict@example.com", late_payment={"rule": "review", "window_hours": 1})
        named = {"items": (), "tax": Decimal(0), "crypto_amount": Decimal(125), "expires_in": 300}
        invoice, later = make_invoice(strict, now, **named), now + timedelta(hours=1)
        chain.mine(transfer(invoice), at=later)
        chain.grow(2)
        scan(network="sandbox", now=later, reader=chain)
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.5")}

        self.resolve(Payment.objects.get(), Resolution.ACCEPT, later)

        invoice.refresh_from_db()
        assert (invoice.status, invoice.confirmed_units) == ("paid", 125_000_000)
        assert invoice.confirmed_value == Decimal("125.0125")

    def test_or_be_sent_back(self, chain, invoice, now):
        deposit = pay(chain, invoice, now, units=132_000_000, asset="TRX")

        self.resolve(deposit, Resolution.REFUND, now, address=new_address())

        opened = Refund.objects.get()
        assert (opened.asset_code, opened.units, opened.kind) == ("TRX", 132_000_000, "deposit")
        invoice.refresh_from_db()
        assert invoice.status == "created"

    def test_or_be_left_alone_and_is_decided_once(self, chain, invoice, now):
        deposit = pay(chain, invoice, now, units=1, asset="TRX")

        self.resolve(deposit, Resolution.IGNORE, now)

        with pytest.raises(DepositNotInReview):
            self.resolve(deposit, Resolution.ACCEPT, now)
        assert told("deposit.resolved") == 1

    def test_money_for_a_cancelled_invoice_cannot_be_counted(self, chain, invoice, now):
        cancel_invoice(
            merchant=invoice.merchant,
            livemode=False,
            public_id=invoice.public_id,
            reason="",
            refund_partial_payments=False,
            now=now,
        )
        deposit = pay(chain, invoice, now)

        with pytest.raises(DepositNotAcceptable):
            self.resolve(deposit, Resolution.ACCEPT, now)

    def test_only_its_merchant_decides(self, chain, invoice, now):
        deposit = pay(chain, invoice, now, units=1, asset="TRX")
        stranger = make_merchant(now, email="stranger@example.com")

        with pytest.raises(PaymentNotFound):
            self.resolve(deposit, Resolution.IGNORE, now, merchant=stranger)
