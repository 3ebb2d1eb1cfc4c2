"""A customer reads their language: the one the URL names, or the one chosen before, or the browser's."""

from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation

from invoices.services import Item
from tests.factories import make_invoice, make_merchant
from tests.paypages.test_links import link
from tests.paypages.test_views import pay, url

pytestmark = pytest.mark.django_db

GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-CH,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def _fresh_limits(valkey):
    """Every test has the whole rate limit to itself."""


@pytest.fixture
def merchant():
    return make_merchant(timezone.now())


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now())


def language_of(response):
    """Return the language that the page says it is in."""
    body = response.content.decode()
    said = body.partition('<html lang="')[2].partition('"')[0]
    assert response["Content-Language"] == said
    return said


class TestTheChoice:
    def test_is_english_for_who_asks_for_nothing(self, client, invoice):
        assert language_of(client.get(url(invoice))) == "en"

    def test_is_the_browsers(self, client, invoice):
        assert language_of(client.get(url(invoice), **GERMAN)) == "de"

    def test_was_made_before_and_beats_the_browser(self, client, invoice):
        client.get(url(invoice, "?lang=ja"))

        assert language_of(client.get(url(invoice), **GERMAN)) == "ja"

    def test_is_in_the_url_and_beats_what_was_chosen_before(self, client, invoice):
        client.get(url(invoice, "?lang=ja"))

        assert language_of(client.get(url(invoice, "?lang=fr"), **GERMAN)) == "fr"
        assert language_of(client.get(url(invoice), **GERMAN)) == "fr"

    @pytest.mark.parametrize("tag", ["xx", "", "../../etc", "de;q=1", "e" * 500, "\0"])
    def test_is_not_made_by_what_is_no_language(self, client, invoice, tag):
        response = client.get(url(invoice), {"lang": tag}, **GERMAN)

        assert language_of(response) == "de"
        assert settings.LANGUAGE_COOKIE_NAME not in response.cookies

    @pytest.mark.parametrize(
        ("tag", "language"),
        [
            ("zh-CN", "zh-hans"),
            ("zh-Hans", "zh-hans"),
            ("zh-SG", "zh-hans"),
            ("zh", "zh-hans"),
            ("pt-BR", "pt"),
            ("pt-PT", "pt"),
            ("es-419", "es"),
            ("fr-CA", "fr"),
            ("ar-EG", "ar"),
            ("DE", "de"),
            ("it", "en"),
            ("it,tr;q=0.5", "tr"),
        ],
    )
    def test_serves_the_variants_of_a_language(self, client, invoice, tag, language):
        assert language_of(client.get(url(invoice), HTTP_ACCEPT_LANGUAGE=tag)) == language

    def test_is_kept_in_a_cookie_of_the_section_and_tells_caches(self, client, invoice):
        response = client.get(url(invoice, "?lang=de"))
        cookie = response.cookies[settings.LANGUAGE_COOKIE_NAME]

        assert (cookie.value, cookie["path"], cookie["samesite"]) == ("de", "/invoice/", "Lax")
        assert (cookie["httponly"], cookie["max-age"], cookie["secure"]) == (True, 365 * 86_400, "")
        by_tls = client.get(url(invoice, "?lang=fr"), secure=True).cookies[settings.LANGUAGE_COOKIE_NAME]
        assert by_tls["secure"] is True
        assert {"Accept-Language", "Cookie"} <= {name.strip() for name in response["Vary"].split(",")}
        assert settings.LANGUAGE_COOKIE_NAME not in client.get(url(invoice)).cookies

    def test_is_not_made_by_the_page_when_it_asks_for_its_news(self, client, invoice):
        client.get(url(invoice, "?lang=ja"))

        news = client.get(url(invoice, "/live?lang=de"), HTTP_SEC_FETCH_MODE="cors")

        assert settings.LANGUAGE_COOKIE_NAME not in news.cookies
        assert language_of(client.get(url(invoice))) == "ja"

    def test_goes_along_to_another_section(self, client, merchant):
        offer = link(merchant, timezone.now(), amount=Decimal("9.99"))
        client.get(f"/l/{offer.slug}?lang=tr")

        gone_on = client.post(f"/l/{offer.slug}", **GERMAN)

        assert gone_on["Location"] == f"/invoice/{merchant.invoices.get().public_id}?lang=tr"

    def test_that_was_not_made_changes_no_redirect(self, client, merchant):
        offer = link(merchant, timezone.now(), amount=Decimal("9.99"))

        gone_on = client.post(f"/l/{offer.slug}", **GERMAN)

        assert gone_on["Location"] == f"/invoice/{merchant.invoices.get().public_id}"

    def test_ends_with_the_request(self, client, invoice):
        client.get(url(invoice, "?lang=ar"))

        assert translation.get_language() == "en"

    def test_holds_for_what_is_not_there(self, client):
        assert language_of(client.get("/invoice/inv_none?lang=ar")) == "ar"
        assert language_of(Client().get("/nothing/here", **GERMAN)) == "de"

    def test_writes_nothing_else_into_the_cookie(self, client):
        response = client.get("/a;domain=evil.example/b?lang=de")

        assert settings.LANGUAGE_COOKIE_NAME not in response.cookies


class TestTheMenu:
    def test_offers_every_language_in_its_own_name(self, client, invoice):
        body = client.get(url(invoice, "?stay=1&sent=full")).content.decode()

        for code, name in settings.LANGUAGES:
            own = translation.get_language_info(code)["name_local"]
            own = own[0].upper() + own[1:]
            assert f'<a href="{url(invoice)}?stay=1&amp;lang={code}" lang="{code}" hreflang="{code}"' in body, name
            assert f">{own}</a>" in body

    def test_marks_the_present_one(self, client, invoice):
        body = client.get(url(invoice, "?lang=ru")).content.decode()

        assert body.count("aria-current=") - body.count('aria-current="step"') == 1
        assert 'hreflang="ru" aria-current="true">Русский</a>' in body

    def test_leads_from_an_answered_form_back_to_its_page(self, client, invoice):
        body = client.post(url(invoice, "/transaction"), {"transaction": "x"}).content.decode()

        assert f'href="{url(invoice)}?lang=de"' in body

    @pytest.mark.parametrize("path", ["/", "/status", "/l/none", "/refund/none", "/invoice/none"])
    def test_is_on_every_page_of_customers(self, client, path):
        assert 'hreflang="ja"' in client.get(path).content.decode()


class TestThePage:
    def test_runs_from_right_to_left_in_arabic(self, client, invoice):
        assert '<html lang="ar" dir="rtl">' in client.get(url(invoice, "?lang=ar")).content.decode()
        assert '<html lang="de" dir="ltr">' in client.get(url(invoice, "?lang=de")).content.decode()

    def test_asks_for_its_news_in_its_own_language(self, client, invoice):
        body = client.get(url(invoice), **GERMAN).content.decode()

        assert f'data-live="{url(invoice)}/live?lang=de"' in body

    def test_shows_amounts_as_the_language_writes_them_and_copies_plain_digits(self, client, merchant):
        invoice = make_invoice(merchant, timezone.now(), items=(Item("Rack", Decimal(1), Decimal("2345.60")),))
        plain = f"{invoice.asset.to_amount(invoice.amount_units):f}"
        whole, _, fraction = plain.partition(".")

        body = client.get(url(invoice, "?lang=de")).content.decode()

        assert f'data-copy="{plain}"' in body
        assert f'id="amount">{whole[:-3]}.{whole[-3:]},{fraction}</span>' in body

    def test_of_a_receipt_writes_amounts_the_same_way(self, client, invoice):
        pay(invoice, blocks=4)

        assert "16,49" in client.get(url(invoice, "/receipt?lang=de")).content.decode()


class TestMembersAndStaff:
    @pytest.mark.parametrize("path", ["/dashboard/login/", "/admin/login/", "/docs/errors", "/dashboard/nothing/"])
    def test_read_english_whatever_their_browser_asks_for(self, client, path):
        client.get("/invoice/none?lang=de")
        response = client.get(f"{path}?lang=de", HTTP_ACCEPT_LANGUAGE="de", follow=True)
        body = response.content.decode()

        assert '<html lang="en' in body
        assert "Passwort" not in body
        assert "hreflang" not in body
        assert settings.LANGUAGE_COOKIE_NAME not in response.cookies
