"""Refunds that a vault sends, on a real EVM node: once, whatever the node, the chain or another hand does."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from chains import seeds, signing
from chains.signing import Order
from merchants.models import VaultSecret
from payments import services
from payments.errors import PayoutNotOpen, PayoutUnresolved, RefundNotOpen
from payments.models import Payment, Payout, PayoutApproval, Refund
from payments.reconciliation import Scope, ledger_differences
from payments.services import payouts
from tests.flows.vault import CUSTOMER, ETHER, OWNER, Proxy, VaultWorld, use
from tests.peers import anvil

__all__ = ["anvil"]

pytestmark = [pytest.mark.evm, pytest.mark.django_db]

UNITS = 16_490_000


@pytest.fixture
def node(anvil):
    proxy = Proxy(anvil.url)
    yield proxy
    proxy.stop()


@pytest.fixture
def token(anvil, node, settings):
    contract = anvil.deploy("SilentCoin")
    use(settings, node, token=contract)
    return contract


@pytest.fixture
def world(anvil, token):
    return VaultWorld(anvil, token)


def test_a_refund_is_sent_recognised_and_booked(world):
    refund = world.refund()
    before = world.held_by(CUSTOMER)

    world.settle()

    refund.refresh_from_db()
    payout = world.payout()
    assert world.held_by(CUSTOMER) - before == UNITS
    assert (refund.status, refund.txid, payout.status) == ("completed", payout.txid, "confirmed")
    world.invoice.refresh_from_db()
    assert world.invoice.status == "refunded"
    assert ledger_differences(Scope()) == []


def test_the_address_gets_coin_for_the_fee_and_nobody_takes_that_for_a_payment(world):
    world.refund()

    world.settle()

    gas, refund = world.payout("gas"), world.payout()
    assert (gas.sender, gas.recipient, gas.status) == (world.gas_address, world.invoice.address, "confirmed")
    assert gas.units >= refund.fee_units
    assert refund.fee_units > 0
    assert not Payment.objects.filter(asset_code="ETH").exists()


def test_the_coin_itself_is_refunded_in_full(anvil, token):
    world = VaultWorld(anvil, token, crypto_currency="ETH")
    before = int(anvil.rpc("eth_getBalance", CUSTOMER, "latest"), 16)
    world.refund()

    world.settle()

    assert int(anvil.rpc("eth_getBalance", CUSTOMER, "latest"), 16) - before == world.invoice.amount_units
    world.invoice.refresh_from_db()
    assert world.invoice.exception == "none"
    assert world.payout().status == "confirmed"


def test_asking_again_sends_nothing_more(world):
    refund = world.refund()
    before = world.held_by(CUSTOMER)
    world.send(refund)
    world.work(3)
    world.send(refund)

    world.settle()

    assert Payout.objects.filter(kind="refund").count() == 1
    assert world.held_by(CUSTOMER) - before == UNITS


def test_without_gas_it_waits_and_says_what_to_do(anvil, token):
    world = VaultWorld(anvil, token, gas=0)
    world.refund()

    world.work(2)

    assert world.payout().status == "approved"
    assert world.payout("gas").waiting_for == f"Put ETH on {world.gas_address}: it pays the fees of this vault."
    anvil.pay(world.gas_address, ETHER)
    world.settle()
    assert world.payout().status == "confirmed"


@pytest.mark.parametrize("mood", ["denies", "hangs up", "misnames", "refuses", "drops"])
def test_a_broadcast_that_ends_badly_is_repeated_with_the_same_bytes_only(world, node, mood):
    world.refund()
    world.work(2)  # the coin for the fee arrives
    before, seen = world.held_by(CUSTOMER), len(node.sent)
    node.mood = mood

    world.work(1)
    assert world.payout().status == ("sent" if mood == "drops" else "quarantined")
    world.work(2)
    node.mood = ""
    world.settle()

    assert len(set(node.sent[seen:])) == 1
    assert world.held_by(CUSTOMER) - before == UNITS
    assert (world.payout().status, Refund.objects.get().status) == ("confirmed", "completed")


def test_a_fee_above_the_cap_waits_and_says_so(world, anvil, settings):
    settings.VAULT_FEE_CAPS = {"ethereum": payouts.Decimal("0.0000000001")}
    world.refund()

    world.work(2)

    payout = world.payout()
    assert payout.status == "approved"
    assert payout.waiting_for.startswith("The network is too expensive: up to ")
    assert not Payout.objects.filter(kind="gas").exists()


def test_a_node_that_names_an_absurd_fee_gets_nothing_signed(world, node):
    world.refund()
    node.lies["eth_estimateGas"] = hex(10**9)

    world.work(2)

    assert world.payout().waiting_for.startswith("The network is too expensive")


def test_a_node_that_hides_the_coin_does_not_empty_the_gas_address(world, node):
    world.refund()
    address = world.invoice.address
    node.lies["eth_getBalance"] = lambda asked, _: hex(0) if asked == address else None

    world.settle()
    world.settle()

    assert Payout.objects.filter(kind="gas").count() == 3
    assert world.payout().waiting_for == "Coin for the fee was sent several times and did not help; look into it."


def test_a_reorg_takes_it_back_and_the_same_transaction_brings_it_again(world, anvil):
    refund = world.refund()
    before = world.held_by(CUSTOMER)
    world.work(2)
    snapshot = anvil.rpc("evm_snapshot")
    world.work(2)
    world.read()
    refund.refresh_from_db()
    txid = world.payout().txid
    assert refund.status == "sent"

    anvil.rpc("evm_revert", snapshot)
    anvil.mine(3)
    world.read()
    refund.refresh_from_db()
    assert (refund.status, refund.txid, world.held_by(CUSTOMER)) == ("requested", txid, before)
    world.settle()

    refund.refresh_from_db()
    assert (refund.status, refund.txid, world.held_by(CUSTOMER) - before) == ("completed", txid, UNITS)


class TestANonceThatSomebodyElseUses:
    """The merchant has the seed too, and may send from the same address with another wallet."""

    def take_nonce(self, world, payout):
        order = Order(payouts.coin_of("ethereum"), payout.sender, OWNER, 1)
        signer = signing.signer("ethereum")
        key = seeds.private_key("evm", world.phrase, payout.sender_path)
        signer.broadcast(signer.sign(order, nonce=payout.nonce, quote=signer.quote(order), private_key=key))

    def test_one_that_waits_for_a_block_is_let_pass(self, world, anvil):
        world.refund()
        world.work(2)
        before = world.held_by(CUSTOMER)
        anvil.rpc("evm_setAutomine", False)
        try:
            payout = world.payout()
            payout.nonce = signing.signer("ethereum").standing(payout.sender).nonce
            self.take_nonce(world, payout)
            world.work(1)
        finally:
            anvil.rpc("evm_setAutomine", True)

        assert world.payout().waiting_for == "Another transaction of this address is waiting for a block."
        anvil.mine()
        world.settle()
        assert world.held_by(CUSTOMER) - before == UNITS

    def quarantined(self, world, node):
        refund = world.refund()
        world.work(2)
        node.mood = "refuses"
        world.work(1)
        node.mood = ""
        self.take_nonce(world, world.payout())
        world.work(1)
        assert world.payout().status == "quarantined"
        return refund

    def test_staff_gives_it_up_only_when_the_chain_has_made_sure(self, world, node, anvil):
        refund = self.quarantined(world, node)

        with pytest.raises(PayoutUnresolved):
            payouts.give_up(payout_id=world.payout().pk, now=timezone.now())
        anvil.mine(4)
        payouts.give_up(payout_id=world.payout().pk, now=timezone.now())

        refund.refresh_from_db()
        assert (world.payout().status, refund.status, refund.txid) == ("failed", "requested", "")

    def test_then_it_can_be_sent_anew_with_the_next_nonce(self, world, node, anvil):
        refund = self.quarantined(world, node)
        before = world.held_by(CUSTOMER)
        anvil.mine(4)
        first = payouts.give_up(payout_id=world.payout().pk, now=timezone.now())

        world.send(refund)
        world.settle()

        second = Payout.objects.get(kind="refund", status="confirmed")
        assert second.nonce == first.nonce + 1
        assert world.held_by(CUSTOMER) - before == UNITS

    def test_one_honest_node_is_enough_to_keep_it_open(self, world, node, anvil, settings, token):
        self.quarantined(world, node)
        anvil.mine(4)
        liar = Proxy(anvil.url)
        liar.lies["eth_getTransactionCount"] = hex(0)

        use(settings, node, liar, token=token)

        with pytest.raises(PayoutUnresolved):
            payouts.give_up(payout_id=world.payout().pk, now=timezone.now())
        liar.stop()

    def test_one_that_is_merely_unclear_is_never_given_up(self, world, node, anvil):
        world.refund()
        world.work(2)
        node.mood = "denies"
        world.work(1)
        anvil.mine(5)

        with pytest.raises(PayoutUnresolved):
            payouts.give_up(payout_id=world.payout().pk, now=timezone.now())


class TestWhatChangesBeforeItIsSigned:
    def test_a_held_refund_waits(self, world):
        refund = world.refund()
        world.work(2)
        Refund.objects.update(is_held=True)

        world.work(2)

        assert (world.payout().status, world.payout().raw) == ("approved", "")
        Refund.objects.update(is_held=False)
        world.settle()
        refund.refresh_from_db()
        assert refund.status == "completed"

    def test_one_that_is_held_between_signing_and_sending_is_not_sent(self, world, node):
        world.refund()
        world.work(2)
        payout = world.payout()
        from payments.services import vaults

        vaults._sign(payout, signing.signer("ethereum"), timezone.now())
        Refund.objects.update(is_held=True)
        count = len(node.sent)

        world.work(2)

        assert (world.payout().status, world.payout().attempts, len(node.sent)) == ("signed", 0, count)

    def test_another_address_cancels_it(self, world):
        refund = world.refund()
        services.set_refund_address(
            merchant=world.merchant, livemode=True, public_id=refund.public_id, address=OWNER, now=world.now
        )

        world.settle()

        assert (world.payout().status, world.payout().raw) == ("cancelled", "")

    def test_an_address_changed_behind_its_back_is_not_paid(self, world):
        world.refund()
        world.work(2)
        Refund.objects.update(address=OWNER)
        before = world.held_by(OWNER), world.held_by(CUSTOMER)

        world.settle()

        assert world.payout().status == "cancelled"
        assert (world.held_by(OWNER), world.held_by(CUSTOMER)) == before

    @pytest.mark.parametrize("act", ["cancel", "complete", "address"])
    def test_once_it_is_signed_nobody_changes_the_refund(self, world, act):
        refund = world.refund()
        world.work(3)
        about = {"merchant": world.merchant, "livemode": True, "public_id": refund.public_id, "now": world.now}

        acts = {
            "cancel": lambda: services.cancel_refund(**about),
            "complete": lambda: services.complete_refund(**about, txid="0x" + "1" * 64),
            "address": lambda: services.set_refund_address(**about, address=OWNER),
        }
        with pytest.raises(RefundNotOpen), transaction.atomic():
            acts[act]()

    def test_cancelling_it_in_time_sends_nothing(self, world, node):
        refund = world.refund()
        services.cancel_refund(merchant=world.merchant, livemode=True, public_id=refund.public_id, now=world.now)

        world.settle()

        assert node.sent == []

    def test_a_seed_that_was_exchanged_signs_nothing(self, world, node):
        from core import secrets

        VaultSecret.objects.update(sealed_phrase=secrets.seal(seeds.new_phrase()))
        world.refund()

        world.work(3)

        assert node.sent == []
        assert "does not give the address" in world.payout("gas").waiting_for


class TestFourEyes:
    @pytest.fixture
    def staff(self):
        return [get_user_model().objects.create_user(name, is_staff=True) for name in ("ann", "bob")]

    @pytest.fixture
    def large(self, world, settings):
        settings.VAULT_APPROVAL_USD = 10
        world.refund()
        return world

    def test_above_the_limit_two_people_must_approve(self, large, staff):
        large.settle()
        assert large.payout().status == "planned"
        payouts.approve(payout_id=large.payout().pk, user=staff[0], now=timezone.now())
        large.settle()
        assert large.payout().status == "planned"

        payouts.approve(payout_id=large.payout().pk, user=staff[1], now=timezone.now())
        large.settle()

        assert large.payout().status == "confirmed"
        with pytest.raises(PayoutNotOpen):
            payouts.approve(payout_id=large.payout().pk, user=staff[1], now=timezone.now())

    def test_the_same_person_twice_is_one(self, large, staff):
        for _ in range(3):
            payouts.approve(payout_id=large.payout().pk, user=staff[0], now=timezone.now())

        large.settle()

        assert large.payout().status == "planned"
        assert PayoutApproval.objects.count() == 1

    def test_a_status_set_behind_its_back_is_not_enough(self, large):
        Payout.objects.update(status="approved")

        large.settle()

        assert (large.payout().raw, large.payout().waiting_for) == ("", "Waits for staff.")

    def test_what_nobody_can_price_is_large(self, world, settings):
        settings.RATE_SOURCES = ["coinbase"]

        world.refund()

        assert (world.payout().status, world.payout().approvals_needed) == ("planned", 2)


class TestWhatGoesWithoutStaffWithinADay:
    """A part of the invoice's 16.49 USDT is worth as many dollars."""

    PART = 5_000_000

    def later(self, world, hours: int) -> None:
        services.look_after_payouts(now=world.now + timedelta(hours=hours))

    def test_what_would_exceed_the_total_waits_for_two_of_the_staff(self, world, settings):
        settings.VAULT_DAILY_USD = payouts.Decimal(9)
        first = world.refund_part(self.PART)
        world.settle()
        before = world.held_by(CUSTOMER)

        second = world.refund_part(self.PART)
        world.settle()

        waiting = Payout.objects.get(refund=second)
        assert Payout.objects.get(refund=first).status == "confirmed"
        assert (waiting.status, waiting.approvals_needed, waiting.raw) == ("planned", 2, "")
        assert waiting.waiting_for == "More than 9 USD would be sent within 24 hours: waits for 2 members of staff."
        assert world.held_by(CUSTOMER) == before
        for name in ("ann", "bob"):
            payouts.approve(
                payout_id=waiting.pk, user=get_user_model().objects.create_user(name, is_staff=True), now=world.now
            )
        world.settle()
        assert world.held_by(CUSTOMER) - before == self.PART

    def test_the_day_rolls(self, world, settings):
        settings.VAULT_DAILY_USD = payouts.Decimal(9)
        world.refund_part(self.PART)
        world.settle()
        second = world.refund_part(self.PART)

        self.later(world, 25)

        assert Payout.objects.get(refund=second).status in {"approved", "sent"}  # perhaps coin comes first

    def test_another_merchant_s_day_is_another(self, anvil, token, settings):
        settings.VAULT_DAILY_USD = payouts.Decimal(9)
        for _ in range(2):
            world = VaultWorld(anvil, token)
            world.refund_part(self.PART)
            world.settle()
            assert world.payout().status == "confirmed"

    def test_coin_that_stays_in_the_vault_does_not_count(self, world, settings):
        world.refund_part(self.PART)
        world.settle()
        assert world.payout("gas").value_usd > 0
        settings.VAULT_DAILY_USD = sum(Payout.objects.exclude(kind="gas").values_list("value_usd", flat=True)) * 2
        second = world.refund_part(self.PART)

        world.settle()

        assert Payout.objects.get(refund=second).status == "confirmed"

    def test_what_has_become_large_since_it_was_planned_waits_too(self, world, settings):
        world.refund_part(self.PART)
        settings.VAULT_APPROVAL_USD = 4

        world.settle()

        assert (world.payout().status, world.payout().waiting_reason) == ("planned", "staff")


class TestWhatTheDatabaseKeeps:
    def test_signed_bytes_are_never_changed_nor_deleted(self, world):
        world.refund()
        world.work(3)

        for change in ({"raw": "00"}, {"txid": "0x1"}, {"recipient": OWNER}, {"nonce": 7}, {"units": 1}):
            with pytest.raises(IntegrityError, match="was signed and stays"), transaction.atomic():
                Payout.objects.filter(kind="refund").update(**change)
        with pytest.raises(IntegrityError, match="was signed and stays"), transaction.atomic():
            Payout.objects.filter(kind="refund")._raw_delete("default")

    def test_a_refund_has_one_payout(self, world):
        world.refund()
        payout = world.payout()
        payout.pk = None

        with pytest.raises(IntegrityError, match="payout_once_per_refund"), transaction.atomic():
            Payout.objects.create(
                **{f.attname: getattr(payout, f.attname) for f in Payout._meta.fields if f.name != "id"}
            )
