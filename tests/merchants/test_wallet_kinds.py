"""Wallets of listed addresses: each address of a pool once, one shared address with tags or amounts."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from chains import registry
from chains.errors import InvalidExtendedKey, PrivateKeyGiven
from events.models import Event
from merchants import selectors, services
from merchants.errors import (
    AddressInUse,
    DuplicateAddress,
    InvalidWalletAddress,
    NoWalletConfigured,
    VaultUnavailable,
    WalletExists,
    WalletNotFound,
    WrongWalletKind,
)
from merchants.models import Wallet, WalletAddress
from tests.chains.test_addresses import ETH_ACCOUNT, PHRASE, VECTOR_1_MASTER_PRIVATE

LISTED = (
    "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0",
    "0xb6716976A3ebe8D39aCEB04372f22Ff8e6802D7A",
    "0xF3f50213C1d2e255e4B2bAD430F8A38EEF8D718E",
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nodes(settings):
    settings.CHAINS = {
        "ethereum": {"rpc_urls": ["http://127.0.0.1:1"]},
        "base": {"rpc_urls": ["http://127.0.0.1:1"]},
    }


@pytest.fixture
def other(account, now):
    request = services.SignUp(business_name="Other", contact_email="other@example.com")
    return services.sign_up(request=request, now=now).merchant


@pytest.fixture
def pool(merchant, now):
    return add(merchant, now, "pool", LISTED[:2])


def add(merchant, now, kind, addresses, network="ethereum"):
    return services.add_wallet(merchant=merchant, network=network, kind=kind, addresses=addresses, now=now)


def issue(merchant, now, network="ethereum"):
    with transaction.atomic():
        return services.issue_destination(merchant=merchant, network=network, livemode=True, now=now)


def remove(merchant, wallet, now):
    services.remove_wallet(merchant=merchant, wallet_id=wallet.public_id, now=now)


class TestPool:
    def test_addresses_are_handed_out_in_order_and_once(self, merchant, pool, now):
        assert [issue(merchant, now).address for _ in range(2)] == list(LISTED[:2])

        with pytest.raises(NoWalletConfigured) as caught:
            issue(merchant, now)

        assert caught.value.constraints == {"network": "ethereum", "addresses_left": 0}
        assert WalletAddress.objects.filter(taken_at=now).count() == 2

    def test_an_invoice_that_fails_gives_its_address_back(self, merchant, pool, now):
        with transaction.atomic():
            services.issue_destination(merchant=merchant, network="ethereum", livemode=True, now=now)
            transaction.set_rollback(True)

        assert issue(merchant, now).address == LISTED[0]

    def test_more_addresses_follow_those_on_the_list(self, merchant, pool, now):
        services.add_addresses(merchant=merchant, wallet_id=pool.public_id, addresses=LISTED[2:], now=now)

        assert [issue(merchant, now).address for _ in range(4)] == list(LISTED)

    def test_the_owner_is_told_when_few_are_left(self, merchant, now):
        more = [f"0x{number:040x}" for number in range(1, 13)]
        add(merchant, now, "pool", more)

        for _ in range(12):
            issue(merchant, now)

        told = Event.objects.filter(type="wallet.pool_low").order_by("sequence")
        assert [event.data["addresses_left"] for event in told] == [10, 3, 0]

    @pytest.mark.parametrize("spelt", [LISTED[0], LISTED[0].lower()])
    def test_an_address_is_listed_once(self, merchant, now, spelt):
        with pytest.raises(DuplicateAddress) as caught:
            add(merchant, now, "pool", (LISTED[0], LISTED[1], spelt))

        assert caught.value.field == "addresses[2]"
        assert not Wallet.objects.exists()

    def test_what_was_handed_out_never_comes_back(self, merchant, pool, now):
        issue(merchant, now)
        remove(merchant, pool, now)

        with pytest.raises(AddressInUse) as caught, transaction.atomic():
            add(merchant, now, "pool", (LISTED[2], LISTED[0]))

        assert caught.value.field == "addresses[1]"
        assert selectors.payable_networks(merchant, True) == []

    def test_what_waits_unused_in_a_removed_pool_can_be_listed_anew(self, merchant, pool, now):
        issue(merchant, now)
        remove(merchant, pool, now)

        add(merchant, now, "pool", LISTED[1:3])

        assert [issue(merchant, now).address for _ in range(2)] == list(LISTED[1:3])

    def test_an_address_of_another_merchant_is_refused_even_when_unused(self, merchant, other, pool, now):
        with pytest.raises(AddressInUse), transaction.atomic():
            add(other, now, "pool", LISTED[1:2])
        remove(merchant, pool, now)
        with pytest.raises(AddressInUse), transaction.atomic():
            add(other, now, "pool", LISTED[1:2])

    def test_one_address_may_serve_two_networks(self, merchant, pool, now):
        add(merchant, now, "pool", LISTED[:1], network="base")

        assert issue(merchant, now).address == issue(merchant, now, "base").address

    def test_only_a_pool_of_ones_own_grows(self, merchant, other, pool, now):
        with pytest.raises(WalletNotFound):
            services.add_addresses(merchant=other, wallet_id=pool.public_id, addresses=LISTED[2:], now=now)
        single = add(merchant, now, "single", LISTED[3:], network="base")
        with pytest.raises(WrongWalletKind):
            services.add_addresses(merchant=merchant, wallet_id=single.public_id, addresses=LISTED[2:], now=now)

        assert WalletAddress.objects.count() == 3

    def test_how_many_are_left_is_known(self, merchant, pool, now):
        issue(merchant, now)

        assert selectors.addresses_left(wallets=[pool]) == {pool.pk: 1}


class TestSingle:
    def test_without_tags_invoices_differ_by_amount(self, merchant, now):
        wallet = add(merchant, now, "single", LISTED[:1])

        first, second = issue(merchant, now), issue(merchant, now)

        assert first == second
        assert (first.address, first.tag, first.matching, first.wallet_id) == (LISTED[0], "", "amount", wallet.pk)

    def test_destination_tags_never_repeat_even_after_the_wallet_was_away(self, merchant, now):
        _give_tags("destination_tag")
        wallet = add(merchant, now, "single", LISTED[:1])
        tags = [issue(merchant, now).tag for _ in range(3)]
        remove(merchant, wallet, now)

        again = add(merchant, now + timedelta(days=1), "single", LISTED[:1])
        tags += [issue(merchant, now).tag for _ in range(3)]

        assert again.pk == wallet.pk
        assert len(set(tags)) == 6
        assert all(0 < int(tag) < 2**32 for tag in tags)
        assert issue(merchant, now).matching == "tag"

    def test_references_are_new_each_time(self, merchant, now):
        _give_tags("reference")
        add(merchant, now, "single", LISTED[:1])

        tags = {issue(merchant, now).tag for _ in range(3)}

        assert len(tags) == 3
        assert all(32 <= len(tag) <= 44 for tag in tags)

    @pytest.mark.parametrize("addresses", [(), LISTED[:2]])
    def test_it_has_one_address(self, merchant, now, addresses):
        with pytest.raises(InvalidWalletAddress) as caught:
            add(merchant, now, "single", addresses)

        assert caught.value.field == "address"

    def test_a_shared_address_does_not_become_one_of_a_pool(self, merchant, now):
        wallet = add(merchant, now, "single", LISTED[:1])
        remove(merchant, wallet, now)

        with pytest.raises(AddressInUse):
            add(merchant, now, "pool", LISTED[:1])


class TestWhatIsRefused:
    @pytest.mark.parametrize("kind", ["pool", "single"])
    @pytest.mark.parametrize("secret", [VECTOR_1_MASTER_PRIVATE, PHRASE, "ab" * 32])
    def test_a_private_key_among_addresses_is_recognised(self, merchant, now, kind, secret):
        with pytest.raises(PrivateKeyGiven) as caught:
            add(merchant, now, kind, (secret,))

        assert secret not in repr(caught.value)
        assert "move the funds" in caught.value.detail
        assert not Wallet.objects.exists()

    def test_a_private_key_is_recognised_on_any_network(self, merchant, now):
        with pytest.raises(PrivateKeyGiven):
            services.add_wallet(merchant=merchant, network="mars", xpub=PHRASE, now=now)

    @pytest.mark.parametrize("text", ["0x1234", "", "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"])
    def test_what_is_no_address_there(self, merchant, now, text):
        with pytest.raises(InvalidWalletAddress) as caught:
            add(merchant, now, "pool", (LISTED[0], text))

        assert caught.value.field == "addresses[1]"

    def test_a_vault_while_no_keys_are_kept(self, merchant, now):
        with pytest.raises(VaultUnavailable):
            add(merchant, now, "vault", ())

    def test_a_second_wallet_on_a_network(self, merchant, pool, now):
        with pytest.raises(WalletExists):
            add(merchant, now, "single", LISTED[3:])

    def test_addresses_beside_a_key(self, merchant, now):
        with pytest.raises(InvalidExtendedKey):
            services.add_wallet(merchant=merchant, network="ethereum", xpub=ETH_ACCOUNT, addresses=LISTED, now=now)

    def test_a_wallet_has_a_key_exactly_when_its_kind_needs_one(self, pool):
        with pytest.raises(IntegrityError, match="wallet_xpub_of_its_kind"), transaction.atomic():
            Wallet.objects.filter(pk=pool.pk).update(kind="xpub")
        with pytest.raises(IntegrityError, match="wallet_xpub_of_its_kind"), transaction.atomic():
            Wallet.objects.filter(pk=pool.pk).update(xpub="xpub")


class TestPreview:
    @pytest.mark.parametrize(("kind", "given"), [("pool", LISTED), ("single", LISTED[:1])])
    def test_shows_the_first_three_and_stores_nothing(self, kind, given):
        shown = services.preview_wallet(network="ethereum", kind=kind, addresses=[text.lower() for text in given])

        assert shown == list(given[:3])
        assert not WalletAddress.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_concurrent_invoices_get_different_addresses_of_a_pool(now):
    request = services.SignUp(business_name="Acme", contact_email="a@example.com")
    merchant = services.sign_up(request=request, now=now).merchant
    add(merchant, now, "pool", [f"0x{number:040x}" for number in range(1, 13)])
    start, addresses = Barrier(4), []

    def work():
        start.wait()
        addresses.extend(issue(merchant, now).address for _ in range(3))
        connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(addresses)) == 12


def _give_tags(kind):
    networks = registry._current().networks
    networks["ethereum"] = replace(networks["ethereum"], tag_kind=kind)
