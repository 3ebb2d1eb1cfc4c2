"""Takings that a vault forwards, on a real EVM node, with books that follow."""

import pytest

from merchants.services import reactivate, suspend
from payments.models import Payout, PayoutTransaction, Posting, Refund, Settlement
from payments.reconciliation import Scope, chain_differences, ledger_differences, scanned
from payments.services import RefundOrder, cancel_refund, request_refund
from tests.flows.vault import CUSTOMER, OWNER, PLATFORM, Proxy, VaultWorld, use
from tests.peers import anvil

__all__ = ["anvil"]

pytestmark = [pytest.mark.evm, pytest.mark.django_db]

GROSS, FEE, NET = 16_490_000, 164_900, 16_325_100


@pytest.fixture
def token(anvil, settings):
    contract = anvil.deploy("SilentCoin")
    use(settings, anvil, token=contract)
    settings.VAULT_FORWARD_COST_PERCENT = 1000  # what is forwarded here is worth less than a dollar
    return contract


@pytest.fixture
def world(anvil, token):
    return VaultWorld(anvil, token, forward_to=OWNER)


def booked(world, code: str) -> dict[str, int]:
    rows = Posting.objects.filter(booking__merchant=world.merchant, booking__asset_code=code)
    sums: dict[str, int] = {}
    for account, units in rows.values_list("account", "units"):
        sums[account] = sums.get(account, 0) + int(units)
    return {account: units for account, units in sums.items() if units}


def test_the_net_goes_to_the_merchant_and_the_fee_to_the_platform(world, settings):
    settings.PLATFORM_FEE_ADDRESSES = {"ethereum": PLATFORM}
    before = world.held_by(OWNER), world.held_by(PLATFORM)

    world.settle()
    world.settle()

    assert (world.held_by(OWNER) - before[0], world.held_by(PLATFORM) - before[1]) == (NET, FEE)
    assert booked(world, "USDT") == {}
    spent = sum(payout.fee_units for payout in Payout.objects.all())
    assert booked(world, "ETH") == {"network_fees": spent, "merchant": -spent}
    assert Payout.objects.exclude(status="confirmed").count() == 0
    assert ledger_differences(Scope()) == []
    blocks = scanned("ethereum", Scope())
    assert list(chain_differences("ethereum", blocks, Scope())) == []


def test_without_an_address_the_fee_stays_and_stays_booked(world):
    before = world.held_by(OWNER)

    world.settle()
    world.settle()

    assert world.held_by(OWNER) - before == NET
    assert booked(world, "USDT") == {"chain": FEE, "fees": -FEE}
    assert world.held_by(world.invoice.address) == FEE


def test_a_vault_that_names_no_address_keeps_everything(anvil, token):
    world = VaultWorld(anvil, token)

    world.settle()

    assert not Payout.objects.exists()


def test_what_costs_too_much_to_move_waits_and_says_so(world, settings):
    settings.VAULT_FORWARD_COST_PERCENT = 0

    world.settle()

    payout = world.payout("forward")
    assert payout.status == "approved"
    assert payout.waiting_for.startswith("Too little to forward: it may cost ")
    assert not Payout.objects.filter(kind="gas").exists()


def test_what_is_promised_back_is_not_forwarded(world):
    order = RefundOrder(address=CUSTOMER, amount=world.invoice.asset.to_amount(6_490_000))
    about = {"merchant": world.merchant, "livemode": True, "now": world.now}
    refund = request_refund(**about, public_id=world.invoice.public_id, order=order)
    before = world.held_by(OWNER)

    world.settle()
    assert world.held_by(OWNER) - before == NET - 6_490_000

    cancel_refund(**about, public_id=refund.public_id)
    world.settle()
    assert world.held_by(OWNER) - before == NET


def test_a_refund_that_is_asked_for_before_signing_changes_what_is_forwarded(world):
    world.work(1)
    first = world.payout("forward")
    assert (first.units, first.status) == (NET, "approved")
    refund = world.refund_part(1_000_000)
    before = world.held_by(OWNER), world.held_by(CUSTOMER)

    world.settle()
    world.settle()

    first.refresh_from_db()
    refund.refresh_from_db()
    assert (first.status, first.raw, first.waiting_for) == ("cancelled", "", "")
    assert (world.held_by(OWNER) - before[0], world.held_by(CUSTOMER) - before[1]) == (NET - 1_000_000, 1_000_000)
    assert refund.status == "completed"


def test_a_settlement_that_was_replaced_is_forwarded_once(world, anvil):
    before = world.held_by(OWNER)
    world.settle()
    anvil.transfer(world.token, world.invoice.address, 500_000)  # within the tolerance: kept by the merchant
    anvil.mine(4)
    world.read()
    second = Settlement.objects.get(status="settled")
    assert second.gross_units == GROSS + 500_000

    world.settle()
    world.settle()

    assert world.held_by(OWNER) - before == second.net_units
    assert ledger_differences(Scope()) == []


def test_a_refund_of_what_has_been_forwarded_waits(world):
    world.settle()
    refund = world.refund()

    world.settle()

    payout = Payout.objects.get(refund=refund)
    assert (payout.status, payout.waiting_for) == ("approved", "The address holds less than that.")
    assert Refund.objects.get().status == "requested"


def test_the_target_is_not_one_of_our_own_addresses(anvil, token):
    first = VaultWorld(anvil, token)
    second = VaultWorld(anvil, token, forward_to=first.invoice.address)

    second.settle()

    assert not Payout.objects.filter(kind="forward").exists()


def test_what_fails_again_and_again_is_left_to_people(anvil, token):
    world = VaultWorld(anvil, token, forward_to=OWNER, gas=0)

    for nonce in range(5):
        world.work(1)
        for payout in Payout.objects.filter(kind="forward", status="approved"):
            made = {"raw": f"0{nonce}", "txid": f"0x{nonce}"}
            PayoutTransaction.objects.create(payout=payout, position=0, fee_cap_units=1, **made)
            Payout.objects.filter(pk=payout.pk).update(status="failed", nonce=nonce, **made)

    assert Payout.objects.filter(kind="forward").count() == 3


def test_a_fee_that_failed_is_sent_again_though_all_of_the_net_is_on_its_way(world, settings):
    settings.PLATFORM_FEE_ADDRESSES = {"ethereum": PLATFORM}
    world.work(1)
    fees, made = Payout.objects.filter(kind="fee"), {"raw": "01", "txid": "0x1"}
    PayoutTransaction.objects.create(payout=fees.get(), position=0, fee_cap_units=1, **made)
    fees.update(status="failed", nonce=7, **made)

    world.work(1)

    assert sorted(fees.values_list("status", "units")) == [("approved", FEE), ("failed", FEE)]
    assert [payout.units for payout in Payout.objects.filter(kind="forward")] == [NET]


def test_nothing_is_signed_for_a_merchant_who_is_suspended(world):
    suspend(merchant=world.merchant, reason="by staff", now=world.now)
    before = world.held_by(OWNER)

    world.settle()
    assert (world.payout("forward").raw, world.payout("forward").waiting_for) == ("", "The merchant is suspended.")

    reactivate(merchant=world.merchant, reason="by staff", now=world.now)
    world.settle()
    assert world.held_by(OWNER) - before == NET


class TestTwoPayoutsFromOneAddress:
    @pytest.fixture
    def node(self, anvil, token, settings):
        proxy = Proxy(anvil.url)
        use(settings, proxy, token=token)
        settings.VAULT_FORWARD_COST_PERCENT = 1000
        settings.PLATFORM_FEE_ADDRESSES = {"ethereum": PLATFORM}
        yield proxy
        proxy.stop()

    def test_the_second_waits_while_nobody_knows_of_the_first(self, node, world):
        before = world.held_by(OWNER), world.held_by(PLATFORM)
        world.work(2)  # the coin for the fees arrives
        node.mood = "drops"

        world.work(3)
        assert (world.payout("forward").status, world.payout("fee").raw) == ("sent", "")
        assert world.payout("fee").waiting_for == "Another payout from this address is under way."
        node.mood = ""
        world.settle()
        world.settle()

        assert (world.held_by(OWNER) - before[0], world.held_by(PLATFORM) - before[1]) == (NET, FEE)
        assert world.payout("fee").nonce == world.payout("forward").nonce + 1

    def test_the_second_waits_while_the_node_does_not_know_of_the_first(self, node, world):
        forward = Payout.objects.filter(kind="forward", status="sent")
        for _ in range(10):
            if not forward.exists():
                world.work(1)
        node.lies["eth_getTransactionCount"] = hex(0)

        world.work(3)

        assert world.payout("fee").waiting_for == "The node does not know of the last payout from this address yet."
        assert world.payout("fee").raw == ""
