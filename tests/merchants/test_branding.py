"""How a merchant looks: what may be set, and the logo on its way from the setting to what pages are served from."""

import base64
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from core.errors import Invalid
from merchants.models import Logo
from merchants.services import MerchantChanges, SignUp, sign_up, update_merchant
from merchants.settings import MerchantSettings, merge


def data_url(colour, kind="png", size=(40, 20)):
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def change(merchant, now, **settings):
    return update_merchant(merchant=merchant, changes=MerchantChanges(settings=settings), now=now)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example:443/ ", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://203.0.113.7", "https://203.0.113.7"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(given, kept):
    assert merge({}, {"branding": {"allowed_origins": [given]}})["branding"]["allowed_origins"] == [kept]


@pytest.mark.parametrize(
    "origin",
    [
        "http://shop.example",
        "http://localhost.evil.example",
        "https://shop.example/path",
        "https://shop.example?x=1",
        "https://user@shop.example",
        "https://*.shop.example",
        "https://*",
        "*",
        "null",
        "https:",
        "https://",
        "https://shop.example https://evil.example",
        "https://shop.example; script-src *",
        "https://shop.example\n",
        "https://shop.example\r\nX-Evil: 1",
        "https://shop.example:0",
        "https://shop.example:65536",
        "https://bücher.example",
        "https://-shop.example",
        "data:text/html,x",
        "ftp://shop.example",
        "https://" + "a" * 250 + ".example",
        7,
        None,
    ],
)
def test_nothing_but_an_origin_gets_into_the_list(origin):
    # A line break at the end is cut off like any blank; in the middle it is refused like anything else.
    if origin == "https://shop.example\n":
        assert merge({}, {"branding": {"allowed_origins": [origin]}})["branding"]["allowed_origins"] == [origin.strip()]
        return
    with pytest.raises(Invalid) as refusal:
        merge({}, {"branding": {"allowed_origins": ["https://shop.example", origin]}})

    assert refusal.value.field == "settings.branding.allowed_origins[1]"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accent_color": "red"}, "accent_color"),
        ({"accent_color": "#fff"}, "accent_color"),
        ({"accent_color": "#12345g"}, "accent_color"),
        ({"accent_color": "#123456\n"}, "accent_color"),
        ({"accent_color": "#123456}body{display:none"}, "accent_color"),
        ({"accent_color": 5}, "accent_color"),
        ({"display_name": "x" * 101}, "display_name"),
        ({"display_name": "a\nb"}, "display_name"),
        ({"display_name": "a\u202eb"}, "display_name"),
        ({"display_name": 5}, "display_name"),
        ({"support_email": "nobody"}, "support_email"),
        ({"support_email": "a@b.example?bcc=c@d.example"}, "support_email"),
        ({"support_email": ["a@b.example"]}, "support_email"),
        ({"allowed_origins": "https://shop.example"}, "allowed_origins"),
        ({"allowed_origins": ["https://shop.example"] * 11}, "allowed_origins"),
        ({"font": "Comic Sans"}, "font"),
    ],
)
def test_what_is_no_branding_is_refused(change, field):
    with pytest.raises(Invalid) as refusal:
        merge({}, {"branding": change})

    assert refusal.value.field == f"settings.branding.{field}"


def test_branding_is_merged_deeply_and_null_takes_it_back():
    own = merge({}, {"branding": {"display_name": " Acme ", "accent_color": "#0A7D5A"}})
    own = merge(own, {"branding": {"support_email": "help@acme.example", "display_name": None}})

    assert own == {"branding": {"accent_color": "#0a7d5a", "support_email": "help@acme.example"}}


def test_without_branding_there_are_only_defaults(merchant):
    branding = MerchantSettings.of(merchant).branding

    assert (branding.display_name, branding.accent_color, branding.support_email) == ("", "", "")
    assert list(branding.allowed_origins) == []


class TestLogo:
    def test_is_drawn_anew_when_the_setting_changes_and_keeps_its_address_while_it_stays(self, merchant, now):
        change(merchant, now, logo=data_url("red"))
        first = Logo.objects.get(merchant=merchant)
        change(merchant, now + timedelta(hours=1), default_currency="EUR")
        assert Logo.objects.get(merchant=merchant).digest == first.digest

        change(merchant, now, logo=data_url("blue", "jpeg"))

        second = Logo.objects.get(merchant=merchant)
        assert (first.media_type, first.width, first.height) == ("image/png", 40, 20)
        assert first.digest != second.digest
        assert Image.open(BytesIO(bytes(first.content))).convert("RGB").getpixel((5, 5)) == (255, 0, 0)

    def test_is_gone_when_the_setting_is_taken_back(self, merchant, now):
        change(merchant, now, logo=data_url("red"))

        change(merchant, now, logo=None)

        assert not Logo.objects.exists()

    def test_comes_with_the_sign_up_too(self, db, now):
        order = SignUp("Acme", "a@acme.example", settings={"logo": data_url("red")})

        merchant = sign_up(request=order, now=now).merchant

        assert Logo.objects.get(merchant=merchant).width == 40

    def test_that_only_begins_like_a_picture_is_refused(self, merchant, now):
        broken = base64.b64encode(b"\x89PNG\r\n\x1a\n and then nothing").decode()

        with pytest.raises(Invalid):
            change(merchant, now, logo=f"data:image/png;base64,{broken}")

        assert not Logo.objects.exists()
