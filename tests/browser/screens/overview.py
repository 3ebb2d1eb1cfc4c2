"""The first page."""

from datetime import timedelta
from decimal import Decimal
from random import Random

from analytics.models import InvoiceFact
from core.ids import uuid7
from tests.browser.screens import Stage, screen
from tests.dashboard.money import make_deposit
from tests.factories import make_invoice


def _history(stage: Stage, days: int) -> None:
    stage.testing = True
    chance = Random(7)
    for _number in range(days * 3):
        at = stage.now - timedelta(days=chance.random() * days)
        InvoiceFact.objects.create(
            invoice_id=uuid7(),
            merchant_id=stage.merchant.pk,
            livemode=False,
            created_at=at,
            paid_at=at + timedelta(seconds=chance.randrange(40, 900)) if chance.random() < 0.7 else None,
            currency="USD",
            total=Decimal(chance.randrange(500, 30_000)) / 100,
            asset_code=chance.choice(["USDT", "USDT", "BTC", "ETH"]),
            network=chance.choice(["tron", "ethereum", "bitcoin"]),
            sequence=1,
        )


@screen("overview", "at the beginning")
def _(stage: Stage) -> str:
    return "/dashboard/overview/"


@screen("overview", "a month")
def _(stage: Stage) -> str:
    _history(stage, 30)
    make_deposit(stage.merchant, stage.now)
    for _number in range(3):
        make_invoice(stage.merchant, stage.now)
    return "/dashboard/overview/"


@screen("overview", "one day")
def _(stage: Stage) -> str:
    _history(stage, 1)
    make_invoice(stage.merchant, stage.now)
    return "/dashboard/overview/?period=24h"


@screen("overview", "a year")
def _(stage: Stage) -> str:
    _history(stage, 360)
    return "/dashboard/overview/?period=12m"
