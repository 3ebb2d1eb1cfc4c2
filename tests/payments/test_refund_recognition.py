"""Whose transfer it is: names that are mistyped, addresses that become our own, and destination tags."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from chains import registry
from chains.base import Transfer
from chains.sandbox.services import new_address
from core.errors import Invalid
from events.models import Event
from events.outbox import Happening, dispatch, emit
from invoices.models import Invoice
from payments import reconciliation
from payments.errors import RefundTransactionTaken
from payments.models import Cursor, Payment, Refund
from payments.reconciliation import Scope
from payments.services import RefundOrder, complete_refund, request_refund, scan
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db

TYPED, REAL = "e" * 64, "d" * 64


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


@pytest.fixture
def paid(chain, invoice, now):
    chain.mine(transfer(invoice))
    chain.grow(3)
    read(chain, now)
    invoice.refresh_from_db()
    return invoice


@pytest.fixture
def alike(paid, now) -> tuple[Refund, Refund]:
    """Two refunds of one amount to one address."""
    first = refund(paid, now, amount=Decimal(4))
    return first, refund(paid, now + timedelta(seconds=1), amount=Decimal(4), address=first.address)


def read(chain, now) -> None:
    scan(network="sandbox", now=now, reader=chain)


def refund(invoice, now, **order) -> Refund:
    return request_refund(**of(invoice), order=RefundOrder(**{"address": new_address(), **order}), now=now)


def complete(refund, txid, now) -> Refund:
    return complete_refund(**of(refund), txid=txid, now=now)


def of(thing) -> dict:
    return {"merchant": thing.merchant, "livemode": False, "public_id": thing.public_id}


def sending(refund: Refund, txid=REAL, **more) -> Transfer:
    facts = {
        "network": "sandbox",
        "asset": refund.asset_code,
        "txid": txid,
        "ordinal": 0,
        "sender": "sandbox1merchant",
        "recipient": refund.address,
        "units": int(refund.units),
        "block": None,
    }
    return Transfer(**{**facts, **more})


def send(chain, now, *transfers: Transfer) -> None:
    chain.mine(*transfers)
    chain.grow(3)
    read(chain, now)


def standing(*refunds: Refund) -> list[tuple[str, str, str]]:
    for each in refunds:
        each.refresh_from_db()
    return [(each.status, each.txid, each.named_txid) for each in refunds]


def happening(kind: str, merchant, data: dict) -> Happening:
    return Happening(type=kind, merchant_id=merchant.pk, livemode=False, object_id="", data=data)


def told(kind: str) -> int:
    return Event.objects.filter(type=kind).count()


class TestMistyped:
    def test_the_real_transfer_completes_no_other_refund_and_is_marked(self, chain, alike, now, caplog):
        first, second = alike
        complete(first, TYPED, now)

        send(chain, now, sending(first))

        assert standing(first, second) == [("completed", REAL, TYPED), ("requested", "", "")]
        assert (told("refund.completed"), told("refund.mismatched")) == (1, 1)
        assert "refund_named_otherwise" in caplog.text
        assert Event.objects.get(type="refund.mismatched").data["refund"]["named_tx_hash"] == TYPED

    def test_a_second_transfer_is_the_other_s(self, chain, alike, now):
        complete(alike[0], TYPED, now)
        send(chain, now, sending(alike[0]))

        send(chain, now, sending(alike[1], txid="f" * 64))

        assert standing(*alike) == [("completed", REAL, TYPED), ("completed", "f" * 64, "")]

    def test_what_was_named_and_comes_later_puts_both_right(self, chain, alike, now):
        complete(alike[0], TYPED, now)
        send(chain, now, sending(alike[1]))

        send(chain, now, sending(alike[0], txid=TYPED))

        assert standing(*alike) == [("completed", TYPED, ""), ("completed", REAL, "")]
        assert told("refund.matched") == 1

    def test_in_one_reading_the_one_that_was_named_comes_first(self, chain, alike, now):
        complete(alike[0], TYPED, now)

        send(chain, now, sending(alike[1]), sending(alike[0], txid=TYPED))

        assert standing(*alike) == [("completed", TYPED, ""), ("completed", REAL, "")]
        assert told("refund.mismatched") == 0

    def test_sent_twice_it_stays_marked(self, chain, paid, now):
        only = complete(refund(paid, now), TYPED, now)
        send(chain, now, sending(only))

        send(chain, now, sending(only, txid=TYPED))

        assert standing(only) == [("completed", REAL, TYPED)]

    def test_naming_it_for_the_other_refund_puts_both_right(self, chain, alike, now):
        complete(alike[0], TYPED, now)
        send(chain, now, sending(alike[1]))

        complete(alike[1], REAL, now)

        assert standing(*alike) == [("completed", TYPED, ""), ("completed", REAL, "")]

    def test_what_the_chain_showed_to_be_another_s_is_refused(self, chain, alike, now):
        send(chain, now, sending(alike[0]))

        with pytest.raises(RefundTransactionTaken):
            complete(alike[1], REAL, now)

        assert standing(*alike) == [("completed", REAL, ""), ("requested", "", "")]

    def test_another_name_for_what_is_on_its_way_is_marked(self, chain, paid, now):
        only = refund(paid, now)
        chain.mine(sending(only))
        read(chain, now)

        complete(only, TYPED, now)

        assert standing(only) == [("completed", REAL, TYPED)]

    def test_a_fork_that_takes_the_wrong_transfer_leaves_it_as_it_was_named(self, chain, alike, now):
        complete(alike[0], TYPED, now)
        send(chain, now, sending(alike[1]))
        chain.fork(4)
        chain.grow(5)

        read(chain, now)

        assert standing(*alike) == [("completed", TYPED, ""), ("requested", "", "")]

    def test_a_hash_is_read_as_the_chain_writes_it(self, chain, paid, now):
        only = complete(refund(paid, now), f" 0x{REAL.upper()} ", now)

        send(chain, now, sending(only))

        assert standing(only) == [("completed", REAL, "")]


class TestOwnAddress:
    """The address of a refund turns out to be one on which payments are taken."""

    @pytest.fixture
    def taken(self, paid, merchant, now) -> tuple[Refund, Invoice]:
        opened = refund(paid, now)
        other = make_invoice(merchant, now)
        Invoice.objects.filter(pk=other.pk).update(address=opened.address)
        other.refresh_from_db()
        return opened, other

    def test_what_arrives_there_is_a_payment_and_no_refund(self, chain, taken, now):
        opened, other = taken

        send(chain, now, sending(opened))

        opened.refresh_from_db()
        other.refresh_from_db()
        assert (opened.status, opened.address, other.status) == ("requested", "", "paid")
        assert told("refund.address_withdrawn") == 1
        assert reconciliation.ledger_differences(Scope()) == []

    @pytest.mark.parametrize("is_invoice", [True, False])
    def test_it_is_asked_for_anew_when_an_invoice_or_a_wallet_takes_payments_there(
        self, paid, merchant, now, is_invoice
    ):
        opened, other = refund(paid, now, amount=Decimal(1)), refund(paid, now, amount=Decimal(2))
        network = {"network": "sandbox"}
        with transaction.atomic():
            if is_invoice:
                emit(happening("invoice.created", merchant, {**network, "address": opened.address}))
            else:
                addresses = [new_address(), opened.address]
                emit(happening("wallet.addresses_added", merchant, {**network, "addresses": addresses}))

        dispatch()

        opened.refresh_from_db()
        assert (opened.address, opened.status, told("refund.address_withdrawn")) == ("", "requested", 1)
        assert Refund.objects.get(pk=other.pk).address == other.address

    def test_completing_it_by_hand_is_refused(self, taken, now):
        with pytest.raises(Invalid, match="on which this gateway takes payments"):
            complete(taken[0], REAL, now)

    def test_what_was_a_refund_before_never_becomes_a_payment(self, chain, paid, merchant, now):
        opened = refund(paid, now)
        send(chain, now, sending(opened))
        other = make_invoice(merchant, now)
        Invoice.objects.filter(pk=other.pk).update(address=opened.address)
        Cursor.objects.update(height=3, hash=chain.block_at(3).hash)

        read(chain, now)

        other.refresh_from_db()
        assert (Payment.objects.count(), other.status) == (1, "created")
        assert standing(opened) == [("completed", REAL, "")]
        blocks = reconciliation.scanned("sandbox", Scope())
        assert list(reconciliation.chain_differences("sandbox", blocks, Scope(), reader=chain)) == []


class TestTag:
    @pytest.fixture(autouse=True)
    def tagged(self, monkeypatch):
        networks = registry._current().networks
        monkeypatch.setitem(networks, "sandbox", replace(networks["sandbox"], tag_kind="destination_tag"))

    def test_only_a_transfer_with_its_tag_is_it(self, chain, paid, now):
        opened = refund(paid, now, tag="4007")

        send(chain, now, sending(opened), sending(opened, txid="b" * 64, tag="4008"))
        assert standing(opened) == [("requested", "", "")]
        send(chain, now, sending(opened, txid="c" * 64, tag="4007"))

        assert standing(opened) == [("completed", "c" * 64, "")]

    def test_without_one_a_tagged_transfer_is_not_it(self, chain, paid, now):
        opened = refund(paid, now)

        send(chain, now, sending(opened, tag="1"))

        assert standing(opened) == [("requested", "", "")]

    @pytest.mark.parametrize(("given", "kept"), [("4294967295", "4294967295"), ("007", "7"), ("0", "0")])
    def test_it_is_a_number(self, paid, now, given, kept):
        assert refund(paid, now, tag=given).tag == kept

    @pytest.mark.parametrize("wrong", ["4294967296", "-1", "1.5", "x", "²", "9" * 40])
    def test_of_32_bits(self, paid, now, wrong):
        with pytest.raises(Invalid, match="not a destination tag") as refused:
            refund(paid, now, tag=wrong)

        assert (refused.value.code, refused.value.field) == ("INVALID_ADDRESS", "tag")

    def test_another_address_needs_another_tag(self, paid, now):
        from payments.services import set_refund_address

        opened = refund(paid, now, tag="4007")

        set_refund_address(**of(opened), address=new_address(), now=now)

        assert Refund.objects.get().tag == ""


def test_where_there_are_no_tags_none_is_taken(paid, now):
    with pytest.raises(Invalid, match="not a destination tag"):
        refund(paid, now, tag="1")


class TestXAddress:
    ADDRESS = "X7AcgcsBL6XDcUb289X4mJ8djcdyKaGZMhc9YTE92ehJ2Fu"
    CLASSIC = "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59"

    def test_it_holds_address_and_tag(self):
        from payments.services import check_refund_destination

        assert check_refund_destination("xrp", self.ADDRESS) == (self.CLASSIC, "1")
        assert check_refund_destination("xrp", self.ADDRESS, "1") == (self.CLASSIC, "1")
        with pytest.raises(Invalid, match="holds another destination tag"):
            check_refund_destination("xrp", self.ADDRESS, "2")
