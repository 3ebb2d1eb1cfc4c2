"""The coin that a vault pays fees with, on a real EVM node: its merchant hears in time that it runs out, once."""

from datetime import timedelta

import pytest
from django.core import mail

from merchants.models import WalletNotice
from merchants.services import tell_of_wallets
from payments.services import look_after_payouts
from tests.flows.vault import ETHER, VaultWorld, use
from tests.peers import anvil

__all__ = ["anvil"]

pytestmark = [pytest.mark.evm, pytest.mark.django_db]

CAP = ETHER // 100  # of a transaction on Ethereum


@pytest.fixture
def token(anvil, settings):
    contract = anvil.deploy("SilentCoin")
    use(settings, anvil, token=contract)
    return contract


def told(world) -> int:
    mail.outbox.clear()
    tell_of_wallets(now=world.now)
    return len(mail.outbox)


def test_a_vault_with_enough_coin_tells_nothing(anvil, token):
    world = VaultWorld(anvil, token, gas=ETHER)
    world.refund()

    world.settle()

    assert world.payout().status == "confirmed"
    assert not WalletNotice.objects.exists()


def test_a_vault_without_coin_tells_once_and_again_after_it_was_topped_up(anvil, token):
    world = VaultWorld(anvil, token, gas=0)
    world.refund_part(1_000_000)
    world.work(3)
    assert told(world) == 1
    assert world.gas_address in mail.outbox[0].body
    world.work(2)
    assert told(world) == 0

    anvil.pay(world.gas_address, CAP * 2)
    world.settle()
    assert WalletNotice.objects.get().over_at is not None
    assert world.payout().status == "confirmed"

    anvil.rpc("anvil_setBalance", world.gas_address, "0x0")
    anvil.rpc("anvil_setBalance", world.invoice.address, "0x0")
    world.refund_part(1_000_000)
    world.work(3)
    assert told(world) == 1


def test_it_is_told_while_there_is_still_coin_for_some_payments(anvil, token):
    world = VaultWorld(anvil, token, gas=CAP)
    world.refund()

    world.settle()

    assert world.payout().status == "confirmed"
    assert told(world) == 1


def test_an_address_that_was_topped_up_is_looked_at_again_though_nothing_is_to_be_paid(anvil, token):
    world = VaultWorld(anvil, token, gas=CAP)
    world.refund()
    world.settle()
    anvil.pay(world.gas_address, CAP)

    look_after_payouts(now=world.now + timedelta(minutes=9))
    assert WalletNotice.objects.get().over_at is None
    look_after_payouts(now=world.now + timedelta(minutes=11))

    assert WalletNotice.objects.get().over_at is not None
