"""Which addresses are ours, asked in small letters where capitals are but a checksum."""

import pytest
from django.db import connection

from invoices.models import Invoice
from merchants.models import Wallet, WalletAddress
from payments.models import Refund
from payments.watchlist import IssuedAddresses
from tests.factories import make_invoice

pytestmark = pytest.mark.django_db

# The examples of EIP-55.
INVOICED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
LISTED = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
RETURNED = "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"
STRANGER = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"


@pytest.fixture
def addresses(merchant, now):
    wallet = Wallet.objects.create(merchant=merchant, network="sandbox", kind="single")
    invoice = make_invoice(merchant, now)
    Invoice.objects.filter(pk=invoice.pk).update(address=INVOICED)
    WalletAddress.objects.create(wallet=wallet, network="sandbox", address=LISTED, position=7)
    Refund.objects.create(
        merchant=merchant,
        livemode=False,
        invoice=invoice,
        network="sandbox",
        asset_code="USDT",
        units=1,
        address=RETURNED,
    )
    return invoice


def test_addresses_of_invoices_wallets_and_refunds_are_found_by_their_small_letters(addresses):
    small = [address.lower() for address in (INVOICED, LISTED, RETURNED, STRANGER)]

    found = IssuedAddresses("sandbox").among_folded(small)

    assert found == set(small[:3])


def test_another_networks_addresses_are_not_ours(addresses):
    assert IssuedAddresses("ethereum").among_folded([INVOICED.lower()]) == set()


def test_it_is_one_statement_and_none_for_nothing(addresses, django_assert_num_queries):
    watched = IssuedAddresses("sandbox")

    with django_assert_num_queries(1):
        watched.among_folded([INVOICED.lower(), STRANGER.lower()])
    with django_assert_num_queries(1):
        assert watched.among([INVOICED, STRANGER]) == {INVOICED}
    with django_assert_num_queries(0):
        assert watched.among_folded([]) == set()


@pytest.mark.parametrize(
    ("table", "index"),
    [
        ("invoices_invoice", "invoice_folded"),
        ("merchants_walletaddress", "walletaddress_folded"),
        ("payments_refund", "refund_folded"),
    ],
)
def test_the_question_is_answered_from_an_index(addresses, table, index, django_assert_max_num_queries):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    with django_assert_max_num_queries(1) as asked:
        IssuedAddresses("sandbox").among_folded([STRANGER.lower()])
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert f"using {index} on {table}" in plan
