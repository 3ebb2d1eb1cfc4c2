"""What the operator sees of the chains, in the terminal, in the admin and in Prometheus, and what they can do."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.urls import reverse

from chains import registry
from chains.health import EndpointHealth
from payments.models import Cursor, Finding, Payment, ScannedRange
from payments.overview import network_statuses, publish_endpoints
from payments.services import close_finding, scan, verify
from tests.payments.chain import ScriptedChain, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now, monkeypatch) -> ScriptedChain:
    chain = ScriptedChain(start=now)
    monkeypatch.setattr(registry, "reader", lambda _network: chain)
    return chain


def read(chain, now) -> None:
    scan(network="sandbox", now=now, reader=chain)


def sandbox(now):
    return next(status for status in network_statuses(now=now) if status.network == "sandbox")


class TestStatus:
    def test_a_network_that_was_never_read_says_so(self, now):
        status = sandbox(now)

        assert (status.tip, status.height, status.age_seconds, status.verified) == (None, None, None, None)
        assert status.problems == ["never read"]

    def test_a_network_in_order_has_no_problems(self, chain, now):
        chain.grow(9)
        read(chain, now)
        chain.grow(3)
        read(chain, now)
        verify(network="sandbox", reader_apart_from=lambda _: chain, now=now)

        status = sandbox(now + timedelta(seconds=30))

        assert (status.tip, status.height, status.lag, status.age_seconds) == (12, 12, 0, 30)
        assert (status.ranges, status.oldest, status.verified, status.unverified) == (2, 0, 9, 3)
        assert status.problems == []

    def test_silence_lag_and_findings_are_problems(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(9)
        read(chain, now)
        chain.grow(4)
        read(chain, now)
        Cursor.objects.update(tip_height=200)
        chain.is_blind = True
        verify(network="sandbox", reader_apart_from=lambda _: chain, now=now)

        status = sandbox(now + timedelta(minutes=5))

        assert status.problems == ["not read for 300 s", "186 blocks behind", "1 findings of the second pass"]

    def test_money_that_waits_is_counted(self, chain, invoice, now):
        chain.mine(transfer(invoice), transfer(invoice, asset="USDC", txid="b" * 64))
        read(chain, now)

        status = sandbox(now)

        assert (status.in_review, status.unsettled) == (1, 2)

    def test_a_finding_that_was_looked_at_is_no_problem(self, chain, invoice, now):
        chain.mine(transfer(invoice))
        chain.grow(9)
        read(chain, now)
        chain.grow(4)
        read(chain, now)
        chain.is_blind = True
        verify(network="sandbox", reader_apart_from=lambda _: chain, now=now)

        close_finding(finding_id=Finding.objects.get().pk, now=now)

        assert sandbox(now).findings == 0


class TestEndpoints:
    DOWN = EndpointHealth("https://one.example", False, 3, 120, 1.0, 2.0, "https://one.example answered HTTP 500")
    UP = EndpointHealth("https://two.example", True, 0, 40, 1.0, 0.0, "")

    def test_what_the_worker_knows_is_shown_everywhere(self, valkey, chain, client, settings, now):
        settings.METRICS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        read(chain, now)
        publish_endpoints("sandbox", [self.DOWN, self.UP])

        status = sandbox(now)

        assert status.endpoints == (self.DOWN, self.UP)
        assert status.problems == ["https://one.example rests: https://one.example answered HTTP 500"]
        metrics = client.get("/metrics").content.decode()
        assert 'checkout_endpoint_awake{endpoint="https://one.example",network="sandbox"} 0.0' in metrics
        assert 'checkout_endpoint_milliseconds{endpoint="https://two.example",network="sandbox"} 40.0' in metrics

    def test_without_valkey_the_rest_is_shown(self, chain, settings, now):
        read(chain, now)
        settings.REDIS_URL = "redis://127.0.0.1:1/0"

        publish_endpoints("sandbox", [self.DOWN])

        assert sandbox(now).endpoints == ()


class TestCommand:
    def test_it_prints_a_table_and_fails_when_something_needs_a_look(self, chain, now, capsys):
        chain.grow(9)
        read(chain, now)  # in the past, so that the age is a problem

        with pytest.raises(SystemExit) as ending:
            call_command("chains", "status")

        table = capsys.readouterr().out
        assert ending.value.code == 1
        assert table.splitlines()[0].split() == [
            *("network", "tip", "read", "lag", "final", "age"),
            *("verified", "unverified", "findings", "inbox", "open"),
        ]
        assert table.splitlines()[1].split()[:4] == ["sandbox", "9", "9", "0"]
        assert "sandbox: not read for" in table

    def test_programs_read_json(self, chain, now, capsys):
        read(chain, now)

        with pytest.raises(SystemExit):
            call_command("chains", "status", "--json")

        status = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (status["network"], status["height"]) == ("sandbox", 0)
        assert len(status["problems"]) == 1


class TestRescan:
    def test_what_was_missed_is_found(self, chain, invoice, now, capsys):
        chain.max_range = 3
        chain.mine(transfer(invoice))
        chain.grow(9)
        chain.is_blind = True
        read(chain, now)
        chain.is_blind = False
        assert Payment.objects.count() == 0

        call_command("rescan", "sandbox", "0", "10")
        call_command("rescan", "sandbox", "0", "10")

        assert capsys.readouterr().out.splitlines() == [
            "11 blocks of sandbox read again, 1 payments found.",
            "11 blocks of sandbox read again, 0 payments found.",
        ]
        assert Payment.objects.get().status == "confirmed"
        assert ScannedRange.objects.count() == 4

    def test_blocks_above_the_scan_are_left_to_it(self, chain, now):
        read(chain, now)
        chain.grow(5)

        with pytest.raises(CommandError, match="The scan of sandbox is at block 0"):
            call_command("rescan", "sandbox", "0", "5")

    def test_a_node_that_fails_is_told_of(self, chain, now):
        chain.grow(5)
        read(chain, now)
        chain.is_down = True

        with pytest.raises(CommandError, match="The node failed: down"):
            call_command("rescan", "sandbox", "0", "5")

    @pytest.mark.parametrize(("first", "last"), [("5", "3"), ("-1", "3")])
    def test_a_range_that_is_none_is_refused(self, chain, first, last):
        with pytest.raises(CommandError, match="FROM is at least 0"):
            call_command("rescan", "sandbox", "--", first, last)


class TestPages:
    def test_staff_see_every_chain_above_the_cursors(self, chain, client, now):
        read(chain, now)
        client.force_login(get_user_model().objects.create_superuser("staff", "staff@example.com", "x"))

        page = client.get(reverse("admin:payments_cursor_changelist")).content.decode()

        assert "Sandbox" in page
        assert "not read for" in page

    def test_prometheus_reads_a_sample_for_each_network(self, chain, client, settings, now):
        settings.METRICS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        chain.grow(4)
        read(chain, now)

        answer = client.get("/metrics")

        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        assert 'checkout_chain_read_block{network="sandbox"} 4.0' in answer.content.decode()

    @pytest.mark.parametrize("allowed", [[], ["10.0.0.0/8"]])
    def test_for_everybody_else_there_are_no_metrics(self, client, settings, allowed):
        settings.METRICS_ALLOWED_NETWORKS = allowed

        assert client.get("/metrics").status_code == 404
