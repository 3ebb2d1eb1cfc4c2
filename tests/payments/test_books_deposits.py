"""The books of money that matched no invoice: it has an owner and a ledger from the block that confirms it on."""

from dataclasses import replace

import pytest
from django.db.models import Sum

from chains.sandbox.services import new_address
from merchants.models import Wallet, WalletAddress
from payments import reconciliation, services
from payments.models import Booking, Payment, Posting, Refund, Settlement
from payments.reconciliation import Scope
from payments.services import Resolution
from tests.factories import make_merchant
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db

UNITS = 16_490_000


@pytest.fixture
def chain(now) -> ScriptedChain:
    return ScriptedChain(start=now)


def read(chain, now) -> None:
    services.scan(network="sandbox", now=now, reader=chain)


def balances() -> dict[str, int]:
    sums = Posting.objects.values_list("account").annotate(units=Sum("units"))
    return {account: int(units) for account, units in sums if units}


@pytest.fixture
def deposit(chain, merchant, invoice, now) -> Payment:
    """Money at an address of the merchant's that belongs to no invoice."""
    address = new_address()
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=address)
    read(chain, now)
    chain.mine(replace(transfer(invoice), recipient=address))
    chain.grow(5)
    read(chain, now)
    payment = Payment.objects.get()
    assert (payment.invoice, payment.status) == (None, "confirmed")
    return payment


def resolve(deposit, resolution, now, **more) -> None:
    services.resolve_deposit(
        merchant=deposit.merchant,
        livemode=False,
        public_id=deposit.public_id,
        resolution=resolution,
        now=now,
        **more,
    )


def test_it_is_unmatched_money_of_the_owner_of_the_address(deposit, merchant):
    assert balances() == {"chain": UNITS, "unmatched": -UNITS}
    booking = Booking.objects.get()
    assert (booking.merchant, booking.invoice, booking.livemode) == (merchant, None, False)


def test_a_reorg_books_it_back(deposit, chain, now):
    chain.fork(6)
    chain.grow(7)
    read(chain, now)

    assert balances() == {}
    assert Booking.objects.filter(kind="payment_reversed", invoice=None).count() == 1


def test_let_be_it_is_the_merchant_s(deposit, now):
    resolve(deposit, Resolution.IGNORE, now)

    assert balances() == {"chain": UNITS, "merchant": -UNITS}


def test_accepted_for_an_invoice_it_moves_there_and_is_settled(deposit, invoice, now):
    resolve(deposit, Resolution.ACCEPT, now, invoice_id=invoice.public_id)

    assert balances() == {"chain": UNITS, "merchant": 164_900 - UNITS, "fees": -164_900}
    assert Settlement.objects.get().invoice == invoice
    assert Booking.objects.get(kind="deposit_resolved").invoice == invoice


def test_returned_it_is_owed_and_then_gone(deposit, merchant, now):
    resolve(deposit, Resolution.REFUND, now, address=new_address())
    assert balances() == {"chain": UNITS, "refunds": -UNITS}

    refund = Refund.objects.get()
    services.complete_refund(merchant=merchant, livemode=False, public_id=refund.public_id, txid="f" * 64, now=now)

    assert balances() == {}


@pytest.mark.parametrize("resolution", [None, Resolution.IGNORE, Resolution.ACCEPT, Resolution.REFUND])
def test_the_books_agree_with_tables_and_chain(deposit, chain, invoice, now, resolution):
    if resolution is not None:
        target = {"invoice_id": invoice.public_id} if resolution is Resolution.ACCEPT else {}
        resolve(deposit, resolution, now, **target)

    assert reconciliation.ledger_differences(Scope()) == []
    blocks = reconciliation.scanned("sandbox", Scope())
    assert list(reconciliation.chain_differences("sandbox", blocks, Scope(), reader=chain)) == []


def test_what_was_never_credited_is_found_in_its_owner_s_name_only(deposit, chain, merchant, now):
    Payment.objects.filter(pk=deposit.pk).update(block_height=None, status="detected")
    stranger = make_merchant(now, email="stranger@example.com")
    blocks = reconciliation.scanned("sandbox", Scope())

    found = list(reconciliation.chain_differences("sandbox", blocks, Scope(merchant=merchant), reader=chain))
    others = list(reconciliation.chain_differences("sandbox", blocks, Scope(merchant=stranger), reader=chain))

    assert found == [f"sandbox {'a' * 64}: 16.49 USDT to {deposit.address} on the chain, never credited"]
    assert others == []
