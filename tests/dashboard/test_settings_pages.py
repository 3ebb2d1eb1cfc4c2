"""The business, its payment rules, its plan, at the desk."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from dashboard.notification_forms import GROUPS, SAID
from dashboard.views.settings import _next_month
from events.models import Event
from merchants import selectors, services
from merchants.models import Member, Merchant, UsageCount
from merchants.notifications import DEFAULTS, Topic, wanted
from merchants.services import MerchantChanges
from merchants.settings import effective
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db

BUSINESS = "/dashboard/business/"
RULES = "/dashboard/payment-rules/"


def text_of(response):
    return unescape(response.content.decode())


def opened(client, path):
    """Return what a browser would send back when the form is sent as it was opened."""
    form = client.get(path).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


class TestBusiness:
    def test_what_is_saved_holds_for_the_api_too(self, owner, merchant):
        filled = {**opened(owner, BUSINESS), "business_name": "Acme & Sons", "default_currency": "EUR"}

        answer = owner.post(BUSINESS, filled, follow=True)

        assert "Saved." in text_of(answer)
        merchant.refresh_from_db()
        assert merchant.business_name == "Acme & Sons"
        assert merchant.settings == {"default_currency": "EUR"}

    def test_a_default_that_nobody_touched_stays_a_default(self, owner, merchant):
        happened = Event.objects.count()

        owner.post(BUSINESS, opened(owner, BUSINESS))
        owner.post(RULES, opened(owner, RULES))

        merchant.refresh_from_db()
        assert merchant.settings == {}
        assert Event.objects.count() == happened

    def test_the_log_has_what_it_was_before(self, owner, merchant):
        owner.post(BUSINESS, {**opened(owner, BUSINESS), "business_name": "New"})

        event = Event.objects.get(type="merchant.updated")
        assert event.data["changes"] == {"business_name": "New"}
        assert event.data["previous"] == {"business_name": "Acme VPN Services"}

    def test_what_is_wrong_is_told_beside_its_field(self, owner, merchant):
        answer = owner.post(BUSINESS, {**opened(owner, BUSINESS), "contact_email": "nobody", "business_name": ""})

        assert answer.status_code == 422
        assert sorted(answer.context["form"].errors) == ["business_name", "contact_email"]
        merchant.refresh_from_db()
        assert merchant.contact_email == "owner@example.com"

    def test_of_two_windows_the_second_is_told_and_can_save_after_a_look(self, owner, merchant):
        first, second = opened(owner, BUSINESS), opened(owner, BUSINESS)
        owner.post(BUSINESS, {**first, "business_name": "First"})

        answer = owner.post(BUSINESS, {**second, "contact_email": "second@example.com"})

        assert answer.status_code == 422
        assert "somebody else changed these settings" in text_of(answer)
        merchant.refresh_from_db()
        assert (merchant.business_name, merchant.contact_email) == ("First", "owner@example.com")
        again = {**second, "contact_email": "second@example.com", "seen_at": answer.context["form"]["seen_at"].value()}
        assert owner.post(BUSINESS, again).status_code == 302

    @pytest.mark.parametrize("nonsense", ["", "yesterday", "2026-01-01T00:00:00"])
    def test_a_form_that_was_never_opened_saves_nothing(self, owner, merchant, nonsense):
        filled = {**opened(owner, BUSINESS), "business_name": "New", "seen_at": nonsense}

        assert owner.post(BUSINESS, filled).status_code == 422
        assert Merchant.objects.get().business_name == "Acme VPN Services"

    @pytest.mark.parametrize("path", [BUSINESS, RULES])
    def test_who_may_only_look_has_nothing_to_fill_in(self, seat, path):
        page = text_of(seat("viewer").get(path))

        assert "Owners and admins can change this." in page
        assert not re.search(r"<(input|select)(?![^>]*(hidden|disabled))[^>]*>", page.partition("<main")[2])

    @pytest.mark.parametrize("mode", [True, False])
    def test_the_secret_of_the_mode_is_replaced_and_shown_once(self, owner, merchant, mode):
        owner.post("/dashboard/mode/", {"mode": "live" if mode else "test"})
        before = {live: selectors.webhook_secret(merchant_id=merchant.pk, livemode=live) for live in (True, False)}
        path = f"{BUSINESS}webhook-secret/"
        assert "whsec_" not in text_of(owner.get(path))

        answer = owner.post(path, {"replace": "yes"})

        after = {live: selectors.webhook_secret(merchant_id=merchant.pk, livemode=live) for live in (True, False)}
        assert after[mode] in text_of(answer)
        assert after[mode] != before[mode]
        assert after[not mode] == before[not mode]
        assert answer["Cache-Control"] == "no-store"


class TestRules:
    def test_every_rule_is_saved_as_the_api_has_it(self, owner, merchant):
        owner.post(
            RULES,
            {
                **opened(owner, RULES),
                "underpayment_threshold": "0.40",
                "overpayment_threshold": "5",
                "overpayment_action": "refund",
                "invoice_expiry_minutes": "90",
                "rule": "review",
                "window_hours": "48",
                "confirmations_tron": "5",
            },
        )

        merchant.refresh_from_db()
        assert effective(merchant.settings)["payment_tolerance"] == {
            "underpayment_threshold": Decimal("0.40"),
            "overpayment_threshold": Decimal(5),
            "overpayment_action": "refund",
        }
        assert effective(merchant.settings)["late_payment"] == {"rule": "review", "window_hours": 48}
        assert merchant.settings["confirmations"] == {"tron": 5}
        assert merchant.settings["invoice_expiry_minutes"] == 90

    def test_an_emptied_number_of_blocks_is_the_networks_again(self, owner, merchant):
        owner.post(RULES, {**opened(owner, RULES), "confirmations_tron": "5", "confirmations_ethereum": "7"})

        owner.post(RULES, {**opened(owner, RULES), "confirmations_tron": ""})

        merchant.refresh_from_db()
        assert merchant.settings["confirmations"] == {"ethereum": 7}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("underpayment_threshold", "1.01"),
            ("underpayment_threshold", "0.0001"),
            ("overpayment_threshold", "100.5"),
            ("overpayment_threshold", "-1"),
            ("invoice_expiry_minutes", "4"),
            ("window_hours", "721"),
            ("confirmations_tron", "51"),
            ("confirmations_tron", "0"),
            ("overpayment_action", "burn"),
            ("rule", ""),
        ],
    )
    def test_what_the_api_refuses_is_refused_beside_its_field(self, owner, merchant, field, value):
        answer = owner.post(RULES, {**opened(owner, RULES), field: value})

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        merchant.refresh_from_db()
        assert merchant.settings == {}

    @pytest.mark.parametrize(
        ("tolerance", "said"),
        [
            (
                {"underpayment_threshold": Decimal("0.40")},
                "sends 99.60 of 100.00 USD counts as having paid; one who sends 99.59",
            ),
            ({"underpayment_threshold": Decimal("0.005")}, "sends 99.995 of 100.00 USD counts"),
            ({"underpayment_threshold": 0}, "Only all of it counts: a customer who sends 99.99 of 100.00 USD"),
            ({"overpayment_threshold": 7, "overpayment_action": "refund"}, "Of 112.00 USD, 12.00 USD go back"),
            (
                {"overpayment_threshold": 0},
                "Up to 100.00 for 100.00 USD is simply paid. Of 105.00 USD, 5.00 USD become credit",
            ),
            ({"overpayment_action": "keep"}, "Of 106.00 USD, you keep all"),
        ],
    )
    def test_the_examples_are_computed_from_what_holds(self, owner, merchant, tolerance, said):
        services.update_merchant(
            merchant=merchant, changes=MerchantChanges(settings={"payment_tolerance": tolerance}), now=timezone.now()
        )

        assert said in text_of(owner.get(RULES))

    @pytest.mark.parametrize(
        ("own", "said"),
        [
            ({"window_hours": 1}, "up to 1 hour after the deadline pays"),
            ({"rule": "review"}, "goes to the inbox; the invoice"),
        ],
    )
    def test_late_money_is_explained_as_the_rule_is(self, owner, merchant, own, said):
        services.update_merchant(
            merchant=merchant, changes=MerchantChanges(settings={"late_payment": own}), now=timezone.now()
        )

        assert said in text_of(owner.get(RULES))

    @pytest.mark.parametrize(
        ("network", "number", "said"),
        [
            ("tron", 5, "You wait for 5 blocks on TRON, about 15 seconds, also for large invoices."),
            ("tron", 1, "You wait for 1 block on TRON"),
            ("tron", 19, None),
            ("ethereum", 50, "You wait for 50 blocks on Ethereum, about 10 minutes"),  # it asks for finality
            ("tron", None, None),
        ],
    )
    def test_fewer_blocks_than_the_network_asks_for_are_warned_of(self, owner, merchant, network, number, said):
        services.update_merchant(
            merchant=merchant,
            changes=MerchantChanges(settings={"confirmations": {network: number}}),
            now=timezone.now(),
        )

        page = text_of(owner.get(RULES))

        assert ("You wait for" in page) is (said is not None)
        assert (said or "1 block below 100 USD, 12 blocks below 10,000 USD, 19 blocks above.") in page


class TestPlan:
    def test_it_shows_what_is_used_and_what_was(self, owner, merchant):
        today = timezone.now().date()
        UsageCount.objects.create(merchant=merchant, livemode=True, month=today.replace(day=1), invoices=1234)
        UsageCount.objects.create(merchant=merchant, livemode=True, month=date(2024, 2, 1), invoices=77)
        UsageCount.objects.create(merchant=merchant, livemode=False, month=date(2024, 2, 1), invoices=987_654)
        other = make_merchant(timezone.now(), email="other@example.com")
        UsageCount.objects.create(merchant=other, livemode=True, month=date(2024, 2, 1), invoices=555_555)

        page = text_of(owner.get("/dashboard/plan/"))

        assert "1,234 of 10,000" in page
        assert "2 of 10" in page  # keys
        assert re.search(r"February 2024.*?77", page, re.DOTALL)
        assert "987,654" not in page
        assert "555,555" not in page

    def test_a_reached_limit_is_said(self, owner, merchant):
        month = timezone.now().date().replace(day=1)
        UsageCount.objects.create(
            merchant=merchant, livemode=True, month=month, invoices=merchant.plan.monthly_invoice_limit
        )

        assert text_of(owner.get("/dashboard/plan/")).count("The limit is reached.") == 1

    @pytest.mark.parametrize(
        ("now", "then"), [((2026, 1, 31), (2026, 2, 1)), ((2026, 11, 1), (2026, 12, 1)), ((2026, 12, 31), (2027, 1, 1))]
    )
    def test_the_count_begins_anew_with_the_next_month(self, now, then):
        assert _next_month(datetime(*now, tzinfo=UTC)) == date(*then)


class TestNotifications:
    PATH = "/dashboard/notifications/"

    def test_a_member_chooses_for_themselves_only(self, seat, merchant):
        viewer, other = seat("viewer", name="viewer"), seat("viewer", name="other")

        answer = viewer.post(self.PATH, {"sales": ["paid"], "setup": ["team"], "of_test": "on"}, follow=True)

        assert "Saved." in text_of(answer)
        chosen = Member.objects.get(user__username="viewer@example.com")
        assert (wanted(chosen), chosen.notifies_of_test) == ({Topic.PAID, Topic.TEAM}, True)
        assert wanted(Member.objects.get(user__username="other@example.com")) == set()
        assert other.get(self.PATH).context["form"]["sales"].value() == []

    def test_what_is_usual_comes_back_with_one_press(self, owner):
        owner.post(self.PATH, {"sales": ["paid"]})

        owner.post(self.PATH, {"sales": ["paid"], "usual": "yes"})

        member = Member.objects.get(user__username="person@example.com")
        assert wanted(member) == DEFAULTS["owner"]

    def test_what_nobody_is_told_of_is_warned_of(self, owner, merchant):
        merchant.members.exclude(user__username="person@example.com").delete()
        assert "Nobody in the team is mailed of this:" not in text_of(owner.get(self.PATH))

        owner.post(self.PATH, {"decisions": ["deposit", "payout"]})

        page = text_of(owner.get(self.PATH))
        assert "Nobody in the team is mailed of this:" in page
        assert owner.get(self.PATH).context["unheard"] == [SAID[Topic.REFUND_CLAIMED]]

    def test_a_topic_that_is_none_is_refused(self, owner):
        assert owner.post(self.PATH, {"sales": ["nonsense"]}).status_code == 422

    def test_the_table_is_of_this_team_only(self, owner, merchant):
        make_merchant(timezone.now(), email="stranger@example.com")

        assert "stranger@example.com" not in text_of(owner.get(self.PATH))

    def test_every_topic_is_offered_once(self):
        offered = [topic for _label, topics in GROUPS.values() for topic in topics]

        assert sorted(offered) == sorted(Topic)
        assert set(SAID) == set(Topic)
