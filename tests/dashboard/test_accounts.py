"""People's own accounts: sign-up with a business, checked addresses, second steps, resets, devices, limits."""

import re
from smtplib import SMTPServerDisconnected

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client
from django.urls import reverse

from config.settings.base import cache_settings
from dashboard import account_urls
from dashboard.accounts.devices import device_name
from merchants.models import APIKey, Member, Merchant
from merchants.services import confirm_address
from tests.dashboard.people import PASSWORD, app_code, mailed_code, sign_in, sign_up
from tests.dashboard.test_access import POLICY

pytestmark = pytest.mark.django_db

# Open to anybody; those in the second line lead away unless one is under way.
DOORS = {
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_inactive",
    "account_password_reset_completed",
}
DOORS_WITHIN = {
    "mfa_authenticate",
    "mfa_login_webauthn",
    "account_logout",
    "account_email_verification_sent",
    "account_confirm_password_reset_code",
    "account_complete_password_reset",
}
# For whoever is signed in, with or without a merchant, and nobody else.
OWN = {
    "mfa_index",
    "account_email",
    "account_change_password",
    "account_set_password",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "usersessions_list",
}
NEEDS_SECOND_STEP = {
    "mfa_reauthenticate",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate_webauthn",
}
KEYS = {"mfa_remove_webauthn", "mfa_edit_webauthn"}


@pytest.fixture
def ada(db):
    user = get_user_model().objects.create_user("ada@example.com", "ada@example.com", PASSWORD)
    confirm_address(user=user)
    return user


@pytest.fixture
def client(ada):
    client = Client()
    assert sign_in(client).status_code == 302
    return client


def secret_of(answer) -> str:
    return re.search(r"<code[^>]*>([A-Z2-7]{32})</code>", answer.content.decode())[1]


def prove(client) -> None:
    """Give the password once more, which what changes signing in asks for."""
    assert client.post("/dashboard/account/confirm/", {"password": PASSWORD}).status_code == 302


def turn_on_app(client) -> str:
    prove(client)
    secret = secret_of(client.get(reverse("mfa_activate_totp")))
    assert client.post(reverse("mfa_activate_totp"), {"code": app_code(secret)}).status_code == 302
    return secret


class TestTheTable:
    def test_it_has_every_url(self):
        assert {each.name for each in account_urls.urlpatterns} == DOORS | DOORS_WITHIN | OWN | KEYS

    @pytest.mark.parametrize("name", sorted(DOORS))
    def test_doors_are_open_and_strict(self, name):
        answer = Client().get(reverse(name))

        assert answer.status_code == 200
        assert {part.strip() for part in answer["Content-Security-Policy"].split(";")} == set(POLICY.split("; "))
        assert "no-store" in answer["Cache-Control"]
        assert b"style=" not in answer.content

    @pytest.mark.parametrize("name", sorted(DOORS_WITHIN))
    def test_rooms_behind_a_door_lead_back_to_it(self, name):
        answer = Client().get(reverse(name))

        assert answer["Location"] in {"/dashboard/sign-in/", "/dashboard/forgotten/"}

    @pytest.mark.parametrize("method", ["get", "post"])
    @pytest.mark.parametrize("name", sorted(OWN))
    def test_what_is_ones_own_is_closed_to_strangers(self, name, method):
        answer = getattr(Client(), method)(reverse(name))

        assert answer.status_code == 302
        assert answer["Location"].startswith("/dashboard/sign-in/")

    @pytest.mark.parametrize("name", sorted(OWN - NEEDS_SECOND_STEP))
    def test_what_is_ones_own_works_without_a_merchant(self, client, name):
        prove(client)

        answer = client.get(reverse(name), follow=True)

        assert answer.status_code == 200
        assert "Content-Security-Policy" in answer.headers

    @pytest.mark.parametrize("name", sorted(NEEDS_SECOND_STEP))
    def test_what_needs_a_second_step_is_there_with_one(self, client, name):
        before = client.get(reverse(name), follow=True)
        turn_on_app(client)
        after = client.get(reverse(name), follow=True)

        assert before.status_code in {200, 404}  # asked for the password, or nothing is there
        assert after.status_code == 200

    @pytest.mark.parametrize("name", sorted(KEYS))
    def test_another_persons_passkey_does_not_exist(self, client, name):
        bob = get_user_model().objects.create_user("bob@example.com", "bob@example.com", PASSWORD)
        prove(client)
        key = Authenticator.objects.create(user=bob, type="webauthn", data={"name": "Bob's", "credential": {}})

        for answer in (
            client.get(reverse(name, kwargs={"pk": key.pk})),
            client.post(reverse(name, kwargs={"pk": key.pk})),
        ):
            assert answer.status_code == 404
        assert Authenticator.objects.filter(pk=key.pk).exists()


class TestSignUp:
    def test_a_person_and_a_business_are_made_and_the_address_is_checked(self):
        client = Client()

        answer = sign_up(client)

        assert answer["Location"] == "/dashboard/verify/"
        assert client.get("/dashboard/")["Location"].startswith("/dashboard/sign-in/")
        member = Member.objects.get()
        assert (member.role, member.user.username, member.user.email) == ("owner", "ada@example.com", "ada@example.com")
        assert (member.merchant.business_name, member.merchant.contact_email) == (
            "Analytical Engines",
            "ada@example.com",
        )
        assert member.invited_at is not None
        assert APIKey.objects.filter(merchant=member.merchant).count() == 2
        assert client.post("/dashboard/verify/", {"code": mailed_code()})["Location"] == "/dashboard/"
        assert EmailAddress.objects.get().verified
        assert client.get("/dashboard/wallets/").status_code == 200

    def test_a_wrong_code_is_told_beside_its_field_and_the_fifth_ends_it(self):
        client = Client()
        sign_up(client)

        wrong = [client.post("/dashboard/verify/", {"code": "AAAA-AAAA"}) for _ in range(5)]

        assert [answer.status_code for answer in wrong] == [422, 422, 422, 422, 302]
        assert b"This code is wrong or no longer valid" in wrong[0].content
        assert not EmailAddress.objects.filter(verified=True).exists()

    def test_signing_up_twice_tells_no_stranger_that_there_is_an_account(self, ada):
        known, unknown = sign_up(Client()), sign_up(Client(), email="bob@example.com")

        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        assert Merchant.objects.count() == 1
        assert "You have an account already" in [message.subject for message in mail.outbox]

    @pytest.mark.parametrize("policy", ["invite", "closed"])
    def test_where_the_operator_takes_nobody_nothing_is_made(self, settings, policy):
        settings.MERCHANT_SIGNUP = policy
        client = Client()

        answer = sign_up(client)

        assert b"No new accounts here" in answer.content
        assert not Merchant.objects.exists()
        assert not get_user_model().objects.exists()
        assert b"Open an account" not in client.get("/dashboard/sign-in/").content

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"password1": "12345"}, b"This password is too short"),
            ({"business_name": ""}, b"This field is required"),
            ({"email": "nonsense"}, b"Enter a valid email address"),
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field(self, changes, problem):
        order = {"business_name": "A", "email": "ada@example.com", "password1": PASSWORD, **changes}

        answer = Client().post("/dashboard/sign-up/", order)

        assert answer.status_code == 422
        assert problem in answer.content
        assert b'aria-invalid="true"' in answer.content
        assert not Merchant.objects.exists()

    def test_a_mail_server_that_is_away_is_told_and_loses_nothing(self, monkeypatch):
        def fail(*_, **__):
            raise SMTPServerDisconnected("away")

        client = Client()
        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
            page = client.get(sign_up(client)["Location"])

        assert b"could not be sent just now" in page.content
        client.post("/dashboard/verify/", {"action": "resend"})
        assert client.post("/dashboard/verify/", {"code": mailed_code()})["Location"] == "/dashboard/"

    def test_a_newcomer_is_told_where_mails_are_when_there_is_no_mail_server(self, settings):
        settings.MAIL_IS_SHOWN = True

        assert b"shown in the log" in Client().get("/dashboard/sign-up/").content


class TestSignIn:
    def test_an_address_that_was_never_checked_is_checked_first(self):
        user = get_user_model().objects.create_user("ada@example.com", "ada@example.com", PASSWORD)
        client = Client()

        assert sign_in(client)["Location"] == "/dashboard/verify/"
        assert client.get("/dashboard/account/").status_code == 302
        client.post("/dashboard/verify/", {"code": mailed_code()})

        assert client.get("/dashboard/account/").status_code == 200
        assert EmailAddress.objects.get(user=user).verified

    def test_with_a_second_step_the_password_alone_opens_nothing(self, client):
        secret = turn_on_app(client)
        fresh = Client()

        assert sign_in(fresh)["Location"] == "/dashboard/sign-in/code/"
        assert fresh.get("/dashboard/account/")["Location"].startswith("/dashboard/sign-in/")
        assert fresh.post("/dashboard/sign-in/code/", {"code": "000000"}).status_code == 422
        assert fresh.post("/dashboard/sign-in/code/", {"code": app_code(secret)})["Location"] == "/dashboard/"
        assert fresh.get("/dashboard/account/").status_code == 200

    def test_a_code_opens_once(self, client):
        secret = turn_on_app(client)
        first, second = Client(), Client()
        code = app_code(secret)
        sign_in(first)
        sign_in(second)

        assert first.post("/dashboard/sign-in/code/", {"code": code}).status_code == 302
        assert second.post("/dashboard/sign-in/code/", {"code": code}).status_code == 422

    def test_a_recovery_code_opens_once(self, client):
        turn_on_app(client)
        codes = re.findall(
            r'<li class="code">(\d{8})</li>', client.get(reverse("mfa_view_recovery_codes")).content.decode()
        )
        assert len(codes) == 10
        first, second = Client(), Client()
        sign_in(first)
        sign_in(second)

        assert first.post("/dashboard/sign-in/code/", {"code": codes[0]}).status_code == 302
        assert second.post("/dashboard/sign-in/code/", {"code": codes[0]}).status_code == 422

    def test_without_valkey_recovery_codes_work_and_codes_of_apps_are_refused(self, client, settings):
        secret = turn_on_app(client)
        page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
        recovery = re.search(r'<li class="code">(\d{8})</li>', page)[1]
        settings.CACHES = {"default": cache_settings("redis://127.0.0.1:1/0")}
        fresh = Client()

        assert sign_in(fresh)["Location"] == "/dashboard/sign-in/code/"
        refused = fresh.post("/dashboard/sign-in/code/", {"code": app_code(secret)})
        assert refused.status_code == 422
        assert b"cannot be checked just now" in refused.content
        assert fresh.post("/dashboard/sign-in/code/", {"code": recovery})["Location"] == "/dashboard/"

    def test_guessing_codes_ends_after_ten_even_with_the_right_one(self, client):
        secret = turn_on_app(client)
        fresh = Client()
        sign_in(fresh)

        for _ in range(10):
            fresh.post("/dashboard/sign-in/code/", {"code": "000000"})
        answer = fresh.post("/dashboard/sign-in/code/", {"code": app_code(secret)})

        assert answer.status_code == 422
        assert b"Too many attempts" in answer.content

    def test_one_address_sends_only_so_many_forms(self, db):
        client = Client()
        answers = [client.post("/dashboard/forgotten/", {"email": f"p{n}@example.com"}).status_code for n in range(61)]

        assert answers == [302] * 60 + [429]

    def test_the_key_of_the_app_is_encrypted_in_the_database(self, client):
        secret = turn_on_app(client)

        stored = Authenticator.objects.get(type="totp").data["secret"]

        assert secret not in stored
        assert stored.startswith("gAAAA")

    def test_what_changes_signing_in_asks_for_the_password_again_and_after_five_minutes_once_more(self, client):
        assert client.get(reverse("mfa_activate_totp"))["Location"].startswith("/dashboard/account/confirm/")
        assert client.post("/dashboard/account/confirm/", {"password": "wrong"}).status_code == 422
        prove(client)
        assert client.get(reverse("mfa_activate_totp")).status_code == 200
        session = client.session
        for record in session["account_authentication_methods"]:
            record["at"] -= 301
        session.save()

        assert client.get(reverse("mfa_activate_totp"))["Location"].startswith("/dashboard/account/confirm/")


class TestResetting:
    def test_a_code_and_a_new_password_and_every_other_device_is_signed_out(self, client):
        visitor = Client()

        visitor.post("/dashboard/forgotten/", {"email": "ada@example.com"})
        assert (
            visitor.post("/dashboard/forgotten/code/", {"code": mailed_code()})["Location"]
            == "/dashboard/forgotten/new/"
        )
        new = {"password1": "five more unrelated words", "password2": "five more unrelated words"}
        assert visitor.post("/dashboard/forgotten/new/", new)["Location"] == "/dashboard/forgotten/done/"

        assert client.get("/dashboard/account/").status_code == 302
        assert sign_in(Client(), password=PASSWORD).status_code == 422
        assert sign_in(Client(), password="five more unrelated words")["Location"] == "/dashboard/"

    def test_a_reset_does_not_go_round_the_second_step(self, client):
        turn_on_app(client)
        visitor = Client()
        visitor.post("/dashboard/forgotten/", {"email": "ada@example.com"})
        visitor.post("/dashboard/forgotten/code/", {"code": mailed_code()})
        new = {"password1": "five more unrelated words", "password2": "five more unrelated words"}
        visitor.post("/dashboard/forgotten/new/", new)

        assert sign_in(visitor, password="five more unrelated words")["Location"] == "/dashboard/sign-in/code/"

    def test_nobody_learns_who_has_an_account(self, ada):
        known, unknown = (
            Client().post("/dashboard/forgotten/", {"email": email}) for email in ("ada@example.com", "bob@example.com")
        )

        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        assert [message.to for message in mail.outbox] == [["ada@example.com"], ["bob@example.com"]]

    def test_one_address_gets_five_codes_an_hour(self, ada):
        answers = [Client().post("/dashboard/forgotten/", {"email": "ada@example.com"}).status_code for _ in range(6)]

        assert answers == [302] * 5 + [422]
        assert len(mail.outbox) == 5

    def test_a_person_who_was_mailed_a_link_by_the_api_signs_in_without_another_check(self):
        from django.utils import timezone

        from merchants import tasks
        from tests.factories import make_merchant

        make_merchant(timezone.now())
        tasks.invite_members()
        visitor = Client()
        link = re.search(r"http://testserver(/dashboard/password/\S+/)", mail.outbox[0].body)[1]
        page = visitor.get(link, follow=True)
        form = {"new_password1": PASSWORD, "new_password2": PASSWORD}
        visitor.post(page.request["PATH_INFO"], form)

        assert sign_in(visitor, "owner@example.com")["Location"] == "/dashboard/"


class TestOnesAccount:
    def test_the_address_changes_once_the_new_one_is_checked(self, client, ada):
        client.post(reverse("account_email"), {"email": "countess@example.com", "action_add": ""})
        ada.refresh_from_db()
        assert ada.email == "ada@example.com"

        client.post("/dashboard/verify/", {"code": mailed_code("countess@example.com")})

        ada.refresh_from_db()
        assert ada.email == "countess@example.com"
        assert sign_in(Client(), "ada@example.com").status_code == 422
        assert sign_in(Client(), "countess@example.com").status_code == 302

    def test_the_password_changes_with_the_old_one_and_a_mail_says_so(self, client):
        new = {"password1": "five more unrelated words", "password2": "five more unrelated words"}

        refused = client.post(reverse("account_change_password"), {"oldpassword": "wrong", **new})
        changed = client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **new})

        assert refused.status_code == 422
        assert b"This is not your password" in refused.content
        assert changed.status_code == 302
        assert mail.outbox[-1].to == ["ada@example.com"]
        assert "Was it not you?" in mail.outbox[-1].body

    def test_devices_are_listed_and_signed_out_one_by_one(self, ada):
        phone, laptop = (
            Client(headers={"User-Agent": agent})
            for agent in (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604",
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            )
        )
        sign_in(phone)
        sign_in(laptop)

        page = laptop.get(reverse("usersessions_list")).content.decode()
        assert "Safari on iPhone" in page
        assert "Firefox on Linux" in page
        chosen = re.search(r'name="session" value="(\d+)"', page)[1]
        laptop.post(reverse("usersessions_list"), {"session": chosen})

        assert phone.get("/dashboard/account/").status_code == 302
        assert laptop.get("/dashboard/account/").status_code == 200

    def test_nobody_signs_out_another_persons_device(self, client):
        bob = get_user_model().objects.create_user("bob@example.com", "bob@example.com", PASSWORD)
        confirm_address(user=bob)
        theirs = Client()
        sign_in(theirs, "bob@example.com")
        session = bob.usersession_set.get()

        client.post(reverse("usersessions_list"), {"session": str(session.pk)})

        assert theirs.get("/dashboard/account/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537 Chrome/130.0 Safari/537 Edg/130.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/17 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/130.0 Mobile Safari/537", "Chrome on Android"),
        ("curl/8.5", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_devices_have_names_that_people_know(agent, name):
    assert device_name(agent) == name


def ask_for_reset(client, email):
    return client.post(reverse("account_reset_password"), {"email": email})


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password was hashed, which is what takes time."""

    count = 0

    def encode(self, password, salt):
        type(self).count += 1
        return super().encode(password, salt)


def test_a_refused_sign_in_takes_as_much_work_whether_or_not_there_is_an_account(ada, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    ada.set_password(PASSWORD)
    ada.save()
    work = {}
    for email in ("ada@example.com", "nobody@example.com"):
        before = CountingHasher.count
        answer = Client().post("/dashboard/sign-in/", {"login": email, "password": "a wrong password"})
        assert answer.status_code == 422
        work[email] = CountingHasher.count - before

    assert work["ada@example.com"] == work["nobody@example.com"] > 0


@pytest.mark.parametrize("ask", [lambda client, email: sign_up(client, email=email), ask_for_reset])
def test_signing_up_and_resetting_work_as_much_and_write_as_many_mails_for_everybody(ada, settings, ask):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    done = {}
    for email in ("ada@example.com", "nobody@example.com"):
        before = CountingHasher.count, len(mail.outbox)
        answer = ask(Client(), email)
        done[email] = (answer.status_code, answer.url, CountingHasher.count - before[0], len(mail.outbox) - before[1])

    assert done["ada@example.com"] == done["nobody@example.com"]
    assert done["ada@example.com"][3] == 1
