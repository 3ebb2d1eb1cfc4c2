"""An act of the staff: shown before it happens, with a reason, through the service, in the log under their name."""

import pytest
from django.utils import timezone

from events.acts import ACTED, MOST
from events.models import Event, FailedDispatch, FailedTask
from events.selectors import list_events
from invoices.models import Invoice
from merchants.models import Merchant, Plan
from payments.models import Payment, Refund
from tests.factories import make_invoice
from tests.operations.rows import make_rows
from tests.staff import CONFIRMED, act, page_of, staff_of
from webhooks.models import Delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def rows():
    return make_rows(timezone.now())


@pytest.fixture
def merchant(rows):
    return rows["merchants.merchant"]


def acted() -> Event:
    return Event.objects.get(type=ACTED)


class TestConfirmation:
    def test_says_what_will_happen_to_what_and_does_nothing_yet(self, merchant):
        operator = staff_of("operator")

        page = operator.post(page_of(Merchant), {"action": "suspend", "_selected_action": [str(merchant.pk)]})

        text = page.content.decode()
        assert page.status_code == 200
        assert "Open invoices stay payable" in text
        assert "Acme VPN Services" in text
        merchant.refresh_from_db()
        assert merchant.status == "active"
        assert not Event.objects.filter(type=ACTED).exists()

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
    def test_without_a_reason_nothing_happens(self, merchant, reason):
        operator = staff_of("operator")

        page = act(operator, "suspend", merchant, reason=reason)

        assert page.status_code == 422
        merchant.refresh_from_db()
        assert merchant.status == "active"
        assert not Event.objects.filter(type=ACTED).exists()

    def test_what_is_asked_besides_is_checked(self, merchant):
        finance = staff_of("finance")

        page = act(finance, "set_fee", merchant, percent="a lot")

        assert page.status_code == 422
        assert "Enter a number" in page.content.decode()

    def test_more_than_anybody_has_looked_at_is_refused(self, merchant):
        support = staff_of("support")
        invoice = Invoice.objects.get()
        for number in range(MOST):
            make_invoice(merchant, timezone.now(), title=f"Number {number}")

        page = act(support, "cancel", invoice, select_across="1", index="0")

        assert f"Choose at most {MOST} rows at once." in page.content.decode()
        assert not Invoice.objects.filter(status="cancelled").exists()


class TestLog:
    def test_who_did_what_to_what_and_why(self, merchant):
        operator = staff_of("operator")

        act(operator, "suspend", merchant, reason="Asked by the police")

        merchant.refresh_from_db()
        assert merchant.status == "suspended"
        assert acted().actor == f"user:{operator.person.pk}"
        assert acted().object_id == merchant.public_id
        assert acted().data == {
            "act": "merchants.suspend_merchant",
            "about": merchant.public_id,
            "reason": "Asked by the police",
        }
        assert Event.objects.get(type="merchant.suspended").actor == f"user:{operator.person.pk}"

    def test_what_was_filled_in_is_kept(self, merchant):
        act(staff_of("finance"), "set_fee", merchant, percent="2.5")

        assert acted().data["percent"] == "2.50" or acted().data["percent"] == "2.5"

    def test_merchants_do_not_read_the_reason(self, merchant):
        act(staff_of("operator"), "suspend", merchant, reason="We think it is a fraud")

        theirs = Event.objects.filter(merchant_id=merchant.pk)
        assert "fraud" not in str([event.data for event in theirs])
        assert not theirs.filter(type=ACTED).exists()
        assert not list_events(merchant_id=merchant.pk, livemode=True, types={ACTED}).exists()

    def test_what_the_service_refuses_leaves_no_trace_and_is_told(self, merchant):
        page = act(staff_of("operator"), "reactivate", merchant)

        assert "This merchant is active already." in page.content.decode()
        assert not Event.objects.filter(type=ACTED).exists()

    def test_where_nodes_are_asked_the_reason_comes_first(self, rows):
        page = act(staff_of("operator"), "give_up", rows["payments.payout"])

        assert "past the point" in page.content.decode()
        assert acted().data["act"] == "payments.give_up_payout"

    def test_one_row_that_is_refused_does_not_undo_another(self, rows, merchant):
        short = rows["invoices.invoice"]
        fresh = make_invoice(merchant, timezone.now())
        Invoice.objects.filter(pk=short.pk).update(status="expired")

        act(staff_of("support"), "cancel", short, fresh)

        fresh.refresh_from_db()
        assert fresh.status == "cancelled"
        assert acted().data["about"] == fresh.public_id


class TestPageOfARow:
    def test_offers_what_is_possible_and_theirs(self, merchant):
        page = staff_of("operator").get(page_of(Merchant, "change", merchant.pk))

        assert [each.name for each in page.context["acts"]] == ["suspend", "give_plan"]
        merchant.status = "suspended"
        merchant.save()
        page = staff_of("finance").get(page_of(Merchant, "change", merchant.pk))
        assert [each.name for each in page.context["acts"]] == ["give_plan", "set_fee"]
        page = staff_of("support").get(page_of(Merchant, "change", merchant.pk))
        assert page.context["acts"] == []


class TestMoney:
    def test_a_deposit_becomes_a_refund_whose_address_staff_cannot_say(self, rows):
        payment = rows["payments.payment"]
        assert payment.review == "open"

        act(staff_of("finance"), "refund", payment, address="0xmine")

        refund = Refund.objects.get(payment=payment)
        assert (refund.kind, refund.address) == ("deposit", "")
        assert "0xmine" not in str(acted().data)

    def test_a_deposit_is_counted(self, rows):
        act(staff_of("support"), "accept", rows["payments.payment"])

        assert Payment.objects.get().review == "accepted"

    def test_an_invoice_is_refunded_when_what_was_sent_is_named(self, rows):
        finance = staff_of("finance")
        refund = rows["payments.refund"]

        act(finance, "complete", refund, txid="0x" + "a" * 64)

        refund.refresh_from_db()
        assert (refund.status, refund.named_txid or refund.txid) == ("completed", "0x" + "a" * 64)

    def test_a_refund_is_withdrawn(self, rows):
        payout, refund = rows["payments.payout"], rows["payments.refund"]

        act(staff_of("finance"), "cancel", refund)

        refund.refresh_from_db()
        payout.refresh_from_db()
        assert (refund.status, payout.status) == ("cancelled", "cancelled")


class TestPlans:
    def test_limits_change_for_everybody_who_has_the_plan(self, merchant):
        plan = Plan.objects.get(pk="pro")

        act(staff_of("operator"), "limit", plan, monthly_invoice_limit="12345")

        merchant.refresh_from_db()
        assert (merchant.plan.monthly_invoice_limit, merchant.plan.max_api_keys) == (12345, plan.max_api_keys)
        assert Event.objects.get(type="plan.changed").data["changes"] == {"monthly_invoice_limit": 12345}

    @pytest.mark.parametrize(
        "limits", [{"max_api_keys": "1"}, {"min_invoice_usd": "20000"}, {"max_invoice_usd": "0.1"}]
    )
    def test_limits_that_make_no_sense_are_refused(self, merchant, limits):
        page = act(staff_of("operator"), "limit", Plan.objects.get(pk="pro"), **limits)

        assert "at least two API keys" in page.content.decode()
        assert not Event.objects.filter(type="plan.changed").exists()

    def test_another_plan_is_made_and_only_staff_gives_it(self, merchant):
        act(staff_of("operator"), "copy", Plan.objects.get(pk="pro"), code="special", name="Special")
        again = act(staff_of(*["finance", "operator"]), "copy", Plan.objects.get(pk="pro"), code="special", name="X")

        made = Plan.objects.get(pk="special")
        assert (made.name, made.max_api_keys, made.is_self_service) == ("Special", 10, False)
        assert "There is a plan with this code." in again.content.decode()


class TestDeliveries:
    def test_one_is_given_up_and_sent_again(self, rows):
        support, delivery = staff_of("support"), rows["webhooks.delivery"]

        act(support, "give_up", delivery)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.failure, delivery.next_attempt_at) == ("failed", "Given up by staff.", None)
        again = act(support, "give_up", delivery)
        assert "made or given up before" in again.content.decode()

        act(support, "resend", delivery)
        delivery.refresh_from_db()
        assert delivery.status == "pending"

    def test_one_that_is_being_sent_is_left_alone(self, rows):
        delivery = rows["webhooks.delivery"]
        Delivery.objects.update(lease_token=delivery.pk, leased_until=timezone.now() + timezone.timedelta(minutes=1))

        page = act(staff_of("support"), "give_up", delivery)

        assert "still under way" in page.content.decode()
        delivery.refresh_from_db()
        assert delivery.status == "pending"


class TestDeadLetters:
    def test_an_event_is_handed_again_to_the_one_that_failed(self, rows, monkeypatch):
        from events import outbox

        taken = []
        failure = rows["events.faileddispatch"]
        monkeypatch.setitem(
            outbox._subscribers, "webhooks", outbox.Subscriber("webhooks", lambda event: taken.append(event.pk), None)
        )

        act(staff_of("operator"), "retry", failure)

        assert taken == [failure.event_id]
        assert not FailedDispatch.objects.exists()

    def test_one_that_fails_again_stays(self, rows, monkeypatch):
        from events import outbox

        def fail(_event):
            raise ValueError("no room")

        monkeypatch.setitem(outbox._subscribers, "webhooks", outbox.Subscriber("webhooks", fail, None))

        page = act(staff_of("operator"), "retry", rows["events.faileddispatch"])

        assert "no room" in page.content.decode()
        assert FailedDispatch.objects.count() == 1

    def test_a_task_is_forgotten(self, rows):
        act(staff_of("operator"), "forget", rows["events.failedtask"])

        assert not FailedTask.objects.exists()
        assert acted().data["about"] == rows["events.failedtask"].public_id

    def test_a_task_that_is_no_more_cannot_be_run(self, rows):
        FailedTask.objects.update(task="gone.away")

        page = act(staff_of("operator"), "run_again", rows["events.failedtask"])

        assert "There is no such task any more" in page.content.decode()


def test_the_confirmation_repeats_the_rows_and_the_act(rows):
    first = rows["invoices.invoice"]

    page = staff_of("support").post(page_of(Invoice), {"action": "cancel", "_selected_action": [str(first.pk)]})

    text = page.content.decode()
    assert f'name="_selected_action" value="{first.pk}"' in text
    assert 'name="action" value="cancel"' in text
    assert 'name="confirmed" value="1"' in text
    assert CONFIRMED["confirmed"] == "1"
