"""What anybody can see of the service: whether it works, in their language, and nothing else."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from events.models import Event
from invoices.models import RateSheet
from payments.models import Cursor
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _chains(settings, valkey):
    settings.CHAINS = {name: {"rpc_urls": ["http://user:secret@10.9.8.7:1"]} for name in ("ethereum", "bitcoin")}
    settings.RATE_SOURCES = ["fixed"]


def scanned(network: str, *, seconds_ago: int = 5, behind: int = 0) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    Cursor.objects.create(network=network, height=100, hash="1", tip_height=100 + behind, scanned_at=at)


@pytest.fixture
def shown(client):
    """Open the page; return what is said of each part, and the whole text."""

    def _shown(path: str = "/status") -> tuple[dict[str, str], str]:
        response = client.get(path)
        assert response.status_code == 200
        body = response.content.decode()
        rows = re.findall(r"<li>\s*<span>([^<]+)</span>\s*<span class=\"badge [^\"]+\">([^<]+)</span>\s*</li>", body)
        return {unescape(name): said for name, said in rows}, unescape(re.sub(r"<[^>]+>", " ", body))

    return _shown


def test_all_is_well_while_everything_is_seen_in_time(shown):
    scanned("ethereum")
    scanned("bitcoin")

    parts, text = shown()

    assert parts == {
        "Payment pages and API": "Works",
        "Payments on the network Bitcoin": "Works",
        "Payments on the network Ethereum": "Works",
        "Exchange rates": "Works",
        "Messages to shops": "Works",
    }
    assert "Everything works." in text


def test_a_network_that_is_not_read_or_far_behind_is_late_and_the_others_are_not(shown):
    scanned("ethereum", behind=6)

    parts, text = shown()

    assert parts["Payments on the network Ethereum"] == "Late"  # behind
    assert parts["Payments on the network Bitcoin"] == "Late"  # never read
    assert (parts["Exchange rates"], parts["Messages to shops"]) == ("Works", "Works")
    assert "No payment is lost" in text
    assert "Everything works." not in text


def test_slow_chains_have_the_time_their_blocks_take(shown):
    scanned("bitcoin", seconds_ago=600)
    scanned("ethereum", seconds_ago=600)

    parts, _ = shown()

    assert parts["Payments on the network Bitcoin"] == "Works"
    assert parts["Payments on the network Ethereum"] == "Late"


def test_prices_that_are_too_old_and_events_that_nobody_was_told_of(shown, settings):
    settings.RATE_SOURCES = ["coinbase"]
    hour_ago = timezone.now() - timedelta(hours=1)
    RateSheet.objects.create(base="ETH", source="coinbase", prices={"USD": "1"}, observed_at=hour_ago)
    Event.objects.create(type="webhook.test", livemode=False, data={}, created_at=hour_ago)

    parts, _ = shown()

    assert (parts["Exchange rates"], parts["Messages to shops"]) == ("Late", "Late")
    assert not Delivery.objects.exists()


def test_it_is_in_the_readers_language_and_tells_nothing_of_the_inside(shown, client):
    scanned("ethereum", behind=7)

    _, text = shown("/status?lang=de")
    response = client.get("/status")

    assert "Betriebszustand" in text
    assert "Zahlungen im Netzwerk Ethereum" in text
    assert not re.search(r"10\.9\.8\.7|secret|rpc|107", response.content.decode())
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_front_page_leads_there(client):
    assert 'href="/status"' in client.get("/").content.decode()
