"""From a stranger to a protected account, in real Chromium: with and without JavaScript, phone and wide."""

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from merchants import tasks
from merchants.models import Member
from merchants.services import confirm_address
from tests.browser.conftest import PHONE, WIDE, is_complaint
from tests.dashboard.people import PASSWORD, app_code, mailed_code
from tests.factories import make_merchant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

NEW_PASSWORD = "five more unrelated words"


@pytest.fixture
def window(chromium: Browser):
    """Open windows; at the end none of them complained of anything but the refusals that the tests ask for."""
    opened, problems = [], []

    def open_one(device: dict = WIDE, scheme: str = "light", *, javascript: bool = True) -> Page:
        context = chromium.new_context(**device, color_scheme=scheme, java_script_enabled=javascript)
        page = context.new_page()
        page.on("console", lambda message: is_complaint(message) and problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        opened.append(context)
        return page

    yield open_one
    for context in opened:
        context.close()
    assert problems == []


@pytest.fixture
def ada(transactional_db):
    user = get_user_model().objects.create_user("ada@example.com", "ada@example.com", PASSWORD)
    confirm_address(user=user)
    return user


def sign_in(page: Page, url: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/dashboard/sign-in/")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page, device: dict) -> None:
    if device is PHONE:
        page.get_by_text("Menu", exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(
    ("device", "scheme", "javascript"),
    [(PHONE, "light", False), (WIDE, "dark", True), (PHONE, "dark", True), (WIDE, "light", False)],
    ids=["phone-light-plain", "wide-dark", "phone-dark", "wide-light-plain"],
)
def test_a_newcomer_signs_up_protects_the_account_and_comes_back(window, live_server, device, scheme, javascript):
    page = window(device, scheme, javascript=javascript)
    page.goto(f"{live_server.url}/dashboard/sign-in/")
    page.get_by_role("link", name="Open an account").click()
    page.get_by_label("Name of your business").fill("Analytical Engines")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the account").click()
    expect(page.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    page.get_by_label("Code from the e-mail").fill(mailed_code())
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_title(re.compile("Analytical Engines"))
    assert Member.objects.get().role == "owner"

    page.goto(f"{live_server.url}/dashboard/account/")
    page.get_by_role("link", name="Set up an authenticator app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    secret = page.get_by_role("main").locator("code").inner_text()
    page.get_by_label("Code that the app shows").fill(app_code(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator(".codes li")).to_have_count(10)
    sign_out(page, device)

    sign_in(page, live_server.url)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code from your app").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("This code is wrong")
    page.get_by_label("Code from your app").fill(app_code(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_title(re.compile("Analytical Engines"))


def test_a_passkey_is_added_and_signs_in_alone(window, live_server, ada):
    page = window()
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    phone = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    sign_in(page, live_server.url)
    expect(page.get_by_text("belong to no merchant here")).to_be_visible()
    page.goto(f"{live_server.url}/dashboard/account/passkeys/")
    page.get_by_role("link", name="Add a passkey").first.click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name, to tell it from others").fill("My phone")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    key = Authenticator.objects.get(type="webauthn")
    assert key.data["name"] == "My phone"
    assert "PRIVATE" not in json.dumps(key.data).upper()
    page.get_by_role("button", name="Sign out").click()

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("belong to no merchant here")).to_be_visible()  # Ada is in, and owns no business
    page.goto(f"{live_server.url}/dashboard/account/")
    expect(page.get_by_text("1 passkey")).to_be_visible()

    # As a second step after the password, and one that is refused is said.
    sign_out(page, WIDE)
    sign_in(page, live_server.url)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": phone, "isUserVerified": False})
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": phone})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_forgotten_password_is_replaced(window, live_server, ada, javascript):
    page = window(PHONE, "dark", javascript=javascript)
    page.goto(f"{live_server.url}/dashboard/sign-in/")
    page.get_by_role("link", name=re.compile("Forgot")).click()
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_label("Code from the e-mail")).to_be_visible()
    page.get_by_label("Code from the e-mail").fill(mailed_code())
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password, once more").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("heading", name="Your password is saved")).to_be_visible()

    sign_in(page, live_server.url)
    expect(page.get_by_text("do not belong together")).to_be_visible()
    sign_in(page, live_server.url, NEW_PASSWORD)
    expect(page.get_by_text("belong to no merchant here")).to_be_visible()


@pytest.mark.parametrize(("device", "javascript"), [(PHONE, False), (WIDE, True)], ids=["phone-plain", "wide"])
def test_a_second_person_joins_by_invitation_and_is_removed_again(window, live_server, ada, device, javascript):
    merchant = make_merchant(timezone.now())
    Member.objects.create(user=ada, merchant=merchant, role="owner")
    page = window(device, javascript=javascript)
    sign_in(page, live_server.url)
    expect(page).not_to_have_url(re.compile("sign-in"))
    page.goto(f"{live_server.url}/dashboard/team/")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("E-mail address").fill("bob@example.com")
    page.get_by_role("radio", name=re.compile("^Developer")).check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("status")).to_contain_text("goes out by e-mail")
    tasks.invite_members()
    link = re.search(r"http://testserver(/dashboard/invitation/\S+/)", mail.outbox[-1].body)[1]

    theirs = window(device, "dark", javascript=javascript)
    theirs.goto(f"{live_server.url}{link}")
    theirs.get_by_label("Choose a password").fill(PASSWORD)
    theirs.get_by_role("button", name="Join").click()
    expect(theirs.get_by_role("status")).to_contain_text("Welcome to the team of Acme VPN Services")
    theirs.goto(f"{live_server.url}/dashboard/wallets/")
    expect(theirs.get_by_role("heading", name="Wallets")).to_be_visible()
    expect(theirs.get_by_role("link", name="Add a wallet")).to_have_count(0)

    page.goto(f"{live_server.url}/dashboard/team/")
    page.get_by_role("link", name="Change role bob@example.com").click()
    page.get_by_role("radio", name=re.compile("^Admin")).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("The role was changed")
    theirs.reload()
    expect(theirs.get_by_role("link", name="Add a wallet")).to_be_visible()

    page.get_by_role("link", name="Remove bob@example.com").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("The member was removed")
    theirs.reload()
    expect(theirs.get_by_text("belong to no merchant here")).to_be_visible()


def test_whoever_opened_a_business_by_the_api_chooses_a_password_and_signs_in(window, live_server, transactional_db):
    make_merchant(timezone.now(), email="ada@example.com")
    tasks.invite_members()
    link = re.search(r"http://testserver(/dashboard/password/\S+/)", mail.outbox[-1].body)[1]
    page = window(PHONE, javascript=False)
    page.goto(f"{live_server.url}{link}")

    for field in ("New password", "New password confirmation"):
        page.get_by_label(field, exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Save password").click()

    expect(page.get_by_text("Your password is saved")).to_be_visible()
    sign_in(page, live_server.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile("/dashboard/"))
