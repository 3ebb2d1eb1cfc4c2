"""Settlements: what paid invoices brought, what they add up to, the same as a file, and what the books hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from chains import registry
from core.errors import NotFound
from core.ids import public_id
from core.pages import ListPage
from core.spreadsheets import csv_file, csv_lines
from dashboard import statements, words
from dashboard.access import Desk, desk
from dashboard.money_forms import SettlementFilterForm, StatementForm
from dashboard.pages import show
from dashboard.views.invoices import PER_PAGE
from dashboard.zones import start_of
from payments import selectors
from payments.events import in_major_units
from payments.models import Account, Settlement
from payments.selectors import Balance, SettlementTotal

_CHUNK: Final = 2_000
_STATED: Final = (  # of what may be many
    "created_at",
    "reversed_at",
    "network",
    "asset_code",
    "gross_units",
    "fee_units",
    "net_units",
    "invoice__title",
)
_COLUMNS: Final = (
    "id",
    "invoice_id",
    "title",
    "created_at",
    "network",
    "crypto_currency",
    "gross",
    "fee",
    "fee_percent",
    "net",
    "status",
    "reversed_at",
    "reversal_reason",
    "replaces",
)


@dataclass(frozen=True, slots=True)
class Total:
    """What settlements in one asset add up to, as text."""

    asset: str
    network: str
    count: int
    gross: str
    fee: str
    net: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What the books hold in one asset: each account that is not empty by its name, as text."""

    asset: str
    network: str
    chain: str
    parts: tuple[tuple[str, str], ...]


@require_safe
@desk()
def settlement_list(request: HttpRequest, at: Desk) -> HttpResponseBase:
    """Show the settlements that the URL asks for; with ``as=csv`` all of them as a file."""
    held = selectors.balances(merchant=at.merchant, livemode=at.livemode)
    form = SettlementFilterForm(request.GET, assets=[(each.network, each.asset_code) for each in held])
    rows = selectors.list_settlements(merchant=at.merchant, livemode=at.livemode)
    if form.is_valid():
        rows = _narrowed(rows, form.cleaned_data)
    rows = rows.select_related("invoice")
    if request.GET.get("as") == "csv":
        lines = csv_lines(_COLUMNS, (_row(each) for each in rows.iterator(chunk_size=_CHUNK)))
        return csv_file(request, lines, name="settlements.csv")
    return show(
        request,
        "settlements",
        filters=form,
        page=ListPage(rows, PER_PAGE, request.GET.get("place")),
        is_narrowed=any(form.data.get(name) for name in form.fields),
        statement_form=StatementForm(now=timezone.now()),
        totals=_totals(selectors.settlement_totals(rows)),
        holdings=_holdings(held),
    )


@require_safe
@desk()
def statement(request: HttpRequest, at: Desk) -> HttpResponse:
    """Return what was settled and reversed in a month as a PDF."""
    now = timezone.now()
    form = StatementForm(request.GET, now=now)
    if not form.is_valid():
        raise NotFound
    month = form.wanted()
    rows = selectors.settlements_between(merchant=at.merchant, livemode=at.livemode, start=month.start, end=month.end)
    lines = statements.lines_of(month, rows.select_related("invoice").only(*_STATED))
    return HttpResponse(
        statements.write(at.merchant, month, lines, livemode=at.livemode, now=now),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="statement-{month}.pdf"'},
    )


def _narrowed(rows: QuerySet[Settlement], wanted: dict[str, Any]) -> QuerySet[Settlement]:
    """Return the settlements that the filters leave; days are those of the viewer's zone."""
    network, _colon, code = wanted["asset"].partition(":")
    since, until = wanted["since"], wanted["until"]
    lookups = {
        "network": network,
        "asset_code": code,
        "status": wanted["status"],
        "created_at__gte": since and start_of(since),
        "created_at__lt": until and start_of(until + timedelta(days=1)),
    }
    return rows.filter(**{lookup: value for lookup, value in lookups.items() if value})


def _totals(totals: Iterable[SettlementTotal]) -> list[Total]:
    return [
        Total(
            each.asset_code,
            each.network,
            each.count,
            *(
                _text(each.network, each.asset_code, units)
                for units in (each.gross_units, each.fee_units, each.net_units)
            ),
        )
        for each in totals
    ]


def _holdings(held: Iterable[Balance]) -> list[Holding]:
    """Return what is not empty."""
    return [
        Holding(
            each.asset_code,
            each.network,
            _text(each.network, each.asset_code, each.units[Account.CHAIN]),
            tuple(
                (str(name), _text(each.network, each.asset_code, each.units[account]))
                for account, name in words.ACCOUNT.items()
                if account != Account.CHAIN and each.units[account]
            ),
        )
        for each in held
        if any(each.units.values())
    ]


def _text(network: str, code: str, units: int) -> str:
    """Return base units in major units digit by digit; as they are when the asset is no longer configured."""
    asset = registry.asset(network, code)
    return f"{asset.to_amount(units) if asset else Decimal(units):f} {code}"


def _row(settlement: Settlement) -> tuple[object, ...]:
    return (
        settlement.public_id,
        settlement.invoice.public_id,
        settlement.invoice.title,
        settlement.created_at,
        settlement.network,
        settlement.asset_code,
        *(in_major_units(settlement, units) for units in (settlement.gross_units, settlement.fee_units)),
        settlement.fee_percent,
        in_major_units(settlement, settlement.net_units),
        settlement.status,
        settlement.reversed_at,
        settlement.reversal_reason,
        public_id(Settlement.PREFIX, settlement.replaces_id) if settlement.replaces_id else "",
    )
