"""The record of what was read has no gap; after an absence the newest comes first; final blocks are read twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from chains.base import ChainUnavailable
from events.models import Event
from invoices.models import Invoice
from payments.models import Cursor, Finding, Payment, ScannedRange
from payments.services import ranges as ranges_module
from payments.services import scan, verify
from payments.services.ranges import add_range, fold, last_shared
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    scan(network="sandbox", now=now, reader=chain)
    return chain


def read(chain: ScriptedChain, now, **how) -> int:
    return scan(network="sandbox", now=now, reader=chain, **how)


def look_again(chain: ScriptedChain, now) -> int:
    return verify(network="sandbox", reader_apart_from=lambda _: chain, now=now)


def ranges() -> list[tuple[int, int]]:
    return list(ScannedRange.objects.filter(network="sandbox").order_by("last").values_list("first", "last"))


def status(invoice: Invoice) -> str:
    invoice.refresh_from_db()
    return invoice.status


def make_range(first: int, last: int, previous: int | None) -> ScannedRange:
    return ScannedRange(
        network="sandbox", first=first, last=last, previous=previous, hash="f" * 64, scanned_at="2026-01-15T10:00Z"
    )


class TestRecord:
    def test_each_range_begins_where_the_one_before_ended(self, chain, now):
        chain.max_range = 4
        chain.grow(10)

        read(chain, now)

        assert ranges() == [(0, 0), (1, 4), (5, 8), (9, 10)]

    def test_a_fork_takes_the_ranges_it_replaced_with_it(self, chain, now):
        chain.max_range = 4
        chain.grow(10)
        read(chain, now)
        chain.fork(5)
        chain.grow(6)

        read(chain, now)

        assert ranges() == [(0, 0), (1, 4), (5, 8), (9, 11)]
        ends = dict(ScannedRange.objects.values_list("last", "hash"))
        assert ends[8] == chain.block_at(8).hash

    def test_reading_from_the_middle_of_a_range_cuts_it_there(self, chain, now):
        chain.grow(10)
        read(chain, now)
        Cursor.objects.update(height=5, hash=chain.block_at(5).hash)

        read(chain, now)

        assert ranges() == [(0, 0), (1, 5), (6, 10)]
        assert ScannedRange.objects.get(last=5).hash == chain.block_at(5).hash

    def test_the_database_keeps_a_gap_from_being_written(self, chain, now):
        chain.grow(3)
        read(chain, now)

        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with pytest.raises(IntegrityError), transaction.atomic():
            make_range(6, 7, 5).save()

    def test_the_database_keeps_two_ranges_from_following_one(self, chain, now):
        chain.grow(3)
        read(chain, now)

        with pytest.raises(IntegrityError), transaction.atomic():
            make_range(1, 2, 0).save()
        with pytest.raises(IntegrityError), transaction.atomic():
            make_range(7, 9, 3).save()
        with pytest.raises(IntegrityError), transaction.atomic():
            make_range(7, 9, None).save()

    def test_a_range_that_leaves_blocks_out_is_refused(self, chain, now):
        with pytest.raises(RuntimeError, match="does not adjoin block 0"):
            add_range(make_range(3, 4, None), base=None)

    def test_a_fork_is_found_with_few_questions(self, now):
        chain = ScriptedChain(start=now, max_range=1)
        read(chain, now)
        chain.grow(300)
        for _ in range(7):
            read(chain, now)
        chain.fork(280)
        chain.grow(290)
        asked = []

        def block_at(height):
            asked.append(height)
            return chain.block_at(height)

        shared = last_shared("sandbox", below=300, block_at=block_at)

        assert len(ranges()) > 250
        assert shared == chain.block_at(20)
        assert len(asked) <= 11

    def test_old_ranges_that_agree_melt_into_one(self, chain, now, monkeypatch):
        monkeypatch.setattr(ranges_module, "REMEMBERED", 3)
        for _ in range(9):
            chain.mine()
            read(chain, now)
        assert look_again(chain, now) == 7

        assert fold("sandbox", now=now) == 6

        assert ranges() == [(0, 6), (7, 7), (8, 8), (9, 9)]
        chain.mine()
        read(chain, now)
        assert ranges()[-1] == (10, 10)

    def test_ranges_nobody_read_twice_are_kept(self, chain, now, monkeypatch):
        monkeypatch.setattr(ranges_module, "REMEMBERED", 1)
        for _ in range(5):
            chain.mine()
            read(chain, now)

        assert fold("sandbox", now=now) == 0
        assert len(ranges()) == 6


class TestAfterAnAbsence:
    def test_the_newest_blocks_are_looked_at_first(self, chain, invoice, now):
        chain.max_range = 10
        chain.grow(100)
        chain.mine(transfer(invoice))

        read(chain, now, max_rounds=1)

        assert Cursor.objects.get().height == 10
        assert status(invoice) == "confirming"

    def test_but_confirm_nothing_before_all_is_read(self, chain, invoice, now):
        chain.max_range = 10
        chain.grow(100)
        chain.mine(transfer(invoice))
        chain.grow(5)

        read(chain, now, max_rounds=9)
        assert status(invoice) == "confirming"
        read(chain, now, max_rounds=2)

        assert status(invoice) == "paid"
        types = [event.type for event in Event.objects.filter(invoice_id=invoice.pk).order_by("sequence")]
        assert "payment.reversed" not in types
        assert types.count("invoice.paid") == 1

    def test_what_was_seen_there_and_forked_away_is_taken_back(self, chain, invoice, now):
        chain.max_range = 10
        chain.grow(100)
        chain.mine(transfer(invoice))
        read(chain, now, max_rounds=1)
        chain.fork(1)
        chain.grow(4)

        read(chain, now)

        assert Payment.objects.get().status == "orphaned"
        assert status(invoice) == "pending"

    def test_what_is_replaced_while_it_is_looked_at_is_not_shown(self, chain, invoice, now):
        chain.max_range = 10
        chain.grow(100)
        chain.mine(transfer(invoice))

        def fork() -> None:
            chain.fork(1)
            chain.mine()

        chain.before = fork

        read(chain, now, max_rounds=0)

        assert Payment.objects.count() == 0

    def test_months_are_caught_up(self, chain, invoice, now):
        chain.max_range = 10
        chain.mine(transfer(invoice))
        chain.grow(1200)

        while read(chain, now):
            pass

        assert Cursor.objects.get().height == 1201
        assert status(invoice) == "paid"
        assert len(ranges()) == 122


class TestMempool:
    def test_a_transfer_that_left_the_mempool_for_no_block_is_taken_back(self, chain, invoice, now):
        chain.pool = [transfer(invoice)]
        read(chain, now)
        assert status(invoice) == "confirming"
        chain.pool = []

        read(chain, now + timedelta(minutes=4))
        assert status(invoice) == "confirming"
        read(chain, now + timedelta(minutes=6))

        assert Payment.objects.get().status == "orphaned"
        assert status(invoice) == "pending"

    def test_while_catching_up_nobody_knows_the_mempool(self, chain, invoice, now):
        chain.pool = [transfer(invoice)]
        read(chain, now)
        chain.pool = []
        chain.max_range = 5
        chain.grow(20)

        read(chain, now + timedelta(minutes=6), max_rounds=1)

        assert Payment.objects.get().status == "detected"


class TestSecondPass:
    def test_final_ranges_that_agree_are_marked(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(4)
        read(chain, now)

        assert look_again(chain, now) == 1

        first, second = ScannedRange.objects.order_by("last")
        assert (first.verified_at, first.verified_by) == (now, "scripted")
        assert second.verified_at is None  # its end is not final yet
        chain.grow(3)
        assert look_again(chain, now) == 0
        read(chain, now)
        assert look_again(chain, now) == 5
        assert Finding.objects.count() == 0

    def test_what_the_first_reading_missed_is_credited_and_reported(self, chain, invoice, now):
        missed = transfer(invoice)
        chain.mine()
        chain.grow(6)
        read(chain, now)
        other = ScriptedChain(start=now, blocks=list(chain.blocks), source="another")
        other.blocks[1] = (chain.blocks[1][0], (with_block(missed, chain.blocks[1][0]),))
        chain.grow(3)
        other.blocks += chain.blocks[-3:]
        read(chain, now)

        look_again(other, now)

        assert status(invoice) == "paid"
        finding = Finding.objects.get()
        assert (finding.kind, finding.first, finding.txid, finding.units) == ("missed", 1, "a" * 64, missed.units)
        assert ScannedRange.objects.get(last=7).verified_by == "another"
        look_again(other, now)
        assert Finding.objects.count() == 1

    def test_what_only_the_first_reading_had_stays_open(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(5)
        read(chain, now)
        chain.grow(3)
        read(chain, now)
        blind = ScriptedChain(start=now, blocks=[(block, ()) for block, _ in chain.blocks], source="blind")

        look_again(blind, now)
        look_again(blind, now)

        assert status(invoice) == "paid"
        assert Finding.objects.get().kind == "unconfirmed"
        assert ScannedRange.objects.get(last=6).verified_at is None
        look_again(chain, now)
        assert ScannedRange.objects.get(last=6).verified_at == now

    def test_a_second_node_on_another_fork_marks_nothing(self, chain, invoice, now):
        chain.grow(8)
        read(chain, now)
        chain.grow(3)
        read(chain, now)
        elsewhere = ScriptedChain(start=now, branch=7)
        elsewhere.grow(12)
        elsewhere.blocks[3] = (elsewhere.blocks[3][0], (with_block(transfer(invoice), elsewhere.blocks[3][0]),))

        look_again(elsewhere, now)

        assert Payment.objects.count() == 0
        assert Finding.objects.get().kind == "fork"
        assert ScannedRange.objects.filter(verified_at=None).count() == 3

    def test_a_second_node_that_is_down_changes_nothing(self, chain, now):
        chain.grow(8)
        read(chain, now)
        chain.is_down = True

        with pytest.raises(ChainUnavailable):
            look_again(chain, now)

        assert ScannedRange.objects.exclude(verified_at=None).count() == 0

    def test_ranges_replaced_meanwhile_are_not_marked(self, chain, now):
        chain.grow(8)
        read(chain, now)
        chain.grow(3)
        read(chain, now)

        def fork() -> None:
            ScannedRange.objects.filter(last=8).update(hash="e" * 64)

        chain.before = fork

        look_again(chain, now)

        assert ScannedRange.objects.get(last=8).verified_at is None


def with_block(moved, block):
    return replace(moved, block=block)
