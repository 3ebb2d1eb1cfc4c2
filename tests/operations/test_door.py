"""Staff come in by the door of everybody, with a second step; nobody else does, and no page is without it."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from merchants.services import confirm_address
from operations.site import StaffSite
from tests.dashboard.people import PASSWORD, app_code, sign_in
from tests.dashboard.test_accounts import turn_on_app

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

HOME = "/admin/"
POLICY = (
    "base-uri 'none'; connect-src 'self'; default-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:; script-src 'self'; style-src 'self'"
)


@pytest.fixture
def boss():
    user = User.objects.create_superuser("ada@example.com", "ada@example.com", PASSWORD)
    confirm_address(user=user)
    return user


def test_strangers_sign_in_where_everybody_does_and_come_back(boss):
    client = Client()

    assert client.get("/admin/invoices/invoice/")["Location"] == "/admin/login/?next=/admin/invoices/invoice/"
    door = client.get("/admin/login/?next=/admin/invoices/invoice/")
    assert door["Location"] == "/dashboard/sign-in/?next=%2Fadmin%2Finvoices%2Finvoice%2F"
    assert sign_in(client, next="/admin/invoices/invoice/")["Location"] == "/admin/invoices/invoice/"
    assert client.get("/admin/invoices/invoice/").status_code == 200


def test_the_site_itself_takes_no_password(boss):
    client = Client()

    answer = client.post("/admin/login/", {"username": "ada@example.com", "password": PASSWORD})

    assert answer["Location"] == "/dashboard/sign-in/?next=%2Fadmin%2F"
    assert client.get(HOME).status_code == 302


def test_the_door_leads_nowhere_else(boss):
    client = Client()
    sign_in(client)

    assert client.get("/admin/login/?next=https://evil.example/")["Location"] == HOME
    assert client.get("/admin/login/?next=//evil.example/")["Location"] == HOME


def test_a_merchant_is_told_that_this_is_for_staff():
    client = Client()
    client.force_login(User.objects.create_user("owner@example.com", "owner@example.com", PASSWORD))

    answer = client.get("/admin/login/")

    assert answer.status_code == 403
    assert b"not as staff" in answer.content


def test_whoever_lost_their_place_is_out_at_once(boss):
    client = Client()
    client.force_login(boss)
    assert client.get(HOME).status_code == 200

    User.objects.update(is_staff=False)

    assert client.get(HOME).status_code == 302


class TestSecondStep:
    def test_staff_with_an_app_are_asked_for_its_code(self, boss):
        first = Client()
        sign_in(first)
        secret = turn_on_app(first)
        fresh = Client()

        assert sign_in(fresh, next=HOME)["Location"].startswith("/dashboard/sign-in/code/")
        assert fresh.get(HOME).status_code == 302
        assert fresh.post("/dashboard/sign-in/code/", {"code": app_code(secret)})["Location"] == HOME
        assert fresh.get(HOME).status_code == 200

    def test_a_session_from_before_the_app_takes_the_step_once(self, boss):
        before = Client()
        sign_in(before)
        assert before.get(HOME).status_code == 200
        other = Client()
        sign_in(other)
        secret = turn_on_app(other)

        assert before.get("/admin/login/")["Location"] == "/dashboard/account/confirm/code/?next=%2Fadmin%2F"
        assert before.get(HOME).status_code == 302
        assert (
            before.post("/dashboard/account/confirm/code/?next=/admin/", {"code": app_code(secret), "next": HOME})[
                "Location"
            ]
            == HOME
        )
        assert before.get(HOME).status_code == 200

    def test_a_passkey_is_asked_for_where_there_is_no_app(self, boss):
        client = Client()
        sign_in(client)
        Authenticator.objects.create(user=boss, type="webauthn", data={})

        assert client.get("/admin/login/")["Location"] == "/dashboard/account/confirm/passkey/?next=%2Fadmin%2F"

    def test_without_one_staff_set_it_up_first(self, boss, settings):
        settings.STAFF_SECOND_STEP = True
        client = Client()
        sign_in(client)

        assert client.get(HOME)["Location"] == "/admin/login/?next=/admin/"
        door = client.get("/admin/login/?next=/admin/")
        assert door.status_code == 403
        assert reverse("mfa_activate_totp").encode() in door.content
        secret = turn_on_app(client)
        client.post("/dashboard/account/confirm/code/", {"code": app_code(secret), "next": HOME})
        fresh = Client()
        assert sign_in(fresh).status_code == 302

    def test_production_demands_it(self):
        import subprocess
        import sys

        from config import env
        from tests.config.test_wiring import PRODUCTION

        done = subprocess.run(
            [sys.executable, "-c", "from django.conf import settings; print(settings.STAFF_SECOND_STEP)"],
            env={"DJANGO_SETTINGS_MODULE": "config.settings.production", "PATH": "/usr/bin:/bin", **PRODUCTION},
            cwd=env.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.stdout.strip() == "True", done.stderr


class TestPages:
    @pytest.mark.parametrize("path", [HOME, "/admin/login/", "/admin/invoices/invoice/", "/admin/jsi18n/"])
    def test_every_page_has_the_strict_policy(self, boss, path):
        client = Client()
        client.force_login(boss)
        User.objects.filter(pk=boss.pk).update(is_staff=path != "/admin/login/")

        answer = client.get(path)

        directives = sorted(part.strip() for part in answer["Content-Security-Policy"].split(";"))
        assert "; ".join(directives) == POLICY
        assert answer["X-Frame-Options"] == "DENY"
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"

    def test_pages_of_other_peoples_apps_are_left_out(self):
        registered = {model._meta.label for model in admin.site._registry}

        assert isinstance(admin.site._wrapped, StaffSite)
        assert not registered & {Authenticator._meta.label, EmailAddress._meta.label, "usersessions.UserSession"}
        assert {"auth.User", "auth.Group"} <= registered

    def test_nobody_sets_anothers_password_or_becomes_them(self, boss):
        client = Client()
        client.force_login(boss)
        other = User.objects.create_user("eve@example.com", "eve@example.com", "x")

        assert client.get(f"/admin/auth/user/{other.pk}/password/").status_code in {302, 404}
        assert client.get("/admin/auth/user/add/").status_code == 403
        assert client.post(f"/admin/auth/user/{other.pk}/change/", {"is_superuser": "on"}).status_code == 403
        assert client.post(f"/admin/auth/user/{other.pk}/delete/", {"post": "yes"}).status_code == 403
        other.refresh_from_db()
        assert (other.is_superuser, other.check_password("x")) == (False, True)

    def test_leaving_and_a_new_password_are_where_everybody_has_them(self, boss):
        client = Client()
        client.force_login(boss)

        assert client.get("/admin/password_change/")["Location"] == "/dashboard/account/password/"
        assert client.post("/admin/logout/")["Location"] == "/dashboard/sign-out/"
