"""The list of invoices: what is found, which filters a person keeps, and which rows go into a file."""

import csv
import io
from html import unescape

import pytest
from django.utils import timezone

from dashboard.models import SavedView
from dashboard.saved_views import MOST
from invoices.models import Invoice
from invoices.services import CustomerDetails
from payments.models import Payment
from tests.dashboard.test_selling_pages import pay
from tests.factories import make_invoice, make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]

LIST = "/dashboard/invoices/"


def text_of(response):
    return unescape(response.content.decode())


def titles(response):
    return [invoice.title for invoice in response.context["page"]]


class TestSearch:
    @pytest.fixture
    def shoes(self, merchant):
        now = timezone.now()
        make_invoice(merchant, now, title="Hat")
        made = make_invoice(
            merchant, now, title="Shoes", customer=CustomerDetails("ada@example.com"), metadata={"order": "ord_4711"}
        )
        pay(made, made.amount_units, now)
        return made

    @pytest.mark.parametrize(
        "by", ["title", "metadata", "id", "session", "e-mail", "address", "transaction", "explorer"]
    )
    def test_an_invoice_is_found_by_what_a_person_has_in_hand(self, owner, shoes, by):
        txid = Payment.objects.get().txid
        text = {
            "title": "sHOe",
            "metadata": "ORD_4711",
            "id": shoes.public_id,
            "session": shoes.session_id,
            "e-mail": "Ada@Example",
            "address": shoes.address,
            "transaction": txid,
            "explorer": f"https://explorer.example/tx/{txid}",
        }[by]

        assert titles(owner.get(LIST, {"search": f" {text} "})) == ["Shoes"]

    @pytest.mark.parametrize("by", ["e-mail", "address", "transaction"])
    def test_another_merchants_invoice_is_not(self, seat, shoes, by):
        text = {"e-mail": "ada@example.com", "address": shoes.address, "transaction": Payment.objects.get().txid}[by]
        stranger = seat("owner", of=make_merchant(timezone.now(), email="other@example.com"), name="other")

        assert titles(stranger.get(LIST, {"search": text})) == []

    def test_an_address_is_found_whatever_its_capitals(self, owner, merchant):
        invoice = make_invoice(merchant, timezone.now(), title="Shoes")
        address = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"
        Invoice.objects.filter(pk=invoice.pk).update(address=address)

        assert titles(owner.get(LIST, {"search": address.lower()})) == ["Shoes"]


class TestTickedRows:
    def rows(self, answer):
        file = b"".join(answer.streaming_content).decode("utf-8-sig")
        return [row["title"] for row in csv.DictReader(io.StringIO(file))]

    def test_only_what_is_ticked_is_in_the_file(self, owner, merchant):
        made = [make_invoice(merchant, timezone.now(), title=title) for title in ("Hat", "Shoes", "Scarf")]

        answer = owner.get(LIST, {"as": "ticked", "only": [made[0].public_id, made[2].public_id]})

        assert self.rows(answer) == ["Scarf", "Hat"]

    def test_another_merchants_invoice_is_not_in_it(self, owner, merchant):
        own = make_invoice(merchant, timezone.now(), title="Hat")
        theirs = make_invoice(make_merchant(timezone.now(), email="other@example.com"), timezone.now(), title="Secret")

        answer = owner.get(LIST, {"as": "ticked", "only": [own.public_id, theirs.public_id]})

        assert self.rows(answer) == ["Hat"]

    def test_without_a_tick_the_page_says_so(self, owner, merchant):
        make_invoice(merchant, timezone.now(), title="Hat")

        assert "Tick the invoices that you want in the file first." in text_of(owner.get(LIST, {"as": "ticked"}))


class TestSavedViews:
    def save(self, client, name="Paid hats", query="status=paid&search=hat"):
        return client.post("/dashboard/invoices/views/add/", {"name": name, "query": query})

    def test_the_filters_become_a_tab(self, owner):
        answer = self.save(owner)

        assert answer["Location"] == f"{LIST}?search=hat&status=paid"
        page = owner.get(answer["Location"])
        assert '<a class="tab" href="/dashboard/invoices/?search=hat&amp;status=paid" aria-current="page">' in (
            page.content.decode()
        )
        assert "Paid hats" in text_of(page)
        assert "Change the view" in text_of(page)

    def test_what_is_no_filter_is_left_out(self, owner):
        self.save(owner, query="status=paid&number=3&as=csv&evil=1")

        assert SavedView.objects.get().query == "status=paid"

    @pytest.mark.parametrize(
        ("name", "query", "said"),
        [
            ("", "status=paid", "This field is required."),
            ("x" * 61, "status=paid", "at most 60 characters"),
            ("Paid", "", "Filter the list first"),
            ("Paid", "evil=1", "Filter the list first"),
            ("Paid", "status=nonsense", "Filter the list first"),
        ],
    )
    def test_what_is_wrong_is_told_beside_the_name(self, owner, name, query, said):
        answer = self.save(owner, name, query)

        assert answer.status_code == 422
        assert said in str(answer.context["view_form"].errors["name"])
        assert not SavedView.objects.exists()

    def test_from_the_refusal_the_filters_lead_on_to_the_list(self, owner):
        answer = owner.get("/dashboard/invoices/views/add/?status=paid&number=2")

        assert answer["Location"] == f"{LIST}?status=paid&number=2"

    def test_a_name_is_given_once_and_there_is_an_end(self, owner):
        for number in range(MOST):
            self.save(owner, f"View {number}", "status=paid")

        assert "You have a view of this name." in text_of(self.save(owner, "View 1", "status=expired"))
        assert "You have 20 views" in text_of(self.save(owner, "One more", "status=expired"))
        assert SavedView.objects.count() == MOST

    def test_a_view_is_renamed_and_deleted(self, owner):
        self.save(owner)
        view = SavedView.objects.get()

        owner.post(f"/dashboard/invoices/views/{view.public_id}/rename/", {"name": "Hats"})
        assert SavedView.objects.get().name == "Hats"
        owner.post(f"/dashboard/invoices/views/{view.public_id}/delete/")
        assert not SavedView.objects.exists()

    def test_a_rename_to_another_views_name_is_refused(self, owner):
        self.save(owner, "Paid", "status=paid")
        self.save(owner, "Hats", "search=hat")
        view = SavedView.objects.get(name="Hats")

        answer = owner.post(f"/dashboard/invoices/views/{view.public_id}/rename/", {"name": "Paid"})

        assert answer.status_code == 422
        assert "You have a view of this name." in text_of(answer)

    def test_a_colleagues_views_are_their_own(self, owner, seat):
        self.save(owner)
        view, colleague = SavedView.objects.get(), seat("admin", name="colleague")

        answers = [
            colleague.post(f"/dashboard/invoices/views/{view.public_id}/rename/", {"name": "Mine"}),
            colleague.post(f"/dashboard/invoices/views/{view.public_id}/delete/"),
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert "Paid hats" not in text_of(colleague.get(LIST))
        assert SavedView.objects.get().name == "Paid hats"

    def test_at_another_merchant_the_same_person_has_other_views(self, owner, seat):
        self.save(owner)
        other = make_merchant(timezone.now(), email="other@example.com")
        seat("owner", of=other)

        owner.post("/dashboard/merchant/", {"merchant": other.public_id})

        assert "Paid hats" not in text_of(owner.get(LIST))
