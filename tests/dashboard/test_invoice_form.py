"""Invoices that members make by hand: the form with its rows, its sums, the preview, and sending it twice."""

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.utils import timezone

from events.models import Event
from invoices.models import Customer, Invoice, RateSheet
from invoices.services import CustomerDetails, create_customer
from merchants.models import Wallet, WalletAddress
from tests.factories import make_invoice, make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]

ADD = "/dashboard/invoices/add/"
FILLED = {
    "title": "Order 1001",
    "currency": "USD",
    "asset": "sandbox:USDT",
    "items-rows": "2",
    "items-0-name": "VPN Premium Plan",
    "items-0-quantity": "3",
    "items-0-unit_price": "9.99",
    "items-1-name": "Static IP",
    "items-1-quantity": "0.5",
    "items-1-unit_price": "2.50",
    "tax": "1.50",
    "facts-rows": "1",
    "facts-0-key": "order_id",
    "facts-0-value": "ord_1001",
    "once": "one",
}


def text_of(response):
    return unescape(response.content.decode())


class TestCreating:
    def test_what_was_filled_in_is_what_is_asked_for(self, owner, merchant):
        answer = owner.post(ADD, {**FILLED, "email": "Ada@Example.com", "name": "Ada Palmer", "minutes": "90"})

        invoice = Invoice.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/dashboard/invoices/{invoice.public_id}/")
        assert (invoice.merchant, invoice.livemode, invoice.title) == (merchant, False, "Order 1001")
        assert (invoice.subtotal, invoice.tax, invoice.total) == (Decimal("31.22"), Decimal("1.50"), Decimal("32.72"))
        assert (invoice.asset_code, invoice.network, invoice.currency) == ("USDT", "sandbox", "USD")
        assert invoice.metadata == {"order_id": "ord_1001"}
        assert (invoice.customer.email, invoice.customer.name) == ("ada@example.com", "Ada Palmer")
        assert (invoice.expires_at - invoice.created_at).total_seconds() == 90 * 60
        assert Event.objects.get(type="invoice.created").actor.startswith("user:")

    def test_an_amount_of_the_coin_itself_needs_no_items_and_stands_first(self, owner):
        bare = {name: value for name, value in FILLED.items() if not name.startswith(("items-", "tax"))}

        answer = owner.post(ADD, {**bare, "items-rows": "1", "items-0-quantity": "1", "crypto_amount": "125.5"})

        invoice = Invoice.objects.get()
        assert (answer.status_code, invoice.priced_in_asset, invoice.items) == (302, True, [])
        assert (invoice.amount_units, invoice.total) == (125_500_000, Decimal("125.51"))
        assert "125.50 USDT</strong>" in text_of(owner.get(answer["Location"]))
        assert "125.50 USDT" in text_of(owner.get("/dashboard/invoices/"))
        assert owner.get(f"{ADD}?like={invoice.public_id}").context["form"]["crypto_amount"].value() == "125.50"

    @pytest.mark.parametrize("wrong", [{"crypto_amount": "1"}, {"crypto_amount": "0.1234567", "items-rows": "0"}])
    def test_an_amount_of_the_coin_beside_items_or_with_too_many_digits_is_refused(self, owner, wrong):
        answer = owner.post(ADD, {**FILLED, **wrong})

        assert (answer.status_code, Invoice.objects.count()) == (422, 0)

    def test_what_is_left_empty_is_taken_from_the_settings(self, owner):
        owner.post(ADD, FILLED)

        invoice = Invoice.objects.get()
        assert (invoice.expires_at - invoice.created_at).total_seconds() == 30 * 60
        assert not invoice.notes.exists()
        assert invoice.customer is None

    def test_the_customer_may_be_given_a_choice(self, owner):
        offered = [value for value, _name in owner.get(ADD).context["form"].fields["asset"].choices]
        other = next(each for each in offered if each != "sandbox:USDT")

        kept = owner.post(ADD, {**FILLED, "others": [other], "do": "items-more"})
        owner.post(ADD, {**FILLED, "others": [other]})

        invoice = Invoice.objects.get()
        assert kept.context["form"]["others"].value() == [other]
        assert invoice.asset_code == "USDT"
        assert {f"{each['network']}:{each['asset']}" for each in invoice.payment_options} == {
            "sandbox:USDT",
            other,
        }

    def test_a_note_is_written_with_it(self, owner):
        owner.post(ADD, {**FILLED, "note": "Ask Ada."})

        note = Invoice.objects.get().notes.get()
        assert (note.text, note.author_name) == ("Ask Ada.", "person@example.com")

    def test_its_page_offers_the_link_a_code_and_an_e_mail(self, owner):
        page = owner.post(ADD, {**FILLED, "email": "ada@example.com"}, follow=True)

        link = f"http://testserver/invoice/{Invoice.objects.get().public_id}"
        assert f'data-copy="{link}"' in text_of(page)
        assert "QR code that opens the pay page" in text_of(page)
        assert "mailto:ada@example.com?subject=Order%201001&body=Order%201001%3A%20%2432.72" in text_of(page)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"title": ""}, "This field is required."),
            (
                {
                    "items-0-name": "",
                    "items-0-unit_price": "",
                    "items-1-name": "",
                    "items-1-unit_price": "",
                    "items-1-quantity": "1",
                    "items-0-quantity": "1",
                },
                "This field is required.",
            ),
            ({"items-0-quantity": "0"}, "Enter a number above 0."),
            ({"items-0-unit_price": "9.999"}, "USD has 2 digits after the decimal point."),
            ({"items-0-unit_price": "nine"}, "Enter a number."),
            ({"items-1-unit_price": "1000000"}, "Invoice amount must be between $0.50 and $10,000.00"),
            ({"tax": "0.001"}, "USD has 2 digits after the decimal point."),
            ({"tax": "-1"}, "Enter 0 or more."),
            ({"items-0-unit_price": "-1"}, "Enter 0 or more."),
            ({"asset": "tron:USDT"}, "Select a valid choice."),
            ({"minutes": "4"}, "greater than or equal to 5"),
            ({"webhook_url": "http://127.0.0.1/"}, "The URL leads to a private or special address."),
            ({"email": "ada"}, "Enter a valid email address."),
            ({"facts-0-key": ""}, "This field is required."),
            ({"facts-rows": "2", "facts-1-key": "order_id", "facts-1-value": "x"}, "This name is here twice."),
        ],
    )
    @pytest.mark.parametrize("step", ["create", "preview"])
    def test_what_is_wrong_is_told_and_nothing_is_made(self, owner, settings, wrong, said, step):
        settings.OUTBOUND_ALLOWED_NETWORKS = []

        answer = owner.post(ADD, {**FILLED, **wrong, "do": step})

        assert answer.status_code == 422
        assert said in text_of(answer)
        assert not Invoice.objects.exists()

    def test_above_the_form_each_mistake_leads_to_its_field(self, owner):
        wrong = {"title": "", "tax": "-1", "items-1-unit_price": "two", "facts-0-key": ""}

        page, answer = text_of(owner.get(ADD)), text_of(owner.post(ADD, {**FILLED, **wrong}))

        links = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a>: ([^<]+)</li>', answer)
        assert links == [
            ("id_title", "What is paid for", "This field is required."),
            ("id_tax", "Tax", "Enter 0 or more."),
            ("id_items-1-unit_price", "Item 2, Price of one", "Enter a number."),
            ("id_facts-0-key", "Fact 1, Name", "This field is required."),
        ]
        assert all(f'id="{place}"' in answer for place, _label, _said in links)
        assert 'id="problems"' not in page

    def test_what_concerns_no_field_is_told_there_too(self, owner):
        owner.post(ADD, FILLED)

        answer = text_of(owner.post(ADD, {**FILLED, "title": "Order 1002"}))

        assert re.search(r'id="problems".*<li>This form has created an invoice already\.', answer, re.DOTALL)

    def test_a_refused_price_is_told_beside_its_own_row(self, owner):
        answer = owner.post(
            ADD,
            {
                **FILLED,
                "items-rows": "3",
                "items-1-name": "",
                "items-1-unit_price": "",
                "items-1-quantity": "1",
                "items-2-name": "Late fee",
                "items-2-quantity": "1",
                "items-2-unit_price": "0.001",
            },
        )

        rows = answer.context["draft"].items.rows
        assert [list(row.errors) for row in rows] == [[], [], ["unit_price"]]

    def test_rows_left_empty_are_left_out(self, owner):
        owner.post(ADD, {**FILLED, "items-rows": "3", "items-2-quantity": "1", "items-2-name": " "})

        assert [item["name"] for item in Invoice.objects.get().items] == ["VPN Premium Plan", "Static IP"]


class TestRows:
    def test_a_row_more_keeps_what_was_typed_and_complains_of_nothing(self, owner):
        page = owner.post(ADD, {**FILLED, "title": "", "items-0-unit_price": "nine", "do": "items-more"})

        rows = page.context["draft"].items.rows
        assert page.status_code == 200
        assert [row["name"].value() for row in rows] == ["VPN Premium Plan", "Static IP", None]
        assert rows[0]["unit_price"].value() == "nine"
        assert "This field is required." not in text_of(page)

    def test_a_row_is_taken_away(self, owner):
        page = owner.post(ADD, {**FILLED, "do": "items-less-0"})

        assert [row["name"].value() for row in page.context["draft"].items.rows] == ["Static IP"]

    def test_there_are_never_more_rows_than_an_invoice_takes(self, owner):
        page = owner.post(ADD, {**FILLED, "items-rows": "100000", "do": "items-more"})

        assert len(page.context["draft"].items.rows) == 100

    @pytest.mark.parametrize(
        ("typed", "total"),
        [
            ({}, "$32.72"),
            ({"items-1-quantity": "0.3"}, "$32.22"),
            ({"currency": "JPY", "items-0-unit_price": "10", "items-1-unit_price": "3", "tax": ""}, "¥32"),
            ({"items-0-unit_price": "nine"}, None),
            ({"tax": "-1"}, None),
            ({"items-0-unit_price": "0.001"}, None),
        ],
    )
    def test_the_server_adds_up_what_is_typed(self, owner, typed, total):
        page = owner.post(ADD, {**FILLED, **typed, "do": "sums"})

        assert page.status_code == 200
        if total is None:
            assert page.context["sums"] is None
        else:
            assert f"<strong>{total}</strong>" in text_of(page)


class TestPreview:
    def test_it_is_the_pay_page_and_nothing_is_kept(self, owner, merchant):
        before = Event.objects.count()

        page = owner.post(ADD, {**FILLED, "email": "new@example.com", "do": "preview"})

        assert page.status_code == 200
        for said in ("So your customer will see it.", "Order 1001", "$32.72", "Send exactly", "Static IP", "Acme"):
            assert said in text_of(page)
        assert not Invoice.objects.exists()
        assert not Customer.objects.exists()
        assert Event.objects.count() == before

    def test_it_shows_no_address_and_no_way_to_pay(self, owner):
        page = text_of(owner.post(ADD, {**FILLED, "do": "preview"}))

        assert set(re.findall(r'<span class="(?:group|end)[^>]*>([^<]*)<', page)) == {"••••"}
        assert "sandbox1" not in page
        assert "/qr?" not in page
        assert "live.js" not in page
        assert "/sandbox" not in page
        assert "The test payment is on its way." not in page

    def test_nor_does_it_of_an_invoice_that_browser_wallets_could_pay(self, owner, merchant):
        wallet = Wallet.objects.create(merchant=merchant, network="ethereum", kind="single")
        address = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"
        WalletAddress.objects.create(wallet=wallet, network="ethereum", address=address)
        owner.post("/dashboard/mode/", {"mode": "live"})
        now = timezone.now()
        for source in ("coinbase", "kraken", "binance"):
            prices = {"USD": "1.0001", "EUR": "0.9"}
            RateSheet.objects.create(base="USDT", source=source, prices=prices, observed_at=now)

        page = owner.post(ADD, {**FILLED, "asset": "ethereum:USDT", "do": "preview"})

        assert "So your customer will see it." in text_of(page)
        assert address.lower()[2:] not in text_of(page).lower()
        assert page.context["page"].wallet is None

    def test_the_choice_is_shown_and_cannot_be_made_in_it(self, owner):
        page = owner.post(ADD, {**FILLED, "others": ["sandbox:USDC"], "do": "preview"})

        assert page.context["page"].options
        assert text_of(page).count('<button type="submit" disabled class="option"') == 2
        assert 'class="languages"' not in text_of(page)

    def test_from_it_the_same_invoice_is_made_or_the_form_comes_back(self, owner):
        hidden = dict(owner.post(ADD, {**FILLED, "do": "preview"}).context["carried"])

        back = owner.post(ADD, {**hidden, "do": "change"})
        owner.post(ADD, {**hidden, "do": "create"})

        assert back.context["form"]["title"].value() == "Order 1001"
        assert [row["name"].value() for row in back.context["draft"].items.rows] == ["VPN Premium Plan", "Static IP"]
        assert Invoice.objects.get().total == Decimal("32.72")


class TestSendingTwice:
    def test_the_second_leads_to_what_the_first_made(self, owner):
        first, second = owner.post(ADD, FILLED), owner.post(ADD, FILLED)

        assert Invoice.objects.count() == 1
        assert first["Location"] == second["Location"]

    def test_what_was_changed_meanwhile_is_asked_about_and_then_made(self, owner):
        owner.post(ADD, FILLED)

        asked = owner.post(ADD, {**FILLED, "title": "Order 1002"})

        assert asked.status_code == 422
        assert "This form has created an invoice already." in text_of(asked)
        owner.post(ADD, {**FILLED, "title": "Order 1002", "once": asked.context["form"]["once"].value()})
        assert sorted(Invoice.objects.values_list("title", flat=True)) == ["Order 1001", "Order 1002"]

    def test_a_refusal_is_not_kept(self, owner):
        owner.post(ADD, {**FILLED, "items-1-unit_price": "1000000"})

        owner.post(ADD, FILLED)

        assert Invoice.objects.count() == 1

    def test_another_merchants_form_is_another_form(self, owner, seat):
        stranger = seat("owner", of=make_merchant(timezone.now(), email="other@example.com"), name="other")

        owner.post(ADD, FILLED)
        stranger.post(ADD, FILLED)

        assert Invoice.objects.count() == 2

    @pytest.mark.django_db(transaction=True)
    def test_a_double_click_makes_one(self, owner):
        def click():
            try:
                return owner.post(ADD, FILLED)["Location"]
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            places = {future.result() for future in [pool.submit(click) for _ in range(4)]}

        assert len(places) == 1
        assert Invoice.objects.count() == 1


class TestWhatIsKnown:
    def test_another_like_it_begins_with_the_same(self, owner, merchant):
        invoice = make_invoice(merchant, timezone.now(), customer=CustomerDetails("ada@example.com"), metadata={"a": 1})

        form = owner.get(f"{ADD}?like={invoice.public_id}").context["draft"]

        assert [form.form[name].value() for name in ("title", "email", "tax", "minutes")] == [
            "VPN Service Order",
            "ada@example.com",
            "1.5",
            30,
        ]
        assert [
            (row["name"].value(), row["quantity"].value(), row["unit_price"].value()) for row in form.items.rows
        ] == [
            ("VPN Premium Plan", "1", "9.99"),
            ("Additional Static IP", "2", "2.50"),
        ]
        assert [(row["key"].value(), row["value"].value()) for row in form.facts.rows] == [("a", "1")]

    def test_a_customer_of_the_url_stands_in_the_form(self, owner, merchant):
        details = CustomerDetails("ada@example.com", "Ada Palmer")
        ada = create_customer(merchant=merchant, livemode=False, details=details, now=timezone.now())

        page = owner.get(f"{ADD}?customer={ada.public_id}")

        assert f"{ADD}?customer={ada.public_id}" in text_of(owner.get(f"/dashboard/customers/{ada.public_id}/"))
        assert page.context["form"]["email"].value() == "ada@example.com"

    @pytest.mark.parametrize("known", ["like", "customer"])
    def test_what_is_another_merchants_is_not_told(self, owner, known):
        other = make_merchant(timezone.now(), email="other@example.com")
        theirs = make_invoice(other, timezone.now(), customer=CustomerDetails("secret@example.com"))
        public_id = theirs.public_id if known == "like" else theirs.customer.public_id

        assert owner.get(f"{ADD}?{known}={public_id}").status_code == 404
        assert "secret@example.com" not in text_of(owner.get("/dashboard/customers/suggestions/?email=secret"))
        assert "secret@example.com" not in text_of(owner.get(ADD))

    def test_customers_are_found_by_name(self, owner, merchant):
        for email, name in (("ada@example.com", "Ada Palmer"), ("grace@example.com", "Grace")):
            details = CustomerDetails(email, name)
            create_customer(merchant=merchant, livemode=False, details=details, now=timezone.now())

        page = text_of(owner.get("/dashboard/customers/suggestions/?email=palm"))

        assert "ada@example.com" in page
        assert "grace@example.com" not in page


class TestLive:
    def test_without_a_wallet_the_page_leads_to_the_wallets(self, owner):
        owner.post("/dashboard/mode/", {"mode": "live"})

        assert 'href="/dashboard/wallets/"' in text_of(owner.get(ADD))
        assert "First a wallet" in text_of(owner.post(ADD, FILLED))
        assert not Invoice.objects.exists()

    def test_only_networks_with_a_wallet_are_offered(self, owner, merchant):
        wallet = Wallet.objects.create(merchant=merchant, network="tron", kind="single")
        WalletAddress.objects.create(wallet=wallet, network="tron", address="TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH")
        owner.post("/dashboard/mode/", {"mode": "live"})

        offered = owner.get(ADD).context["form"].fields["asset"].choices

        assert {value.partition(":")[0] for value, _name in offered} == {"tron"}
