"""The audit log at the desk: who did what, before and after, and files that anybody can check."""

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from core import context
from dashboard.audit import ABOUT, CHANGE
from dashboard.words import EVENT
from events.models import Event, Redaction, Seal
from events.outbox import dispatch_all
from events.sealing import seal_all
from invoices.services import CustomerDetails, erase_customer
from merchants import services
from merchants.models import Member, Role
from merchants.services import Grant, KeyOrder, MerchantChanges
from payments.models import PayoutStatus
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db

AUDIT = "/dashboard/audit/"


def text_of(response):
    return unescape(response.content.decode())


def body_of(response):
    return b"".join(response.streaming_content).decode("utf-8-sig")


def sealed():
    dispatch_all()
    return seal_all(now=timezone.now())


def person_of(client):
    return get_user_model().objects.get(pk=client.session["_auth_user_id"])


def make_key(merchant, name="Shop", *, livemode=True):
    order = KeyOrder(name, livemode=livemode, permissions=["invoices:read"])
    grant = Grant(livemode=True, permissions=["*"])
    return services.create_api_key(merchant=merchant, order=order, grant=grant, now=timezone.now())[0]


def checker():
    """Return what the documentation tells people to run."""
    document = (Path(configured.ROOT) / "docs" / "audit.md").read_text()
    printed = {}
    exec(re.search(r"```python\n(.*?)```", document, re.DOTALL)[1], printed)
    return printed["check"]


@pytest.fixture
def exported(owner, merchant, tmp_path):
    """An export of everything, as a file."""
    make_key(merchant)
    make_invoice(merchant, timezone.now())
    sealed()
    path = tmp_path / "audit.jsonl"
    path.write_text(body_of(owner.get(f"{AUDIT}?show=all&as=jsonl")))
    return path


class TestList:
    def test_a_change_says_who_what_and_from_where(self, owner, merchant):
        with context.caller(actor=f"user:{person_of(owner).pk}", ip_address="203.0.113.7"):
            make_key(merchant)
        sealed()

        page = text_of(owner.get(AUDIT))

        assert "API key made" in page
        assert "person@example.com" in page or person_of(owner).username in page
        assert "203.0.113.7" in page

    def test_the_days_business_is_shown_only_when_asked_for(self, owner, merchant):
        make_invoice(merchant, timezone.now())
        sealed()

        assert "invoice.created" not in {seal.event.type for seal in owner.get(AUDIT).context["page"]}
        everything = {seal.event.type for seal in owner.get(f"{AUDIT}?show=all").context["page"]}
        assert {"invoice.created", "merchant.created"} <= everything

    def test_both_modes_are_shown_and_test_is_marked(self, owner, merchant):
        make_key(merchant, "Live one")
        make_key(merchant, "Test one", livemode=False)
        sealed()

        rows = owner.get(AUDIT).context["entries"]

        assert [row["event"].livemode for row in rows[:2]] == [False, True]

    def test_another_merchants_entries_are_nowhere(self, owner, merchant):
        other = make_merchant(timezone.now(), email="other@example.com")
        make_key(other, "Theirs")
        sealed()
        theirs = Seal.objects.filter(chain=other.pk)

        for query in ("", "?show=all", "?about=api_key."):
            assert {seal.chain for seal in owner.get(AUDIT + query).context["page"]} == {merchant.pk}
        assert str(other.pk) not in body_of(owner.get(f"{AUDIT}?show=all&as=jsonl"))
        for seal in theirs:
            assert owner.get(f"{AUDIT}{seal.entry_id}/").status_code == 404

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("", 5),
            ("about=api_key.", 3),
            ("about=member.", 1),
            ("about=nonsense", 5),
            ("actor=user:7", 1),
            ("actor=user:8", 5),
            ("about=member.&actor=user:7", 0),
            ("place=x", 5),
        ],
    )
    def test_the_url_says_what_is_listed(self, owner, merchant, query, count):
        with context.caller(actor="user:7"):
            make_key(merchant)
        sealed()

        assert len(owner.get(f"{AUDIT}?{query}").context["page"]) == count

    def test_a_period_is_of_days_of_the_viewer(self, owner, merchant):
        sealed()
        today = timezone.now().date()

        for since, until, count in [(today, today, 4), (today + timedelta(1), "", 0), ("", today - timedelta(1), 0)]:
            page = owner.get(f"{AUDIT}?since={since}&until={until}").context["page"]
            assert len(page) == count

    @pytest.mark.parametrize(("is_staff", "name"), [(True, "The operator's staff"), (False, "Somebody who has left")])
    def test_people_outside_of_the_team_are_not_named(self, owner, merchant, is_staff, name):
        user = get_user_model().objects.create_user("root@example.com", "root@example.com", is_staff=is_staff)
        with context.caller(actor=f"user:{user.pk}"):
            services.suspend(merchant=merchant, reason="x", now=timezone.now())
            services.reactivate(merchant=merchant, reason="y", now=timezone.now())
        sealed()

        page = text_of(owner.get(AUDIT))

        assert name in page
        assert "root@example.com" not in page


class TestEntry:
    def test_it_shows_before_and_after_of_what_changed_only(self, owner, merchant):
        for minutes in (45, 60):
            services.update_merchant(
                merchant=merchant,
                changes=MerchantChanges(settings={"invoice_expiry_minutes": minutes, "default_currency": "EUR"}),
                now=timezone.now(),
            )
        sealed()
        seal = Seal.objects.filter(event__type="merchant.updated").latest("number")

        answer = owner.get(f"{AUDIT}{seal.entry_id}/")

        assert answer.context["differences"] == [("settings.invoice_expiry_minutes", "45", "60")]
        for shown in (seal.hash, Seal.objects.get(chain=merchant.pk, number=seal.number - 1).hash, "Settings changed"):
            assert shown in text_of(answer)

    def test_a_role_that_changed_shows_both(self, owner, merchant):
        by = Member.objects.filter(merchant=merchant, role="owner").first()
        member = Member.objects.create(
            user=get_user_model().objects.create_user("m@example.com"), merchant=merchant, role="viewer"
        )
        services.change_role(merchant=merchant, by=by, member_id=member.public_id, role=Role.ADMIN)
        sealed()
        seal = Seal.objects.get(event__type="member.role_changed")

        assert owner.get(f"{AUDIT}{seal.entry_id}/").context["differences"] == [("role", "viewer", "admin")]

    def test_an_entry_without_a_past_shows_what_it_tells(self, owner, merchant):
        make_key(merchant, "Till <3>")
        sealed()
        seal = Seal.objects.filter(event__type="api_key.created").latest("number")

        answer = owner.get(f"{AUDIT}{seal.entry_id}/")

        assert answer.context["differences"] == []
        assert ("name", "Till <3>") in answer.context["facts"]


class TestChecking:
    def test_a_check_says_until_where_all_is_well(self, owner, merchant):
        count = sealed()

        page = text_of(owner.post(f"{AUDIT}check/", follow=True))

        assert "Every entry is what was sealed" in page
        assert f"Checked until entry {count}:" in page

    def test_a_broken_log_is_said_loudly(self, owner, merchant):
        sealed()
        event = Seal.objects.get(chain=merchant.pk, number=2).event
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE events_event DISABLE TRIGGER event_append_only")
            cursor.execute("UPDATE events_event SET actor = 'user:1' WHERE id = %s", [event.pk])

        page = text_of(owner.post(f"{AUDIT}check/", follow=True))

        assert "The log is not what was sealed." in page
        assert "Up to entry 1 all is as it was sealed." in page

    def test_nobody_has_it_checked_without_end(self, owner, merchant):
        sealed()

        pages = [text_of(owner.post(f"{AUDIT}check/", follow=True)) for _ in range(7)]

        assert ["many checks" in page for page in pages] == [False] * 6 + [True]

    def test_a_long_log_is_left_to_the_night(self, owner, merchant, monkeypatch):
        monkeypatch.setattr("dashboard.views.audit.AT_ONCE", 2)
        sealed()

        assert "checked each night" in text_of(owner.post(f"{AUDIT}check/", follow=True))


class TestExport:
    def test_anybody_can_check_it_with_ten_lines(self, exported, merchant):
        last = Seal.objects.filter(chain=merchant.pk).latest("number")

        assert checker()(exported) == f"{last.number}:{last.hash}"

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (
                lambda lines: [
                    lines[0],
                    lines[1].replace('"system"', '"user:1"').replace("anonymous", "me"),
                    *lines[2:],
                ],
                "",
            ),
            (lambda lines: [lines[0], *lines[2:]], "entry 2 is missing"),
            (lambda lines: lines[1:], "entry 1 is missing"),
            (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "entry 2 is missing"),
            (lambda lines: [*lines[:2], lines[1], *lines[2:]], "entry 3 is missing"),
        ],
    )
    def test_what_was_done_to_it_shows(self, exported, spoil, said):
        lines = exported.read_text().splitlines(keepends=True)
        spoiled = spoil(lines)
        assert spoiled != lines
        exported.write_text("".join(spoiled))

        with pytest.raises(AssertionError, match=said or "entry 2 was changed"):
            checker()(exported)

    def test_each_line_is_json_with_the_whole_entry(self, exported, merchant):
        entries = [json.loads(line)["entry"] for line in exported.read_text().splitlines()]

        assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
        assert {entry["merchant_id"] for entry in entries} == {str(merchant.pk)}
        assert entries[-1]["type"] == "invoice.created"

    def test_the_table_has_the_hashed_text_too(self, owner, merchant):
        make_key(merchant, "=cmd()")
        sealed()

        rows = list(csv.DictReader(io.StringIO(body_of(owner.get(f"{AUDIT}?as=csv&about=api_key.")))))

        assert [row["type"] for row in rows] == ["api_key.created"] * 3
        assert [json.loads(row["entry"])["number"] for row in rows] == [int(row["number"]) for row in rows]
        assert {row["hash"] for row in rows} == {
            each.hash for each in Seal.objects.filter(event__type="api_key.created")
        }

    def test_it_is_asked_of_the_database_in_one_go(self, owner, merchant, django_assert_max_num_queries):
        for number in range(30):
            make_key(merchant, f"Key {number}") if number < 5 else make_invoice(merchant, timezone.now())
        sealed()

        with django_assert_max_num_queries(16):
            body_of(owner.get(f"{AUDIT}?show=all&as=jsonl"))


class TestAnErasedEntry:
    @pytest.fixture
    def entry(self, owner, merchant):
        """Return the page of the entry that told of a customer, who has been erased since."""
        details = CustomerDetails("ada@example.com", name="Ada Lovelace")
        made = make_invoice(merchant, timezone.now(), customer=details, metadata={"nick": "Lovelace"})
        sealed()
        self.seal = Seal.objects.get(event__type="invoice.created")
        erase_customer(merchant=merchant, livemode=False, public_id=made.customer.public_id, now=timezone.now())
        return lambda: text_of(owner.get(f"{AUDIT}{self.seal.entry_id}/"))

    def test_says_that_data_was_erased_and_has_both_hashes(self, entry):
        page = entry()

        assert "their data was erased from this entry" in page
        assert "As it was sealed" not in page
        assert {self.seal.hash, Redaction.objects.get(pk=self.seal.pk).hash} <= set(re.findall("[0-9a-f]{64}", page))
        assert "Lovelace" not in page

    def test_that_somebody_else_shortened_says_that_it_was_changed(self, entry):
        Redaction.objects.update(signature="0" * 64)

        assert "This entry was changed after it was sealed" in entry()


def test_an_entry_that_nobody_touched_says_so(owner, merchant):
    make_key(merchant)
    sealed()
    seal = Seal.objects.filter(event__type="api_key.created").last()

    page = text_of(owner.get(f"{AUDIT}{seal.entry_id}/"))

    assert "As it was sealed" in page
    assert "erased" not in page
    assert "changed after" not in page


def test_every_change_has_words():
    sources = [*Path(configured.ROOT).glob("*/services/*.py"), *Path(configured.ROOT).glob("*/services.py")]
    code = "".join(path.read_text() for path in sources)
    told = set(re.findall(r'(?:_event\(\w+, |log_change\(\s*|_log\(|_log_change\(\s*|type=)"([a-z_]+\.[a-z_]+)"', code))

    told |= {f"payout.{status}" for status in PayoutStatus}
    told -= {name for name in told if name.startswith("plan.")}  # the operator's, of no merchant
    assert told - CHANGE.keys() - EVENT.keys() == set()
    assert "api_key.created" in told
    assert {name for name in CHANGE if not name.startswith(tuple(ABOUT))} == set()
    assert not Event.objects.exists()
