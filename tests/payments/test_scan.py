"""A transfer on a chain becomes a payment exactly once, whatever crashes, repeats, lags or forks."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chains.base import ChainUnavailable
from chains.sandbox.services import new_address
from events.models import Event
from invoices import services as invoice_services
from invoices.models import Credit, Invoice
from merchants.models import Merchant
from payments.models import Cursor, Payment, ScannedRange
from payments.services import RefundOrder, cancel_invoice, fail_stale, request_refund, scan
from payments.services import ledger as ledger_module
from payments.services.scanner import FIRST_LOOK_BACK
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


def read(chain: ScriptedChain, now) -> int:
    return scan(network="sandbox", now=now, reader=chain)


def events_of(invoice: Invoice) -> list[str]:
    log = Event.objects.filter(invoice_id=invoice.pk).order_by("sequence")
    others = ("invoice.created", "settlement.created", "settlement.reversed")  # test_settlements.py is about these
    return [event.type for event in log if event.type not in others]


def state(invoice: Invoice) -> tuple[str, str]:
    invoice.refresh_from_db()
    return invoice.status, invoice.exception


class TestCredit:
    def test_a_payment_is_detected_then_confirmed(self, chain, invoice, now):
        chain.mine(transfer(invoice))

        read(chain, now)
        assert state(invoice) == ("confirming", "none")
        chain.mine()
        read(chain, now)

        assert state(invoice) == ("paid", "none")
        assert invoice.paid_at == now
        assert events_of(invoice) == [
            "payment.detected",
            "invoice.confirming",
            "payment.confirmed",
            "invoice.paid",
        ]

    def test_reading_again_changes_nothing(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.mine()
        read(chain, now)
        before = events_of(invoice)

        read(chain, now)
        Cursor.objects.filter(network="sandbox").update(height=0, hash=chain.block_at(0).hash)
        read(chain, now)

        assert Payment.objects.count() == 1
        assert events_of(invoice) == before
        assert state(invoice) == ("paid", "none")

    def test_all_transfers_of_one_transaction_count(self, chain, invoice, now):
        half = invoice.amount_units // 2
        chain.mine(transfer(invoice, units=half), transfer(invoice, units=invoice.amount_units - half, ordinal=1))

        read(chain, now)

        assert state(invoice) == ("confirming", "none")
        assert Payment.objects.count() == 2

    def test_several_payments_add_up(self, chain, invoice, now):
        chain.mine(transfer(invoice, units=10_000_000, txid="a" * 64))
        read(chain, now)
        assert state(invoice) == ("partial", "underpaid")
        assert invoice.remaining_units == 6_490_000

        chain.mine(transfer(invoice, txid="b" * 64))
        chain.grow(2)
        read(chain, now)

        assert state(invoice) == ("paid", "none")
        assert events_of(invoice) == [
            "payment.detected",
            "invoice.partially_paid",
            "payment.detected",
            "payment.confirmed",
            "payment.confirmed",
            "invoice.paid",
        ]

    def test_a_transfer_of_nothing_is_no_payment(self, chain, invoice, now):
        chain.mine(transfer(invoice, units=0))

        read(chain, now)

        assert Payment.objects.count() == 0

    def test_more_money_than_there_is_is_looked_at_and_stops_nothing(self, chain, invoice, now):
        chain.mine(transfer(invoice, units=2**256 - 1))
        chain.mine()

        read(chain, now)

        payment = Payment.objects.get()
        assert (payment.units, payment.counts, payment.review_reason) == (2**256 - 1, False, "implausible")
        assert state(invoice) == ("created", "none")

    def test_a_stranger_s_transfer_is_not_ours(self, chain, invoice, now):
        stranger = transfer(invoice)
        chain.mine(type(stranger)(**{**_fields(stranger), "recipient": "sandbox1somebodyelse"}))

        read(chain, now)

        assert Payment.objects.count() == 0
        assert state(invoice)[0] == "created"

    def test_a_transfer_in_the_mempool_is_seen_and_moves_into_its_block(self, chain, invoice, now):
        chain.pool = [transfer(invoice)]
        read(chain, now)
        assert state(invoice) == ("confirming", "none")

        (waiting,) = chain.pool
        chain.pool = []
        chain.mine(waiting)
        chain.mine()
        read(chain, now)

        assert Payment.objects.count() == 1
        assert state(invoice) == ("paid", "none")

    def test_a_payment_that_never_leaves_the_mempool_is_given_up_after_a_day(self, chain, invoice, now):
        chain.pool = [transfer(invoice)]
        read(chain, now)
        chain.pool = []
        read(chain, now)

        read(chain, now + timedelta(minutes=6))
        assert state(invoice)[0] == "pending"
        read(chain, now + timedelta(hours=25))
        assert fail_stale(now=now + timedelta(hours=24)) == 0
        assert fail_stale(now=now + timedelta(hours=25)) == 1

        assert Payment.objects.get().status == "failed"
        assert events_of(invoice)[-2:] == ["payment.failed", "invoice.expired"]

    @pytest.mark.parametrize("rounds", [0, 1], ids=["before the first scan", "while it catches up"])
    def test_a_payment_is_not_given_up_because_nobody_looked_for_days(self, chain, invoice, now, rounds):
        chain.max_range = 10
        chain.pool = [transfer(invoice)]
        read(chain, now)
        (waiting,) = chain.pool
        chain.pool = []
        chain.grow(25)
        chain.mine(waiting)
        chain.grow(20)
        later = now + timedelta(days=3)

        scan(network="sandbox", now=later, reader=chain, max_rounds=rounds)

        assert fail_stale(now=later) == 0
        read(chain, later)
        assert state(invoice) == ("paid", "none")
        assert "payment.failed" not in events_of(invoice)

    def test_a_merchant_may_want_more_confirmations(self, chain, invoice, now):
        Merchant.objects.filter(pk=invoice.merchant_id).update(
            settings={**invoice.merchant.settings, "confirmations": {"sandbox": 3}}
        )
        chain.mine(transfer(invoice))
        chain.grow(2)

        read(chain, now)
        assert state(invoice)[0] == "confirming"
        chain.grow(1)
        read(chain, now)

        assert state(invoice)[0] == "paid"


class TestTheFirstReading:
    @pytest.mark.parametrize(
        ("per_block", "count"), [(1.0, 600), (0.2, 3_000), (0.2, 40)], ids=["thrice as fast", "faster", "all of it"]
    )
    def test_it_begins_before_the_first_invoice_however_fast_blocks_come(self, invoice, now, per_block, count):
        chain = ScriptedChain(start=now - timedelta(hours=1))
        chain.mine(at=now - timedelta(minutes=10))
        chain.mine(transfer(invoice), at=now + timedelta(seconds=1))
        for number in range(count):
            chain.mine(at=now + timedelta(seconds=2 + number * per_block))

        read(chain, now + timedelta(seconds=2 + count * per_block))

        assert state(invoice) == ("paid", "none")

    def test_it_leaves_alone_what_is_older(self, invoice, now):
        chain = ScriptedChain(start=now - timedelta(hours=1))
        chain.grow(1_300)  # 3 s each: the last one is five minutes after the invoice

        read(chain, now + timedelta(minutes=5))

        assert ScannedRange.objects.order_by("first").first().first == 1_300 - FIRST_LOOK_BACK - 200


class TestTooMuchOrTooLate:
    def test_a_surplus_is_credited_to_the_customer(self, chain, invoice, now):
        chain.mine(transfer(invoice, units=invoice.amount_units + 5_000_000))
        chain.mine()

        read(chain, now)

        assert state(invoice) == ("paid", "overpaid")
        credit = Credit.objects.get()
        assert credit.amount == Decimal("5.0005")
        assert credit.customer == "cust_456"
        assert events_of(invoice)[-2:] == ["invoice.paid", "invoice.overpaid"]

    def test_more_surplus_replaces_the_credit(self, chain, invoice, now):
        chain.mine(transfer(invoice, units=invoice.amount_units + 5_000_000))
        chain.mine()
        read(chain, now)
        chain.mine(transfer(invoice, units=1_000_000, txid="b" * 64))
        chain.mine()
        read(chain, now)

        assert [credit.amount for credit in Credit.objects.filter(voided_at=None)] == [Decimal("6.0006")]
        assert Credit.objects.count() == 2

    def test_a_late_payment_within_the_window_is_accepted(self, chain, invoice, now):
        late = invoice.expires_at + timedelta(hours=1)
        invoice_services.expire_due(now=late)
        assert state(invoice)[0] == "expired"

        chain.mine(transfer(invoice), at=late)
        chain.mine(at=late)
        read(chain, late)

        assert state(invoice) == ("paid", "late")

    def test_a_payment_sent_in_time_but_read_late_is_not_late(self, chain, invoice, now):
        chain.mine(transfer(invoice), at=invoice.expires_at - timedelta(seconds=1))
        chain.mine(at=invoice.expires_at)
        much_later = invoice.expires_at + timedelta(days=3)
        invoice_services.expire_due(now=much_later)

        read(chain, much_later)

        assert state(invoice) == ("paid", "none")

    def test_after_the_window_the_money_waits_for_a_decision(self, chain, invoice, now):
        late = invoice.expires_at + timedelta(hours=25)
        invoice_services.expire_due(now=late)

        chain.mine(transfer(invoice), at=late)
        chain.mine(at=late)
        read(chain, late)

        assert state(invoice) == ("expired", "none")
        payment = Payment.objects.get()
        assert (payment.review, payment.review_reason, payment.is_late) == ("open", "late", True)
        log = Event.objects.get(type="payment.detected")
        assert log.data["late"] is True

    def test_a_late_part_stays_in_review_until_the_rest_comes(self, chain, invoice, now):
        late = invoice.expires_at + timedelta(hours=1)
        invoice_services.expire_due(now=late)
        chain.mine(transfer(invoice, units=10_000_000), at=late)
        read(chain, late)
        assert state(invoice) == ("expired", "underpaid")
        assert Payment.objects.get().review == "open"

        chain.mine(transfer(invoice, txid="b" * 64), at=late)
        chain.grow(2)
        read(chain, late)

        assert state(invoice) == ("paid", "late")
        assert {payment.review for payment in Payment.objects.all()} <= {"accepted", "none"}

    def test_money_for_a_cancelled_invoice_is_recorded_and_reviewed(self, chain, invoice, now):
        invoice_services.cancel_invoice(
            merchant=invoice.merchant, livemode=False, public_id=invoice.public_id, reason="", now=now
        )

        chain.mine(transfer(invoice))
        chain.mine()
        read(chain, now)

        assert state(invoice)[0] == "cancelled"
        assert Payment.objects.get().review_reason == "closed"

    def test_another_asset_never_pays_an_invoice(self, chain, invoice, now):
        chain.mine(transfer(invoice, asset="TRX", units=10**12))
        chain.mine()

        read(chain, now)

        assert state(invoice) == ("created", "none")
        assert Payment.objects.get().review_reason == "wrong_asset"


class TestQuotes:
    def test_a_replaced_quote_stays_good_for_fifteen_minutes(self, chain, invoice, now, settings):
        lapsed = invoice.quote_expires_at
        Invoice.objects.filter(pk=invoice.pk).update(expires_at=lapsed + timedelta(hours=2))
        asked = invoice.amount_units
        settings.FIXED_RATES = {"USDT/USD": Decimal("0.5")}
        renewed = invoice_services.view_invoice(invoice_id=invoice.pk, now=lapsed)
        assert renewed.amount_units == 32_980_000

        soon, late = lapsed + timedelta(minutes=14), lapsed + timedelta(minutes=16)
        chain.mine(transfer(invoice, units=asked), at=soon)
        read(chain, late)
        assert state(invoice)[0] == "confirming"

        Payment.objects.all().delete()
        Cursor.objects.all().delete()
        chain = ScriptedChain(start=now)
        read(chain, now)
        chain.mine(transfer(invoice, units=asked), at=late)
        read(chain, late)
        assert state(invoice)[0] == "partial"


class TestReorg:
    def test_a_payment_that_moves_to_another_block_is_still_one(self, chain, invoice, now):
        sent = transfer(invoice)
        chain.mine(sent)
        read(chain, now)

        chain.fork(1)
        chain.mine()
        chain.mine(sent)
        chain.mine()
        read(chain, now)

        assert Payment.objects.count() == 1
        assert state(invoice) == ("paid", "none")
        assert "payment.reversed" not in events_of(invoice)

    def test_a_payment_that_leaves_the_chain_is_taken_back(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(2)
        read(chain, now)
        assert state(invoice) == ("paid", "none")

        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        assert state(invoice) == ("pending", "none")
        assert invoice.paid_at is None
        assert Payment.objects.get().status == "orphaned"
        assert events_of(invoice)[-2:] == ["payment.reversed", "invoice.reversed"]

    def test_it_counts_again_when_it_comes_back(self, chain, invoice, now):
        sent = transfer(invoice)
        chain.mine(sent)
        chain.grow(2)
        read(chain, now)
        chain.fork(3)
        chain.grow(4)
        read(chain, now)

        chain.mine(sent)
        chain.mine()
        read(chain, now)

        assert state(invoice) == ("paid", "none")
        assert Payment.objects.count() == 1

    @pytest.mark.parametrize(
        ("promised", "left"),
        [
            (None, None),
            (Decimal(1), 7_245_000),  # the promise rests on it, and nobody has said what becomes of the rest
            (Decimal("8.245"), 0),
        ],
    )
    def test_it_waits_in_the_inbox_when_its_invoice_was_cancelled_without_it(
        self, chain, invoice, merchant, now, promised, left
    ):
        whose = {"merchant": merchant, "livemode": invoice.livemode, "public_id": invoice.public_id}
        sent = transfer(invoice, units=invoice.amount_units // 2)
        chain.mine(sent)
        chain.grow(2)
        read(chain, now)
        if promised:
            request_refund(**whose, order=RefundOrder(address=new_address(), amount=promised), now=now)
        chain.fork(3)
        chain.grow(4)
        read(chain, now)
        assert Payment.objects.get().status == "orphaned"
        cancel_invoice(**whose, reason="", refund_partial_payments=True, now=now)

        chain.mine(sent)
        chain.grow(2)
        read(chain, now)

        payment = Payment.objects.get()
        assert (payment.status, payment.counts) == ("confirmed", left is not None)
        assert (payment.review, payment.review_reason) == (("none", "") if left == 0 else ("open", "closed"))
        assert state(invoice)[0] == "cancelled"
        assert invoice.confirmed_units == (left or 0)
        assert events_of(invoice)[-2:] == (
            ["payment.confirmed", "refund.released"] if promised else ["invoice.cancelled", "payment.confirmed"]
        )

    def test_of_two_that_come_back_for_one_promise_the_second_is_asked_about(self, chain, invoice, merchant, now):
        whose = {"merchant": merchant, "livemode": invoice.livemode, "public_id": invoice.public_id}
        sent = [transfer(invoice, units=4_000_000, txid=letter * 64) for letter in "ab"]
        chain.mine(*sent)
        chain.grow(2)
        read(chain, now)
        request_refund(**whose, order=RefundOrder(address=new_address(), amount=Decimal(5)), now=now)
        chain.fork(3)
        chain.grow(4)
        read(chain, now)
        cancel_invoice(**whose, reason="", refund_partial_payments=True, now=now)

        asked = []
        for each in sent:
            chain.mine(each)
            chain.grow(2)
            read(chain, now)
            asked.append(list(Payment.objects.order_by("txid").values_list("review", flat=True)))

        assert asked == [["none", "none"], ["none", "open"]]

    def test_a_confirmed_payment_whose_block_moved_is_uncertain_again(self, chain, invoice, now):
        sent = transfer(invoice)
        chain.mine(sent)
        chain.grow(1)
        read(chain, now)
        assert state(invoice)[0] == "paid"

        chain.fork(2)
        chain.mine()
        chain.mine()
        chain.mine(sent)
        read(chain, now)

        assert state(invoice)[0] == "confirming"
        assert events_of(invoice)[-2:] == ["payment.reversed", "invoice.reversed"]

    def test_a_shorter_fork_is_believed_once_its_blocks_differ(self, chain, invoice, now):
        for _ in range(5):
            chain.mine()
            read(chain, now)
        chain.mine(transfer(invoice))
        chain.grow(3)
        read(chain, now)

        chain.fork(6)
        chain.grow(2)
        read(chain, now)

        assert Payment.objects.get().status == "orphaned"

    def test_a_reorg_deeper_than_a_range_is_read_again_completely(self, chain, invoice, now):
        chain.max_range = 3
        chain.mine(transfer(invoice))
        chain.grow(20)
        read(chain, now)
        assert state(invoice)[0] == "paid"

        chain.fork(21)
        chain.grow(10)
        chain.mine(transfer(invoice, txid="b" * 64, units=invoice.amount_units))
        chain.grow(15)
        read(chain, now)

        assert {p.txid[0]: p.status for p in Payment.objects.all()} == {"a": "orphaned", "b": "confirmed"}
        assert state(invoice) == ("paid", "none")


class TestTheNode:
    def test_a_node_that_lags_changes_nothing(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(3)
        read(chain, now)
        before = events_of(invoice)
        ahead = list(chain.blocks)

        del chain.blocks[-4:]
        assert read(chain, now) == 0
        chain.blocks[:] = ahead
        read(chain, now)

        assert events_of(invoice) == before
        assert state(invoice)[0] == "paid"

    def test_a_node_that_is_down_loses_nothing(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.is_down = True
        with pytest.raises(ChainUnavailable):
            read(chain, now)
        chain.grow(300)

        chain.is_down = False
        read(chain, now)

        assert state(invoice)[0] == "paid"

    def test_a_chain_that_forks_while_it_is_read_is_not_believed(self, chain, invoice, now):
        chain.mine(transfer(invoice))

        def fork():
            chain.fork(1)
            chain.grow(2)

        chain.before = fork
        with pytest.raises(ChainUnavailable):
            read(chain, now)
        assert Payment.objects.count() == 0

        read(chain, now)
        assert state(invoice)[0] == "created"

    def test_a_fork_beneath_what_is_being_read_loses_nothing(self, invoice, now):
        class Restless(ScriptedChain):
            """Changes its chain as soon as it has been asked for block 2 alone, and tells all above of the new one."""

            replacement: ScriptedChain | None = None

            def block_at(self, height=None):
                block = super().block_at(height)
                if height == 2 and self.replacement:
                    self.blocks, self.replacement = self.replacement.blocks, None
                return block

        chain = Restless(start=now, max_range=4)
        chain.grow(2)
        read(chain, now)
        fork = ScriptedChain(start=now, blocks=chain.blocks[:2], branch=1)
        fork.mine(transfer(invoice))
        fork.grow(8)
        chain.grow(8)
        chain.replacement = fork

        with pytest.raises(ChainUnavailable, match="read on another fork than was meant"):
            read(chain, now)

        assert Cursor.objects.get().height == 2
        read(chain, now)
        assert state(invoice) == ("paid", "none")

    def test_finality_decides_for_large_invoices(self, chain, invoice, now, monkeypatch):
        Payment.objects.all().delete()
        chain.mine(transfer(invoice))
        read(chain, now)
        Payment.objects.update(needs_finality=True, required_confirmations=64)
        chain.grow(100)
        read(chain, now)
        assert state(invoice)[0] == "confirming"

        chain.finalized = 50
        read(chain, now)

        assert state(invoice)[0] == "paid"


class TestCrashesAndRivals:
    def test_a_crash_before_the_cursor_moves_credits_nothing(self, chain, invoice, now, monkeypatch):
        chain.mine(transfer(invoice))
        with monkeypatch.context() as patch:
            patch.setattr(ledger_module, "_move_cursor", _die)
            with pytest.raises(ZeroDivisionError):
                read(chain, now)

        assert Payment.objects.count() == 0
        assert events_of(invoice) == []

        read(chain, now)
        assert Payment.objects.count() == 1

    def test_of_two_scanners_one_does_the_work(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.mine()

        chain.before = lambda: read(chain, now)  # the rival reads and records while the first is still reading
        assert read(chain, now) == 0

        assert Payment.objects.count() == 1
        assert events_of(invoice).count("payment.detected") == 1

    def test_a_reading_is_dropped_when_a_rival_has_followed_a_fork_of_the_same_height(self, chain, invoice, now):
        chain.grow(3)
        read(chain, now)
        fork = ScriptedChain(start=now, blocks=chain.blocks[:3], branch=1)
        fork.mine()
        chain.mine(transfer(invoice))

        chain.before = lambda: read(fork, now)
        assert read(chain, now) == 0

        cursor = Cursor.objects.get()
        assert (cursor.height, cursor.hash) == (3, fork.block_at(3).hash)
        assert Payment.objects.count() == 0
        read(chain, now)
        assert Payment.objects.get().block_hash == chain.block_at(4).hash


def _die(*_args, **_options):
    raise ZeroDivisionError


def _fields(thing) -> dict:
    return {name: getattr(thing, name) for name in thing.__slots__}
