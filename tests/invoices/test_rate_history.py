"""Staff see a pair's history as a drawing, and what an invoice's rate rests on in words."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from api.v1.rendering.invoices import invoice_view
from invoices.models import RateSheet
from invoices.rates import history
from invoices.services import view_invoice
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


def sheet(at, source, usd):
    RateSheet.objects.create(base="BTC", source=source, prices={"USD": usd}, observed_at=at)


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("staff", "staff@example.com", "a long password"))
    return client


def test_lines_run_from_the_first_to_the_last_minute_and_between_the_extremes(now):
    sheet(now - timedelta(days=1), "kraken", "1")  # a moment too old
    sheet(now - timedelta(days=1) + timedelta(seconds=1), "kraken", "100")
    sheet(now, "kraken", "300")
    sheet(now - timedelta(hours=1), "coinbase", "200")
    sheet(now + timedelta(seconds=1), "coinbase", "1000")

    chart = history.chart_of("BTC", currency="USD", now=now)

    assert (chart.pair, chart.lowest, chart.highest) == ("BTC/USD", 100, 300)
    assert [(line.source, line.points) for line in chart.lines] == [
        ("coinbase", "923.8,110.0 923.8,110.0"),
        ("kraken", "0.0,220.0 960.0,0.0"),
    ]


def test_a_day_of_minutes_is_a_line_of_few_points(now):
    RateSheet.objects.bulk_create(
        RateSheet(base="BTC", source="kraken", prices={"USD": str(minute)}, observed_at=now - timedelta(minutes=minute))
        for minute in range(1440)
    )

    (line,) = history.chart_of("BTC", currency="USD", now=now).lines

    assert len(line.points.split()) == history.STEPS
    assert line.last == Decimal(0)


def test_the_list_of_sheets_shows_the_chart_without_style_or_script(staff):
    sheet(timezone.now(), "kraken", "60000.5")
    url = reverse("admin:invoices_ratesheet_changelist")

    page = staff.get(url, {"base": "BTC", "currency": "USD"})
    other = staff.get(url, {"base": "BTC", "currency": "CHF"})
    odd = staff.get(url, {"base": "<x>", "currency": "<script>"})

    assert page.status_code == other.status_code == odd.status_code == 200
    drawing = page.content.decode().split("<svg viewBox", 1)[1].split("</ul>", 1)[0]
    assert "kraken: 60000.5 USD" in drawing
    assert "style=" not in drawing
    assert "<script" not in drawing
    assert "No source has given a price of BTC/CHF" in other.content.decode()
    assert "<polyline" in odd.content.decode()


def test_an_invoice_says_what_its_rate_rests_on(staff, now):
    invoice = make_invoice(make_merchant(now), now)

    page = staff.get(reverse("admin:invoices_invoice_change", args=[invoice.pk]))

    assert "fixed: 1.0001 at 2026-01-15T10:00:00Z (used)" in page.content.decode()


def test_a_replaced_quote_keeps_its_evidence_and_the_new_one_has_its_own(now, settings):
    settings.FIXED_RATES = {"USDT/USD": Decimal("1.01")}
    invoice = make_invoice(make_merchant(now), now, price_lock_duration=60)
    settings.FIXED_RATES = {"USDT/USD": Decimal("1.02")}

    view_invoice(invoice_id=invoice.pk, now=now + timedelta(seconds=60))

    invoice.refresh_from_db()
    (replaced,) = invoice.replaced_quotes.all()
    shared = {"source": "fixed", "used": True}
    first = {"price": Decimal("1.01"), "observed_at": "2026-01-15T10:00:00Z"}
    second = {"price": Decimal("1.02"), "observed_at": "2026-01-15T10:01:00Z"}
    assert replaced.rate_evidence == [shared | first]
    assert invoice.rate_evidence == [shared | second]
    assert invoice_view(invoice)["rate_evidence"] == [shared | second | {"carried_from": None}]
