"""Each index of an extended public key is used once, ever."""

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from chains.addresses import derive
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from events.models import Event
from merchants import selectors, services
from merchants.errors import (
    NetworkUnavailable,
    NoWalletConfigured,
    UnknownNetwork,
    WalletExists,
    WalletInUse,
    WalletNotFound,
)
from merchants.models import Wallet
from tests.chains.test_addresses import ETH_ACCOUNT, TRX_ACCOUNT, VECTOR_1_MASTER_PRIVATE

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {
        "ethereum": {"rpc_urls": ["http://127.0.0.1:1"]},
        "base": {"rpc_urls": ["http://127.0.0.1:1"]},
        "tron": {"rpc_urls": ["http://127.0.0.1:1"]},
    }


@pytest.fixture
def other(account, now):
    request = services.SignUp(business_name="Other", contact_email="other@example.com")
    return services.sign_up(request=request, now=now).merchant


@pytest.fixture
def wallet(merchant, now):
    return services.add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)


def issue(merchant, network="ethereum", *, livemode=True):
    with transaction.atomic():
        return services.issue_destination(merchant=merchant, network=network, livemode=livemode, now=NOW)


def test_indexes_follow_each_other(merchant, wallet):
    issued = [issue(merchant) for _ in range(3)]

    assert [each.index for each in issued] == [0, 1, 2]
    assert [each.address for each in issued] == [derive("ethereum", ETH_ACCOUNT, index) for index in range(3)]
    assert {each.wallet_id for each in issued} == {wallet.pk}
    wallet.refresh_from_db()
    assert wallet.next_index == 3


def test_an_address_costs_two_statements(merchant, wallet, django_assert_num_queries):
    issue(merchant)

    with transaction.atomic(), django_assert_num_queries(2):
        services.issue_destination(merchant=merchant, network="ethereum", livemode=True, now=NOW)


def test_an_invoice_that_fails_gives_its_index_back(merchant, wallet):
    def fail():
        with transaction.atomic():
            services.issue_destination(merchant=merchant, network="ethereum", livemode=True, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert issue(merchant).index == 0


def test_the_sandbox_needs_no_wallet(merchant):
    first, second = issue(merchant, "sandbox", livemode=False), issue(merchant, "sandbox", livemode=False)

    assert first.address.startswith("sandbox1")
    assert first.address != second.address
    assert (first.wallet_id, first.index) == (None, None)


@pytest.mark.parametrize(
    ("network", "failure"),
    [
        ("tron", NoWalletConfigured),
        ("polygon", NetworkUnavailable),
        ("mars", UnknownNetwork),
        ("sandbox", UnknownNetwork),
    ],
)
def test_without_a_wallet_there_is_no_address(merchant, wallet, network, failure):
    with pytest.raises(failure) as caught:
        issue(merchant, network)

    assert caught.value.field == "network"


def test_a_wallet_is_the_merchants_own(merchant, wallet, other):
    with pytest.raises(NoWalletConfigured):
        issue(other)
    with pytest.raises(WalletNotFound):
        selectors.get_wallet(merchant=other, public_id=wallet.public_id)

    wallet.refresh_from_db()
    assert wallet.next_index == 0


def test_no_two_merchants_are_given_the_same_addresses(merchant, wallet, other, now):
    with pytest.raises(WalletInUse):
        services.add_wallet(merchant=other, network="ethereum", xpub=ETH_ACCOUNT, now=now)

    services.remove_wallet(merchant=merchant, wallet_id=wallet.public_id, now=now)
    with pytest.raises(WalletInUse):
        services.add_wallet(merchant=other, network="ethereum", xpub=ETH_ACCOUNT, now=now)
    assert Wallet.objects.count() == 1


def test_one_key_may_serve_two_networks_of_one_merchant(merchant, wallet, now):
    services.add_wallet(merchant=merchant, network="base", xpub=ETH_ACCOUNT, now=now)

    issued = [issue(merchant), issue(merchant, "base"), issue(merchant, "base"), issue(merchant)]

    assert [each.index for each in issued] == [0, 1, 2, 3]  # never one address for two invoices
    assert len({each.wallet_id for each in issued}) == 2
    assert selectors.payable_networks(merchant, True) == ["ethereum", "base"]


def test_a_network_has_one_wallet_at_a_time(merchant, wallet, now):
    with pytest.raises(WalletExists):
        services.add_wallet(merchant=merchant, network="ethereum", xpub=TRX_ACCOUNT, now=now)


def test_a_wallet_that_comes_back_goes_on_where_it_stopped(merchant, wallet, now):
    issue(merchant)
    issue(merchant)
    services.remove_wallet(merchant=merchant, wallet_id=wallet.public_id, now=now)
    with pytest.raises(NoWalletConfigured):
        issue(merchant)

    services.add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, now=now)

    assert issue(merchant).index == 2
    assert list(
        Event.objects.filter(type__startswith="wallet.").order_by("sequence").values_list("type", flat=True)
    ) == [
        "wallet.created",
        "wallet.removed",
        "wallet.created",
    ]


@pytest.mark.parametrize(
    ("text", "failure"),
    [(VECTOR_1_MASTER_PRIVATE, PrivateKeyGiven), ("xpub", InvalidExtendedKey), ("", InvalidExtendedKey)],
)
def test_what_is_no_account_key_is_not_stored(merchant, now, text, failure):
    with pytest.raises(failure):
        services.add_wallet(merchant=merchant, network="ethereum", xpub=text, now=now)

    assert not Wallet.objects.exists()
    assert not Event.objects.filter(type="wallet.created").exists()


@pytest.mark.parametrize("index", [-1, 2**31 + 1])
def test_the_database_knows_the_range_of_indexes(wallet, index):
    with pytest.raises(IntegrityError, match="wallet_index_range"):
        Wallet.objects.filter(pk=wallet.pk).update(next_index=index)


@pytest.mark.django_db(transaction=True)
def test_concurrent_invoices_get_different_indexes_even_on_two_networks(now):
    request = services.SignUp(business_name="Acme", contact_email="a@example.com")
    merchant = services.sign_up(request=request, now=now).merchant
    for network in ("ethereum", "base"):
        services.add_wallet(merchant=merchant, network=network, xpub=ETH_ACCOUNT, now=now)
    start, indexes = Barrier(4), []

    def work(network):
        start.wait()
        indexes.extend(issue(merchant, network).index for _ in range(5))
        connection.close()

    threads = [Thread(target=work, args=(network,)) for network in ("ethereum", "base") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(indexes) == list(range(20))
