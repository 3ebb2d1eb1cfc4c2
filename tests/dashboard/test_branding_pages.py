"""How the business looks, at the desk: what is saved, what is refused beside its field, and the look before saving."""

import hashlib
import re
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from core.colours import contrast
from events.models import Event
from invoices.services import LinkTerms, create_link
from merchants.models import Logo
from merchants.services import MerchantChanges, update_merchant
from tests.dashboard.test_settings_pages import opened
from tests.factories import make_invoice

pytestmark = pytest.mark.django_db

PATH = "/dashboard/branding/"
PREVIEW = "/dashboard/branding/preview/"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def text_of(response):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def picture(colour="red", size=(90, 30), form="PNG"):
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return file.getvalue()


def upload(content, name="logo.png", media_type="image/png"):
    return SimpleUploadedFile(name, content, media_type)


def dressed(merchant, **settings):
    return update_merchant(merchant=merchant, changes=MerchantChanges(settings=settings), now=timezone.now())


def filled(client, **typed):
    """Return what a browser sends when ``typed`` is filled in and the rest stays."""
    return {name: value for name, value in opened(client, PATH).items() if name not in {"logo", "remove_logo"}} | typed


class TestSaving:
    def test_everything_is_kept_as_the_api_keeps_it(self, owner, merchant):
        answer = owner.post(
            PATH,
            filled(
                owner,
                display_name="Sunny Bikes",
                accent_color="#FFD400",
                support_email="help@sunny.example",
                allowed_origins=" https://Sunny.example/ \n\nhttp://localhost:3000",
                logo=upload(picture(size=(2000, 1000), form="WEBP"), "x.exe", "text/html"),
            ),
            follow=True,
        )

        assert "Saved." in text_of(answer)
        merchant.refresh_from_db()
        assert merchant.settings["branding"] == {
            "display_name": "Sunny Bikes",
            "accent_color": "#ffd400",
            "support_email": "help@sunny.example",
            "allowed_origins": ["https://sunny.example", "http://localhost:3000"],
        }
        assert merchant.settings["logo"].startswith("data:image/png;base64,")
        logo = Logo.objects.get(merchant=merchant)
        assert (logo.width, logo.height) == (320, 160)
        assert f'src="/brand/logo/{logo.digest}"' in answer.content.decode()
        light, dark = re.search("Light pages use (#.{6}), dark pages (#.{6})", text_of(answer)).groups()
        assert contrast(light, "#ffffff") >= 4.5
        assert dark == "#ffd400"

    def test_what_nobody_touched_is_not_written(self, owner, merchant):
        happened = Event.objects.count()

        assert owner.post(PATH, filled(owner)).status_code == 302

        merchant.refresh_from_db()
        assert merchant.settings == {}
        assert Event.objects.count() == happened

    def test_our_own_colour_is_none_of_the_merchants(self, owner, merchant):
        dressed(merchant, branding={"accent_color": "#ffd400"})

        owner.post(PATH, filled(owner, accent_color="#2c49c9"))

        merchant.refresh_from_db()
        assert merchant.settings == {"branding": {}}

    def test_a_logo_is_removed(self, owner, merchant):
        owner.post(PATH, filled(owner, logo=upload(picture())))
        assert Logo.objects.filter(merchant=merchant).exists()

        owner.post(PATH, filled(owner, remove_logo="on"))

        merchant.refresh_from_db()
        assert "logo" not in merchant.settings
        assert not Logo.objects.exists()
        assert "Remove the logo" not in text_of(owner.get(PATH))

    def test_the_log_keeps_the_digest_of_a_logo_and_not_the_picture(self, owner, merchant):
        owner.post(PATH, filled(owner, logo=upload(picture())))
        merchant.refresh_from_db()
        digest = "sha256:" + hashlib.sha256(merchant.settings["logo"].encode()).hexdigest()
        owner.post(PATH, filled(owner, remove_logo="on"))

        made, removed = Event.objects.filter(type="merchant.updated").order_by("sequence")

        assert made.data["changes"]["settings"]["logo"] == digest
        assert removed.data["previous"]["settings"]["logo"] == digest
        assert "data:image" not in str([made.data, removed.data])

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ({"logo": upload(SVG, "logo.svg", "image/svg+xml")}, "This is no PNG, JPEG or WebP"),
            ({"logo": upload(SVG)}, "This is no PNG, JPEG or WebP"),
            ({"logo": upload(picture(size=(5_001, 1)))}, "This is no PNG, JPEG or WebP"),
            ({"logo": upload(picture() + b"\0" * 512_000)}, "This file is too large"),
            ({"accent_color": "red"}, "This must be a colour"),
            ({"accent_color": "#12345}"}, "This must be a colour"),
            ({"support_email": "nobody"}, "Enter a valid email address"),
            (
                {"allowed_origins": "https://a.example\nhttp://b.example"},
                "http://b.example: This must be an origin such as https://shop.example.com",
            ),
            (
                {"allowed_origins": "\n".join(f"https://s{number}.example" for number in range(11))},
                "at most 10 origins",
            ),
        ],
        ids=["svg", "svg as png", "wide", "large", "colour", "brace", "address", "origin", "many"],
    )
    def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(self, owner, merchant, typed, problem):
        for given in typed.values():
            if hasattr(given, "seek"):
                given.seek(0)

        answer = owner.post(PATH, filled(owner, **typed))

        assert answer.status_code == 422
        (name,) = typed
        assert problem in " ".join(answer.context["form"].errors[name])
        merchant.refresh_from_db()
        assert merchant.settings == {}
        assert not Logo.objects.exists()

    def test_what_somebody_else_changed_meanwhile_is_not_overwritten(self, owner, merchant):
        typed = filled(owner, display_name="Mine")
        dressed(merchant, branding={"display_name": "Theirs"})

        answer = owner.post(PATH, typed)

        assert answer.status_code == 422
        assert "Meanwhile somebody else changed these settings" in text_of(answer)
        merchant.refresh_from_db()
        assert merchant.settings["branding"]["display_name"] == "Theirs"


class TestPreview:
    def test_shows_what_is_saved(self, seat, merchant):
        merchant = dressed(merchant, branding={"display_name": "Sunny Bikes", "accent_color": "#ffd400"})

        answer = seat("viewer").get(f"{PREVIEW}?scheme=dark")

        assert "Sunny Bikes" in text_of(answer)
        assert '<link rel="stylesheet" href="/brand/dark/styles.css">' in answer.content.decode()
        assert '<link rel="stylesheet" href="/brand/dark/ffd400.css">' in answer.content.decode()

    def test_shows_what_is_filled_in_and_saves_nothing(self, owner, merchant):
        happened = Event.objects.count()
        typed = {"display_name": "Moony", "accent_color": "#0a7d5a", "support_email": "help@moony.example"}

        answer = owner.post(PREVIEW, filled(owner, logo=upload(picture()), scheme="light", **typed))

        assert answer.status_code == 200
        assert "Moony" in text_of(answer)
        assert "Questions? Write to help@moony.example" in text_of(answer)
        assert "/brand/light/0a7d5a.css" in answer.content.decode()
        assert 'class="logo" src="data:image/png;base64,' in answer.content.decode()
        merchant.refresh_from_db()
        assert merchant.settings == {}
        assert not Logo.objects.exists()
        assert Event.objects.count() == happened

    def test_without_the_logo_that_is_about_to_be_removed(self, owner, merchant):
        owner.post(PATH, filled(owner, logo=upload(picture())))
        assert 'class="logo"' in owner.get(PREVIEW).content.decode()

        answer = owner.post(PREVIEW, filled(owner, remove_logo="on"))

        assert 'class="logo"' not in answer.content.decode()
        assert Logo.objects.filter(merchant=merchant).exists()

    def test_may_do_nothing_and_be_shown_by_our_own_pages_only(self, owner):
        answer = owner.get(PREVIEW)

        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in policy
        assert "form-action 'none'" in policy
        assert policy.endswith("sandbox allow-same-origin")
        assert "script-src" not in policy
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert "<script" not in answer.content.decode()
        assert "frame-src 'self'" in owner.get(PATH)["Content-Security-Policy"]

    def test_says_what_is_wrong(self, owner):
        answer = owner.post(PREVIEW, filled(owner, logo=upload(SVG), allowed_origins="x"))

        assert answer.status_code == 422
        assert "Logo: This is no PNG, JPEG or WebP" in text_of(answer)
        assert answer["X-Frame-Options"] == "SAMEORIGIN"

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_has_styles_of_one_scheme_whatever_the_browser_prefers(self, client, scheme):
        styles = client.get(f"/brand/{scheme}/styles.css").content.decode()

        assert "prefers-color-scheme" not in styles
        assert f"color-scheme: {scheme};" in styles
        assert ("@media all {" in styles) is (scheme == "dark")
        assert "--accent:" in client.get(f"/brand/{scheme}/0a7d5a.css").content.decode()

    @pytest.mark.parametrize("path", ["sepia/styles.css", "sepia/0a7d5a.css", "dark/red.css", "dark/0a7d5a%7d.css"])
    def test_there_are_no_other_styles(self, client, path):
        assert client.get(f"/brand/{path}").status_code == 404


class TestSnippets:
    PAY = "https://pay.example.com"

    @pytest.fixture(autouse=True)
    def _pay(self, settings, testing):
        settings.PAY_BASE_URL = self.PAY

    @pytest.fixture
    def link(self, merchant):
        terms = LinkTerms("VPN", currency="USD")
        return create_link(merchant=merchant, livemode=False, terms=terms, now=timezone.now())

    def codes(self, client, path):
        html = client.get(path).content.decode()
        return [
            unescape(code) for code in re.findall(r'<pre class="sample"[^>]*><code>(.*?)</code></pre>', html, re.DOTALL)
        ]

    def test_of_a_link_have_its_address_and_the_merchants_colour(self, owner, merchant, link):
        dressed(merchant, branding={"accent_color": "#0a7d5a"})
        url = f"{self.PAY}/l/{link.slug}"

        plain, button, modal, frame = self.codes(owner, f"/dashboard/payment-links/{link.public_id}/")

        assert plain == url
        assert button.startswith(f'<a href="{url}" style="display: inline-block;')
        assert "background: #0a7d5a; color: #ffffff;" in button
        assert modal.startswith(
            f'<script src="{self.PAY}/checkout.js" defer></script>\n'
            f'<a href="{url}" data-crypto-checkout-link="{link.slug}" style='
        )
        assert frame.startswith(f'<iframe src="{self.PAY}/embed/l/{link.slug}" title="Pay with crypto"')

    def test_of_an_invoice_name_it_while_it_can_be_paid(self, owner, merchant):
        invoice = make_invoice(merchant, timezone.now())
        path = f"/dashboard/invoices/{invoice.public_id}/"

        codes = self.codes(owner, path)
        assert codes[0] == f"{self.PAY}/invoice/{invoice.public_id}"
        assert f'data-crypto-checkout-invoice="{invoice.public_id}"' in codes[2]
        assert f'src="{self.PAY}/embed/invoice/{invoice.public_id}"' in codes[3]

        invoice.status = "cancelled"
        invoice.cancelled_at = timezone.now()
        invoice.save()
        assert self.codes(owner, path) == []

    def test_are_shown_and_not_run(self, owner, link):
        html = owner.get(f"/dashboard/payment-links/{link.public_id}/").content.decode()

        assert "<iframe" not in html
        assert f'src="{self.PAY}' not in html

    def test_say_that_a_site_has_to_be_allowed_until_one_is(self, owner, merchant, link):
        path = f"/dashboard/payment-links/{link.public_id}/"
        assert text_of(owner.get(path)).count("Works once you allow your site. Branding") == 2

        dressed(merchant, branding={"allowed_origins": ["https://shop.example"]})

        assert "Works once you allow your site" not in text_of(owner.get(path))
