"""What a tester can send with one click, and that nobody can for real money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains import registry
from invoices.models import Invoice
from invoices.quotes import quote, value_of
from invoices.states import InvoiceStatus, enough_for
from paypages.sandbox import Portion, choices

PENDING = InvoiceStatus.PENDING


def test_all_of_it_half_of_it_or_too_much(unsaved):
    offered = choices(unsaved(), status=PENDING)

    assert [(choice.portion, choice.amount) for choice in offered] == [
        (Portion.FULL, "16.49"),
        (Portion.PART, "8.24"),
        (Portion.OVER, "19.14"),
    ]


def test_after_a_part_the_rest_is_offered(unsaved):
    invoice = unsaved(status="partial", received_units=8_240_000, received_value=Decimal("8.24"))

    assert choices(invoice, status=InvoiceStatus.PARTIAL)[0].amount == "8.25"


@pytest.mark.parametrize("status", ["paid", "cancelled", "refunded"])
def test_nothing_is_offered_when_the_invoice_has_ended(unsaved, status):
    assert choices(unsaved(status=status), status=InvoiceStatus(status)) == ()


def test_nothing_is_offered_when_nothing_is_due(unsaved):
    invoice = unsaved(status="confirming", received_units=16_490_000)

    assert choices(invoice, status=InvoiceStatus.CONFIRMING) == ()


@pytest.mark.parametrize("facts", [{"livemode": True}, {"livemode": True, "network": "tron"}, {"network": "tron"}])
def test_nothing_is_offered_for_real_money(unsaved, facts):
    assert choices(unsaved(**facts), status=PENDING) == ()


@given(
    total=st.decimals(min_value=Decimal("0.50"), max_value=Decimal(10_000), places=2),
    code=st.sampled_from(["USDT", "BTC", "ETH", "TRX"]),
    rate=st.decimals(min_value=Decimal("0.01"), max_value=Decimal(100_000), places=4),
    under=st.decimals(min_value=Decimal(0), max_value=Decimal(1), places=2),
    over=st.decimals(min_value=Decimal(0), max_value=Decimal(100), places=2),
)
def test_a_part_is_never_enough_and_too_much_is_always_too_much(total, code, rate, under, over):
    asset = registry.asset("sandbox", code)
    asked = quote(total, rate=rate, asset=asset)
    invoice = Invoice(
        livemode=False,
        network="sandbox",
        asset_code=code,
        total=total,
        amount_units=asked.units,
        asked_value=asked.value,
        rate=rate,
        underpayment_threshold=under,
        overpayment_threshold=over,
        status="pending",
    )

    worth = {
        choice.portion: value_of(choice.units, rate=rate, asset=asset) for choice in choices(invoice, status=PENDING)
    }

    enough, ceiling = enough_for(total, under), max(total, asked.value) + over
    assert enough <= worth[Portion.FULL] <= ceiling
    assert 0 < worth.get(Portion.PART, Decimal("0.0001")) < enough
    assert worth[Portion.OVER] > ceiling
