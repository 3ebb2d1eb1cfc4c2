"""Settlements at the desk: what paid invoices brought, their totals, the file, and what the books hold."""

import csv
import io
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from chains.sandbox import services as sandbox
from dashboard import words
from invoices.services import CustomerDetails
from payments.models import Account, Settlement, SettlementStatus
from payments.services import scan
from tests.factories import make_invoice, make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]

PATH = "/dashboard/settlements/"


@pytest.fixture
def now():
    return timezone.now()


def text(answer):
    return unescape(answer.content.decode())


def settled(merchant, now, **order):
    """Return the settlement of an invoice of 16.49, with the usual fee of one percent."""
    invoice = make_invoice(merchant, now, **order)
    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=now)
    sandbox.mine(count=3, now=now)
    scan(network="sandbox", now=now)
    return Settlement.objects.get(invoice=invoice)


def reversed_one(merchant, now, **order):
    made = settled(merchant, now, **order)
    Settlement.objects.filter(pk=made.pk).update(status="reversed", reversed_at=now, reversal_reason="reorg")
    return made


def test_there_are_words_for_everything():
    assert set(words.SETTLEMENT) == set(SettlementStatus)
    assert set(words.ACCOUNT) == set(Account)
    reasons = Settlement._meta.get_field("reversal_reason").choices
    assert set(words.REVERSAL) == {reason for reason, _label in reasons}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"Shoes", "Hat"}),
        ("?asset=sandbox:USDT", {"Shoes", "Hat"}),
        ("?asset=tron:USDT", {"Shoes", "Hat"}),  # nothing there: the field says so
        ("?status=settled", {"Shoes"}),
        ("?status=reversed", {"Hat"}),
        ("?since={today}&until={today}", {"Shoes", "Hat"}),
        ("?since={tomorrow}", set()),
        ("?until={yesterday}", set()),
        ("?until=9999-12-31", {"Shoes", "Hat"}),
        ("?number=x", {"Shoes", "Hat"}),
    ],
)
def test_the_url_says_what_is_listed_and_in_the_file(owner, merchant, now, query, titles):
    settled(merchant, now, title="Shoes")
    reversed_one(merchant, now, title="Hat")
    days = {name: f"{now + timedelta(days=by):%Y-%m-%d}" for name, by in DAYS.items()}
    path = PATH + query.format(**days)

    page = owner.get(path)
    file = owner.get(f"{path}{'&' if query else '?'}as=csv")

    assert {each.invoice.title for each in page.context["page"]} == titles
    rows = csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode()))
    assert {row["title"] for row in rows} == titles


DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


def test_totals_count_what_holds(owner, merchant, now):
    settled(merchant, now)
    settled(merchant, now)
    reversed_one(merchant, now, title="Hat")

    answer = owner.get(PATH)

    (total,) = answer.context["totals"]
    assert (total.asset, total.network, total.count) == ("USDT", "sandbox", 2)
    gross, fee, net = "32.98 USDT", "0.3298 USDT", "32.6502 USDT"
    assert (total.gross, total.fee, total.net) == (gross, fee, net)
    assert "The network took the payment back." in text(answer)


def test_totals_are_those_of_all_pages(owner, merchant, now):
    first = settled(merchant, now)
    for _ in range(26):
        invoice = make_invoice(merchant, now)
        Settlement.objects.create(
            merchant=merchant,
            invoice=invoice,
            livemode=False,
            **{
                name: getattr(first, name)
                for name in ("network", "asset_code", "gross_units", "fee_units", "net_units", "fee_percent")
            },
        )

    answer = owner.get(PATH)

    assert len(answer.context["page"]) == 25
    assert (answer.context["totals"][0].count, answer.context["totals"][0].gross) == (27, "445.23 USDT")


def test_the_file_has_exact_amounts_and_no_formulas(owner, merchant, now):
    made = settled(merchant, now, title="=HYPERLINK(1)")

    file = owner.get(f"{PATH}?as=csv")

    (row,) = csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode()))
    assert (row["id"], row["invoice_id"], row["title"]) == (made.public_id, made.invoice.public_id, "'=HYPERLINK(1)")
    assert (row["gross"], row["fee"], row["net"]) == ("16.49", "0.1649", "16.3251")
    assert file["Content-Disposition"] == 'attachment; filename="settlements.csv"'


def test_the_books_say_whose_the_money_is(owner, merchant, now):
    invoice = make_invoice(merchant, now, customer=CustomerDetails("ada@example.com"))
    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units + 3_000_000, now=now)
    sandbox.mine(count=3, now=now)
    scan(network="sandbox", now=now)

    (holding,) = owner.get(PATH).context["holdings"]

    assert (holding.asset, holding.network, holding.chain) == ("USDT", "sandbox", "19.49 USDT")
    parts = dict(holding.parts)
    assert parts["Credit of customers"] == "3.00 USDT"
    assert "In the inbox" not in parts


def test_without_any_the_page_says_how_they_come(owner):
    assert "No settlement yet" in text(owner.get(PATH))


def test_nothing_of_another_merchant_or_mode_is_listed(owner, merchant, now):
    settled(make_merchant(now, email="b@example.com"), now, title="Theirs")
    settled(merchant, now, title="Ours")

    page = owner.get(PATH)
    owner.post("/dashboard/mode/", {"mode": "live"})

    assert "Theirs" not in text(page)
    assert [total.count for total in page.context["totals"]] == [1]
    assert [holding.chain for holding in page.context["holdings"]] == ["16.49 USDT"]
    assert "No settlement yet" in text(owner.get(PATH))


def test_the_list_asks_the_database_little(owner, merchant, now, django_assert_max_num_queries):
    for _ in range(3):
        settled(merchant, now)

    with django_assert_max_num_queries(13):
        owner.get(PATH)
