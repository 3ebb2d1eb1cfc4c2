"""One address, one meaning: what an invoice has alone is never shared, and what invoices share is nobody's alone."""

from decimal import Decimal

import pytest
from django.db import connection

from invoices.models import Invoice
from invoices.services import Item
from merchants.errors import NoWalletConfigured
from merchants.services import add_wallet, remove_wallet
from tests.chains.test_addresses import ETH_ACCOUNT
from tests.factories import make_invoice, make_merchant

FIRST = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
SECOND = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {
        "ethereum": {"rpc_urls": ["http://127.0.0.1:1"]},
        "base": {"rpc_urls": ["http://127.0.0.1:1"]},
    }
    settings.FIXED_RATES = {"USDT/USD": Decimal("1.0001"), "USDC/USD": Decimal(1)}
    settings.RATE_SOURCES = ["fixed"]


@pytest.fixture
def other(now):
    return make_merchant(now, email="other@example.com")


def invoice_of(merchant, now, network="ethereum", asset="USDC") -> Invoice:
    items = (Item(name="Thing", quantity=Decimal(1), unit_price=Decimal("16.49")),)
    return make_invoice(
        merchant, now, livemode=True, network=network, crypto_currency=asset, items=items, tax=Decimal(0)
    )


def test_what_another_merchants_invoice_has_alone_cannot_be_shared(merchant, other, now):
    add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)
    assert invoice_of(merchant, now).address == FIRST
    add_wallet(merchant=other, network="ethereum", kind="single", addresses=(FIRST,), now=now)

    with pytest.raises(NoWalletConfigured):
        invoice_of(other, now)

    assert Invoice.objects.count() == 1


def test_what_invoices_share_is_skipped_by_a_key(merchant, now):
    shared = add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(FIRST,), now=now)
    assert invoice_of(merchant, now).matching == "amount"
    remove_wallet(merchant=merchant, wallet_id=shared.public_id, now=now)

    add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)

    assert (invoice_of(merchant, now).address, Invoice.objects.count()) == (SECOND, 2)


def test_a_merchant_may_go_on_with_one_address_of_their_own_key(merchant, now):
    key = add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)
    assert invoice_of(merchant, now).address == FIRST
    remove_wallet(merchant=merchant, wallet_id=key.public_id, now=now)

    add_wallet(merchant=merchant, network="ethereum", kind="single", addresses=(FIRST,), now=now)

    assert (invoice_of(merchant, now).address, invoice_of(merchant, now).matching) == (FIRST, "amount")


def test_a_session_that_saw_the_table_small_does_not_read_all_of_it_ever_after(merchant, now):
    make_invoice(merchant, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE invoices_invoice")
    before = _whole_readings()

    make_invoice(merchant, now)

    assert _whole_readings() == before


def _whole_readings() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'invoices_invoice'")
        return cursor.fetchone()[0]
