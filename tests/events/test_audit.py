"""The audit log's chains: sealed in order by a worker, and whatever is done to the tables afterwards shows."""

import threading
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone
from structlog.testing import capture_logs

from core import context
from core.ids import public_id
from events import checking, sealing, tasks
from events.entries import BEGINNING, entry_hash, entry_text
from events.models import ChainHead, Seal
from events.outbox import Happening, dispatch_all, emit

ADA = UUID("01890000-0000-7000-8000-000000000001")
BOB = UUID("01890000-0000-7000-8000-000000000002")
PROTECTED = {"events_event": "event_append_only", "events_seal": "seal_append_only"}

pytestmark = pytest.mark.django_db


def happen(merchant=ADA, what="api_key.created", **data):
    with transaction.atomic():
        return emit(Happening(type=what, merchant_id=merchant, livemode=True, data=data))


@pytest.fixture
def log():
    """Five entries of Ada's and two of Bob's, in turns, and one of nobody's."""
    for number, merchant in enumerate([ADA, BOB, ADA, None, ADA, BOB, ADA, ADA]):
        happen(merchant, name=f"key {number}")
    dispatch_all()
    sealing.seal_all(now=timezone.now())


def forge(statement, *values):
    """Do what somebody may who owns the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, trigger in PROTECTED.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        cursor.execute(statement, values)
        assert cursor.rowcount > 0
        for table, trigger in PROTECTED.items():
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def event_of(merchant, number):
    return Seal.objects.get(chain=merchant, number=number).event


def verify(*options):
    """Return what ``audit verify`` printed, and whether it ended well."""
    told = StringIO()
    try:
        call_command("audit", "verify", *options, stdout=told)
    except CommandError:
        return told.getvalue(), False
    return told.getvalue(), True


def head(chain=ChainHead.WHOLE):
    return ChainHead.objects.get(pk=chain)


class TestSealing:
    def test_each_merchant_has_a_chain_that_counts_from_one(self, log):
        assert list(Seal.objects.filter(chain=ADA).order_by("position").values_list("number", "position")) == [
            (1, 1),
            (2, 3),
            (3, 5),
            (4, 7),
            (5, 8),
        ]
        assert (head(ADA).number, head(BOB).number, head(ChainHead.NOBODYS).number, head().number) == (5, 2, 1, 8)

    def test_an_entry_holds_the_hash_of_the_one_before(self, log):
        first, second = Seal.objects.filter(chain=ADA).order_by("number").select_related("event")[:2]

        assert first.hash == entry_hash(entry_text(first.event, number=1, previous=BEGINNING))
        assert second.hash == entry_hash(entry_text(second.event, number=2, previous=first.hash))

    def test_what_was_there_before_is_sealed_too_in_batches(self, monkeypatch):
        monkeypatch.setattr(sealing, "BATCH", 2)
        for _ in range(5):
            happen()
        dispatch_all()

        assert tasks.seal_log() == 5
        assert tasks.seal_log() == 0
        assert verify() == ("5 entries are what was sealed; 0 wait for their seal.\n", True)

    def test_an_event_without_a_number_waits(self):
        happen()

        assert sealing.seal_all(now=timezone.now()) == 0

    def test_writing_an_event_asks_the_database_no_more_than_before(self, django_assert_num_queries):
        with django_assert_num_queries(3):  # savepoint, insert, release
            happen()

    def test_changes_are_told_from_the_days_business(self):
        happen(what="invoice.created")
        happen(what="member.added")
        with context.caller(actor="user:7"):
            happen(what="invoice.cancelled")
        with context.caller(actor="customer"):
            happen(what="invoice.pending")
        dispatch_all()
        sealing.seal_all(now=timezone.now())

        found = Seal.objects.filter(is_change=True).order_by("number").values_list("event__type", flat=True)
        assert list(found) == ["member.added", "invoice.cancelled"]

    @pytest.mark.parametrize("change", [{"hash": BEGINNING}, {"number": 77}, {"is_change": False}])
    def test_a_seal_never_changes(self, log, change):
        with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
            Seal.objects.filter(chain=ADA, number=2).update(**change)
        with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
            Seal.objects.filter(chain=ADA, number=2).delete()

    def test_the_head_is_written_to_the_programs_log(self):
        happen()
        dispatch_all()

        with capture_logs() as told:
            sealing.seal_all(now=timezone.now())

        assert [each["head"] for each in told if each["event"] == "audit_sealed"] == [f"1:{head().hash}"]


@pytest.mark.django_db(transaction=True)
def test_while_one_worker_seals_another_leaves_it_alone():
    happen()
    dispatch_all()
    rival = []

    def seal_too():
        rival.append(sealing.seal_all(now=timezone.now()))
        connection.close()

    with transaction.atomic():
        assert sealing.seal_some(now=timezone.now()) == 1
        thread = threading.Thread(target=seal_too)
        thread.start()
        thread.join(10)

    assert rival == [0]
    assert Seal.objects.count() == 1


class TestVerifying:
    def test_an_untouched_log_is_fine_for_everybody_and_for_each(self, log):
        assert verify() == ("8 entries are what was sealed; 0 wait for their seal.\n", True)
        assert verify("--merchant", public_id("mer", ADA)) == (
            "5 entries are what was sealed; 0 wait for their seal.\n",
            True,
        )

    @pytest.mark.parametrize(
        "change",
        [
            "data = '{}'",
            "actor = 'somebody else'",
            "ip_address = '8.8.8.8'",
            "created_at = created_at + interval '1 microsecond'",
            "type = 'api_key.revoked'",
            "livemode = false",
            "object_id = 'x'",
            "user_agent = 'x'",
            "request_id = 'x'",
            "trace_id = 'x'",
            "invoice_id = id",
        ],
    )
    def test_an_edited_entry_is_named(self, log, change):
        forge(f"UPDATE events_event SET {change} WHERE id = %s", event_of(ADA, 3).pk)

        for options in ((), ("--merchant", public_id("mer", ADA))):
            told, is_fine = verify(*options)
            assert not is_fine
            assert told == f"{public_id('mer', ADA)}: entry 3 is not what was sealed\n"
        assert head(ADA).checked_number == 2
        assert head(ADA).problem == "Entry 3 is not what was sealed."
        assert head(BOB).problem == ""

    def test_a_number_that_lost_a_digit_is_found(self):
        happen(amount=12)
        dispatch_all()
        sealing.seal_all(now=timezone.now())
        forge("UPDATE events_event SET data = '{\"amount\": 12.0}'")

        assert verify() == (f"{public_id('mer', ADA)}: entry 1 is not what was sealed\n", False)

    @pytest.mark.parametrize("number", [1, 3, 5])
    @pytest.mark.parametrize("with_seal", [True, False])
    def test_a_deleted_entry_is_named(self, log, number, with_seal):
        event = event_of(ADA, number)
        forge("DELETE FROM events_event WHERE id = %s", event.pk)
        if with_seal:
            forge("DELETE FROM events_seal WHERE event_id = %s", event.pk)

        for options in ((), ("--merchant", public_id("mer", ADA))):
            told, is_fine = verify(*options)
            assert not is_fine
            assert told.splitlines()[0].startswith(f"{public_id('mer', ADA)}: entry {number} is missing")

    def test_two_entries_that_changed_places_are_found(self, log):
        one, other = event_of(ADA, 2), event_of(ADA, 3)
        forge("UPDATE events_seal SET event_id = %s WHERE chain = %s AND number = 2", BOB, ADA)
        forge("UPDATE events_seal SET event_id = %s WHERE chain = %s AND number = 3", one.pk, ADA)
        forge("UPDATE events_seal SET event_id = %s WHERE chain = %s AND number = 2", other.pk, ADA)

        assert verify("--merchant", public_id("mer", ADA)) == (
            f"{public_id('mer', ADA)}: entry 2 stands in another place than it was sealed for\n",
            False,
        )

    def test_an_entry_that_was_forged_with_its_own_hash_breaks_the_chain_at_the_next(self, log):
        event, sealed = event_of(ADA, 3), Seal.objects.get(chain=ADA, number=2).hash
        forge("UPDATE events_event SET actor = 'user:1' WHERE id = %s", event.pk)
        event.refresh_from_db()
        anew = entry_hash(entry_text(event, number=3, previous=sealed))
        forge("UPDATE events_seal SET hash = %s WHERE event_id = %s", anew, event.pk)

        for options in ((), ("--merchant", public_id("mer", ADA))):
            assert verify(*options)[0].splitlines()[0] == f"{public_id('mer', ADA)}: entry 4 is not what was sealed"

    def test_a_log_that_was_cut_short_is_found(self, log):
        cut("position > 5")

        told, is_fine = verify()

        assert not is_fine
        assert f"{public_id('mer', ADA)}: entry 4 is missing: the chain was sealed up to entry 5" in told
        assert f"{public_id('mer', BOB)}: entry 2 is missing: the chain was sealed up to entry 2" in told

    def test_a_head_that_was_moved_back_with_it_is_not_ours(self, log):
        cut("position > 5")
        for chain, number in ((ADA, 3), (BOB, 1)):
            last = Seal.objects.get(chain=chain, number=number)
            ChainHead.objects.filter(pk=chain).update(number=number, hash=last.hash)

        assert f"{public_id('mer', ADA)}: entry 3 is a head that this installation did not sign" in verify()[0]
        assert verify("--merchant", public_id("mer", ADA))[1] is False

    def test_a_chain_that_was_computed_anew_has_no_signature(self, log):
        event = event_of(ADA, 5)
        forge("UPDATE events_event SET actor = 'user:1' WHERE id = %s", event.pk)
        event.refresh_from_db()
        before = Seal.objects.get(chain=ADA, number=4).hash
        anew = entry_hash(entry_text(event, number=5, previous=before))
        forge("UPDATE events_seal SET hash = %s WHERE event_id = %s", anew, event.pk)
        ChainHead.objects.filter(pk=ADA).update(hash=anew)

        assert f"{public_id('mer', ADA)}: entry 5 is a head that this installation did not sign" in verify()[0]

    def test_sealing_on_does_not_make_a_forged_head_genuine(self, log):
        ChainHead.objects.filter(pk=ADA).update(signature="0" * 64)
        happen()
        dispatch_all()
        sealing.seal_all(now=timezone.now())

        assert head(ADA).number == 6
        assert f"{public_id('mer', ADA)}: entry 6 is a head that this installation did not sign" in verify()[0]
        call_command("audit", "sign", stdout=StringIO())
        assert verify()[1] is True

    @pytest.mark.parametrize("chain", [ADA, ChainHead.WHOLE])
    def test_a_head_that_was_taken_away_is_missed_and_sealing_goes_on(self, log, chain):
        ChainHead.objects.filter(pk=chain).delete()

        assert verify()[1] is False
        happen()
        dispatch_all()
        assert sealing.seal_all(now=timezone.now()) == 1
        assert verify()[1] is False

    def test_an_entry_that_was_slipped_in_is_found(self, log):
        forge("INSERT INTO events_event SELECT (jsonb_populate_record(e, '{\"position\": -1, \"id\": \"" + str(BOB)
              + "\"}')).* FROM events_event e WHERE e.id = %s", event_of(ADA, 2).pk)  # fmt: skip

        for options in ((), ("--merchant", public_id("mer", ADA))):
            told, is_fine = verify(*options)
            assert not is_fine
            assert "entries were slipped in that were never sealed" in told

    def test_an_entry_that_was_hidden_from_the_page_is_found(self, log):
        forge("UPDATE events_seal SET is_change = false WHERE chain = %s AND number = 4", ADA)

        assert "entry 4 is hidden among the other kind of entries" in verify()[0]

    def test_a_break_that_only_the_whole_log_shows_is_remembered_with_its_head(self, log):
        assert verify()[1] is True
        assert ChainHead.objects.get(pk=ChainHead.WHOLE).checked_number == head().number
        ChainHead.objects.filter(pk=ChainHead.WHOLE).update(signature="forged")

        assert verify()[1] is False

        assert {str(each.chain): each.problem for each in ChainHead.objects.exclude(problem="")} == {
            str(ChainHead.WHOLE): f"Entry {head().number} is a head that this installation did not sign."
        }

    def test_a_whole_log_that_was_rolled_back_shows_against_a_noted_head(self, log):
        kept = {each.chain: each for each in ChainHead.objects.all()}
        happen()
        dispatch_all()
        sealing.seal_all(now=timezone.now())
        told = StringIO()
        call_command("audit", "head", stdout=told)
        noted = told.getvalue().strip()
        assert noted == f"9:{head().hash}"
        assert verify("--noted", noted)[1] is True
        cut("position > 8")
        for each in kept.values():
            each.save()

        assert verify() == ("8 entries are what was sealed; 0 wait for their seal.\n", True)
        assert verify("--noted", noted) == ("whole log: entry 9 is missing: entry 9 was noted\n", False)
        happen(name="another")
        dispatch_all()
        sealing.seal_all(now=timezone.now())
        assert "entry 9 has another hash than was noted" in verify("--noted", noted)[0]

    def test_a_lost_key_shows_and_a_rotated_one_does_not(self, log, settings):
        old = settings.SECRET_ENCRYPTION_KEYS
        settings.SECRET_ENCRYPTION_KEYS = ["a new key that is quite long enough", *old]
        assert verify()[1] is True

        settings.SECRET_ENCRYPTION_KEYS = ["a new key that is quite long enough"]
        assert verify()[1] is False

    def test_the_daily_check_remembers_and_raises_the_alarm(self, log):
        assert tasks.check_log() == 0
        assert (head(ADA).checked_number, head(ADA).problem) == (5, "")
        forge("UPDATE events_event SET actor = 'x' WHERE id = %s", event_of(BOB, 1).pk)

        with capture_logs() as told:
            assert tasks.check_log() == 1

        assert [each["log_level"] for each in told if each["event"] == "audit_broken"] == ["critical"]

    @pytest.mark.parametrize("noted", ["7", "x:y", "1:abc"])
    def test_a_head_that_reads_like_none_is_refused(self, log, noted):
        assert verify("--noted", noted) == ("", False)

    def test_what_is_sealed_meanwhile_is_not_missed(self, log, monkeypatch):
        def seal_meanwhile(rows, by):
            monkeypatch.undo()
            happen(BOB)
            dispatch_all()
            sealing.seal_all(now=timezone.now())
            return checking._seals(rows, by)

        monkeypatch.setattr(checking, "_seals", seal_meanwhile)

        assert checking.check_all(now=timezone.now()).problems == []


def cut(condition):
    events = list(Seal.objects.extra(where=[condition]).values_list("event_id", flat=True))
    forge("DELETE FROM events_seal WHERE event_id = ANY(%s)", events)
    forge("DELETE FROM events_event WHERE id = ANY(%s)", events)
