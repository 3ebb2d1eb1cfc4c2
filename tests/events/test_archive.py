"""Old events go into files and leave; the log still verifies, files can be read, and nothing that is needed goes."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from core import secrets
from events import checking, retention, sealing, tasks
from events.archive import check_archive, read_archive, write_archive
from events.entries import BEGINNING, entry_hash, folded, line
from events.errors import ArchiveBroken
from events.models import ChainHead, Cut, Event, FailedDispatch, Seal
from events.outbox import dispatch_all
from events.retention import cut_off, prune_events
from tests.events.test_audit import ADA, forge, happen, verify
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


def age(days: int) -> None:
    """Make everything that has no seal yet older."""
    long_ago = timezone.now() - timedelta(days=days)
    waiting = Event.objects.filter(seal=None).values_list("pk", flat=True)
    forge("UPDATE events_event SET created_at = %s WHERE id = ANY(%s)", long_ago, list(waiting))


@pytest.fixture
def log():
    """Eight entries of a year ago and three of today."""
    for number, merchant in enumerate([ADA, None, ADA, ADA, None, ADA, ADA, ADA]):
        happen(merchant, name=f"key {number}")
    dispatch_all()
    age(365)
    sealing.seal_all(now=timezone.now())
    for number in range(3):
        happen(ADA, name=f"new key {number}")
    dispatch_all()
    sealing.seal_all(now=timezone.now())


def archived(tmp_path, *options):
    told = StringIO()
    before = (timezone.now() - timedelta(days=31)).date().isoformat()
    call_command("archive", "write", "--before", before, "--to", str(tmp_path), *options, stdout=told)
    return told.getvalue()


def rewritten(path, change):
    """Change a file's lines as somebody might who has it."""
    with gzip.open(path, "rt") as file:
        lines = file.read().splitlines(keepends=True)
    with gzip.open(path, "wt") as file:
        file.writelines(change(lines))


def told_anew(row, changes, *, digest=None):
    """Return a line of a file as if something had been taken out of its entry here."""
    text = row[row.index(',"entry":') + len(',"entry":') : -len("}\n")]
    for old, new in changes.items():
        text = text.replace(old, new)
    return line(text, digest or json.loads(row)["hash"], redacted=entry_hash(text), signature="0" * 64)


class TestWriting:
    def test_what_is_old_goes_into_a_file_and_the_log_still_verifies(self, log, tmp_path):
        texts = {event.position: event.data["name"] for event in Event.objects.all()}

        told = archived(tmp_path)

        (path,) = tmp_path.iterdir()
        assert "entries 1 to 8" in told
        assert "8 events deleted" in told
        assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [9, 10, 11]
        assert [entry["data"]["name"] for entry in read_archive(path)] == [texts[n] for n in range(1, 9)]
        assert verify() == ("11 entries are what was sealed; 0 wait for their seal.\n", True)
        assert checking.check_chain(chain=ADA, now=timezone.now()).problems == []
        assert checking.check_chain(chain=ChainHead.NOBODYS, now=timezone.now()).problems == []

    def test_a_second_file_goes_on_where_the_first_ended(self, tmp_path):
        told = []
        for _ in range(2):
            happen(ADA)
            happen(None)
            dispatch_all()
            age(365)
            sealing.seal_all(now=timezone.now())
            told.append(archived(tmp_path))

        assert ["entries 1 to 2" in told[0], "entries 3 to 4" in told[1]] == [True, True]
        assert "Nothing is that old" in archived(tmp_path)
        assert list(Event.objects.values_list("position", flat=True)) == [4]
        assert verify()[1] is True

    def test_what_comes_after_a_cut_is_sealed_and_numbered_as_ever(self, log, tmp_path):
        archived(tmp_path)

        happen(ADA, name="next")
        dispatch_all()
        sealing.seal_all(now=timezone.now())

        assert Event.objects.order_by("-position").first().position == 12
        assert verify()[1] is True

    def test_an_entry_that_is_not_what_was_sealed_stops_it(self, log, tmp_path):
        forge("UPDATE events_event SET actor = 'user:9' WHERE position = 3")

        with pytest.raises(CommandError, match="position 3 is not what was sealed"):
            archived(tmp_path)

        assert list(tmp_path.iterdir()) == []
        assert Event.objects.count() == 11

    def test_the_last_month_stays(self, log, tmp_path):
        with pytest.raises(CommandError, match="last 30 days"):
            call_command("archive", "write", "--before", timezone.now().date().isoformat(), "--to", str(tmp_path))

    def test_the_clock_archives_every_four_weeks_where_a_setting_says_so(self, log, tmp_path, settings, monkeypatch):
        now = timezone.now()
        settings.ARCHIVE_DIR = tmp_path
        assert tasks.archive() == 0  # as it comes, nothing goes

        settings.ARCHIVE_AFTER_DAYS = 1  # never less than a month
        assert tasks.archive() == 8
        assert [path.name for path in tmp_path.iterdir()] == ["audit-000000000001-000000000008.jsonl.gz"]

        monkeypatch.setattr(retention, "YOUNGEST", timedelta(0))
        retention.archive_due(now=now + timedelta(days=27))
        assert Cut.objects.count() == 1
        retention.archive_due(now=now + timedelta(days=29))
        assert Cut.objects.order_by("-position").first().position == 11
        assert verify()[1] is True

    def test_only_one_process_archives(self, log, tmp_path, settings):
        settings.ARCHIVE_DIR, settings.ARCHIVE_AFTER_DAYS = tmp_path, 30
        with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
            other.execute("SELECT pg_advisory_lock(%s)", [tasks._ARCHIVE_LOCK])
            assert tasks.archive() == 0
            other.execute("SELECT pg_advisory_unlock(%s)", [tasks._ARCHIVE_LOCK])

        assert tasks.archive() == 8

    def test_the_newest_event_stays_for_its_number(self, tmp_path):
        happen(ADA)
        dispatch_all()
        age(365)
        sealing.seal_all(now=timezone.now())

        archived(tmp_path)
        happen(ADA)
        dispatch_all()

        assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [1, 2]


class TestTampering:
    def test_what_is_missing_behind_the_cut_was_taken_away(self, log, tmp_path):
        archived(tmp_path)
        forge("DELETE FROM events_event WHERE position = 9")

        told, is_well = verify()

        assert not is_well
        assert "is missing" in told

    def test_a_cut_that_somebody_else_made_is_none(self, log, tmp_path):
        archived(tmp_path)
        seal = Seal.objects.get(position=10)
        Cut.objects.create(position=10, hash=seal.hash, signature="0" * 64, file="x", cut_at=timezone.now())
        forge("DELETE FROM events_event WHERE position IN (9, 10)")

        told, is_well = verify()

        assert not is_well
        assert "whole log: entry 10 was cut off there by somebody else than this installation" in told
        with pytest.raises(ArchiveBroken):
            prune_events()

    def test_a_seal_that_was_changed_after_its_event_went_shows(self, log, tmp_path):
        archived(tmp_path)
        forge("UPDATE events_seal SET hash = %s WHERE position = 8", "0" * 64)

        assert verify()[1] is False

    def test_an_event_that_was_put_back_otherwise_shows(self, log, tmp_path):
        event = Event.objects.get(position=2)
        archived(tmp_path)
        event.actor = "user:9"
        event.save(force_insert=True)

        assert verify()[1] is False

    @pytest.mark.parametrize(
        "change",
        [
            lambda lines: [*lines[:3], lines[3].replace("key 2", "key 9"), *lines[4:]],
            lambda lines: [*lines[:3], *lines[4:]],
            lambda lines: lines[:-1],
            lambda lines: [*lines, lines[-1]],
            lambda lines: lines[:5],
            lambda lines: ["{}\n"],
        ],
        ids=["changed", "left out", "no end", "gone on", "cut short", "another file"],
    )
    def test_a_file_that_was_changed_is_found_out(self, log, tmp_path, change):
        archived(tmp_path)
        (path,) = tmp_path.iterdir()
        rewritten(path, change)

        with pytest.raises(CommandError):
            call_command("archive", "check", str(path))

    def test_a_file_that_was_computed_anew_is_not_signed_here(self, log, tmp_path, settings):
        archived(tmp_path, "--keep")
        (path,) = tmp_path.iterdir()
        rewritten(path, lambda lines: [*lines[:-1], json.dumps(json.loads(lines[-1]) | {"signature": "0" * 64}) + "\n"])

        assert check_archive(path).is_ours is False
        with pytest.raises(CommandError, match="signed by somebody else"):
            call_command("archive", "check", str(path))

    def test_an_entry_that_somebody_else_took_something_out_of_is_not_signed_here(self, log, tmp_path):
        archived(tmp_path, "--keep")
        (path,) = tmp_path.iterdir()
        rewritten(path, lambda lines: [*lines[:3], told_anew(lines[3], {"key 2": "key 9"}), *lines[4:]])

        assert check_archive(path).is_ours is False
        with pytest.raises(CommandError, match="signed by somebody else"):
            call_command("archive", "check", str(path))

    def test_the_seal_of_an_entry_cannot_be_exchanged_in_a_file(self, log, tmp_path):
        archived(tmp_path, "--keep")
        (path,) = tmp_path.iterdir()
        rewritten(path, lambda lines: [*lines[:3], told_anew(lines[3], {}, digest="0" * 64), *lines[4:]])

        with pytest.raises(ArchiveBroken, match="does not end where it was said to"):
            check_archive(path)

    def test_nothing_is_told_of_a_file_beyond_the_first_entry_in_the_wrong_place(self, log, tmp_path):
        archived(tmp_path, "--keep")
        (path,) = tmp_path.iterdir()
        rewritten(path, lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]])

        entries = read_archive(path)

        assert [next(entries)["position"], next(entries)["position"]] == [1, 2]
        with pytest.raises(ArchiveBroken, match="The entry at position 3 of"):
            next(entries)

    def test_seals_behind_a_cut_cannot_be_rewritten_even_with_heads_signed_anew(self, log, tmp_path):
        archived(tmp_path)
        forge("UPDATE events_seal SET hash = %s WHERE position = 3", "0" * 64)
        whole = BEGINNING
        for digest in Seal.objects.order_by("position").values_list("hash", flat=True):
            whole = folded(whole, digest)
        ChainHead.objects.filter(pk=ChainHead.WHOLE).update(hash=whole)
        call_command("audit", "sign", stdout=StringIO())

        assert verify() == ("whole log: entry 8 has another hash than where the log was cut off there\n", False)

    def test_only_the_file_that_goes_on_from_the_last_cut_is_a_reason_to_delete(self, log, tmp_path):
        archive = write_archive(before=timezone.now() - timedelta(days=31), directory=tmp_path)
        cut_off(archive=archive, now=timezone.now())

        with pytest.raises(ArchiveBroken, match="goes on where the last one ended"):
            cut_off(archive=archive, now=timezone.now())


class TestReading:
    def test_an_entry_can_be_checked_with_sha_256_alone(self, log, tmp_path):
        archived(tmp_path)
        (path,) = tmp_path.iterdir()

        with gzip.open(path, "rt") as file:
            lines = file.read().splitlines()[1:-1]
        for row in lines:
            text = row.removesuffix("}").split(',"entry":', 1)[1]
            assert entry_hash(text) == json.loads(row)["hash"]

    def test_one_invoice_can_be_looked_up(self, now, tmp_path):
        invoice = make_invoice(make_merchant(now), now)
        happen(ADA)
        dispatch_all()
        age(365)
        sealing.seal_all(now=timezone.now())
        archived(tmp_path)
        told = StringIO()

        call_command("archive", "read", *map(str, tmp_path.iterdir()), "--invoice", invoice.public_id, stdout=told)

        assert [json.loads(line)["type"] for line in told.getvalue().splitlines()] == ["invoice.created"]


class TestWhatIsNeeded:
    def test_the_events_of_an_open_invoice_stay_until_it_is_over(self, now, tmp_path):
        invoice = make_invoice(make_merchant(now), now)
        happen(ADA)
        dispatch_all()
        age(365)
        sealing.seal_all(now=timezone.now())

        archived(tmp_path)
        kept = Event.objects.filter(invoice_id=invoice.pk).count()
        type(invoice).objects.filter(pk=invoice.pk).update(status="expired")
        call_command("archive", "prune", stdout=StringIO())

        assert (kept, Event.objects.filter(invoice_id=invoice.pk).count()) == (1, 0)
        assert verify()[1] is True

    def test_an_event_that_a_subscriber_could_not_take_stays(self, log, tmp_path):
        FailedDispatch.objects.create(event=Event.objects.get(position=4), subscriber="x", error="x")

        archived(tmp_path)

        assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [4, 9, 10, 11]
        assert verify()[1] is True

    def test_signatures_of_cuts_are_renewed_with_the_key(self, log, tmp_path):
        archived(tmp_path)
        with transaction.atomic():
            Cut.objects.update(signature="0" * 64)

        sealing.sign_heads()

        cut = Cut.objects.get()
        assert secrets.is_signed(cut.signed_text, cut.signature)
        assert retention.prune_events() == 0
        assert datetime.now(UTC) - cut.cut_at < timedelta(minutes=1)
