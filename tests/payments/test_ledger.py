"""The ledger: what is booked for each fact, that it adds up, and that nobody changes it afterwards."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Min, Sum

from chains.sandbox.services import new_address
from events.outbox import dispatch
from invoices.models import Invoice
from invoices.services import Tolerance
from payments import reconciliation
from payments.models import Booking, Cursor, Payment, Posting, Refund
from payments.reconciliation import Scope
from payments.services import (
    RefundOrder,
    Resolution,
    accept_invoice,
    books,
    cancel_invoice,
    cancel_refund,
    complete_refund,
    request_refund,
    resolve_deposit,
    scan,
)
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db

ALL = 16_490_000
FEE = 164_900


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


def read(chain, now) -> None:
    scan(network="sandbox", now=now, reader=chain)


def pay(chain, invoice, now, **details) -> None:
    chain.mine(transfer(invoice, **details))
    chain.grow(2)
    read(chain, now)
    invoice.refresh_from_db()


def balances(**filters) -> dict[str, int]:
    """Return the accounts that hold something."""
    sums = Posting.objects.filter(**filters).values_list("account").annotate(units=Sum("units"))
    return {account: int(units) for account, units in sums if units}


def journal() -> list[tuple[str, dict[str, int]]]:
    """Return every booking, oldest first."""
    return [(booking.kind, {line.account: line.units for line in booking.postings.all()}) for booking in in_order()]


def in_order():
    """Return all bookings as they were written."""
    return Booking.objects.annotate(first=Min("postings__id")).order_by("first")


def of(invoice, **more) -> dict:
    return {"merchant": invoice.merchant, "livemode": False, **more}


class TestPayments:
    def test_what_is_not_confirmed_is_not_booked(self, chain, invoice, now):
        chain.mine(transfer(invoice))

        read(chain, now)

        assert Booking.objects.count() == 0

    def test_a_part_belongs_to_the_customer(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000)

        assert journal() == [("payment_confirmed", {"chain": 5_000_000, "customers": -5_000_000})]
        booking = Booking.objects.get()
        assert (booking.network, booking.asset_code, booking.txid) == ("sandbox", "USDT", "a" * 64)
        assert (booking.merchant, booking.invoice, booking.livemode) == (invoice.merchant, invoice, False)
        assert (booking.source_id, booking.occurred_at) == (Payment.objects.get().pk, now)

    def test_a_paid_invoice_is_shared_between_merchant_and_platform(self, chain, invoice, now):
        pay(chain, invoice, now)

        assert journal() == [
            ("payment_confirmed", {"chain": ALL, "customers": -ALL}),
            ("invoice_settled", {"customers": ALL, "merchant": FEE - ALL, "fees": -FEE}),
        ]
        assert balances() == {"chain": ALL, "merchant": FEE - ALL, "fees": -FEE}

    def test_looking_again_books_nothing(self, chain, invoice, now):
        pay(chain, invoice, now)
        before = journal()

        Cursor.objects.filter(network="sandbox").update(height=0, hash=chain.block_at(0).hash)
        read(chain, now)
        books.catch_up(invoice_id=invoice.pk, now=now)

        assert journal() == before

    def test_a_reorg_books_the_exact_mirror(self, chain, invoice, now):
        pay(chain, invoice, now)

        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        assert balances() == {}
        assert journal()[2:] == [
            ("payment_reversed", {"chain": -ALL, "customers": ALL}),
            ("settlement_reversed", {"customers": -ALL, "merchant": ALL - FEE, "fees": FEE}),
        ]
        assert [booking.number for booking in in_order()] == [1, 1, 2, 2]

    def test_what_comes_back_is_booked_again(self, chain, invoice, now):
        sent = transfer(invoice)
        chain.mine(sent)
        chain.grow(2)
        read(chain, now)
        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        chain.mine(sent)
        chain.grow(2)
        read(chain, now)

        assert balances() == {"chain": ALL, "merchant": FEE - ALL, "fees": -FEE}
        assert Booking.objects.filter(source_id=Payment.objects.get().pk).count() == 3

    def test_nothing_is_booked_when_an_invoice_is_made(self, merchant, now):
        make_invoice(merchant, now)

        assert Booking.objects.count() == 0

    def test_two_who_book_the_same_difference_book_it_once(self, chain, invoice, now, monkeypatch):
        pay(chain, invoice, now, units=5_000_000)
        payment = Payment.objects.get()
        monkeypatch.setattr(books, "_booked", lambda sources: {source: books._Booked() for source in sources})

        with pytest.raises(IntegrityError, match="booking_once"), transaction.atomic():
            books.follow_payments(invoice, [payment], now=now)

        assert balances() == {"chain": 5_000_000, "customers": -5_000_000}


class TestAcceptedAsItIs:
    def test_it_is_settled_in_the_same_transaction(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000)

        accept_invoice(**of(invoice, public_id=invoice.public_id), now=now)

        assert balances() == {"chain": 5_000_000, "merchant": -4_950_000, "fees": -50_000}

    def test_it_is_settled_with_its_event_when_the_staff_does_it(self, chain, invoice, now):
        from invoices import services as invoice_services

        pay(chain, invoice, now, units=5_000_000)
        invoice_services.accept_invoice(**of(invoice, public_id=invoice.public_id), now=now)
        assert balances()["customers"] == -5_000_000

        dispatch()
        dispatch()

        assert balances() == {"chain": 5_000_000, "merchant": -4_950_000, "fees": -50_000}


class TestSurplus:
    def test_credit_is_set_aside_for_the_customer(self, chain, invoice, now):
        pay(chain, invoice, now, units=20_000_000)

        assert balances() == {"chain": 20_000_000, "credits": -3_510_000, "merchant": FEE - ALL, "fees": -FEE}
        assert [kind for kind, _ in journal()] == ["payment_confirmed", "credit_given", "invoice_settled"]

    def test_a_surplus_that_is_kept_is_settled(self, chain, merchant, now):
        invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="keep"))

        pay(chain, invoice, now, units=20_000_000)

        assert balances() == {"chain": 20_000_000, "merchant": -19_800_000, "fees": -200_000}

    def test_a_surplus_that_goes_back_is_never_settled(self, chain, merchant, now):
        invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="refund"))

        pay(chain, invoice, now, units=20_000_000)

        assert balances() == {"chain": 20_000_000, "merchant": FEE - ALL, "fees": -FEE, "refunds": -3_510_000}
        assert [kind for kind, _ in journal()] == ["payment_confirmed", "refund_promised", "invoice_settled"]
        dispatch()
        dispatch()
        assert len(journal()) == 3

    def test_a_surplus_that_is_refunded_later_with_all_the_rest_leaves_nothing(self, chain, merchant, now):
        invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="refund"))
        pay(chain, invoice, now, units=20_000_000)
        order = RefundOrder(address=new_address())

        request_refund(**of(invoice, public_id=invoice.public_id), order=order, now=now)

        assert balances() == {"chain": 20_000_000, "merchant": FEE, "fees": -FEE, "refunds": -20_000_000}

    def test_a_surplus_whose_refund_is_withdrawn_is_settled(self, chain, merchant, now):
        invoice = make_invoice(merchant, now, tolerance=Tolerance(overpayment_action="refund"))
        pay(chain, invoice, now, units=20_000_000)

        cancel_refund(**of(invoice, public_id=Refund.objects.get().public_id), now=now)

        assert balances() == {"chain": 20_000_000, "merchant": -19_800_000, "fees": -200_000}

    def test_unconfirmed_surplus_does_not_touch_what_was_settled(self, chain, invoice, now):
        pay(chain, invoice, now)
        chain.mine(transfer(invoice, units=5_000_000, txid="b" * 64))
        read(chain, now)
        books.follow(invoice.locked(), now=now)  # as any other change of the invoice would
        assert balances() == {"chain": ALL, "merchant": FEE - ALL, "fees": -FEE}

        chain.grow(2)
        read(chain, now)

        assert balances() == {"chain": ALL + 5_000_000, "credits": -5_000_000, "merchant": FEE - ALL, "fees": -FEE}

    def test_more_surplus_replaces_the_credit(self, chain, invoice, now):
        pay(chain, invoice, now, units=20_000_000)

        pay(chain, invoice, now, units=5_000_000, txid="b" * 64)

        assert balances() == {"chain": 25_000_000, "credits": -8_510_000, "merchant": FEE - ALL, "fees": -FEE}
        assert [kind for kind, _ in journal()].count("credit_voided") == 1

    def test_a_credit_that_is_replaced_for_money_that_vanishes_stays_on_the_books(self, chain, invoice, now):
        pay(chain, invoice, now, units=20_000_000)
        before = balances()
        chain.mine(transfer(invoice, units=5_000_000, txid="b" * 64))
        read(chain, now)
        assert (balances(), reconciliation.ledger_differences(Scope())) == (before, [])

        chain.fork(1)
        chain.grow(2)
        read(chain, now)

        assert (balances(), reconciliation.ledger_differences(Scope())) == (before, [])

    def test_a_voided_credit_is_booked_back(self, chain, invoice, now):
        pay(chain, invoice, now, units=20_000_000)

        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        assert balances() == {}
        assert ("credit_voided", {"customers": -3_510_000, "credits": 3_510_000}) in journal()


class TestRefunds:
    def test_a_refund_is_owed_until_it_is_sent(self, chain, invoice, now):
        pay(chain, invoice, now)

        order = RefundOrder(address=new_address(), amount=Decimal("6.49"))
        refund = request_refund(**of(invoice, public_id=invoice.public_id), order=order, now=now)
        assert balances() == {"chain": ALL, "refunds": -6_490_000, "merchant": FEE - 10_000_000, "fees": -FEE}
        complete_refund(**of(invoice, public_id=refund.public_id), txid="f" * 64, now=now)

        assert balances() == {"chain": 10_000_000, "merchant": FEE - 10_000_000, "fees": -FEE}
        assert journal()[-1] == ("refund_completed", {"chain": -6_490_000, "refunds": 6_490_000})
        assert Booking.objects.filter(txid="f" * 64).count() == 1

    def test_a_withdrawn_refund_is_the_merchant_s_again(self, chain, invoice, now):
        pay(chain, invoice, now)
        order = RefundOrder(address=new_address())
        refund = request_refund(**of(invoice, public_id=invoice.public_id), order=order, now=now)

        cancel_refund(**of(invoice, public_id=refund.public_id), now=now)

        assert balances() == {"chain": ALL, "merchant": FEE - ALL, "fees": -FEE}
        assert journal()[-1][0] == "refund_cancelled"

    def test_a_refund_that_left_the_chain_is_owed_again(self, chain, invoice, now):
        pay(chain, invoice, now)
        order = RefundOrder(address=new_address())
        refund = request_refund(**of(invoice, public_id=invoice.public_id), order=order, now=now)
        complete_refund(**of(invoice, public_id=refund.public_id), txid="f" * 64, now=now)

        Refund.objects.update(status="requested", txid="", completed_at=None)
        books.follow(invoice.locked(), now=now)

        assert balances() == {"chain": ALL, "refunds": -ALL, "merchant": FEE, "fees": -FEE}
        assert journal()[-1] == ("refund_reversed", {"chain": ALL, "refunds": -ALL})

    def test_a_refund_that_a_fork_took_back_is_owed_again(self, chain, invoice, now):
        pay(chain, invoice, now)
        order = RefundOrder(address=new_address(), amount=Decimal(6))
        refund = request_refund(**of(invoice, public_id=invoice.public_id), order=order, now=now)
        chain.mine(replace(transfer(invoice, units=6_000_000, txid="f" * 64), recipient=refund.address))
        chain.grow(3)
        read(chain, now)
        assert balances()["chain"] == ALL - 6_000_000

        chain.fork(4)
        chain.grow(5)
        read(chain, now)

        assert balances() == {"chain": ALL, "refunds": -6_000_000, "merchant": FEE + 6_000_000 - ALL, "fees": -FEE}
        assert journal()[-1] == ("refund_reversed", {"chain": 6_000_000, "refunds": -6_000_000})

    def test_parts_of_a_cancelled_invoice_go_back_from_the_customer_s_account(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000)

        cancel_invoice(**of(invoice, public_id=invoice.public_id), reason="", refund_partial_payments=True, now=now)

        assert balances() == {"chain": 5_000_000, "refunds": -5_000_000}

    def test_a_refund_of_a_part_stays_the_customer_s_matter_when_the_invoice_is_paid(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000)
        order = RefundOrder(address=new_address(), amount=Decimal(1))
        request_refund(**of(invoice, public_id=invoice.public_id), order=order, now=now)
        assert balances() == {"chain": 5_000_000, "customers": -4_000_000, "refunds": -1_000_000}
        invoice.refresh_from_db()

        pay(chain, invoice, now, txid="b" * 64)

        assert balances() == {"chain": ALL + 1_000_000, "refunds": -1_000_000, "merchant": FEE - ALL, "fees": -FEE}
        assert "corrected" not in [kind for kind, _ in journal()]

    def test_a_part_that_was_sent_and_whose_money_a_fork_took_is_the_merchant_s_loss(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000, asset="USDC", txid="b" * 64)
        deposit = Payment.objects.get()
        resolve_deposit(**of(deposit, public_id=deposit.public_id), resolution=Resolution.ACCEPT, now=now)
        pay(chain, invoice, now, units=2_000_000)
        order = RefundOrder(address=new_address(), amount=Decimal(2))
        refund = request_refund(**of(invoice, public_id=invoice.public_id), order=order, now=now)
        complete_refund(**of(invoice, public_id=refund.public_id), txid="f" * 64, now=now)
        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        accept_invoice(**of(invoice, public_id=invoice.public_id), now=now)

        in_usdt, in_usdc = (balances(booking__asset_code=code) for code in ("USDT", "USDC"))
        assert in_usdt == {"chain": -2_000_000, "merchant": 2_000_000}
        assert in_usdc == {"chain": 5_000_000, "merchant": -4_950_000, "fees": -50_000}
        assert reconciliation.ledger_differences(Scope()) == []


class TestDeposits:
    @pytest.fixture
    def deposit(self, chain, invoice, now):
        pay(chain, invoice, now, units=7_000_000, asset="USDC")
        assert balances() == {"chain": 7_000_000, "unmatched": -7_000_000}
        return Payment.objects.get()

    def resolve(self, deposit, resolution, now, **more):
        resolve_deposit(**of(deposit, public_id=deposit.public_id), resolution=resolution, now=now, **more)

    def test_accepted_it_counts(self, deposit, now):
        self.resolve(deposit, Resolution.ACCEPT, now)

        assert balances() == {"chain": 7_000_000, "customers": -7_000_000}
        assert journal()[-1] == ("deposit_resolved", {"customers": -7_000_000, "unmatched": 7_000_000})

    def test_let_be_it_is_the_merchant_s(self, deposit, now):
        self.resolve(deposit, Resolution.IGNORE, now)

        assert balances() == {"chain": 7_000_000, "merchant": -7_000_000}

    def test_refunded_it_is_owed_to_the_payer(self, deposit, now):
        self.resolve(deposit, Resolution.REFUND, now, address=new_address())
        assert balances() == {"chain": 7_000_000, "refunds": -7_000_000}

        refund = Refund.objects.get()
        complete_refund(**of(deposit, public_id=refund.public_id), txid="f" * 64, now=now)

        assert balances() == {}

    def test_a_late_short_part_refunded_leaves_the_customer(self, chain, invoice, now):
        late = invoice.expires_at + timedelta(hours=1)
        from invoices.services import expire_due

        expire_due(now=late)
        chain.mine(transfer(invoice, units=5_000_000), at=late)
        chain.grow(2)
        read(chain, late)
        assert balances() == {"chain": 5_000_000, "customers": -5_000_000}

        self.resolve(Payment.objects.get(), Resolution.REFUND, late, address=new_address())

        assert balances() == {"chain": 5_000_000, "refunds": -5_000_000}


class TestGuards:
    @pytest.fixture
    def booking(self, chain, invoice, now):
        pay(chain, invoice, now, units=5_000_000)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        return Booking.objects.get()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE payments_booking SET txid = ''",
            "UPDATE payments_posting SET units = units + 1",
            "DELETE FROM payments_posting",
            "DELETE FROM payments_booking",
            "TRUNCATE payments_posting",
            "TRUNCATE payments_posting, payments_booking CASCADE",
        ],
    )
    def test_what_is_booked_stays(self, booking, statement):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE payments_booking ENABLE TRIGGER booking_not_emptied")
            cursor.execute("ALTER TABLE payments_posting ENABLE TRIGGER posting_not_emptied")
            with pytest.raises(IntegrityError, match="is only ever added to"), transaction.atomic():
                cursor.execute(statement)

        assert journal() == [("payment_confirmed", {"chain": 5_000_000, "customers": -5_000_000})]

    @pytest.mark.parametrize("lines", [{}, {"chain": 5}, {"chain": 5, "merchant": -4}])
    def test_a_booking_that_does_not_add_up_is_not_committed(self, booking, lines):
        wrong = Booking.objects.create(**copied(booking), number=2)
        Posting.objects.bulk_create([Posting(booking=wrong, account=a, units=u) for a, u in lines.items()])

        with pytest.raises(IntegrityError, match="add up to"), transaction.atomic():
            check_now()
        transaction.set_rollback(True)

    def test_a_line_added_to_an_old_booking_is_not_committed(self, booking):
        Posting.objects.create(booking=booking, account="fees", units=1)

        with pytest.raises(IntegrityError, match="add up to 1"), transaction.atomic():
            check_now()
        transaction.set_rollback(True)

    def test_a_line_that_moves_nothing_is_refused(self, booking):
        with pytest.raises(IntegrityError, match="posting_moves_something"), transaction.atomic():
            Posting.objects.create(booking=booking, account="fees", units=0)

    def test_an_invoice_with_bookings_cannot_be_deleted(self, booking):
        from django.db.models import ProtectedError

        with pytest.raises(ProtectedError):
            Invoice.objects.all().delete()


def copied(booking) -> dict:
    return {
        name: getattr(booking, name)
        for name in (
            "kind", "merchant", "livemode", "network", "asset_code", "invoice", "fact", "source_id", "occurred_at",
        )
    }  # fmt: skip


def check_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
