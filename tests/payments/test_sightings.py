"""A customer names a transaction: we look at the chain, say what became of it, and credit what the scan would."""

from datetime import timedelta

import pytest

from core import ratelimit
from events.models import Event
from payments.models import Payment
from payments.services import Outcome, look_for, scan, sightings
from tests.factories import make_invoice
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db

TXID = "a" * 64
OTHER_TXID = "c" * 64


@pytest.fixture
def chain(now, invoice, valkey) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    read(chain, now)
    return chain


def read(chain: ScriptedChain, now) -> None:
    scan(network="sandbox", now=now, reader=chain)


def look(invoice, chain: ScriptedChain, now, text: str = TXID) -> Outcome:
    invoice.refresh_from_db()
    return look_for(invoice=invoice, text=text, now=now, reader=chain).outcome


class TestWhatIsRecorded:
    def test_a_confirmed_payment_is_counted_and_no_node_is_asked(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(3)
        read(chain, now)

        assert look(invoice, chain, now) is Outcome.COUNTED
        assert chain.asked_for == []

    def test_a_payment_with_too_few_confirmations_says_how_many(self, chain, invoice, now):
        invoice.merchant.settings = {"confirmations": {"sandbox": 5}}
        invoice.merchant.save()
        chain.mine(transfer(invoice))
        chain.grow(2)
        read(chain, now)

        found = look_for(invoice=invoice, text=TXID, now=now, reader=chain)

        assert (found.outcome, found.payment.confirmations, found.payment.required_confirmations) == (
            Outcome.CONFIRMING,
            2,
            5,
        )

    def test_another_coin_waits_for_the_merchant(self, chain, invoice, now):
        chain.mine(transfer(invoice, asset="USDC"))
        read(chain, now)

        assert look(invoice, chain, now) is Outcome.WRONG_ASSET

    def test_money_that_came_too_late_waits_for_the_merchant(self, chain, invoice, now):
        later = now + timedelta(days=3)
        chain.mine(transfer(invoice), at=later)
        read(chain, later)

        assert look(invoice, chain, later) is Outcome.IN_REVIEW

    def test_what_the_merchant_has_decided_is_said(self, chain, invoice, now):
        chain.mine(transfer(invoice, asset="USDC"))
        read(chain, now)
        Payment.objects.update(review="ignored")

        assert look(invoice, chain, now) is Outcome.DECIDED


class TestWhatIsNot:
    def test_a_transfer_that_the_scan_missed_is_credited(self, chain, invoice, now):
        chain.is_blind = True
        chain.mine(transfer(invoice))
        chain.grow(3)
        read(chain, now)
        chain.is_blind = False

        assert look(invoice, chain, now) is Outcome.COUNTED

        invoice.refresh_from_db()
        assert (invoice.status, Payment.objects.count()) == ("paid", 1)
        assert look(invoice, chain, now) is Outcome.COUNTED
        assert Payment.objects.count() == 1

    def test_a_missed_transfer_to_another_invoice_is_neither_told_nor_credited(self, chain, invoice, merchant, now):
        other = make_invoice(merchant, now)
        chain.is_blind = True
        chain.mine(transfer(other))
        read(chain, now)
        chain.is_blind = False

        assert look(invoice, chain, now) is Outcome.ELSEWHERE
        assert Payment.objects.count() == 0

    def test_the_payment_of_another_invoice_went_elsewhere(self, chain, invoice, merchant, now):
        chain.mine(transfer(make_invoice(merchant, now)))
        read(chain, now)

        assert look(invoice, chain, now) is Outcome.ELSEWHERE

    def test_an_unknown_transaction_is_not_found_and_nothing_happens(self, chain, invoice, now):
        before = Event.objects.count()

        assert look(invoice, chain, now) is Outcome.NOT_FOUND

        invoice.refresh_from_db()
        assert (invoice.status, Payment.objects.count(), Event.objects.count()) == ("created", 0, before)

    def test_a_block_that_the_scan_has_not_reached_is_left_to_it(self, chain, invoice, now):
        chain.mine(transfer(invoice))

        assert look(invoice, chain, now) is Outcome.NOT_READ_YET
        assert Payment.objects.count() == 0

    def test_a_reverted_transaction_is_called_that(self, chain, invoice, now):
        chain.failed.add(TXID)

        assert look(invoice, chain, now) is Outcome.REVERTED

    def test_a_block_from_before_the_invoice_is_not_read(self, chain, merchant, invoice, now):
        chain.mine(transfer(invoice))
        read(chain, now)
        much_later = make_invoice(merchant, now + timedelta(days=1))
        readings: list[str] = []
        chain.before = lambda: readings.append("read")

        assert look(much_later, chain, now + timedelta(days=1)) is Outcome.ELSEWHERE
        assert (chain.asked_for, readings) == ([TXID], [])

    def test_a_payment_whose_block_was_replaced_is_not_found(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        read(chain, now)
        chain.fork(1)
        chain.grow(2)
        read(chain, now)

        assert look(invoice, chain, now) is Outcome.NOT_FOUND

    def test_a_node_that_is_down_is_said_to_be(self, chain, invoice, now):
        chain.is_down = True

        assert look(invoice, chain, now) is Outcome.UNAVAILABLE


class TestLimits:
    def test_nonsense_asks_no_node(self, chain, invoice, now):
        assert look(invoice, chain, now, "I did pay!") is Outcome.UNREADABLE
        assert chain.asked_for == []

    def test_a_node_is_asked_five_times_a_minute_for_one_invoice(self, chain, invoice, now):
        outcomes = [look(invoice, chain, now, f"{number:064x}") for number in range(7)]

        assert outcomes == [Outcome.NOT_FOUND] * 5 + [Outcome.TOO_OFTEN] * 2
        assert len(chain.asked_for) == 5

    def test_and_no_more_than_thirty_times_for_one_network(self, chain, merchant, now):
        invoices = [make_invoice(merchant, now) for _ in range(7)]

        outcomes = [look(invoice, chain, now, f"{number:064x}") for invoice in invoices for number in range(5)]

        assert outcomes.count(Outcome.TOO_OFTEN) == 5
        assert len(chain.asked_for) == 30

    def test_two_readings_at_once_are_all_a_network_has(self, chain, invoice, now):
        for _ in range(2):
            ratelimit.acquire_slot("sighting", "sandbox", amount=2, ttl=60)

        assert look(invoice, chain, now) is Outcome.TOO_OFTEN
        assert chain.asked_for == []

    def test_a_reading_gives_its_slot_back_whatever_happens(self, chain, invoice, now, monkeypatch):
        monkeypatch.setattr(sightings, "PER_INVOICE", ratelimit.Limit(100, 60))
        chain.is_down = True

        assert {look(invoice, chain, now) for _ in range(4)} == {Outcome.UNAVAILABLE}
