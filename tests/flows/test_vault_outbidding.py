"""A payout that no block takes is signed again with higher fees, on a real EVM node: one of the two is carried out."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from chains import registry, seeds, signing
from chains.evm_signing import EvmSigner
from chains.signing import FeeQuote, Order, Signed
from events.models import Event
from merchants.services import suspend
from payments.errors import PayoutUnresolved
from payments.models import Booking, Payment, Payout, PayoutTransaction, Refund
from payments.reconciliation import Scope, chain_differences, ledger_differences, scanned
from payments.services import look_after_payouts, payouts
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
    anvil.rpc("evm_setAutomine", True)


@pytest.fixture
def token(anvil, node, settings):
    contract = anvil.deploy("SilentCoin")
    use(settings, node, token=contract)
    return contract


@pytest.fixture
def world(anvil, token):
    return VaultWorld(anvil, token)


def hold(anvil) -> None:
    """Let the node take transactions into no block until it is told to mine."""
    anvil.rpc("evm_setAutomine", False)


def let_go(anvil) -> None:
    anvil.rpc("evm_setAutomine", True)
    anvil.mine()


def raise_fees(anvil, node, gwei: int) -> None:
    """Have the network ask that much for each unit of gas; it starts with about one."""

    def latest(which, _full):
        if which != "latest":
            return None
        header = anvil.rpc("eth_getBlockByNumber", "latest", False)
        return header | {"baseFeePerGas": hex(gwei * 10**9)}

    node.lies["eth_getBlockByNumber"] = latest


def later(world, minutes: int) -> None:
    """Look after payouts when so much time has passed."""
    look_after_payouts(now=world.now + timedelta(minutes=minutes))


def stuck(world, anvil, node, *, coin: int = ETHER) -> Refund:
    """Return a refund whose transaction no block has taken, while fees tripled; its address has coin for more."""
    refund = world.refund()
    world.work(2)  # the coin for the fee arrives
    if coin:
        anvil.pay(world.invoice.address, coin)
    hold(anvil)
    world.work(1)
    assert world.payout().status == "sent"
    raise_fees(anvil, node, 3)
    return refund


def fields(made: PayoutTransaction) -> dict:
    return TypedTransaction.from_bytes(HexBytes(made.raw)).as_dict()


def signed(world) -> list[PayoutTransaction]:
    return list(world.payout().transactions.all())


def test_it_is_signed_again_with_the_same_nonce_and_higher_fees_and_arrives_once(world, anvil, node):
    before = world.held_by(CUSTOMER)
    refund = stuck(world, anvil, node)
    count = len(node.sent)

    later(world, 11)
    first, second = signed(world)
    let_go(anvil)
    world.settle()

    old, new = fields(first), fields(second)
    for fee in ("maxFeePerGas", "maxPriorityFeePerGas"):
        assert new.pop(fee) * 8 >= old.pop(fee) * 9
    same = ("chainId", "nonce", "to", "value", "data")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert node.sent[count:] == ["0x" + second.raw]
    refund.refresh_from_db()
    payout = world.payout()
    assert (refund.status, refund.txid, payout.status) == ("completed", second.txid, "confirmed")
    assert (payout.txid, payout.fee_cap_units) == (second.txid, second.fee_cap_units)
    assert world.held_by(CUSTOMER) - before == UNITS
    assert Booking.objects.get(kind="refund_completed").txid == second.txid
    assert Event.objects.filter(type="payout.replaced").count() == 1


def test_the_books_agree_with_the_chain_when_one_was_replaced(world, anvil, node):
    stuck(world, anvil, node, coin=0)
    anvil.rpc("anvil_setBalance", world.invoice.address, hex(ETHER))
    later(world, 11)
    let_go(anvil)
    node.lies.clear()

    world.settle()

    assert len(signed(world)) == 2
    assert ledger_differences(Scope()) == []
    assert list(chain_differences("ethereum", scanned("ethereum", Scope()), Scope())) == []


class TestTheOldOneIsTakenAfterAll:
    def test_while_the_new_one_is_being_signed(self, world, anvil, node, monkeypatch):
        before = world.held_by(CUSTOMER)
        refund = stuck(world, anvil, node)
        real = EvmSigner.sign

        def sign(signer, *args, **kwargs):
            anvil.mine()
            return real(signer, *args, **kwargs)

        monkeypatch.setattr(EvmSigner, "sign", sign)
        later(world, 11)
        monkeypatch.setattr(EvmSigner, "sign", real)
        first, second = signed(world)
        refund.refresh_from_db()
        assert (world.payout().status, refund.txid) == ("quarantined", second.txid)

        world.read()  # the scan sees the other one than is named
        refund.refresh_from_db()
        assert (refund.status, refund.txid) == ("sent", first.txid)
        let_go(anvil)
        world.settle()

        refund.refresh_from_db()
        payout = world.payout()
        assert (payout.status, payout.txid, payout.raw) == ("confirmed", first.txid, first.raw)
        assert (refund.status, refund.txid) == ("completed", first.txid)
        assert world.held_by(CUSTOMER) - before == UNITS

    def test_and_the_payer_sees_it_before_the_scan_does(self, world, anvil, node):
        refund = stuck(world, anvil, node)
        node.mood = "refuses"
        later(world, 11)
        first, second = signed(world)
        refund.refresh_from_db()
        assert refund.txid == second.txid
        node.mood = ""
        anvil.mine()

        world.work(1)

        refund.refresh_from_db()
        assert (refund.status, refund.txid) == ("requested", first.txid)
        assert (world.payout().status, world.payout().txid) == ("sent", first.txid)

    def test_before_anything_was_signed(self, world, anvil, node, monkeypatch):
        stuck(world, anvil, node)
        real = EvmSigner.standing

        def standing(signer, address):
            anvil.mine()
            return real(signer, address)

        monkeypatch.setattr(EvmSigner, "standing", standing)
        later(world, 11)
        monkeypatch.setattr(EvmSigner, "standing", real)

        assert len(signed(world)) == 1
        let_go(anvil)
        world.settle()
        assert world.payout().status == "confirmed"

    def test_and_a_reorg_brings_the_other(self, world, anvil, node):
        before = world.held_by(CUSTOMER)
        refund = stuck(world, anvil, node)
        snapshot = anvil.rpc("evm_snapshot")
        node.swallowed = {"0x" + signed(world)[0].raw}
        anvil.mine()
        world.read()
        refund.refresh_from_db()
        first = signed(world)[0]
        assert (refund.status, refund.txid) == ("sent", first.txid)

        anvil.rpc("evm_revert", snapshot)
        anvil.rpc("anvil_dropTransaction", first.txid)
        anvil.mine(3)
        world.read()
        refund.refresh_from_db()
        assert (refund.status, refund.txid) == ("requested", first.txid)
        later(world, 11)
        let_go(anvil)
        world.settle()

        refund.refresh_from_db()
        second = signed(world)[1]
        assert (refund.status, refund.txid, world.payout().txid) == ("completed", second.txid, second.txid)
        assert world.held_by(CUSTOMER) - before == UNITS


class TestWhenNothingIsSignedAgain:
    def test_before_it_has_waited(self, world, anvil, node):
        stuck(world, anvil, node)

        later(world, 9)

        assert len(signed(world)) == 1

    def test_while_the_network_asks_no_more_than_it_did(self, world, anvil, node):
        stuck(world, anvil, node)
        node.lies.clear()

        later(world, 60)

        assert len(signed(world)) == 1

    def test_where_the_operator_does_not_want_it(self, world, anvil, node, settings):
        settings.VAULT_REPLACE_AFTER_SECONDS = 0
        stuck(world, anvil, node)

        later(world, 600)

        assert len(signed(world)) == 1

    def test_above_the_cap(self, world, anvil, node, settings):
        stuck(world, anvil, node)
        first = signed(world)[0]
        settings.VAULT_FEE_CAPS = {"ethereum": payouts.coin_of("ethereum").to_amount(first.fee_cap_units * 2)}

        later(world, 11)

        assert len(signed(world)) == 1
        assert world.payout().waiting_for.startswith("The network is too expensive: up to ")
        assert world.payout().waiting_reason == "fee_cap"

    def test_when_the_raise_alone_exceeds_the_cap(self, world, anvil, node, settings):
        stuck(world, anvil, node)
        first = signed(world)[0]
        node.lies.clear()
        node.lies["eth_maxPriorityFeePerGas"] = hex(fields(first)["maxPriorityFeePerGas"] + 1)
        settings.VAULT_FEE_CAPS = {"ethereum": payouts.coin_of("ethereum").to_amount(first.fee_cap_units * 10 // 9)}

        later(world, 11)

        assert len(signed(world)) == 1
        assert world.payout().waiting_reason == "fee_cap"

    def test_while_the_refund_is_held(self, world, anvil, node):
        stuck(world, anvil, node)
        Refund.objects.update(is_held=True)

        later(world, 11)

        assert len(signed(world)) == 1
        assert world.payout().waiting_reason == "held"

    def test_for_a_merchant_who_is_suspended(self, world, anvil, node):
        stuck(world, anvil, node)
        suspend(merchant=world.merchant, reason="by staff", now=world.now)

        later(world, 11)

        assert len(signed(world)) == 1
        assert world.payout().waiting_reason == "suspended"

    def test_when_somebody_else_has_used_the_nonce(self, world, anvil, node):
        refund = world.refund()
        world.work(2)
        anvil.pay(world.invoice.address, ETHER)
        node.mood = "refuses"
        world.work(1)
        node.mood = ""
        payout, signer = world.payout(), signing.signer("ethereum")
        order = Order(payouts.coin_of("ethereum"), payout.sender, OWNER, 1)
        key = seeds.private_key("evm", world.phrase, payout.sender_path)
        signer.broadcast(signer.sign(order, nonce=payout.nonce, quote=signer.quote(order), private_key=key))
        raise_fees(anvil, node, 3)

        later(world, 11)

        assert len(signed(world)) == 1
        assert world.payout().status == "quarantined"
        refund.refresh_from_db()
        assert refund.status == "requested"


def test_the_coin_that_a_higher_fee_needs_is_sent_first(world, anvil, node):
    before = world.held_by(CUSTOMER)
    world.refund()
    world.work(2)
    node.mood = "drops"
    world.work(1)
    node.mood, node.swallowed = "", {"0x" + signed(world)[0].raw}
    raise_fees(anvil, node, 30)

    later(world, 11)
    assert (len(signed(world)), world.payout().waiting_reason) == (1, "coin")
    later(world, 11)
    later(world, 11)
    node.lies.clear()
    world.settle()

    assert Payout.objects.filter(kind="gas", status="confirmed").count() == 2
    assert len(signed(world)) == 2
    assert world.payout().status == "confirmed"
    assert world.held_by(CUSTOMER) - before == UNITS


def test_a_broadcast_that_ends_badly_is_repeated_with_the_newest_bytes(world, anvil, node):
    before = world.held_by(CUSTOMER)
    stuck(world, anvil, node)
    node.mood = "refuses"
    later(world, 11)
    assert world.payout().status == "quarantined"
    count, newest = len(node.sent), signed(world)[1]

    node.mood = ""
    world.work(1)

    assert node.sent[count:] == ["0x" + newest.raw]
    assert world.payout().status == "sent"
    let_go(anvil)
    world.settle()
    assert world.held_by(CUSTOMER) - before == UNITS


def test_each_raise_is_above_all_before(world, anvil, node):
    stuck(world, anvil, node)
    later(world, 11)
    raise_fees(anvil, node, 9)
    later(world, 22)
    raise_fees(anvil, node, 27)

    later(world, 31)  # the third is nine minutes old

    prices = [fields(each)["maxFeePerGas"] for each in signed(world)]
    assert len(prices) == 3
    assert prices[1] * 8 >= prices[0] * 9
    assert prices[2] * 8 >= prices[1] * 9


def test_coin_that_moves_within_the_vault_is_no_payment_whichever_is_taken(world, anvil, node, monkeypatch):
    world.refund()
    world.work(1)  # plans it
    hold(anvil)
    world.work(1)
    assert world.payout("gas").status == "sent"
    raise_fees(anvil, node, 3)
    real = EvmSigner.sign

    def sign(signer, *args, **kwargs):
        anvil.mine()
        return real(signer, *args, **kwargs)

    monkeypatch.setattr(EvmSigner, "sign", sign)
    later(world, 11)
    monkeypatch.setattr(EvmSigner, "sign", real)
    assert world.payout("gas").transactions.count() == 2
    world.read()
    let_go(anvil)
    node.lies.clear()
    world.settle()

    assert world.payout("gas").status == "confirmed"
    assert not Payment.objects.filter(asset_code="ETH").exists()


def test_nodes_that_do_not_agree_which_was_taken_leave_it_open(world, anvil, node, settings, token):
    refund = stuck(world, anvil, node)
    later(world, 11)
    first, second = signed(world)
    let_go(anvil)
    liar = Proxy(anvil.url)
    told = anvil.receipt(second.txid)
    liar.lies["eth_getTransactionReceipt"] = lambda txid: (
        told | {"transactionHash": first.txid} if txid == first.txid else None
    )
    use(settings, node, liar, token=token)

    world.settle()
    assert world.payout().status == "sent"
    use(settings, node, token=token)
    world.settle()

    assert (world.payout().status, world.payout().txid) == ("confirmed", second.txid)
    refund.refresh_from_db()
    assert refund.status == "completed"
    liar.stop()


def test_it_is_not_given_up_while_a_node_knows_an_earlier_one(world, anvil, node):
    stuck(world, anvil, node)
    node.mood = "refuses"
    later(world, 11)
    node.mood = ""
    first = signed(world)[0]
    Payout.objects.filter(pk=world.payout().pk).update(status="quarantined")
    node.lies["eth_getTransactionCount"] = hex(99)

    assert signing.signer("ethereum").outcome(first.txid, payouts.order_of(world.payout())).is_known
    with pytest.raises(PayoutUnresolved):
        payouts.give_up(payout_id=world.payout().pk, now=world.now)


class TestWhatTheDatabaseKeeps:
    def test_nothing_that_was_signed_is_changed_or_deleted(self, world):
        world.refund()
        world.work(3)

        made = signed(world)[0]
        for change in ({"raw": "00"}, {"txid": "0x1"}, {"position": 1}):
            with pytest.raises(IntegrityError, match="was signed and stays"), transaction.atomic():
                PayoutTransaction.objects.filter(pk=made.pk).update(**change)
        with pytest.raises(IntegrityError, match="was signed and stays"), transaction.atomic():
            PayoutTransaction.objects.filter(pk=made.pk)._raw_delete("default")

    def test_a_payout_names_only_what_was_signed_for_it(self, world):
        world.refund()
        world.work(3)
        foreign = world.payout("gas").transactions.get()

        with pytest.raises(IntegrityError, match="names what was not signed for it"), transaction.atomic():
            Payout.objects.filter(kind="refund").update(raw=foreign.raw, txid=foreign.txid)


def test_both_fees_rise_by_an_eighth_at_least_and_by_one_at_the_very_least(anvil, token, settings):
    signer = EvmSigner(registry.network("ethereum"))
    order = Order(payouts.coin_of("ethereum"), "0x9858EfFD232B4033E47d90003D41EC34EcaEda94", OWNER, 1)
    key = seeds.private_key("evm", "abandon " * 11 + "about", "0/0")

    def offered(price: int, tip: int) -> Signed:
        return signer.sign(order, nonce=0, quote=FeeQuote(21_000, price, tip), private_key=key)

    def asked(price: int, tip: int) -> FeeQuote:
        return FeeQuote(21_000, price, tip, below=7)

    assert signer.outbid([offered(100, 10)], asked(100, 10)) is None
    assert signer.outbid([offered(100, 10)], asked(101, 10)) == FeeQuote(21_000, 113, 12, below=7)
    assert signer.outbid([offered(100, 0)], asked(101, 0)) == FeeQuote(21_000, 113, 1, below=7)
    assert signer.outbid([offered(100, 10)], asked(500, 90)) == FeeQuote(21_000, 500, 90, below=7)
    assert signer.outbid([offered(800, 10), offered(100, 80)], asked(801, 1)) == FeeQuote(21_000, 900, 90, below=7)
