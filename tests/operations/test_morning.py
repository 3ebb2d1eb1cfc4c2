"""The figures of the morning: what they count, where they lead, when they are coloured, what they cost."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analytics.models import InvoiceFact
from events.checking import check_all
from events.models import ChainHead, Event, FailedDispatch, FailedTask
from events.outbox import dispatch_all
from events.sealing import seal_all
from invoices.models import Invoice, RateSheet
from merchants.models import NoticeKind, UsageCount, WalletNotice
from operations.figures.base import Level, Morning, age_text
from operations.morning import page_of
from payments.models import Cursor, Finding, Payment, Payout, PayoutTransaction, Refund
from payments.reconciliation import tell_of_check
from tests.operations.rows import make_rows
from tests.staff import staff_of
from webhooks.models import Delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

COUNTED = {  # figures whose number is that of the rows behind them
    "Deposits in the inbox": 1,
    "Invoices paid in part": 1,
    "Refunds not sent yet": 1,
    "Payouts that wait for staff": 1,
    "Vaults short of coin for fees": 1,
    "Differences between two readings": 1,
    "Webhooks on their way": 1,
    "Events a part could not take": 1,
    "Tasks that failed": 1,
    "Invoices made yesterday": 2,
    "Of these paid": 1,
    "Merchants near their limit": 1,
    "Webhooks given up today and yesterday": 0,
}


@pytest.fixture
def rows():
    cache.clear()
    return make_rows(timezone.now())


@pytest.fixture
def busy(rows):
    """Something of everything; test mode, as what was paid is on the sandbox chain."""
    now, merchant = timezone.now(), rows["merchants.merchant"]
    Payout.objects.update(waiting_reason="staff")
    Invoice.objects.update(status="partial")
    WalletNotice.objects.create(wallet=rows["merchants.wallet"], kind=NoticeKind.GAS_LOW, looked_at=timezone.now())
    yesterday = now - timedelta(days=1)
    for number in range(2):
        invoice = Invoice.objects.get(title="VPN Service Order")
        invoice.pk, invoice.address, invoice.title = None, f"elsewhere-{number}", "Of yesterday"
        invoice._state.adding = True
        invoice.id = InvoiceFact._meta.pk.to_python(f"00000000-0000-7000-8000-00000000000{number}")
        invoice.created_at, invoice.status, invoice.paid_at = yesterday, "expired", None
        if number:
            invoice.status, invoice.paid_at = "paid", now
        invoice.save(force_insert=True)
        InvoiceFact.objects.create(
            invoice_id=invoice.pk,
            merchant_id=merchant.pk,
            livemode=False,
            created_at=yesterday,
            paid_at=invoice.paid_at,
            currency="USD",
            total="16.49",
            asset_code="USDT",
            network="sandbox",
            sequence=number,
        )
    UsageCount.objects.update_or_create(
        merchant=merchant, livemode=True, month=now.date().replace(day=1), defaults={"invoices": 8_000}
    )
    return rows


def figures(group="operator", *, livemode=False, now=None):
    client = staff_of(group)
    page = page_of(client.person, Morning(livemode=livemode, now=now or timezone.now()))
    client.person.delete()
    return {str(figure.name): figure for section in page.sections for figure in section.figures}


class TestFigures:
    def test_each_counts_the_rows_that_its_link_shows(self, busy):
        shown = figures()
        client = staff_of("operator")

        for name, count in COUNTED.items():
            assert shown[name].value == str(count), name
            listed = client.get(shown[name].href)
            assert listed.status_code == 200, name
            assert listed.context["cl"].result_count == count, name

    def test_every_link_leads_to_a_list(self, busy):
        client = staff_of("operator")

        page = client.get(reverse("admin:index") + "?mode=test").content.decode()

        links = set(re.findall(r'href="(/admin/[a-z]+/[^"]*)"', page))
        assert len(links) > 30
        for link in links:
            assert client.get(link.replace("&amp;", "&")).status_code == 200, link

    def test_live_money_is_not_mixed_with_that_of_tests(self, busy):
        live, test = figures(livemode=True), figures(livemode=False)

        assert (live["Deposits in the inbox"].value, test["Deposits in the inbox"].value) == ("0", "1")
        assert (live["Worth"].value, test["Worth"].value) == ("nothing", "16.49 USD")

    @pytest.mark.parametrize(
        ("group", "sees", "not_"),
        [
            ("support", "Invoices paid in part", "Tasks that failed"),
            ("finance", "Payouts that wait for staff", "Tasks that failed"),
            ("operator", "Tasks that failed", "nothing"),
        ],
    )
    def test_whoever_may_not_see_a_list_sees_no_figure_of_it(self, busy, group, sees, not_):
        shown = figures(group)

        assert sees in shown
        assert not_ not in shown

    def test_somebody_in_no_group_sees_none(self, busy):
        page = staff_of().get(reverse("admin:index"))

        assert page.context["page"].sections == []
        assert b"You are in no group" in page.content

    def test_alarms_stand_on_top_with_their_rule_the_red_ones_first(self, busy):
        page = staff_of("operator").get(reverse("admin:index") + "?mode=test")

        alarms = page.context["page"].alarms
        assert [alarm.level for alarm in alarms] == sorted((a.level for a in alarms), key=lambda level: level != "red")
        assert {str(alarm.name) for alarm in alarms} >= {"Tasks that failed", "The books"}
        text = page.content.decode()
        assert all(str(alarm.rule) for alarm in alarms)
        assert "A task is kept here until it succeeds." in text


class TestColours:
    """Each rule at its border."""

    def level(self, name, **how):
        return figures(**how)[name].level

    @pytest.mark.parametrize(
        ("model", "name", "age", "level"),
        [
            (Payment, "Deposits in the inbox", timedelta(hours=23), Level.FINE),
            (Payment, "Deposits in the inbox", timedelta(hours=24), Level.AMBER),
            (Payment, "Deposits in the inbox", timedelta(days=7), Level.RED),
            (Refund, "Refunds not sent yet", timedelta(days=2), Level.FINE),
            (Refund, "Refunds not sent yet", timedelta(days=3), Level.AMBER),
            (Refund, "Refunds not sent yet", timedelta(days=14), Level.RED),
            (Invoice, "Invoices paid in part", timedelta(hours=23), Level.FINE),
            (Invoice, "Invoices paid in part", timedelta(days=30), Level.AMBER),
            (FailedDispatch, "Events a part could not take", timedelta(minutes=59), Level.AMBER),
            (FailedDispatch, "Events a part could not take", timedelta(hours=1), Level.RED),
        ],
    )
    def test_of_what_waits(self, rows, model, name, age, level):
        now = timezone.now()
        Invoice.objects.update(status="partial")
        model.objects.update(created_at=now - age)

        assert self.level(name, now=now) == level

    def test_of_webhooks(self, rows):
        now = timezone.now()
        seen = []
        for minutes in (4, 5, 60):
            Delivery.objects.update(next_attempt_at=now - timedelta(minutes=minutes))
            seen.append(self.level("Webhooks on their way", now=now))

        assert seen == [Level.FINE, Level.AMBER, Level.RED]

    def test_of_the_log(self, rows):
        oldest = Event.objects.filter(position=None).order_by("sequence").first().created_at
        seen = [
            self.level("Events not handed out", now=oldest + timedelta(seconds=seconds)) for seconds in (59, 60, 300)
        ]
        dispatch_all()
        seen.append(self.level("Events not handed out", now=oldest + timedelta(seconds=300)))

        assert seen == [Level.FINE, Level.AMBER, Level.RED, Level.FINE]

    def test_of_a_network(self, rows):
        now = timezone.now()
        seen = []
        for seconds, lag in ((1, 0), (1, 5), (1, 6), (121, 0)):
            Cursor.objects.update(scanned_at=now - timedelta(seconds=seconds), height=0, tip_height=lag)
            seen.append(self.level("Sandbox", now=now))

        assert seen == [Level.FINE, Level.FINE, Level.AMBER, Level.RED]

    def test_of_nodes_that_rest(self, rows):
        from chains.health import EndpointHealth
        from payments.overview import publish_endpoints

        now = timezone.now()
        Cursor.objects.update(scanned_at=now, height=5, tip_height=5)
        seen = []
        for awake in ((True, True), (True, False), (False, False)):
            publish_endpoints("sandbox", [EndpointHealth(f"n{at}", up, 0, 5, 0, 0, "") for at, up in enumerate(awake)])
            seen.append(self.level("Sandbox", now=now))

        assert seen == [Level.FINE, Level.AMBER, Level.RED]

    def test_of_findings(self, rows):
        assert self.level("Differences between two readings") == Level.RED

        Finding.objects.update(resolved_at=timezone.now())

        assert self.level("Differences between two readings") == Level.FINE

    def test_of_rates(self, rows, settings):
        settings.RATE_SOURCES = ["coinbase"]
        settings.CHAINS = {"bitcoin": {"rpc_urls": ["http://127.0.0.1:1"]}}
        now = timezone.now()
        seen = [self.level("BTC", now=now)]
        for seconds in (149, 150, 300):
            RateSheet.objects.all().delete()
            at = now - timedelta(seconds=seconds)
            RateSheet.objects.create(base="BTC", source="coinbase", prices={"USD": "1"}, observed_at=at)
            seen.append(self.level("BTC", now=now))

        assert seen == [Level.RED, Level.FINE, Level.AMBER, Level.RED]

    def test_of_what_vaults_send(self, rows, settings):
        now = timezone.now()
        merchant = rows["merchants.merchant"]
        assert self.level("Payouts stuck or unclear") == Level.FINE

        made = {"raw": "00", "txid": "0x" + "1" * 64}
        PayoutTransaction.objects.create(payout=rows["payments.payout"], position=0, fee_cap_units=1, **made)
        Payout.objects.update(status="quarantined", nonce=0, signed_at=now, value_usd=7_999, **made)
        assert self.level("Payouts stuck or unclear") == Level.RED
        name, seen = "Most sent by one merchant's vaults in 24 hours", []
        for usd in (7_999, 8_000, 10_000):
            Payout.objects.filter(merchant=merchant).update(value_usd=usd)
            seen.append(self.level(name, now=now))
        Payout.objects.update(signed_at=now - timedelta(hours=25))
        seen.append(self.level(name, now=now))

        assert seen == [Level.FINE, Level.AMBER, Level.RED, Level.FINE]

    def test_of_the_books(self, rows, capsys):
        assert figures()["The books"].value == "never"
        assert self.level("The books") == Level.AMBER

        with pytest.raises(Exception, match="difference"):
            call_command("reconcile", "--no-chain")
        assert self.level("The books") == Level.RED

        tell_of_check(differences=0, with_chains=False)
        assert self.level("The books") == Level.FINE
        assert self.level("The books", now=timezone.now() + timedelta(days=7)) == Level.AMBER

    def test_a_part_of_the_books_is_no_check_of_all(self, rows, capsys):
        with pytest.raises(Exception, match="difference"):
            call_command("reconcile", "--no-chain", "--merchant", rows["merchants.merchant"].public_id)

        assert figures()["The books"].value == "never"

    def test_of_the_audit_log(self, rows):
        now = timezone.now()
        assert figures()["The audit log"].value == "never checked"
        tell_of_check(differences=0, with_chains=False)  # an event of no merchant
        dispatch_all()
        seal_all(now=now)
        check_all(now=now)
        seen = [self.level("The audit log", now=now), self.level("The audit log", now=now + timedelta(days=7))]
        ChainHead.objects.filter(pk=ChainHead.NOBODYS).update(problem="entry 1 is missing")
        seen.append(self.level("The audit log", now=now))

        assert seen == [Level.FINE, Level.AMBER, Level.RED]

    def test_of_limits(self, rows):
        month = timezone.now().date().replace(day=1)
        UsageCount.objects.update_or_create(
            merchant=rows["merchants.merchant"], livemode=True, month=month, defaults={"invoices": 7_999}
        )
        assert self.level("Merchants near their limit") == Level.FINE

        UsageCount.objects.update(invoices=8_000)
        cache.clear()

        assert self.level("Merchants near their limit") == Level.AMBER


class TestCost:
    def test_it_is_read_in_a_fixed_number_of_queries(self, busy):
        client = staff_of("operator")
        client.get(reverse("admin:index"))

        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("admin:index"))

        assert len(queries) <= 34

    def test_money_and_work_are_never_kept_business_for_a_minute(self, busy):
        before = figures()
        Payment.objects.update(review="ignored")
        FailedTask.objects.all().delete()
        InvoiceFact.objects.all().delete()
        after = figures()

        assert (before["Deposits in the inbox"].value, after["Deposits in the inbox"].value) == ("1", "0")
        assert after["Tasks that failed"].value == "0"
        assert after["Invoices made yesterday"].value == before["Invoices made yesterday"].value == "2"

    def test_without_valkey_it_is_shown_all_the_same(self, busy, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"

        assert figures()["Invoices made yesterday"].value == "2"


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_an_age_is_told_in_one_unit(age, text):
    assert age_text(age) == text
