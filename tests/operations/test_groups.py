"""Who of the staff sees and does what: the whole table, and nothing on the site that is not in it."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from events.acts import ActingAdmin
from events.models import Event
from operations.groups import GROUPS, keep_groups
from tests.operations.rows import make_rows
from tests.staff import CONFIRMED, page_of, staff_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

ALL = "support finance operator"
SEEN_BY = {
    "auth.group": "operator",
    "auth.user": "operator",
    "core.idempotencykey": "operator",
    "events.chainhead": "operator",
    "events.event": ALL,
    "events.faileddispatch": "operator",
    "events.failedtask": "operator",
    "invoices.amountclaim": ALL,
    "invoices.credit": ALL,
    "invoices.customer": ALL,
    "invoices.invoice": ALL,
    "invoices.invoicedestination": ALL,
    "invoices.paymentlink": ALL,
    "invoices.ratesheet": ALL,
    "invoices.replacedquote": ALL,
    "merchants.apikey": ALL,
    "merchants.member": ALL,
    "merchants.merchant": ALL,
    "merchants.plan": ALL,
    "merchants.usage": ALL,
    "merchants.wallet": ALL,
    "merchants.walletaddress": ALL,
    "merchants.walletnotice": ALL,
    "payments.booking": "finance operator",
    "payments.cursor": ALL,
    "payments.finding": "operator",
    "payments.payment": ALL,
    "payments.payout": "finance operator",
    "payments.refund": ALL,
    "payments.rescan": "operator",
    "payments.scannedrange": "operator",
    "payments.settlement": ALL,
    "sandbox.sandboxblock": "operator",
    "sandbox.sandboxtransfer": "operator",
    "webhooks.delivery": ALL,
    "webhooks.invoicehook": ALL,
    "webhooks.webhookendpoint": ALL,
}
DONE_BY = {
    "events.forget_failedtask": "operator",
    "events.retry_faileddispatch": "operator",
    "events.run_again_failedtask": "operator",
    "invoices.accept_invoice": "support finance",
    "invoices.cancel_invoice": "support finance",
    "invoices.refund_invoice": "finance",
    "merchants.copy_plan": "operator",
    "merchants.give_plan_merchant": "finance operator",
    "merchants.invite_again_member": "support operator",
    "merchants.limit_plan": "operator",
    "merchants.reactivate_merchant": "operator",
    "merchants.remove_wallet": "operator",
    "merchants.revoke_apikey": "operator",
    "merchants.set_fee_merchant": "finance",
    "merchants.suspend_merchant": "operator",
    "payments.accept_payment": "support finance",
    "payments.approve_payout": "finance",
    "payments.cancel_refund": "finance",
    "payments.close_finding": "operator",
    "payments.complete_refund": "finance",
    "payments.give_up_payout": "operator",
    "payments.ignore_payment": "support finance",
    "payments.refund_payment": "finance",
    "payments.rescan_cursor": "operator",
    "payments.stop_rescan": "operator",
    "payments.withdraw_payout": "finance operator",
    "webhooks.give_up_delivery": "support operator",
    "webhooks.resend_delivery": "support operator",
}
PAGES = {model._meta.label_lower: (model, page) for model, page in admin.site._registry.items()}
ACTS = {
    act.permission(model): (model, act)
    for model, page in PAGES.values()
    if isinstance(page, ActingAdmin)
    for act in page.acts
}


class TestTheTable:
    def test_it_has_every_page_and_every_act(self):
        assert set(PAGES) == set(SEEN_BY)
        assert set(ACTS) == set(DONE_BY)

    def test_the_code_says_the_same(self):
        assert {model: {name for name in GROUPS if model in GROUPS[name].sees} for model in SEEN_BY} == {
            model: set(names.split()) for model, names in SEEN_BY.items()
        }
        assert {act: {name for name in GROUPS if act in GROUPS[name].does} for act in DONE_BY} == {
            act: set(names.split()) for act, names in DONE_BY.items()
        }

    def test_whoever_may_act_on_rows_sees_them(self):
        for name, allowed in GROUPS.items():
            acted_on = {ACTS[act][0]._meta.label_lower for act in allowed.does}
            assert acted_on <= allowed.sees, name

    def test_what_was_changed_by_hand_is_put_back(self):
        support = Group.objects.get(name="support")
        support.permissions.set(Permission.objects.filter(codename="suspend_merchant"))
        Permission.objects.filter(codename="cancel_invoice").delete()

        keep_groups()

        held = {f"{each.content_type.app_label}.{each.codename}" for each in support.permissions.all()}
        assert {name for name in held if ".view_" not in name} == GROUPS["support"].does


@pytest.mark.parametrize("group", ["support", "finance", "operator", ""])
class TestGroups:
    def test_see_what_is_theirs_and_change_nothing_by_hand(self, group):
        client = staff_of(*group.split())
        rows = make_rows(timezone.now())

        for label, (model, _page) in PAGES.items():
            expected = 200 if group and group in SEEN_BY[label].split() else 403
            assert client.get(page_of(model)).status_code == expected, label
            assert client.get(page_of(model, "add")).status_code == 403, label
            row = rows.get(label) or model._default_manager.first()
            if row is None:
                continue
            assert client.get(page_of(model, "change", row.pk)).status_code == expected, label
            assert client.get(page_of(model, "history", row.pk)).status_code == expected, label
            assert client.post(page_of(model, "change", row.pk), {}).status_code == 403, label
            assert client.post(page_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403, label

    def test_do_what_is_theirs_and_are_offered_nothing_else(self, group):
        client = staff_of(*group.split())
        rows = make_rows(timezone.now())
        before = Event.objects.count()

        for name, (model, act) in ACTS.items():
            row = rows[model._meta.label_lower]
            answer = client.post(page_of(model), {"action": act.name, "_selected_action": [str(row.pk)]})
            asked = answer.context is not None and answer.context.get("act") == act
            assert asked == bool(group and group in DONE_BY[name].split()), name
            if not asked:  # nor when everything is sent that would confirm it
                order = {"action": act.name, **CONFIRMED, "_selected_action": [str(row.pk)]}
                assert client.post(page_of(model), order).status_code in {200, 302, 403}, name
        assert Event.objects.count() == before


def test_the_other_addresses_of_the_site_tell_nothing_and_change_nothing():
    client = staff_of()

    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(reverse("admin:jsi18n")).status_code == 200
    assert client.get(reverse("admin:autocomplete")).status_code == 403
    assert client.get("/admin/r/1/1/").status_code == 404
    assert client.get("/admin/merchants/").status_code == 404
