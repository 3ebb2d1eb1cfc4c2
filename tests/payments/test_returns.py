"""A refund that the merchant sends from any wallet is recognised on the chain, once, and a fork takes it back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chains.base import Transfer
from chains.sandbox.services import new_address
from core.errors import Conflict, Invalid, NotFound
from events.models import Event
from payments.models import Refund
from payments.selectors import claim_token, refund_of_claim
from payments.services import (
    RefundOrder,
    RefundRate,
    cancel_invoice,
    cancel_refund,
    claim_refund,
    complete_refund,
    request_refund,
    scan,
    set_refund_address,
)
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


@pytest.fixture
def paid(chain, invoice, now):
    chain.mine(transfer(invoice))
    chain.grow(3)
    read(chain, now)
    invoice.refresh_from_db()
    assert invoice.status == "paid"
    return invoice


def read(chain, now) -> None:
    scan(network="sandbox", now=now, reader=chain)


def refund(invoice, now, **order) -> Refund:
    return request_refund(
        **of(invoice), public_id=invoice.public_id, order=RefundOrder(**{"address": new_address(), **order}), now=now
    )


def of(invoice):
    return {"merchant": invoice.merchant, "livemode": False}


def sending(refund: Refund, *, txid="d" * 64, units=None, asset=None, ordinal=0) -> Transfer:
    return Transfer(
        network=refund.network,
        asset=asset or refund.asset_code,
        txid=txid,
        ordinal=ordinal,
        sender="sandbox1merchant",
        recipient=refund.address,
        units=refund.units if units is None else units,
        block=None,
    )


def types(refund: Refund) -> list[str]:
    log = Event.objects.filter(merchant_id=refund.merchant_id, type__startswith="refund").order_by("sequence")
    return [event.type for event in log]


class TestRecognised:
    def test_it_is_sent_when_seen_and_completed_when_final(self, chain, paid, now):
        opened = refund(paid, now)
        chain.mine(sending(opened))

        read(chain, now)
        opened.refresh_from_db()
        assert (opened.status, opened.txid, opened.block_height) == ("sent", "d" * 64, 5)
        chain.grow(1)
        read(chain, now)

        opened.refresh_from_db()
        paid.refresh_from_db()
        assert (opened.status, opened.completed_at, paid.status) == ("completed", now, "refunded")
        assert types(opened) == ["refund.created", "refund.completed"]

    @pytest.mark.parametrize("change", [{"units": 16_489_999}, {"units": 16_490_001}, {"asset": "USDC"}])
    def test_another_amount_or_asset_is_not_it(self, chain, paid, now, change):
        opened = refund(paid, now)
        chain.mine(sending(opened, **change))
        chain.grow(3)

        read(chain, now)

        opened.refresh_from_db()
        assert opened.status == "requested"

    def test_two_alike_need_two_transfers(self, chain, paid, now):
        first = refund(paid, now, amount=Decimal("4"))
        second = refund(paid, now + timedelta(seconds=1), amount=Decimal("4"), address=first.address)
        chain.mine(sending(first))
        chain.grow(3)
        read(chain, now)

        assert statuses(first, second) == ["completed", "requested"]
        chain.mine(sending(second, txid="e" * 64))
        chain.grow(3)
        read(chain, now)

        assert statuses(first, second) == ["completed", "completed"]

    def test_two_alike_in_one_transaction_complete_both(self, chain, paid, now):
        first = refund(paid, now, amount=Decimal("4"))
        second = refund(paid, now, amount=Decimal("4"), address=first.address)
        chain.mine(sending(first), sending(second, ordinal=1))
        chain.grow(3)

        read(chain, now)

        assert statuses(first, second) == ["completed", "completed"]

    def test_a_transaction_the_merchant_named_completes_no_other(self, chain, paid, now):
        named = refund(paid, now, amount=Decimal("4"))
        other = refund(paid, now, amount=Decimal("4"), address=named.address)
        complete_refund(**of(paid), public_id=named.public_id, txid="d" * 64, now=now)
        chain.mine(sending(named))
        chain.grow(3)

        read(chain, now)

        assert statuses(named, other) == ["completed", "requested"]

    def test_a_transfer_from_before_the_refund_is_not_it(self, chain, paid, now):
        opened = refund(paid, now + timedelta(hours=2))
        chain.mine(sending(opened))
        chain.grow(3)

        read(chain, now)

        assert statuses(opened) == ["requested"]

    def test_one_that_was_withdrawn_stays_withdrawn(self, chain, paid, now):
        opened = refund(paid, now)
        cancel_refund(**of(paid), public_id=opened.public_id, now=now)
        chain.mine(sending(opened))
        chain.grow(3)

        read(chain, now)

        assert statuses(opened) == ["cancelled"]

    def test_one_that_is_on_its_way_cannot_be_withdrawn(self, chain, paid, now):
        opened = refund(paid, now)
        chain.mine(sending(opened))
        read(chain, now)

        with pytest.raises(Conflict, match="This refund is sent already"):
            cancel_refund(**of(paid), public_id=opened.public_id, now=now)

    @pytest.mark.parametrize("blocks", [0, 4])
    def test_a_fork_takes_it_back_until_it_is_on_the_chain_again(self, chain, paid, now, blocks):
        opened = refund(paid, now)
        chain.mine(sending(opened))
        chain.grow(blocks)
        read(chain, now)
        chain.fork(blocks + 1)
        chain.grow(blocks + 2)
        read(chain, now)

        opened.refresh_from_db()
        assert (opened.status, opened.txid, opened.block_height) == ("requested", "", None)
        assert types(opened)[-1] == "refund.reversed"
        chain.mine(sending(opened, txid="f" * 64))
        chain.grow(3)
        read(chain, now)
        assert statuses(opened) == ["completed"]


class TestHeld:
    def test_completing_it_by_hand_does_not_move_what_the_chain_showed(self, chain, paid, now):
        row = refund(paid, now)
        chain.mine(sending(row))
        read(chain, now)
        shown = row.address

        complete_refund(**of(paid), public_id=row.public_id, txid="e" * 64, address=new_address(), now=now)
        chain.fork(1)
        chain.mine(sending(row))
        chain.grow(1)
        read(chain, now)

        row.refresh_from_db()
        assert (row.status, row.txid, row.address) == ("completed", "d" * 64, shown)

    def test_a_refund_of_money_that_a_fork_took_back_is_held(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(3)
        read(chain, now)
        opened = refund(invoice, now)
        assert not opened.is_held
        chain.fork(4)
        chain.grow(5)

        read(chain, now)

        opened.refresh_from_db()
        assert opened.is_held
        chain.mine(transfer(invoice))
        chain.grow(3)
        read(chain, now)
        opened.refresh_from_db()
        assert not opened.is_held
        assert types(opened) == ["refund.created", "refund.held", "refund.released"]

    def test_a_refund_of_a_part_that_is_not_confirmed_is_held(self, chain, invoice, now):
        chain.mine(transfer(invoice, units=5_000_000))
        read(chain, now)
        cancel_invoice(**of(invoice), public_id=invoice.public_id, reason="", refund_partial_payments=True, now=now)
        assert Refund.objects.get().is_held
        chain.grow(3)

        read(chain, now)

        assert not Refund.objects.get().is_held

    def test_staff_hears_of_a_completed_refund_whose_money_is_gone(self, chain, paid, now, caplog):
        opened = refund(paid, now)
        complete_refund(**of(paid), public_id=opened.public_id, txid="d" * 64, now=now)
        chain.fork(4)
        chain.grow(5)

        read(chain, now)

        opened.refresh_from_db()
        assert opened.is_held
        assert "refund_rests_on_reversed_payment" in caplog.text


class TestAmount:
    def test_fiat_goes_back_at_the_rate_of_the_payment(self, paid, now, settings):
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.5")}

        assert refund(paid, now, fiat_amount=Decimal("8.00")).units == 7_999_201  # 1 USDT was 1.0001 USD

    def test_or_at_today_s(self, paid, now, settings):
        settings.FIXED_RATES = {"USDT/USD": Decimal("1.6")}

        assert refund(paid, now, fiat_amount=Decimal("8.00"), rate=RefundRate.TODAY).units == 5_000_000

    def test_it_is_rounded_up_to_what_the_asset_has(self, paid, now, settings):
        settings.FIXED_RATES = {"USDT/USD": Decimal("3")}

        assert refund(paid, now, fiat_amount=Decimal("1.00"), rate=RefundRate.TODAY).units == 333_334

    def test_more_than_was_paid_never_goes_back(self, paid, now, settings):
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.1")}

        with pytest.raises(Invalid) as refusal:
            refund(paid, now, fiat_amount=Decimal("8.00"), rate=RefundRate.TODAY)

        assert (refusal.value.code, refusal.value.field) == ("REFUND_TOO_LARGE", "fiat_amount")


class TestAddress:
    def test_the_customer_says_where_it_goes_once(self, paid, now):
        opened = refund(paid, now, address="")
        token, address = claim_token(opened), new_address()

        claimed = claim_refund(token=token, address=address, now=now)

        assert (claimed.address, claimed.claimed_at) == (address, now)
        with pytest.raises(Conflict):
            claim_refund(token=token, address=new_address(), now=now)
        assert types(opened) == ["refund.created", "refund.address_set"]

    def test_a_link_that_was_altered_opens_nothing(self, paid, now):
        token = claim_token(refund(paid, now, address=""))

        for wrong in (token[:-1], token + "x", "", "a:b:c", token.swapcase()):
            with pytest.raises(NotFound):
                refund_of_claim(wrong)

    def test_the_merchant_may_correct_it_until_it_is_sent(self, chain, paid, now):
        opened = refund(paid, now)
        address = new_address()

        set_refund_address(**of(paid), public_id=opened.public_id, address=address, now=now)

        opened.refresh_from_db()
        assert opened.address == address
        chain.mine(sending(opened))
        read(chain, now)
        with pytest.raises(Conflict):
            set_refund_address(**of(paid), public_id=opened.public_id, address=new_address(), now=now)

    def test_an_address_of_the_gateway_itself_is_refused(self, paid, now):
        with pytest.raises(Invalid, match="on which this gateway takes payments"):
            refund(paid, now, address=paid.address)


def statuses(*refunds: Refund) -> list[str]:
    for each in refunds:
        each.refresh_from_db()
    return [each.status for each in refunds]
