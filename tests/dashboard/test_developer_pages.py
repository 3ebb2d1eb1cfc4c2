"""API keys, the quick start and the request log at the desk."""

import re
import shutil
import subprocess
import sys
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.words import KEY
from merchants import services
from merchants.models import APIKey, KeyStatus, LoggedRequest
from merchants.services import Grant, KeyOrder

pytestmark = pytest.mark.django_db

SERVED = "http://testserver"
PAGE = rf"{SERVED}/invoice/inv_[0-9a-z]{{26}}\n"
ALL = Grant(livemode=True, permissions=["*"])


def text_of(response):
    return unescape(response.content.decode())


def make_key(merchant, *, permissions=("*",), livemode=True):
    order = KeyOrder("Shop", livemode=livemode, permissions=list(permissions))
    return services.create_api_key(merchant=merchant, order=order, grant=ALL, now=timezone.now())


def works(text):
    return Client().get("/api/v1/merchants/me", headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_every_status_of_a_key_has_its_words():
    assert set(KEY) == set(KeyStatus)


class TestKeys:
    def test_a_new_key_is_shown_once_and_works(self, owner):
        made = owner.post("/dashboard/api-keys/add/", {"name": "Shop", "access": "everything"})
        (text,) = set(re.findall(r"sk_live_[0-9A-Za-z]{32}", text_of(made)))

        assert works(text)
        assert made["Cache-Control"] == "no-store"
        assert text not in text_of(owner.get("/dashboard/api-keys/"))

    def test_a_shop_gets_what_its_api_has_and_where_to_find_it(self, owner, settings):
        settings.SELFHOSTED_HOST = "checkout.example.com"

        made = owner.post("/dashboard/api-keys/add/", {"name": "Woo", "access": "shop", "format": "selfhosted"})
        (text,) = set(re.findall(r"ck_live_[0-9A-Za-z]{32}", text_of(made)))

        assert "https://checkout.example.com/api/v1<" in text_of(made)
        for resource in ("payment_links", "checkout_sessions", "webhook_endpoints", "events", "customers"):
            answer = Client().get(f"/selfhosted/api/v1/{resource}", headers={"Authorization": f"Bearer {text}"})
            assert answer.status_code == 200, resource
        assert "wallets:manage" not in APIKey.objects.get(name="Woo").permissions

    def test_a_key_may_be_for_another_api_and_stays_so(self, owner):
        made = owner.post("/dashboard/api-keys/add/", {"name": "Old shop", "access": "shop", "format": "cryptic"})
        (text,) = set(re.findall(r"cw_live_[0-9A-Za-z]{32}", text_of(made)))
        key = APIKey.objects.get(name="Old shop")
        renewed = owner.post(f"/dashboard/api-keys/{key.public_id}/rotate/", {"overlap": "24"})

        assert "/api/v1/invoices" not in text_of(made)  # our own samples would not work with it
        assert "http://testserver/cryptic/api/v1" in text_of(made)
        assert 'href="/docs/cryptic"' in text_of(made)
        assert not works(text)
        assert Client().get("/cryptic/api/v1/invoices", headers={"X-API-Key": text}).status_code == 200
        assert re.findall(r"cw_live_[0-9A-Za-z]{32}", text_of(renewed))
        assert "Cryptic's merchant invoices" in text_of(owner.get("/dashboard/api-keys/"))

    @pytest.mark.usefixtures("testing")
    def test_in_test_mode_it_is_a_test_key(self, owner):
        made = owner.post("/dashboard/api-keys/add/", {"name": "Shop", "access": "shop", "lifetime": "30"})

        assert "sk_test_" in text_of(made)
        key = APIKey.objects.get(name="Shop")
        assert (key.livemode, "invoices:create" in key.permissions) == (False, True)
        assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)

    def test_what_is_chosen_is_what_it_may(self, owner):
        owner.post("/dashboard/api-keys/add/", {"name": "Shop", "access": "chosen", "permissions": ["analytics:read"]})

        assert APIKey.objects.get(name="Shop").permissions == ["analytics:read"]

    @pytest.mark.parametrize(
        ("filled", "field"),
        [
            ({"name": "", "access": "shop"}, "name"),
            ({"name": "Shop", "access": "chosen"}, "permissions"),
            ({"name": "Shop", "access": "chosen", "permissions": ["nonsense"]}, "permissions"),
            ({"name": "Shop"}, "access"),
            ({"name": "Shop", "access": "shop", "lifetime": "1"}, "lifetime"),
        ],
    )
    def test_what_is_missing_is_told_beside_its_field(self, owner, filled, field):
        before = APIKey.objects.count()

        answer = owner.post("/dashboard/api-keys/add/", filled)

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert APIKey.objects.count() == before

    @pytest.mark.parametrize(
        "wanted", [{"access": "everything"}, {"access": "chosen", "permissions": ["wallets:manage"]}]
    )
    def test_a_developer_gets_no_key_that_moves_real_money(self, seat, wanted):
        answer = seat("developer").post("/dashboard/api-keys/add/", {"name": "Mine", **wanted})

        assert answer.status_code == 422
        assert not APIKey.objects.filter(name="Mine").exists()

    def test_a_developer_does_not_rotate_a_key_into_more_than_they_may(self, seat, merchant):
        key, text = make_key(merchant)

        answer = seat("developer").post(f"/dashboard/api-keys/{key.public_id}/rotate/", {"overlap": "24"})

        assert answer.status_code == 422
        assert "sk_live_" not in text_of(answer)
        assert works(text)

    @pytest.mark.parametrize(("overlap", "old_works"), [("0", False), ("24", True)])
    def test_rotating_gives_a_new_key_and_ends_the_old_when_asked(self, owner, merchant, overlap, old_works):
        key, old = make_key(merchant)

        answer = owner.post(f"/dashboard/api-keys/{key.public_id}/rotate/", {"overlap": overlap})

        (new,) = set(re.findall(r"sk_live_[0-9A-Za-z]{32}", text_of(answer)))
        assert works(new)
        assert works(old) is old_works

    def test_revoking_asks_first_and_then_ends_it(self, owner, merchant):
        key, text = make_key(merchant)

        owner.get(f"/dashboard/api-keys/{key.public_id}/revoke/")
        assert works(text)
        owner.post(f"/dashboard/api-keys/{key.public_id}/revoke/")
        assert not works(text)

    def test_a_test_key_is_not_found_in_live_mode(self, owner, merchant):
        key, text = make_key(merchant, livemode=False)

        assert owner.post(f"/dashboard/api-keys/{key.public_id}/revoke/").status_code == 404
        assert works(text)


def said_by(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("testing")
def test_the_first_calls_work_as_they_are_printed(owner, live_server):
    page = owner.post("/dashboard/api-keys/add/", {"name": "Shop", "access": "shop"})
    samples = dict(re.findall(r'<code data-language="(\w+)">(.*?)</code>', text_of(page), re.DOTALL))
    printed = {name: sample.replace("http://testserver", live_server.url) for name, sample in samples.items()}

    assert set(printed) == {"curl", "python", "javascript"}
    assert f'"customer_url":"{SERVED}/invoice/inv_' in said_by(["/bin/sh", "-c", printed["curl"]])
    assert re.fullmatch(PAGE, said_by([sys.executable, "-c", printed["python"]]))
    if shutil.which("node"):
        assert re.fullmatch(PAGE, said_by(["node", "--input-type=module", "-e", printed["javascript"]]))


class TestRequestLog:
    @pytest.fixture
    def entries(self, merchant):
        key, _text = make_key(merchant)
        now = timezone.now()
        for number, (method, path, status, error) in enumerate(
            [
                ("GET", "/api/v1/invoices", 200, ""),
                ("POST", "/api/v1/invoices", 422, "INVALID_AMOUNT"),
                ("GET", "/api/v1/payments", 503, "TEMPORARILY_UNAVAILABLE"),
            ]
        ):
            LoggedRequest.objects.create(
                created_at=now + timedelta(seconds=number),
                merchant=merchant,
                livemode=True,
                api_key=key,
                request_id=f"req_{number}",
                method=method,
                path=path,
                status=status,
                error=error,
                milliseconds=12,
                request_bytes=0,
                response_bytes=2_048,
            )
        return key

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["req_2", "req_1", "req_0"]),
            ("?status=4", ["req_1"]),
            ("?status=5", ["req_2"]),
            ("?method=GET", ["req_2", "req_0"]),
            ("?path=/api/v1/inv", ["req_1", "req_0"]),
            ("?request_id=req_1", ["req_1"]),
            ("?request_id=req_9", []),
            ("?key={key}", ["req_2", "req_1", "req_0"]),
            ("?status=nonsense", ["req_2", "req_1", "req_0"]),
        ],
    )
    def test_the_url_says_what_is_listed(self, owner, entries, query, found):
        page = owner.get(f"/dashboard/requests/{query.format(key=entries.public_id)}").context["page"]

        assert [entry.request_id for entry in page] == found

    def test_a_refusal_leads_to_what_it_means(self, owner, entries):
        assert 'href="/docs/errors#invalid-amount"' in text_of(owner.get("/dashboard/requests/"))

    @pytest.mark.usefixtures("testing")
    def test_the_other_mode_has_a_log_of_its_own(self, owner, entries):
        assert list(owner.get("/dashboard/requests/").context["page"]) == []
