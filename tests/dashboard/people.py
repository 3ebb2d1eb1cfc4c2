"""People who come to the door, and what they were mailed."""

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client

PASSWORD = "four unrelated words"


def sign_in(client: Client, email: str = "ada@example.com", password: str = PASSWORD, **more: str):
    return client.post("/dashboard/sign-in/", {"login": email, "password": password, **more})


def sign_up(client: Client, email: str = "ada@example.com", business: str = "Analytical Engines"):
    return client.post("/dashboard/sign-up/", {"business_name": business, "email": email, "password1": PASSWORD})


def mailed_code(to: str = "ada@example.com") -> str:
    """Return the code of the last mail to an address."""
    message = next(each for each in reversed(mail.outbox) if each.to == [to])
    return re.search(r"^([A-Z]{4}-[A-Z]{4}|[A-Z]{3}-[A-Z]{3})$", message.body, re.MULTILINE)[1]


def app_code(secret: str) -> str:
    """Return what an authenticator app shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))
