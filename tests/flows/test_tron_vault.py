"""What a vault on TRON sends, on a small one: once, whatever nodes do; anew only what can never happen any more."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from chains import signing
from chains.addresses import is_valid_address
from payments.errors import PayoutUnresolved
from payments.models import Payment, Payout, Posting, Refund
from payments.reconciliation import Scope, chain_differences, ledger_differences, scanned
from payments.services import payouts, vaults
from tests.chains.small_tron import BEHIND, Account, hex_of
from tests.flows.tron_vault import CUSTOMER, OWNER, PLATFORM, TRX, TronWorld

pytestmark = pytest.mark.django_db

UNITS, FEE, NET = 16_490_000, 164_900, 16_325_100


@pytest.fixture
def make_world(settings):
    worlds = []

    def make(**order):
        worlds.append(TronWorld(settings, **order))
        return worlds[-1]

    yield make
    for world in worlds:
        world.stop()


@pytest.fixture
def world(make_world):
    return make_world()


def booked(world, code: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    rows = Posting.objects.filter(booking__merchant=world.merchant, booking__asset_code=code)
    for account, units in rows.values_list("account", "units"):
        sums[account] = sums.get(account, 0) + int(units)
    return {account: units for account, units in sums.items() if units}


class TestRefunds:
    def test_a_refund_is_sent_recognised_and_booked(self, world):
        refund = world.refund()

        world.settle()

        refund.refresh_from_db()
        payout = world.payout()
        assert is_valid_address("tron", payout.sender)
        assert world.chain.held(CUSTOMER) == UNITS
        assert (refund.status, refund.txid, payout.status) == ("completed", payout.txid, "confirmed")
        world.invoice.refresh_from_db()
        assert world.invoice.status == "refunded"
        assert ledger_differences(Scope()) == []

    def test_the_address_gets_coin_for_the_fee_and_nobody_takes_that_for_a_payment(self, world):
        world.refund()

        world.settle()

        gas, refund = world.payout("gas"), world.payout()
        assert (gas.sender, gas.recipient, gas.status) == (world.gas_address, world.invoice.address, "confirmed")
        assert gas.fee_units == 1_100_000  # the address had no account
        assert gas.units >= refund.fee_units > 0
        assert not Payment.objects.filter(asset_code="TRX").exists()

    def test_the_coin_itself_is_refunded_in_full(self, make_world):
        world = make_world(crypto_currency="TRX")
        world.refund()

        world.settle()

        assert world.chain.sun(CUSTOMER) == world.invoice.amount_units
        assert world.payout().status == "confirmed"

    def test_without_gas_it_waits_and_says_what_to_do(self, make_world):
        world = make_world(gas=0)
        world.refund()

        world.work(2)
        assert world.payout("gas").waiting_for == f"Put TRX on {world.gas_address}: it pays the fees of this vault."

        world.chain.credit(world.gas_address, 100 * TRX)
        world.settle()
        assert world.payout().status == "confirmed"

    def test_staked_energy_pays_instead_of_coin(self, world):
        world.chain.state.accounts[hex_of(world.invoice.address)] = Account(energy=1_000_000)
        world.refund()

        world.settle()

        assert world.chain.held(CUSTOMER) == UNITS
        assert not Payout.objects.filter(kind="gas").exists()
        assert world.payout().fee_units == 0

    @pytest.mark.parametrize("mood", ["denies", "hangs up", "misnames", "refuses", "drops", "holds"])
    def test_a_broadcast_that_ends_badly_is_repeated_with_the_same_bytes_only(self, world, mood):
        world.refund()
        world.bring_coin()
        world.be(mood)

        world.work(1)
        assert world.payout().status == ("sent" if mood in {"drops", "holds"} else "quarantined")
        world.work(2)
        world.be("")
        world.settle()

        assert world.sent() == {world.payout().raw}
        assert world.chain.held(CUSTOMER) == UNITS
        assert (world.statuses(), Refund.objects.get().status) == (["confirmed"], "completed")

    @pytest.mark.long
    def test_a_node_that_answers_late_delays_and_changes_nothing(self, world):
        for node in world.nodes:
            node.slowly = 0.0005
        world.refund()

        world.settle()

        assert (world.statuses(), world.chain.held(CUSTOMER)) == (["confirmed"], UNITS)

    def test_a_reorg_takes_it_back_and_the_same_transaction_brings_it_again(self, world):
        refund = world.refund()
        world.bring_coin()
        world.work()
        world.chain.mine()
        world.work()
        world.read()
        refund.refresh_from_db()
        assert (refund.status, world.payout().block_height) == ("sent", world.chain.tip.height)

        world.chain.rewind(1)
        world.chain.mine()
        world.read()
        refund.refresh_from_db()
        assert (refund.status, world.chain.held(CUSTOMER)) == ("requested", 0)
        world.settle()

        refund.refresh_from_db()
        assert (refund.status, refund.txid, world.chain.held(CUSTOMER)) == ("completed", world.payout().txid, UNITS)
        assert world.statuses() == ["confirmed"]

    def test_a_fee_above_the_cap_waits_and_says_so(self, world):
        world.chain.energy_price = 420
        world.refund()

        world.work(2)

        assert world.payout().waiting_for.startswith("The network is too expensive: up to 68.")
        assert world.statuses("gas") == []
        world.chain.energy_price = 100
        world.settle()
        assert world.statuses() == ["confirmed"]

    def test_one_node_that_names_an_absurd_energy_gets_nothing_signed(self, world):
        world.nodes[1].lies["/wallet/triggerconstantcontract"] = lambda _, answer: answer | {"energy_used": 10**9}
        world.refund()

        world.work(2)

        assert world.payout().waiting_for.startswith("The network is too expensive")

    def test_a_node_that_hides_the_coin_does_not_empty_the_gas_address(self, world):
        hidden = hex_of(world.invoice.address)
        for node in world.nodes:
            node.lies["/wallet/getaccount"] = lambda body, answer: {} if body["address"] == hidden else answer
        world.refund()

        world.settle()
        world.settle()

        assert len(world.statuses("gas")) == 3
        assert world.payout().waiting_for == "Coin for the fee was sent several times and did not help; look into it."

    def test_energy_that_became_dearer_fails_it_for_good_and_it_can_be_asked_for_again(self, world):
        refund = world.refund()
        world.bring_coin()
        world.work()
        world.chain.energy_price = 210

        world.settle()

        refund.refresh_from_db()
        assert (world.statuses(), refund.status, refund.txid) == (["failed"], "requested", "")
        assert world.payout().error == "The transaction was carried out and moved nothing."
        spent = sum(payout.fee_units or 0 for payout in Payout.objects.all())
        assert booked(world, "TRX") == {"network_fees": spent, "merchant": -spent}
        world.chain.energy_price = 100
        world.send(refund)
        world.settle()
        assert (world.statuses(), world.chain.held(CUSTOMER)) == (["failed", "confirmed"], UNITS)

    def test_a_token_that_says_yes_and_moves_nothing_has_not_paid(self, world):
        world.chain.refuses_quietly = True
        refund = world.refund()
        world.bring_coin()

        world.work()
        world.chain.mine(BEHIND + 1)
        world.work()

        refund.refresh_from_db()
        assert (world.statuses(), refund.status, world.chain.held(CUSTOMER)) == (["failed"], "requested", 0)

    def test_a_recipient_that_is_a_contract_gets_no_coin_sent(self, make_world):
        world = make_world(crypto_currency="TRX")
        world.chain.state.accounts[hex_of(CUSTOMER)] = Account(kind="Contract")
        world.refund()

        world.settle()

        assert (world.statuses(), world.payout().raw) == (["approved"], "")
        assert world.payout().waiting_for == "the recipient is a contract, which takes no TRX"


class TestRunningOut:
    """A transaction that no block took in time can never be carried out: the counterpart of a used nonce."""

    @pytest.fixture
    def lost(self, world):
        """A refund whose transaction all nodes say to have taken, and lost."""
        refund = world.refund()
        world.bring_coin()
        world.be("drops")
        world.work()
        world.be("")
        assert world.statuses() == ["sent"]
        return refund

    def test_it_is_signed_anew_once_and_paid_once(self, world, lost):
        first = world.payout()
        world.run_out()

        world.work()
        assert world.statuses() == ["failed", "approved"]
        world.settle()
        world.settle()

        second = world.payout()
        lost.refresh_from_db()
        assert world.statuses() == ["failed", "confirmed"]
        assert (first.txid != second.txid, first.nonce < second.nonce) == (True, True)
        assert (lost.status, lost.txid) == ("completed", second.txid)
        assert world.chain.held(CUSTOMER) == UNITS
        assert world.chain.history.count(second.txid) == 1
        assert ledger_differences(Scope()) == []

    def test_the_old_bytes_are_good_for_nothing_by_then(self, world, lost):
        old = world.payout().raw
        world.run_out()
        world.settle()

        for node in world.nodes:
            assert node._broadcasthex({"transaction": old}, False)["code"] == "TRANSACTION_EXPIRATION_ERROR"
        world.settle()

        assert world.chain.held(CUSTOMER) == UNITS

    def test_until_it_is_certain_only_the_same_bytes_are_sent(self, world, lost):
        world.chain.pass_time(11)  # it has expired, but some machine behind a node may not know of its block yet

        world.work(3)

        assert world.statuses() == ["quarantined"]
        assert "TRANSACTION_EXPIRATION_ERROR" in world.payout().error
        assert world.sent() == {world.payout().raw}

    def test_one_node_whose_solid_blocks_are_older_keeps_it_open(self, world, lost):
        header = world.chain.solid.header()
        world.nodes[1].lies["/walletsolidity/getblock"] = lambda body, answer: answer if body else header
        world.run_out()

        world.work(3)
        assert world.statuses() == ["quarantined"]

        world.nodes[1].lies.clear()
        world.settle()
        assert world.statuses() == ["failed", "confirmed"]

    def test_one_node_that_is_silent_keeps_it_open(self, world, lost):
        world.run_out()
        world.nodes[1].hangs_up = True

        world.work(3)

        assert world.statuses() == ["sent"]

    @pytest.mark.parametrize("liar", [0, 1])
    def test_one_honest_node_is_enough_to_keep_what_was_carried_out_from_being_paid_again(self, world, liar):
        refund = world.refund()
        world.bring_coin()
        world.work()
        world.chain.mine()
        for side in ("wallet", "walletsolidity"):
            world.nodes[liar].lies[f"/{side}/gettransactioninfobyid"] = lambda _, __: {}
        world.run_out()

        world.work(4)
        assert world.statuses() == ["sent"]

        world.nodes[liar].lies.clear()
        world.settle()
        refund.refresh_from_db()
        assert (world.statuses(), refund.status, world.chain.held(CUSTOMER)) == (["confirmed"], "completed", UNITS)

    def test_one_that_cannot_tell_beside_one_that_lies_is_not_enough_to_pay_again(self, world):
        world.refund()
        world.bring_coin()
        world.work()
        world.chain.mine()
        for side in ("wallet", "walletsolidity"):
            world.nodes[0].lies[f"/{side}/gettransactioninfobyid"] = lambda _, __: {"Error": "out of order"}
            world.nodes[1].lies[f"/{side}/gettransactioninfobyid"] = lambda _, __: {}
        world.run_out()

        world.work(3)

        assert len(world.statuses()) == 1
        assert world.statuses() != ["failed"]

    def test_what_the_scan_has_seen_on_the_chain_is_not_paid_again_whatever_all_nodes_say(self, world):
        refund = world.refund()
        world.bring_coin()
        world.work()
        world.chain.mine()
        world.read()
        refund.refresh_from_db()
        assert refund.status == "sent"
        for node in world.nodes:
            for side in ("wallet", "walletsolidity"):
                node.lies[f"/{side}/gettransactioninfobyid"] = lambda _, __: {}
        Payout.objects.filter(kind="refund").update(block_height=None, block_hash="")
        world.run_out()

        world.work(4)

        assert len(world.statuses()) == 1
        assert world.statuses() != ["failed"]
        assert world.chain.held(CUSTOMER) == UNITS

    def test_by_the_word_of_a_single_node_a_person_asks_again(self, make_world):
        world = make_world(nodes=1)
        refund = world.refund()
        world.bring_coin()
        world.be("drops")
        world.work()
        world.be("")
        world.run_out()

        world.work(3)
        refund.refresh_from_db()
        assert (world.statuses(), refund.status, refund.txid) == (["failed"], "requested", "")

        world.send(refund)
        world.settle()
        assert (world.statuses(), world.chain.held(CUSTOMER)) == (["failed", "confirmed"], UNITS)

    def test_a_payer_that_died_before_sending_is_followed_by_one_that_signs_anew(self, world):
        world.refund()
        world.bring_coin()
        vaults._sign(world.payout(), signing.signer("tron"), timezone.now())
        assert (world.payout().status, world.payout().attempts) == ("signed", 0)
        world.run_out()

        world.settle()

        assert (world.statuses(), world.chain.held(CUSTOMER)) == (["failed", "confirmed"], UNITS)

    def test_what_runs_out_again_and_again_is_left_to_people(self, world):
        refund = world.refund()
        world.bring_coin()
        world.be("drops")
        for count in (1, 2, 3):
            world.work()
            assert world.statuses() == ["failed"] * (count - 1) + ["sent"]
            world.run_out()
            world.work()

        assert world.statuses() == ["failed", "failed", "failed"]
        refund.refresh_from_db()
        assert (refund.status, refund.txid) == ("requested", "")

    def test_a_held_refund_is_not_planned_anew(self, world, lost):
        Refund.objects.update(is_held=True)
        world.run_out()

        world.work(3)

        assert world.statuses() == ["failed"]

    def test_above_the_limit_two_people_must_approve_what_is_signed_anew(self, world, settings):
        staff = [get_user_model().objects.create_user(name, is_staff=True) for name in ("ann", "bob")]
        settings.VAULT_APPROVAL_USD = 10
        world.refund()
        for user in staff:
            payouts.approve(payout_id=world.payout().pk, user=user, now=timezone.now())
        world.bring_coin()
        world.be("drops")
        world.work()
        world.be("")
        world.run_out()

        world.settle()

        assert world.statuses() == ["failed", "planned"]
        assert world.payout().waiting_for == "Waits for 2 members of staff."

    def test_coin_for_a_fee_that_never_arrived_is_sent_again(self, world):
        world.refund()
        world.be("drops")
        world.work(2)
        world.be("")
        assert world.statuses("gas") == ["sent"]
        world.run_out()

        world.settle()

        assert world.statuses("gas") == ["failed", "confirmed"]
        assert world.statuses() == ["confirmed"]

    def test_staff_may_give_it_up_only_when_it_can_never_happen(self, make_world):
        world = make_world()
        refund = world.refund()
        world.bring_coin()
        world.be("refuses")
        world.work()
        assert world.statuses() == ["quarantined"]

        with pytest.raises(PayoutUnresolved):
            payouts.give_up(payout_id=world.payout().pk, now=timezone.now())
        world.run_out()
        world.nodes[0].hangs_up = True
        with pytest.raises(PayoutUnresolved):
            payouts.give_up(payout_id=world.payout().pk, now=timezone.now())
        world.nodes[0].hangs_up = False
        payouts.give_up(payout_id=world.payout().pk, now=timezone.now())

        refund.refresh_from_db()
        assert (world.statuses(), refund.status, refund.txid) == (["failed"], "requested", "")


class TestForwarding:
    @pytest.fixture(autouse=True)
    def _cheap(self, settings):
        settings.VAULT_FORWARD_COST_PERCENT = 1000  # what is forwarded here is worth little

    def test_the_net_goes_to_the_merchant_and_the_fee_to_the_platform(self, make_world, settings):
        settings.PLATFORM_FEE_ADDRESSES = {"tron": PLATFORM}
        settings.VAULT_FORWARD_COST_PERCENT = 100_000
        world = make_world(forward_to=OWNER)

        world.settle()
        world.settle()

        assert (world.chain.held(OWNER), world.chain.held(PLATFORM)) == (NET, FEE)
        assert booked(world, "USDT") == {}
        assert (world.statuses("forward"), world.statuses("fee")) == (["confirmed"], ["confirmed"])
        assert world.payout("fee").nonce != world.payout("forward").nonce
        spent = sum(payout.fee_units for payout in Payout.objects.all())
        assert booked(world, "TRX") == {"network_fees": spent, "merchant": -spent}
        assert ledger_differences(Scope()) == []
        assert list(chain_differences("tron", scanned("tron", Scope()), Scope())) == []

    def test_what_costs_too_much_to_move_waits_and_says_so(self, make_world, settings):
        settings.VAULT_FORWARD_COST_PERCENT = 5
        world = make_world(forward_to=OWNER)

        world.settle()

        payout = world.payout("forward")
        # 16.28 TRX of energy, 0.36 of bytes and 1.1 for the account of the address, at 0.30 USD each.
        assert (payout.status, payout.raw) == ("approved", "")
        assert payout.waiting_for == "Too little to forward: it may cost 5.32 USD to send 16.33 USD."
        assert world.statuses("gas") == []

    def test_staked_energy_makes_it_worth_moving(self, make_world, settings):
        settings.VAULT_FORWARD_COST_PERCENT = 5
        world = make_world(forward_to=OWNER)
        world.chain.state.accounts[hex_of(world.invoice.address)] = Account(energy=1_000_000)

        world.settle()

        assert world.chain.held(OWNER) == NET

    def test_one_that_ran_out_is_planned_anew(self, make_world):
        world = make_world(forward_to=OWNER)
        world.work(2)
        world.chain.mine()
        world.be("drops")
        world.work(2)
        world.be("")
        assert world.statuses("forward") == ["sent"]
        world.run_out()

        world.settle()

        assert (world.statuses("forward"), world.chain.held(OWNER)) == (["failed", "confirmed"], NET)
