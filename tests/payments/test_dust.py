"""Dust: what anybody can send to any address fills no inbox, and no refund is opened that no chain carries."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chains import registry
from chains.sandbox.services import new_address
from core.errors import Invalid
from invoices.services import Tolerance
from merchants.models import Wallet, WalletAddress
from payments import reconciliation
from payments.errors import DepositNotAcceptable
from payments.models import Payment, Refund
from payments.reconciliation import Scope
from payments.selectors import list_deposits
from payments.services import RefundOrder, Resolution, cancel_invoice, request_refund, resolve_deposit, scan
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer

DUST, LEAST = 10_000, 50_000


@pytest.fixture(autouse=True)
def floors(db, monkeypatch):
    """Give the sandbox what real networks have."""
    networks = registry._current().networks
    assets = tuple(replace(asset, dust=DUST, least=LEAST) for asset in networks["sandbox"].assets)
    monkeypatch.setitem(networks, "sandbox", replace(networks["sandbox"], assets=assets))


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


def send(chain, now, *transfers) -> None:
    chain.mine(*transfers)
    chain.grow(5)
    scan(network="sandbox", now=now, reader=chain)


def of(thing) -> dict:
    return {"merchant": thing.merchant, "livemode": False, "public_id": thing.public_id}


@pytest.mark.parametrize(("units", "review", "reason"), [(DUST - 1, "ignored", "dust"), (DUST, "open", "wrong_asset")])
def test_the_wrong_token_waits_for_a_decision_unless_it_is_dust(chain, invoice, now, units, review, reason):
    send(chain, now, transfer(invoice, units=units, asset="USDC"))

    payment = Payment.objects.get()
    assert (payment.review, payment.review_reason, payment.status) == (review, reason, "confirmed")
    assert reconciliation.ledger_differences(Scope()) == []


@pytest.mark.parametrize(("units", "waiting"), [(DUST - 1, 0), (DUST, 1)])
def test_so_does_what_is_for_no_invoice(chain, merchant, invoice, now, units, waiting):
    address = new_address()
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=address)

    send(chain, now, replace(transfer(invoice, units=units), recipient=address))

    deposits = list_deposits(merchant=merchant, livemode=False)
    assert (deposits.count(), deposits.filter(review="open").count()) == (1, waiting)
    assert reconciliation.ledger_differences(Scope()) == []


def test_dust_for_an_open_invoice_counts(chain, invoice, now):
    send(chain, now, transfer(invoice, units=1))

    invoice.refresh_from_db()
    assert (invoice.status, invoice.received_units, Payment.objects.get().review) == ("partial", 1, "none")


def test_a_refund_that_the_chain_would_not_carry_is_refused(chain, invoice, now):
    send(chain, now, transfer(invoice))
    too_small = RefundOrder(address=new_address(), amount=Decimal("0.049999"))

    with pytest.raises(Invalid) as refused:
        request_refund(**of(invoice), order=too_small, now=now)

    assert (refused.value.code, refused.value.constraints) == ("REFUND_TOO_SMALL", {"min_amount": Decimal("0.05")})
    assert request_refund(**of(invoice), order=replace(too_small, amount=Decimal("0.05")), now=now).units == LEAST


def test_cancelling_opens_no_refund_that_cannot_be_sent(chain, invoice, now):
    send(chain, now, transfer(invoice, units=LEAST - 1), transfer(invoice, units=LEAST, txid="b" * 64))

    cancel_invoice(**of(invoice), reason="", refund_partial_payments=True, now=now)

    assert [int(refund.units) for refund in Refund.objects.all()] == [LEAST]


def test_neither_does_a_surplus(chain, merchant, now):
    tolerance = Tolerance(overpayment_action="refund", overpayment_threshold=Decimal(0))
    invoice = make_invoice(merchant, now, tolerance=tolerance)

    send(chain, now, transfer(invoice, units=16_490_000 + LEAST - 1))

    invoice.refresh_from_db()
    assert (invoice.status, invoice.exception, Refund.objects.count()) == ("paid", "overpaid", 0)
    assert reconciliation.ledger_differences(Scope()) == []


def test_a_deposit_that_cannot_be_sent_back_is_let_be(chain, invoice, now):
    send(chain, now, transfer(invoice, units=LEAST - 1, asset="USDC"))

    with pytest.raises(DepositNotAcceptable, match="carries no such small amount"):
        resolve_deposit(**of(Payment.objects.get()), resolution=Resolution.REFUND, now=now)
    resolve_deposit(**of(Payment.objects.get()), resolution=Resolution.IGNORE, now=now)

    assert Refund.objects.count() == 0


@pytest.mark.parametrize(
    ("network", "code", "dust", "least"),
    [
        ("solana", "SOL", 890_880, 890_880),
        ("solana", "USDC", 10_000, 1),
        ("bitcoin", "BTC", 546, 546),
        ("cardano", "ADA", 969_750, 969_750),
        ("tron", "TRX", 10_000, 1),
        ("bsc", "USDT", 10**16, 1),
    ],
)
def test_real_networks_have_floors(network, code, dust, least):
    asset = registry.asset(network, code)

    assert (asset.dust, asset.least) == (dust, least)
