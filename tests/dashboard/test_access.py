"""Who gets in, and how far: every page by every role, and nobody into another merchant's pages."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from merchants import services
from merchants.models import Member, Wallet
from tests.chains.test_addresses import ETH_ACCOUNT
from tests.factories import make_merchant

PAGES = ["/dashboard/", "/dashboard/wallets/", "/dashboard/wallets/add/", "/dashboard/deposits/"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def person(merchant):
    user = get_user_model().objects.create_user("me@example.com", "me@example.com", password="four unrelated words")
    services.confirm_address(user=user)
    Member.objects.create(user=user, merchant=merchant, role="owner")
    return user


def sign_in(client, password="four unrelated words", **more):
    return client.post("/dashboard/sign-in/", {"login": "me@example.com", "password": password, **more})


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_asked_to_sign_in_and_come_back(merchant, path):
    answer = Client().get(path)

    assert answer.status_code == 302
    assert answer["Location"] == f"/dashboard/sign-in/?next={path}"


def test_signing_in_and_out(person):
    client = Client()

    assert sign_in(client, next="/dashboard/deposits/")["Location"] == "/dashboard/deposits/"
    assert client.get("/dashboard/wallets/").status_code == 200
    assert client.get("/dashboard/sign-in/")["Location"] == "/dashboard/"
    assert client.post("/dashboard/sign-out/")["Location"] == "/dashboard/sign-in/"
    assert client.get("/dashboard/wallets/").status_code == 302


def test_nobody_is_led_elsewhere_after_signing_in(person):
    assert sign_in(Client(), next="https://evil.example/")["Location"] == "/dashboard/"


def test_a_wrong_password_says_no_more_than_that(person):
    wrong, unknown = (
        sign_in(Client(), "wrong"),
        Client().post("/dashboard/sign-in/", {"login": "x@y.example", "password": "w"}),
    )

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert b"do not belong together" in wrong.content
    assert b"do not belong together" in unknown.content


def test_guessing_ends_after_ten_attempts_even_with_the_right_password(person):
    for _ in range(10):
        sign_in(Client(), "wrong")

    answer = sign_in(Client())

    assert b"Too many attempts" in answer.content
    assert "sessionid" not in answer.cookies


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("admin", True), ("developer", False), ("viewer", False)])
def test_only_owners_and_admins_say_where_money_goes(seat, merchant, role, may):
    client = seat(role)
    wallet = services.add_wallet(merchant=merchant, network="tron", kind="pool", addresses=_TRON, now=timezone.now())

    pages = [client.get(path).status_code for path in PAGES]
    asked = client.get(f"/dashboard/wallets/{wallet.public_id}/remove/")
    removed = client.post(f"/dashboard/wallets/{wallet.public_id}/remove/")
    grown = client.post(f"/dashboard/wallets/{wallet.public_id}/addresses/", {"addresses": ""})
    order = {"network": "ethereum", "kind": "xpub", "xpub": ETH_ACCOUNT, "step": "add", "compared": "on"}
    added = client.post("/dashboard/wallets/add/", order)

    assert pages == [302, 200, 200 if may else 403, 200]
    assert asked.status_code == (200 if may else 403)
    assert removed.status_code == (302 if may else 403)
    assert grown.status_code == (404 if may else 403)
    assert added.status_code == (302 if may else 403)
    assert Wallet.objects.filter(network="ethereum").exists() is may
    wallet.refresh_from_db()
    assert wallet.is_active is not may
    assert (b"Add a wallet" in client.get("/dashboard/wallets/").content) is may


def test_another_merchants_wallet_does_not_exist(owner):
    other = make_merchant(timezone.now(), email="b@example.com")
    wallet = services.add_wallet(merchant=other, network="ethereum", xpub=ETH_ACCOUNT, now=timezone.now())

    for path in ("remove", "addresses"):
        for answer in (
            owner.get(f"/dashboard/wallets/{wallet.public_id}/{path}/"),
            owner.post(f"/dashboard/wallets/{wallet.public_id}/{path}/", {"addresses": _TRON[0]}),
        ):
            assert answer.status_code == 404
    assert wallet.public_id.encode() not in owner.get("/dashboard/wallets/").content
    wallet.refresh_from_db()
    assert wallet.is_active


def test_one_person_changes_between_their_merchants_and_to_no_other(seat, merchant):
    now = timezone.now()
    second, foreign = make_merchant(now, email="b@example.com"), make_merchant(now, email="c@example.com")
    second.business_name = "Second Shop"
    second.save()
    seat("owner")
    client = seat("viewer", of=second)

    assert b"Wallets \xc2\xb7 Acme VPN Services</title>" in client.get("/dashboard/wallets/").content
    client.post("/dashboard/merchant/", {"merchant": second.public_id})
    assert b"Wallets \xc2\xb7 Second Shop</title>" in client.get("/dashboard/wallets/").content
    assert client.get("/dashboard/wallets/add/").status_code == 403
    client.post("/dashboard/merchant/", {"merchant": foreign.public_id})
    assert b"Wallets \xc2\xb7 Second Shop</title>" in client.get("/dashboard/wallets/").content


def test_a_person_without_a_merchant_is_told_so(db):
    client = Client()
    client.force_login(get_user_model().objects.create_user("nobody"))

    answer = client.get("/dashboard/wallets/")

    assert answer.status_code == 403
    assert b"belong to no merchant" in answer.content


def test_a_suspended_merchant_has_no_pages_but_a_way_to_another(seat, merchant):
    second = make_merchant(timezone.now(), email="b@example.com")
    owner = seat("owner")
    seat("owner", of=second)
    services.suspend(merchant=merchant, reason="", now=timezone.now())

    assert owner.get("/dashboard/wallets/").status_code == 403
    owner.post("/dashboard/merchant/", {"merchant": second.public_id})
    assert owner.get("/dashboard/wallets/").status_code == 200


def test_test_mode_is_kept_by_the_session_and_marked_on_every_page(owner):
    assert b"Nothing here is real money" not in owner.get("/dashboard/wallets/").content

    answer = owner.post("/dashboard/mode/", {"mode": "test", "next": "/dashboard/deposits/"})

    assert answer["Location"] == "/dashboard/deposits/"
    for path in ("/dashboard/wallets/", "/dashboard/deposits/"):
        page = owner.get(path).content.decode()
        assert "Nothing here is real money" in page
        assert "· Test · Acme VPN Services</title>" in page
    owner.post("/dashboard/mode/", {"mode": "live"})
    assert b"Nothing here is real money" not in owner.get("/dashboard/wallets/").content


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", "evil"]
)
def test_changing_the_mode_leads_nowhere_else(owner, elsewhere):
    assert owner.post("/dashboard/mode/", {"mode": "test", "next": elsewhere})["Location"] == "/dashboard/"


def test_what_is_missing_in_one_mode_is_offered_in_the_other(owner, merchant):
    page = owner.get("/dashboard/deposits/pay_1/")

    assert page.status_code == 404
    assert b"Look in test mode" in page.content


@pytest.mark.parametrize("change", [{"path": "/dashboard/mode/", "mode": "test"}, {"path": "/dashboard/merchant/"}])
def test_a_form_that_was_opened_for_another_merchant_or_mode_does_nothing(seat, merchant, change):
    second = make_merchant(timezone.now(), email="b@example.com")
    owner = seat("owner")
    seat("owner", of=second)
    form = owner.get("/dashboard/wallets/add/", {"network": "tron", "kind": "pool"}).content.decode()
    here = re.search(r'name="at" value="([^"]+)"', form)[1]
    order = {"network": "tron", "kind": "pool", "addresses": _TRON[0], "step": "add", "compared": "on", "at": here}
    change = {"merchant": second.public_id, **change}

    owner.post(change.pop("path"), change)
    refused = owner.post("/dashboard/wallets/add/", order)

    assert refused.status_code == 409
    assert b"Nothing was done" in refused.content
    assert not Wallet.objects.exists()


@pytest.mark.parametrize(
    ("cookie", "told"),
    [
        ("Asia/Tokyo", "15 Jan 2026, 19:00"),
        ("", "15 Jan 2026, 10:00 UTC"),
        ("../../etc/passwd", "15 Jan 2026, 10:00 UTC"),
        ("Europe", "15 Jan 2026, 10:00 UTC"),
        ("Not/A_Zone", "15 Jan 2026, 10:00 UTC"),
    ],
)
def test_times_are_told_in_the_viewers_zone_and_exactly_on_hover(owner, merchant, now, cookie, told):
    services.add_wallet(merchant=merchant, network="tron", kind="pool", addresses=_TRON, now=now)
    owner.cookies["zone"] = cookie

    page = owner.get("/dashboard/wallets/").content.decode()

    assert f">{told}</time>" in page
    assert 'datetime="2026-01-15T10:00:00+00:00"' in page
    assert "2026-01-15 10:00:00 UTC" in page


def test_a_part_of_a_page_sends_whoever_is_signed_out_to_sign_in(merchant):
    answer = Client().get("/dashboard/wallets/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == "/dashboard/sign-in/"


def test_a_form_from_elsewhere_changes_nothing(person, merchant):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)

    answer = client.post("/dashboard/wallets/add/", {"network": "ethereum", "kind": "xpub", "xpub": ETH_ACCOUNT})

    assert answer.status_code == 403
    assert not Wallet.objects.exists()


@pytest.mark.parametrize("path", [*PAGES[1:], "/dashboard/sign-in/"])
def test_pages_run_and_load_nothing_foreign(owner, path):
    client = Client() if "sign-in" in path else owner
    answer = client.get(path)

    assert {part.strip() for part in answer["Content-Security-Policy"].split(";")} == set(POLICY.split("; "))
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert b"style=" not in answer.content
    for script in re.findall(rb"<script[^>]*>.*?</script>", answer.content, re.DOTALL):
        is_file = re.fullmatch(rb'<script src="/static/[\w/.-]+" defer></script>', script)
        assert is_file or re.match(rb'<script [^>]+ type="application/json">', script)


_TRON = ("TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",)
