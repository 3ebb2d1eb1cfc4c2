"""Settlements at the desk: what paid invoices brought, their totals, the file, and what the books hold."""

import csv
import io
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone
from pypdfium2 import PdfDocument

from chains.sandbox import services as sandbox
from dashboard import words
from dashboard.statements import Month
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
        ("?place=x", {"Shoes", "Hat"}),
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
    rows = csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig")))
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

    (row,) = csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig")))
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


class TestStatement:
    def of(self, client, month):
        answer = client.get(f"{PATH}statement/?month={month}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer["Content-Disposition"] == f'attachment; filename="statement-{month}.pdf"'
        return " ".join(
            "\n".join(page.get_textpage().get_text_bounded() for page in PdfDocument(answer.content)).split()
        )

    def test_it_tells_the_month_with_its_totals(self, owner, merchant, now):
        settled(merchant, now, title="Shoes")
        settled(merchant, now, title="Hat")

        written = self.of(owner, f"{now:%Y-%m}")

        for said in ("Acme VPN Services", "32.98 USDT", "−0.3298 USDT", "32.6502 USDT", "Shoes", "Hat", "Test mode"):
            assert said in written

    def test_what_is_reversed_later_stays_in_its_month_and_is_taken_off_in_the_other(self, owner, merchant, now):
        this = Month.of(now)
        earlier = this.start - timedelta(days=1)
        made = reversed_one(merchant, now, title="Shoes")
        Settlement.objects.filter(pk=made.pk).update(created_at=earlier)

        before, after = self.of(owner, str(this.before)), self.of(owner, str(this))

        assert "Reversed" not in before.replace("What is reversed", "")
        assert "Yours 16.3251 USDT" in before
        assert "Reversed: Shoes" in after
        assert "Yours −16.3251 USDT" in after

    def test_the_edges_of_a_month_are_in_one_month_each(self, owner, merchant, now):
        this = Month.of(now)
        for title, at in (("First", this.start), ("Last", this.start - timedelta(microseconds=1))):
            made = settled(merchant, now, title=title)
            Settlement.objects.filter(pk=made.pk).update(created_at=at)

        before, after = self.of(owner, str(this.before)), self.of(owner, str(this))

        assert ("First" in before, "Last" in before) == (False, True)
        assert ("First" in after, "Last" in after) == (True, False)

    def test_nothing_of_another_merchant_stands_in_it(self, owner, merchant, now):
        settled(make_merchant(now, email="b@example.com"), now, title="Theirs")

        written = self.of(owner, f"{now:%Y-%m}")

        assert "There are none in this month." in written
        assert "Theirs" not in written

    @pytest.mark.parametrize("month", ["", "nonsense", "1999-01", "2999-01", "2026-13"])
    def test_other_months_do_not_exist(self, owner, month):
        assert owner.get(f"{PATH}statement/", {"month": month}).status_code == 404

    def test_months_follow_each_other(self):
        assert str(Month(2026, 1).before) == "2025-12"
        assert Month(2025, 12).end == Month(2026, 1).start
