"""What Prometheus reads, and that the dashboards and alarms ask for nothing else."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.db import connection
from django.db.models import F, Max
from django.test import RequestFactory
from django.utils import timezone

from core import metering
from events.models import Event
from invoices.models import RateSheet
from payments.models import Cursor, Payment, ScannedRange
from tests.operations.rows import make_rows
from tests.programs import program
from webhooks.models import Delivery

ROOT = Path(__file__).resolve().parent.parent.parent
MONITORING = ROOT / "deploy" / "monitoring"
RULES = sorted(MONITORING.glob("*.rules.yml"))
DASHBOARDS = sorted(MONITORING.glob("grafana/*.json"))


@pytest.fixture
def scrape(client, settings):
    """Return what is exposed: the value of each sample by its name with labels."""
    settings.METRICS_ALLOWED_NETWORKS = ["127.0.0.0/8"]

    def _scrape() -> dict[str, float]:
        text = client.get("/metrics").content.decode()
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    return _scrape


def names_of(samples) -> set[str]:
    return {name.partition("{")[0] for name in samples}


@pytest.fixture
def busy(settings, db):
    """An installation in which everything that can wait has waited for two hours."""
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.RATE_SOURCES = ["coinbase"]
    hours_ago = timezone.now() - timedelta(hours=2)
    Event.objects.create(type="webhook.test", livemode=False, data={}, created_at=hours_ago)
    rows = make_rows(hours_ago)
    RateSheet.objects.create(base="ETH", source="coinbase", prices={"USD": "3000"}, observed_at=hours_ago)
    return rows


def test_strangers_find_nothing(client, db, settings):
    settings.METRICS_ALLOWED_NETWORKS = ["10.0.0.0/8"]

    assert client.get("/metrics").status_code == 404


def test_what_waits_is_told_with_its_age(scrape, busy):
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=10))

    told = scrape()

    assert told["checkout_outbox_events"] == Event.objects.filter(position=None).count() >= 2
    assert 7190 < told["checkout_outbox_lag_seconds"] < 7260
    assert told["checkout_webhooks_pending"] == 1
    assert 7190 < told["checkout_webhooks_overdue_seconds"] < 7260
    assert 600 <= told["checkout_webhooks_oldest_seconds"] < 660
    assert told["checkout_failed_dispatches"] == 1
    assert told["checkout_failed_tasks"] == 1
    assert 7190 < told['checkout_rate_age_seconds{asset="ETH"}'] < 7260
    assert told["checkout_rate_max_age_seconds"] == 300
    assert told["checkout_rates_missing"] >= 1  # the tokens on Ethereum


def test_the_feed_to_kafka_tells_how_far_it_is_behind(scrape, busy, settings):
    Event.objects.filter(position=None).update(position=F("sequence"))
    assert scrape()["checkout_feed_lag_events"] == 0  # there is no feed

    settings.EVENT_SINK = {"topic": "checkout"}
    told = scrape()

    assert told["checkout_feed_lag_events"] == Event.objects.aggregate(last=Max("position"))["last"]
    assert 7190 < told["checkout_feed_lag_seconds"] < 7260


def test_how_far_a_network_is_read_stands_under_the_name_it_should(scrape, busy):
    now = timezone.now()
    Cursor.objects.filter(network="sandbox").update(
        height=40, tip_height=47, scanned_at=now - timedelta(minutes=3), finalized_height=30
    )
    ScannedRange.objects.filter(network="sandbox").update(verified_at=now)
    last = ScannedRange.objects.get(network="sandbox").last
    ScannedRange.objects.create(network="sandbox", first=last + 1, last=40, previous=last, scanned_at=now)
    Payment.objects.update(status="confirming")

    told = {
        name.removeprefix("checkout_").removesuffix('{network="sandbox"}'): value
        for name, value in scrape().items()
        if name.endswith('{network="sandbox"}')
    }

    assert 179 < told.pop("chain_scan_age_seconds") < 240
    assert told == {
        "chain_tip_block": 47,
        "chain_read_block": 40,
        "chain_lag_blocks": 7,
        "chain_ranges": 2,
        "chain_verified_block": last,
        "chain_unverified_blocks": 40 - last,
        "chain_findings": 1,
        "chain_missing_blocks": 0,
        "deposits_unmatched": 0,
        "deposits_in_review": 1,
        "payments_unsettled": Payment.objects.filter(network="sandbox").count(),
    }


def test_money_without_an_invoice_is_told_apart_from_money_that_waits(scrape, busy):
    paid = busy["payments.payment"]
    paid.pk = None
    Payment.objects.bulk_create([Payment(**_fields(paid) | {"txid": "other", "invoice_id": None, "counts": False})])

    told = scrape()

    assert told['checkout_deposits_in_review{network="sandbox"}'] == 2
    assert told['checkout_deposits_unmatched{network="sandbox"}'] == 1


def _fields(payment) -> dict:
    return {field.attname: getattr(payment, field.attname) for field in payment._meta.fields if field.name != "id"}


def test_blocks_that_were_never_read_are_counted(scrape, busy):
    assert scrape()['checkout_chain_missing_blocks{network="sandbox"}'] == 0
    newest = ScannedRange.objects.filter(network="sandbox").order_by("-last").first()

    with connection.cursor() as cursor:  # what the constraints forbid
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE payments_scannedrange DROP CONSTRAINT scannedrange_adjoins CASCADE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid='payments_scannedrange'::regclass AND contype='f'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE payments_scannedrange DROP CONSTRAINT "{name}"')
        ScannedRange.objects.create(
            network="sandbox",
            first=newest.last + 6,
            last=newest.last + 9,
            previous=newest.last + 5,
            scanned_at=newest.scanned_at,
        )

    assert scrape()['checkout_chain_missing_blocks{network="sandbox"}'] == 5


def test_connections_are_told_with_their_limit(scrape, db):
    told = scrape()

    assert told['checkout_database_connections{state="active"}'] >= 1
    assert 1 <= told["checkout_database_connections_used"] <= told["checkout_database_connections_max"]


def test_requests_are_counted_by_route_and_never_by_what_a_client_wrote(scrape, client, db):
    counted = 'checkout_requests_total{method="GET",route="healthz",status="200"}'
    before = scrape().get(counted, 0)

    client.get("/healthz")
    client.get("/nobody/has/this")
    client.generic("BREW", "/healthz")

    told = scrape()
    assert told[counted] == before + 1
    assert told['checkout_request_seconds_count{method="GET",route="healthz"}'] >= 1
    assert told['checkout_requests_total{method="GET",route="none",status="404"}'] >= 1
    assert told["checkout_requests_in_progress"] == 1  # this very one
    assert not [name for name in told if "nobody" in name or "BREW" in name]


def test_several_processes_count_together_and_the_dead_have_nothing_in_progress(tmp_path, settings):
    script = (
        "from django.http import HttpResponse\n"
        "from django.test import RequestFactory\n"
        "from core import metering\n"
        "metering.begin()\n"
        "metering.begin()\n"
        "metering.end(RequestFactory().get('/'), HttpResponse(), seconds=0.02)\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", script], env=environment, cwd=ROOT, check=True)
    settings.METRICS_DIR = str(tmp_path)

    told = metering.exposition().decode()

    assert 'checkout_requests_total{method="GET",route="none",status="200"} 2.0' in told
    assert 'checkout_request_seconds_bucket{le="0.025",method="GET",route="none"} 2.0' in told
    assert "checkout_requests_in_progress 0.0" in told or "checkout_requests_in_progress" not in told


def test_a_request_that_crashed_is_over_all_the_same():
    metering.begin()
    metering.end(RequestFactory().get("/"), None, seconds=0.01)

    assert b'checkout_requests_total{method="GET",route="none",status="500"}' in metering.exposition()


class TestTheFilesForMonitoring:
    @pytest.fixture
    def exposed(self, scrape, busy, client) -> set[str]:
        """Every name that an installation with something of everything exposes."""
        client.get("/healthz")
        return names_of(scrape()) | _NAMES_WITHOUT_SAMPLES

    def test_every_metric_in_rules_and_dashboards_exists(self, exposed):
        asked = {(path.name, name) for path in [*RULES, *DASHBOARDS] for name in metrics_of(path)}

        assert len(RULES) >= 1
        assert len(DASHBOARDS) >= 2
        assert not {(file, name) for file, name in asked if name not in exposed}

    def test_every_metric_is_described(self, exposed):
        described = set(
            re.findall(r"^\| `(checkout_[a-z_]+)", (ROOT / "docs" / "monitoring.md").read_text(), re.MULTILINE)
        )
        # A histogram is described once, under the name that its three series begin with.
        families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in exposed}

        assert described == families

    def test_every_alarm_says_what_to_do(self):
        alarms = [
            rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
        ]
        runbook = (ROOT / "docs" / "monitoring.md").read_text()

        assert len(alarms) >= 10
        for alarm in alarms:
            assert alarm["labels"]["severity"] in {"page", "ticket"}, alarm["alert"]
            assert alarm["annotations"]["summary"], alarm["alert"]
            assert f"| `{alarm['alert']}` |" in runbook, alarm["alert"]

    def test_promtool_accepts_the_rules_and_they_fire_when_they_should(self):
        promtool = program("promtool", package="prometheus")
        for arguments in (["check", "rules", *RULES], ["test", "rules", *MONITORING.glob("*.test.yml")]):
            checked = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)
            assert checked.returncode == 0, checked.stdout + checked.stderr


# A family without samples in the installation above: nobody has vaults, endpoints were not asked.
_NAMES_WITHOUT_SAMPLES = {
    "checkout_endpoint_awake",
    "checkout_endpoint_milliseconds",
}


def metrics_of(path: Path) -> set[str]:
    """Return the names of ours in the expressions of a file of rules, or of a dashboard."""
    if path.suffix == ".json":
        panels = json.loads(path.read_text())["panels"]
        texts = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    else:
        groups = yaml.safe_load(path.read_text())["groups"]
        texts = [rule["expr"] for group in groups for rule in group["rules"]]
    return {name for text in texts for name in re.findall(r"\bcheckout_[a-z_]+", str(text))}
