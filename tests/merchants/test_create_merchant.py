"""The operator's way to open an account."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from merchants.models import Merchant
from merchants.selectors import authenticate_key

pytestmark = pytest.mark.django_db


def test_an_account_is_opened_where_nobody_may_sign_up(settings):
    settings.MERCHANT_SIGNUP = "closed"
    printed = StringIO()

    call_command("create_merchant", "Acme", "owner@example.com", "--plan", "pro", stdout=printed)

    merchant = Merchant.objects.get()
    assert (merchant.business_name, merchant.plan_id) == ("Acme", "pro")
    live_key = next(line.split()[-1] for line in printed.getvalue().splitlines() if line.startswith("live key"))
    assert authenticate_key(live_key).merchant == merchant


@pytest.mark.parametrize(
    "arguments", [("Acme", "no address"), ("", "owner@example.com"), ("Acme", "owner@example.com", "--plan", "nope")]
)
def test_nonsense_is_refused_in_words(arguments):
    with pytest.raises(CommandError):
        call_command("create_merchant", *arguments)
    assert Merchant.objects.count() == 0
