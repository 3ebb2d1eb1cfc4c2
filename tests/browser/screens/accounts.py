"""Signing up, signing in, and one's own account."""

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from playwright.sync_api import Page

from merchants.services import confirm_address
from tests.browser.screens import Stage, screen
from tests.dashboard.people import PASSWORD


def _sign_in(page: Page) -> None:
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _prove(page: Page) -> None:
    if page.get_by_role("heading", name="Is it you?").count():  # the second device has proved it on the first
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Your account").first.wait_for(state="attached")


def _with_second_step(stage: Stage) -> None:
    confirm_address(user=stage.person)
    TOTP.activate(stage.person, generate_totp_secret())
    RecoveryCodes.activate(stage.person)


def _with_passkey(stage: Stage) -> None:
    _with_second_step(stage)
    Authenticator.objects.create(
        user=stage.person,
        type="webauthn",
        data={"name": "Ada's phone", "credential": {"clientExtensionResults": {"credProps": {"rk": True}}}},
    )


@screen("accounts", "sign in")
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/sign-in/"


def _wrong(page: Page) -> None:
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("do not belong together").wait_for()


@screen("accounts", "sign in wrong", act=_wrong)
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/sign-in/"


@screen("accounts", "sign up without a mail server")
def _(stage: Stage) -> str:
    stage.visitor, stage.settings.MAIL_IS_SHOWN = True, True
    return "/dashboard/sign-up/"


def _weak(page: Page) -> None:
    page.get_by_label("Name of your business").fill("Analytical Engines")
    page.get_by_label("E-mail address").fill("charles@example.com")
    page.get_by_label("Password").fill("12345")
    page.get_by_role("button", name="Open the account").click()
    page.get_by_role("alert").first.wait_for()


@screen("accounts", "sign up wrong", act=_weak)
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/sign-up/"


@screen("accounts", "sign up closed")
def _(stage: Stage) -> str:
    stage.visitor, stage.settings.MERCHANT_SIGNUP = True, "invite"
    return "/dashboard/sign-up/"


def _verify(page: Page) -> None:
    _sign_in(page)
    page.get_by_role("heading", name="Check your e-mail").wait_for()


@screen("accounts", "verify", act=_verify)
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/sign-in/"


def _second(page: Page) -> None:
    _sign_in(page)
    page.get_by_role("heading", name="One more step").wait_for()


@screen("accounts", "second step", act=_second)
def _(stage: Stage) -> str:
    stage.visitor = True
    _with_second_step(stage)
    return "/dashboard/sign-in/"


@screen("accounts", "forgotten")
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/forgotten/"


def _reset_code(page: Page) -> None:
    page.get_by_label("E-mail address").fill("nobody@example.com")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_role("heading", name="Enter the code").wait_for()


@screen("accounts", "forgotten code", act=_reset_code)
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/forgotten/"


@screen("accounts", "forgotten done")
def _(stage: Stage) -> str:
    stage.visitor = True
    return "/dashboard/forgotten/done/"


@screen("accounts", "account")
def _(stage: Stage) -> str:
    return "/dashboard/account/"


@screen("accounts", "account with second step")
def _(stage: Stage) -> str:
    _with_passkey(stage)
    return "/dashboard/account/"


@screen("accounts", "e-mail")
def _(stage: Stage) -> str:
    return "/dashboard/account/e-mail/"


@screen("accounts", "password")
def _(stage: Stage) -> str:
    return "/dashboard/account/password/"


@screen("accounts", "prove")
def _(stage: Stage) -> str:
    _with_second_step(stage)
    return "/dashboard/account/app/remove/"


@screen("accounts", "set up app", act=_prove)
def _(stage: Stage) -> str:
    confirm_address(user=stage.person)
    return "/dashboard/account/app/"


@screen("accounts", "remove app", act=_prove)
def _(stage: Stage) -> str:
    _with_second_step(stage)
    return "/dashboard/account/app/remove/"


@screen("accounts", "recovery codes", act=_prove)
def _(stage: Stage) -> str:
    _with_second_step(stage)
    return "/dashboard/account/confirm/?next=/dashboard/account/recovery-codes/"


@screen("accounts", "passkeys")
def _(stage: Stage) -> str:
    _with_passkey(stage)
    return "/dashboard/account/passkeys/"


@screen("accounts", "passkeys empty")
def _(stage: Stage) -> str:
    return "/dashboard/account/passkeys/"


@screen("accounts", "add a passkey", act=_prove)
def _(stage: Stage) -> str:
    confirm_address(user=stage.person)
    return "/dashboard/account/passkeys/add/"


@screen("accounts", "devices")
def _(stage: Stage) -> str:
    confirm_address(user=stage.person)
    for agent in ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604", "curl/8.5"):
        elsewhere = Client(headers={"User-Agent": agent})
        elsewhere.post("/dashboard/sign-in/", {"login": "ada@example.com", "password": PASSWORD})
    return "/dashboard/account/devices/"


@screen("accounts", "sign out")
def _(stage: Stage) -> str:
    return "/dashboard/sign-out/"
