"""Everything customers read is there in each language, whole; and a page in Arabic holds no English."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from babel.messages import Message
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from config.env import ROOT
from config.messages import TEMPLATES, catalogues, extracted, has_text, read
from invoices.services import expire_due
from payments.selectors import claim_token
from payments.services import cancel_invoice
from tests.factories import make_invoice, make_merchant
from tests.paypages.test_links import link
from tests.paypages.test_views import pay, url

LANGUAGES = {translation.to_locale(code): code for code, _ in settings.LANGUAGES if code != "en"}
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|%%")
TAG = re.compile(r"<[^>]*>")
HIDDEN = re.compile(  # what nobody reads as words: drawings, addresses, ids
    r'<(svg|script|style|noscript|code)\b.*?</\1>|<(p|strong) [^>]*translate="no".*?</\2>', re.DOTALL
)
# What stands in Latin letters in every language: names, units, and what wallets and exchanges call things.
NAMES = set(
    """
    Acme Additional API Checkout Crypto IP OpenAPI PDF Plan Premium QR Sandbox Service Services Order Static TXID
    TronLink Tip UTC USD USDT USDC VPN XRP Ledger ada com example hash inv jar merchant shop US EUR SVG sandbox
    English Deutsch Español Français Português Türkçe
    """.split()
)


def test_every_language_that_is_offered_has_a_catalogue_and_no_other():
    assert set(catalogues()) == set(LANGUAGES)


@pytest.mark.parametrize("locale", LANGUAGES)
class TestACatalogue:
    def test_holds_every_text_and_no_other(self, locale):
        texts = {(message.id, message.context) for message in extracted() if message.id}
        catalogue = read(catalogues()[locale])
        translated = {
            (message.id, message.context)
            for message in catalogue
            if message.id and has_text(message.string) and not message.fuzzy
        }

        hint = f"Run `make messages`, then translate what it lists in {catalogues()[locale].relative_to(ROOT)}"
        assert sorted(map(str, texts - translated)) == [], hint
        assert sorted(map(str, translated - texts)) == [], hint

    def test_keeps_values_and_marks_of_each_text(self, locale):
        for message in _messages(locale):
            for text, translated in _pairs(message):
                assert sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(text)), translated
                assert sorted(TAG.findall(translated)) == sorted(TAG.findall(text)), translated

    def test_has_each_plural_form_of_the_language(self, locale):
        catalogue = read(catalogues()[locale])

        for message in _messages(locale):
            if message.pluralizable:
                assert len(message.string) == catalogue.num_plurals

    def test_is_not_english(self, locale):
        same = [message.id for message in _messages(locale) if message.string == message.id]

        assert set(same) <= {"1 %(asset)s = %(rate)s", "Administration", "Subtotal", "Total", "Transaction", "tag"}


def test_in_arabic_no_value_can_turn_the_sentence_round():
    isolated = re.compile("\N{FIRST STRONG ISOLATE}[^\N{POP DIRECTIONAL ISOLATE}]*\N{POP DIRECTIONAL ISOLATE}")
    marked_up = re.compile(r'<[^>]* dir="ltr"[^>]*>%\(\w+\)s<|<[^>]*>')

    for message in _messages("ar"):
        for _, translated in _pairs(message):
            assert PLACEHOLDER.findall(marked_up.sub("", isolated.sub("", translated))) == [], translated


def _messages(locale: str) -> list[Message]:
    return [message for message in read(catalogues()[locale]) if message.id]


def _pairs(message: Message) -> list[tuple[str, str]]:
    """Return each form of a translation with the text it must match: the plural for all but the first."""
    if not message.pluralizable:
        return [(message.id, message.string)]
    return [(message.id[min(place, 1)], form) for place, form in enumerate(message.string)]


@pytest.mark.parametrize(
    ("language", "of", "text"),
    [
        ("en", 1, "0 of 1 confirmation"),
        ("en", 3, "0 of 3 confirmations"),
        ("de", 1, "0 von 1 Bestätigung"),
        ("de", 12, "0 von 12 Bestätigungen"),
        ("fr", 1, "0 sur 1 confirmation"),
        ("ru", 1, "0 из 1 подтверждения"),
        ("ru", 3, "0 из 3 подтверждений"),
        ("ru", 21, "0 из 21 подтверждения"),
        ("tr", 3, "0 / 3 onay"),
        ("ja", 3, "3 回中 0 回承認済み"),
        ("zh-hans", 3, "0/3 次确认"),
        ("ar", 2, "0 من 2 تأكيدين"),
        ("ar", 3, "0 من 3 تأكيدات"),
        ("ar", 12, "0 من 12 تأكيدًا"),
        ("ar", 100, "0 من 100 تأكيد"),
    ],
)
def test_confirmations_are_counted_as_the_language_counts(language, of, text):
    with translation.override(language):
        written = render_to_string("paypages/parts/confirmations.html", {"count": 0, "of": of}).strip()

    assert re.sub("[\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}]", "", written) == text


def _templates() -> list[str]:
    of_merchants = {"templates/paypages/sample.html"}
    found = {path.relative_to(ROOT).as_posix() for pattern in TEMPLATES for path in ROOT.glob(pattern)}
    return sorted(found - of_merchants)


@pytest.mark.parametrize("name", _templates())
def test_a_template_says_nothing_that_is_not_marked(name):
    source = (ROOT / name).read_text()
    marked = re.sub(
        r"\{% blocktranslate.*?\{% endblocktranslate %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<(script|style|svg)\b.*?</\1>",
        "",
        source,
        flags=re.DOTALL,
    )
    spoken = re.findall(r'\b(?:alt|title|placeholder|aria-label)="([^"]*)"', marked)
    words = re.findall(r"[^\W\d_]{2,}", unescape(" ".join([TAG.sub(" ", marked), *spoken])))

    assert set(words) <= NAMES


class TestInArabic:
    """Whatever the pages say in Latin letters is a name, an address, a number."""

    pytestmark = pytest.mark.django_db

    @pytest.fixture(autouse=True)
    def _fresh_limits(self, valkey):
        """Every test has the whole rate limit to itself."""

    @pytest.fixture
    def merchant(self):
        return make_merchant(timezone.now())

    @pytest.fixture
    def english_of(self, client):
        def look(path, form=None):
            address = f"{path}{'&' if '?' in path else '?'}lang=ar"
            response = client.post(address, form) if form else client.get(address)
            body = HIDDEN.sub(" ", response.content.decode())
            spoken = re.findall(r'\b(?:alt|title|placeholder|aria-label|data-title|data-copied)="([^"]*)"', body)
            text = unescape(" ".join([TAG.sub(" ", body), *spoken]))
            return set(re.findall(r"(?<![\w./@])[A-Za-z]{2,}(?![\w/@])", text)) - NAMES

        return look

    @pytest.mark.parametrize(
        ("_case", "facts"),
        [
            ("waiting", None),
            ("partly paid", {"units": 10_000_000}),
            ("seen", {}),
            ("paid", {"blocks": 4}),
            ("paid too much", {"units": 20_000_000, "blocks": 4}),
            ("another coin", {"asset": "USDC", "blocks": 4}),
        ],
    )
    def test_an_invoice_holds_no_english(self, english_of, merchant, _case, facts):
        invoice = make_invoice(
            merchant, timezone.now(), return_url="https://merchant.com", cancel_url="https://shop.example"
        )
        if facts is not None:
            pay(invoice, **facts)

        assert english_of(url(invoice)) == set()
        assert english_of(url(invoice, "/live")) == set()

    def test_an_invoice_that_ended_and_every_answer_about_a_transaction_hold_no_english(self, english_of, merchant):
        over = make_invoice(merchant, timezone.now() - timedelta(hours=3))
        expire_due(now=timezone.now())
        gone = make_invoice(merchant, timezone.now())
        cancel_invoice(
            merchant=merchant,
            livemode=False,
            public_id=gone.public_id,
            reason="",
            refund_partial_payments=False,
            now=timezone.now(),
        )

        assert english_of(url(over)) == english_of(url(gone)) == set()
        for given in ("ab" * 32, "nonsense"):
            assert english_of(url(over, "/transaction"), {"transaction": given}) == set()

    def test_receipt_refund_link_and_front_page_hold_no_english(self, english_of, merchant):
        invoice = make_invoice(merchant, timezone.now())
        invoice.overpayment_action = "refund"
        invoice.save()
        pay(invoice, units=20_000_000, blocks=4)
        refund = f"/refund/{claim_token(invoice.refunds.get())}"
        offer = link(merchant, timezone.now(), min_amount=Decimal(5), asks_email=True)

        assert english_of(url(invoice, "/receipt")) == set()
        assert english_of(refund) == english_of(refund, {"address": "wrong"}) == set()
        assert english_of(refund, {"address": invoice.address, "step": "compare"}) == set()
        assert english_of(f"/l/{offer.slug}") == english_of(f"/l/{offer.slug}", {"amount": "1000000"}) == set()
        assert english_of(f"/l/{offer.slug}", {"amount": "x"}) == english_of("/") == english_of("/status") == set()

    @pytest.mark.parametrize("path", ["/invoice/none", "/nothing/here"])
    def test_a_page_that_is_not_there_holds_no_english(self, english_of, path):
        assert english_of(path) == set()

    @pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 422, 429, 500, 503])
    def test_a_problem_holds_no_english(self, status):
        with translation.override("ar"):
            page = render_to_string("paypages/problem.html", {"status": status})

        assert not re.search(r"[A-Za-z]{3,}", re.sub(r"inv_", "", TAG.sub(" ", page)))
