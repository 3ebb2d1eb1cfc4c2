"""``manage.py reconcile`` finds what was planted, says it in one line each, and else says that the books agree."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from chains.base import ChainUnavailable
from chains.sandbox import services as sandbox
from chains.sandbox.models import SandboxTransfer
from chains.sandbox.reader import SandboxReader
from invoices.models import Invoice
from payments import reconciliation
from payments.models import Booking, Cursor, Payment, Posting, Settlement
from payments.services import RefundOrder, Resolution, complete_refund, request_refund, resolve_deposit, scan
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_slices(monkeypatch) -> None:
    """Rows are compared one at a time, as those of large installations some thousand at a time."""
    monkeypatch.setattr(reconciliation, "SLICE", 1)


def read(now) -> None:
    scan(network="sandbox", now=now)


def pay(invoice, now, units=None, asset="USDT") -> str:
    txid = sandbox.send(address=invoice.address, asset_code=asset, units=units or invoice.amount_units, now=now)
    sandbox.mine(count=3, now=now)
    read(now)
    invoice.refresh_from_db()
    return txid


def reconcile(*options) -> tuple[int, list[str]]:
    """Return how it ended and what it said."""
    said = StringIO()
    try:
        call_command("reconcile", *options, stdout=said)
    except CommandError as problem:
        return problem.returncode, [*said.getvalue().splitlines(), str(problem)]
    return 0, said.getvalue().splitlines()


def differences(*options) -> list[str]:
    code, lines = reconcile(*options)
    assert code == 1
    assert lines[-1].endswith("found.")
    return [line for line in lines[:-1] if not line.endswith("read again")]


def behind_the_guards(statement: str, *values) -> None:
    """Do what no guard of the database would let through."""
    tables = ("payments_posting", "payments_booking")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def paid(invoice, now):
    read(now)
    invoice.txid = pay(invoice, now)
    assert invoice.status == "paid"
    return invoice


class TestNothingWrong:
    def test_an_empty_installation_agrees(self, now):
        assert reconcile() == (0, ["The books agree."])

    def test_a_busy_one_agrees(self, merchant, paid, now):
        who = {"merchant": merchant, "livemode": False}
        pay(make_invoice(merchant, now), now, units=20_000_000)
        pay(make_invoice(merchant, now), now, units=5_000_000)
        wrong = make_invoice(merchant, now)
        pay(wrong, now, units=5_000_000, asset="USDC")
        resolve_deposit(
            **who,
            public_id=Payment.objects.get(asset_code="USDC").public_id,
            resolution=Resolution.REFUND,
            address=sandbox.new_address(),
            now=now,
        )
        order = RefundOrder(address=sandbox.new_address(), amount=Decimal(6))
        refund = request_refund(**who, public_id=paid.public_id, order=order, now=now)
        complete_refund(**who, public_id=refund.public_id, txid="f" * 64, now=now)
        request_refund(**who, public_id=paid.public_id, order=order, now=now)
        lost = make_invoice(merchant, now)
        txid = pay(lost, now, units=30_000_000)
        sandbox.reorg(depth=3, drop={txid}, now=now)
        read(now)
        assert Booking.objects.filter(kind="credit_voided").count() == 1

        assert reconcile() == (0, ["sandbox: blocks 0 to 16 read again", "The books agree."])


class TestTheTables:
    def test_a_payment_that_was_altered(self, paid):
        behind_the_guards("UPDATE payments_payment SET units = units + 1, credited_units = credited_units + 1")
        payment = Payment.objects.get()

        assert differences("--no-chain") == [
            f"payment {payment.public_id}: chain should hold 16.490001 USDT, 16.49 USDT booked",
            f"payment {payment.public_id}: customers should hold -16.490001 USDT, -16.49 USDT booked",
            f"invoice {paid.public_id}: says 16.49 USDT confirmed, its payments 16.490001 USDT",
        ]

    def test_a_payment_that_vanished(self, paid):
        payment = Payment.objects.get()
        behind_the_guards("DELETE FROM payments_payment")

        assert f"payment {payment.public_id}: chain should hold 0.00 USDT, 16.49 USDT booked" in differences()

    def test_a_posting_that_is_missing(self, paid):
        behind_the_guards("DELETE FROM payments_posting WHERE account = 'fees'")
        booking = Booking.objects.get(kind="invoice_settled")
        settlement = Settlement.objects.get()

        assert differences("--no-chain") == [
            f"booking {booking.public_id}: 2 lines that add up to 164900",
            f"settlement {settlement.public_id}: fees should hold -0.1649 USDT, 0.00 USDT booked",
        ]

    def test_a_booking_that_is_missing(self, paid):
        settlement = Settlement.objects.get()
        behind_the_guards("DELETE FROM payments_posting WHERE booking_id IN"
                          " (SELECT id FROM payments_booking WHERE kind = 'invoice_settled')")  # fmt: skip
        behind_the_guards("DELETE FROM payments_booking WHERE kind = 'invoice_settled'")

        assert differences("--no-chain") == [
            f"settlement {settlement.public_id}: customers should hold 16.49 USDT, 0.00 USDT booked",
            f"settlement {settlement.public_id}: fees should hold -0.1649 USDT, 0.00 USDT booked",
            f"settlement {settlement.public_id}: merchant should hold -16.3251 USDT, 0.00 USDT booked",
            f"invoice {paid.public_id}: paid, but 16.49 USDT still booked as its customer's",
        ]

    def test_a_paid_invoice_that_was_not_settled(self, paid):
        behind_the_guards("UPDATE payments_settlement SET status = 'reversed', reversed_at = now(),"
                          " reversal_reason = 'changed'")  # fmt: skip

        assert f"invoice {paid.public_id}: paid, but not settled" in differences("--no-chain")

    def test_a_credit_that_is_not_booked(self, merchant, invoice, now):
        read(now)
        pay(invoice, now, units=20_000_000)
        behind_the_guards("DELETE FROM payments_posting WHERE booking_id IN"
                          " (SELECT id FROM payments_booking WHERE fact = 'credit')")  # fmt: skip
        behind_the_guards("DELETE FROM payments_booking WHERE fact = 'credit'")

        assert differences("--no-chain") == [
            f"invoice {invoice.public_id}: paid, but 3.51 USDT still booked as its customer's"
        ]

    def test_a_refund_that_was_sent_and_not_booked(self, merchant, paid, now):
        who = {"merchant": merchant, "livemode": False}
        order = RefundOrder(address=sandbox.new_address(), amount=Decimal(6))
        refund = request_refund(**who, public_id=paid.public_id, order=order, now=now)
        behind_the_guards("UPDATE payments_refund SET status = 'completed', txid = %s", "f" * 64)

        assert differences("--no-chain") == [
            f"refund {refund.public_id}: chain should hold -6.00 USDT, 0.00 USDT booked",
            f"refund {refund.public_id}: refunds should hold 0.00 USDT, -6.00 USDT booked",
        ]

    def test_what_is_missing_can_be_booked(self, paid):
        behind_the_guards("DELETE FROM payments_posting")
        behind_the_guards("DELETE FROM payments_booking")
        assert reconcile()[0] == 1

        assert reconcile("--book-missing")[0] == 0
        assert Booking.objects.count() == 2


class TestTheChain:
    def test_a_transfer_that_was_never_credited(self, paid, now):
        unseen = make_invoice(paid.merchant, now)
        txid = sandbox.send(address=unseen.address, asset_code="USDT", units=7_000_000, now=now)
        sandbox.mine(now=now)
        block = SandboxTransfer.objects.get(txid=txid).block
        read_nothing(now)

        assert block.height <= Cursor.objects.get(network="sandbox").height
        assert differences() == [f"sandbox {txid}: 7.00 USDT to {unseen.address} on the chain, never credited"]

    def test_a_payment_the_chain_knows_nothing_of(self, paid):
        SandboxTransfer.objects.all().delete()

        payment = Payment.objects.get()
        assert differences() == [f"sandbox {paid.txid}: 16.49 USDT in {payment.public_id}, nothing on the chain"]

    def test_an_amount_the_chain_has_otherwise(self, paid):
        SandboxTransfer.objects.update(units=16_489_999)

        payment = Payment.objects.get()
        assert differences() == [f"sandbox {paid.txid}: 16.489999 USDT on the chain, 16.49 USDT in {payment.public_id}"]

    def test_confirmed_money_that_is_not_booked(self, paid):
        behind_the_guards("DELETE FROM payments_posting WHERE account = 'chain'")
        payment = Payment.objects.get()

        assert (
            f"sandbox {paid.txid}: 16.49 USDT on the chain, 0.00 USDT booked for {payment.public_id}" in differences()
        )

    def test_money_that_waits_for_confirmations_is_no_difference(self, paid, now):
        invoice = make_invoice(paid.merchant, now)
        sandbox.send(address=invoice.address, asset_code="USDT", units=7_000_000, now=now)
        sandbox.mine(now=now)
        read(now)

        assert reconcile()[0] == 0

    def test_a_chain_that_changed_since_is_said_to_have(self, paid, now):
        sandbox.reorg(depth=2, now=now)

        assert differences() == [
            "sandbox: cannot be compared with the chain: the chain has changed since it was scanned"
        ]

    def test_a_node_that_does_not_answer_is_a_difference(self, paid, monkeypatch):
        def fail(*_args, **_options):
            raise ChainUnavailable("down")

        monkeypatch.setattr(SandboxReader, "transfers", fail)

        assert differences() == ["sandbox: cannot be compared with the chain: down"]

    @pytest.fixture
    def returned(self, paid, now):
        """A refund of 6 USDT that the scan has recognised on the chain."""
        order = RefundOrder(address=sandbox.new_address(), amount=Decimal(6))
        refund = request_refund(
            merchant=paid.merchant, livemode=False, public_id=paid.public_id, order=order, now=now - timedelta(hours=1)
        )
        sandbox.send(address=refund.address, asset_code="USDT", units=6_000_000, now=now)
        sandbox.mine(count=4, now=now)
        read(now)
        refund.refresh_from_db()
        assert (refund.status, refund.ordinal) == ("completed", 0)
        return refund

    def test_a_refund_seen_on_the_chain_is_no_difference(self, returned):
        assert reconcile()[0] == 0

    def test_a_refund_the_chain_has_otherwise(self, returned):
        SandboxTransfer.objects.filter(address=returned.address).update(units=5_000_000)

        assert differences() == [
            f"sandbox {returned.txid}: 5.00 USDT on the chain, 6.00 USDT in {returned.public_id}, 6.00 USDT booked"
        ]

    def test_a_refund_that_was_sent_and_is_not_booked(self, returned):
        behind_the_guards("DELETE FROM payments_posting WHERE account = 'chain' AND units < 0")

        assert (
            f"sandbox {returned.txid}: 6.00 USDT on the chain, 6.00 USDT in {returned.public_id}, 0.00 USDT booked"
            in differences()
        )

    def test_long_ranges_are_read_in_parts(self, paid, now, monkeypatch):
        monkeypatch.setattr(SandboxReader, "max_range", 2)

        assert reconcile()[0] == 0


class TestScope:
    @pytest.fixture
    def wrong(self, paid, now):
        """Two merchants, each with a payment that was altered on the chain."""
        other = make_invoice(make_merchant(now, email="other@example.com"), now)
        pay(other, now)
        SandboxTransfer.objects.update(units=1)
        Invoice.objects.update(confirmed_units=0)
        return paid, other

    def test_one_merchant(self, wrong):
        first, second = wrong
        everything = differences()
        assert len(everything) == 4

        for invoice in (first, second):
            found = differences("--merchant", invoice.merchant.public_id)
            assert len(found) == 2
            assert found[0].startswith(f"invoice {invoice.public_id}")
            payment = Payment.objects.get(invoice=invoice)
            assert payment.public_id in found[1]

    def test_one_network(self, wrong):
        assert len(differences("--network", "sandbox")) == 4
        assert reconcile("--network", "tron") == (0, ["The books agree."])

    def test_some_blocks(self, wrong):
        first, second = (Payment.objects.get(invoice=invoice) for invoice in wrong)

        found = differences("--from-height", str(first.block_height + 1))
        assert [payment.public_id in "".join(found) for payment in (first, second)] == [False, True]
        found = differences("--to-height", str(first.block_height))
        assert [payment.public_id in "".join(found) for payment in (first, second)] == [True, False]

    @pytest.mark.parametrize("options", [("--merchant", "mer_nobody"), ("--network", "nowhere")])
    def test_what_is_unknown_is_refused(self, options, db):
        code, lines = reconcile(*options)

        assert code == 1
        assert lines[-1].startswith("There is no")


def read_nothing(now) -> None:
    """Move the cursor over new blocks without looking into them, as a broken scanner would."""
    posting_count = Posting.objects.count()
    hidden = SandboxReader.transfers
    SandboxReader.transfers = lambda *_args, **_options: iter(())
    try:
        read(now)
    finally:
        SandboxReader.transfers = hidden
    assert Posting.objects.count() == posting_count


@pytest.mark.django_db(transaction=True)
def test_each_slice_has_a_view_of_its_own_that_cannot_write(invoice, now, monkeypatch):
    views = []
    ask = reconciliation._ask

    def asked(statement, parameters):
        rows = ask(statement, parameters)
        views.extend(ask("SELECT now(), current_setting('transaction_read_only')", {}))
        return rows

    read(now)
    pay(invoice, now)
    monkeypatch.setattr(reconciliation, "_ask", asked)

    assert reconciliation.ledger_differences(reconciliation.Scope()) == []

    assert {read_only for _, read_only in views} == {"on"}
    assert len({begun for begun, _ in views}) > 5
