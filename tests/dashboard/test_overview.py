"""The first page: figures of a period, what waits, and how to begin."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from analytics.models import InvoiceFact
from core.charts import HEIGHT, WIDTH, Part, chart_of
from core.ids import uuid7
from tests.dashboard.money import make_deposit
from tests.factories import make_invoice, make_merchant


def part(asked, paid=0):
    return Part("1 Jan", "1 Jan", "/", Decimal(asked), Decimal(paid))


class TestChart:
    def test_the_top_is_round_and_nothing_reaches_beyond_it(self):
        chart = chart_of([part(100, 40), part(730), part(0)])

        assert [value for _y, value in chart.ticks] == [0, 200, 400, 600, 800]
        assert [y for y, _value in chart.ticks] == ["240", "180", "120", "60", "0"]
        assert [(bar.asked_height, bar.paid_height) for bar in chart.bars] == [("30", "12"), ("219", "0"), ("0", "0")]

    def test_the_smallest_amount_can_be_seen(self):
        chart = chart_of([part("1000000", "0.01")])

        assert chart.bars[0].paid_height == "2"

    def test_of_nothing_there_is_an_empty_drawing(self):
        assert chart_of([]).is_empty
        assert chart_of([part(0), part(0)]).is_empty

    @given(st.lists(st.tuples(st.decimals(0, 10**15, places=3), st.decimals(0, 10**15, places=3)), max_size=40))
    def test_every_bar_lies_within_the_drawing(self, amounts):
        chart = chart_of([part(asked, paid) for asked, paid in amounts])

        assert len(chart.labels) <= 6
        for bar in chart.bars:
            assert Decimal(bar.x) + Decimal(bar.width) <= WIDTH + 1
            for y, height in ((bar.asked_y, bar.asked_height), (bar.paid_y, bar.paid_height)):
                assert Decimal(y) >= 0
                assert HEIGHT <= Decimal(y) + Decimal(height) < HEIGHT + Decimal("0.05")


@pytest.mark.django_db
@pytest.mark.usefixtures("testing")
class TestOverview:
    @pytest.fixture
    def now(self):
        return timezone.now()

    def fact(self, merchant, at, *, paid_after=None, total="10.00", **changes):
        return InvoiceFact.objects.create(
            **{
                "invoice_id": uuid7(),
                "merchant_id": merchant.pk,
                "livemode": False,
                "created_at": at,
                "paid_at": at + paid_after if paid_after else None,
                "currency": "USD",
                "total": Decimal(total),
                "asset_code": "USDT",
                "network": "sandbox",
                "sequence": 1,
                **changes,
            }
        )

    def test_it_is_where_a_member_begins(self, owner):
        assert owner.get("/dashboard/")["Location"] == "/dashboard/overview/"

    def test_the_figures_are_those_of_the_period_the_mode_and_the_merchant(self, owner, merchant, now):
        self.fact(merchant, now - timedelta(days=2), paid_after=timedelta(minutes=5), total="1234.50")
        self.fact(merchant, now - timedelta(days=2), total="20.00")
        self.fact(merchant, now - timedelta(days=20), paid_after=timedelta(minutes=1), total="517.00")
        self.fact(merchant, now, livemode=True, paid_after=timedelta(minutes=1), total="77.00")
        self.fact(make_merchant(now, email="b@example.com"), now, paid_after=timedelta(minutes=1), total="88.00")

        page = unescape(owner.get("/dashboard/overview/?period=7d").content.decode())

        assert "$1,234.50" in page
        assert "50.0 %" in page
        assert "5 min 0 s" in page
        for foreign in ("$517.00", "$77.00", "$88.00"):
            assert foreign not in page

    def test_assets_and_networks_lead_to_their_invoices(self, owner, merchant, now):
        self.fact(merchant, now, paid_after=timedelta(seconds=40), asset_code="BTC", network="bitcoin")

        context = owner.get("/dashboard/overview/?period=24h").context

        (asset,), (network,) = context["assets"], context["networks"]
        assert (asset.name, asset.paid, asset.amount) == ("BTC", 1, "$10.00")
        assert asset.href.endswith("&asset=BTC")
        assert (network.name, network.href.endswith("&network=bitcoin")) == ("Bitcoin", True)

    @pytest.mark.parametrize("period", ["24h", "7d", "30d", "90d", "12m", "", "nonsense", "\0"])
    def test_every_period_is_drawn(self, owner, period):
        assert owner.get("/dashboard/overview/", {"period": period}).status_code == 200

    def test_a_day_is_that_of_the_viewers_zone(self, owner, merchant):
        owner.cookies["zone"] = "Pacific/Auckland"

        page = owner.get("/dashboard/overview/")

        assert page.context["zone"] == "Pacific/Auckland"

    def test_what_waits_is_said_and_leads_there(self, owner, merchant, now):
        make_deposit(merchant, now)

        tasks = owner.get("/dashboard/overview/").context["tasks"]

        assert [(task.text, task.href) for task in tasks] == [
            ("1 payment fits no open invoice", "/dashboard/deposits/"),
        ]

    def test_every_figure_leads_to_its_invoices(self, owner):
        page = unescape(owner.get("/dashboard/overview/").content.decode())

        figures = re.findall(r'<div class="figure-card card">.*?</div>', page, re.DOTALL)
        assert len(figures) == 4
        assert all('<a href="/dashboard/invoices/?' in each for each in figures)

    def test_the_first_step_leads_to_a_link_in_test_mode_from_either_mode(self, seat, modes):
        modes["test"] = False
        live = seat("owner")
        assert "Create a payment link in test mode" in live.get("/dashboard/overview/").content.decode()

        led = live.post("/dashboard/mode/", {"mode": "test", "next": "/dashboard/payment-links/add/"})

        assert led["Location"] == "/dashboard/payment-links/add/"
        assert "in test mode</button>" not in live.get("/dashboard/overview/").content.decode()

    def test_who_has_nothing_yet_is_told_how_to_begin_and_others_are_not(self, owner, merchant, now):
        assert b"How to begin" in owner.get("/dashboard/overview/").content
        make_invoice(merchant, now)
        assert b"How to begin" not in owner.get("/dashboard/overview/").content
