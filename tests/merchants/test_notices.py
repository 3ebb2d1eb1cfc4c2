"""What a merchant is told of wallets by mail: once, when it begins; again only when it was over in between."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections

from events.models import Event
from merchants import services, tasks
from merchants.models import NoticeKind, Wallet, WalletNotice
from merchants.services import notice, tell_of_wallets
from tests.factories import make_invoice, make_merchant

ADDRESSES = [f"0x{number:040x}" for number in range(1, 40)]

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(settings, now):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]
    return make_merchant(now)


def pool_of(merchant, now, count) -> Wallet:
    return services.add_wallet(merchant=merchant, network="ethereum", kind="pool", addresses=ADDRESSES[:count], now=now)


def told(now) -> list[str]:
    """Tell what is to be told, twice, and return the subjects of the mails."""
    mail.outbox.clear()
    for _ in range(2):
        tell_of_wallets(now=now)
    return [each.subject for each in mail.outbox]


def test_a_list_that_runs_low_is_told_once_and_again_when_it_is_empty(merchant, now):
    pool_of(merchant, now, 13)
    subjects = []
    for _ in range(13):
        make_invoice(merchant, now, livemode=True)
        subjects.append(told(now))

    assert subjects == [
        *([[]] * 2),
        ["Few addresses are left on Ethereum"],
        *([[]] * 9),
        ["No addresses are left on Ethereum"],
    ]
    assert mail.outbox[0].to == [merchant.contact_email]
    assert "/dashboard/wallets/" in mail.outbox[0].body


def test_the_mail_says_how_many_are_left(merchant, now):
    pool_of(merchant, now, 4)
    make_invoice(merchant, now, livemode=True)

    assert told(now) == ["Few addresses are left on Ethereum"]
    assert "3 are unused" in mail.outbox[0].body


def test_when_enough_were_added_the_next_time_is_told_again(merchant, now):
    wallet = pool_of(merchant, now, 11)
    make_invoice(merchant, now, livemode=True)
    assert told(now) == ["Few addresses are left on Ethereum"]

    make_invoice(merchant, now, livemode=True)
    services.add_addresses(merchant=merchant, wallet_id=wallet.public_id, addresses=ADDRESSES[11:12], now=now)
    make_invoice(merchant, now, livemode=True)
    assert told(now) == []

    services.add_addresses(merchant=merchant, wallet_id=wallet.public_id, addresses=ADDRESSES[12:14], now=now)
    assert WalletNotice.objects.get().over_at == now
    make_invoice(merchant, now, livemode=True)
    assert told(now) == ["Few addresses are left on Ethereum"]


def test_what_is_over_before_it_was_told_is_not_told(merchant, now):
    wallet = pool_of(merchant, now, 11)
    make_invoice(merchant, now, livemode=True)
    services.remove_wallet(merchant=merchant, wallet_id=wallet.public_id, now=now)

    assert told(now) == []


def test_a_vault_names_its_gas_address(merchant, now):
    wallet = services.open_vault(merchant=merchant, network="ethereum", now=now).wallet
    for _ in range(3):
        notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=True, now=now)

    assert told(now) == ["Your vault on Ethereum has little ETH left"]
    assert wallet.vault.gas_address in mail.outbox[0].body
    assert Event.objects.filter(type="wallet.gas_low").count() == 1


def test_a_mail_server_that_is_away_delays_it(merchant, now, monkeypatch):
    from merchants.services import notices

    pool_of(merchant, now, 11)
    make_invoice(merchant, now, livemode=True)

    def unreachable(**_):
        raise OSError("no route to the mail server")

    with monkeypatch.context() as patch:
        patch.setattr(notices, "send_mail", unreachable)
        assert tell_of_wallets(now=now) == 0

    assert tasks.tell_of_wallets() == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_it_once(merchant, now):
    pool_of(merchant, now, 11)
    make_invoice(merchant, now, livemode=True)
    counts = []

    def work() -> None:
        counts.append(tell_of_wallets(now=now + timedelta(minutes=1)))
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert (sorted(counts), len(mail.outbox)) == ([0, 0, 1], 1)


@pytest.mark.django_db(transaction=True)
def test_two_that_notice_it_at_once_begin_it_once(merchant, now):
    wallet = services.open_vault(merchant=merchant, network="ethereum", now=now).wallet
    together = threading.Barrier(3)

    def work() -> None:
        together.wait(timeout=10)
        notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=True, now=now)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert WalletNotice.objects.count() == 1
    assert Event.objects.filter(type="wallet.gas_low").count() == 1
