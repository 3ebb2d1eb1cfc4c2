"""What an invoice's customer may choose, as its merchant sees it."""

from html import unescape

import pytest
from django.utils import timezone

from invoices.services import OptionOrder
from payments.services import choose_option
from tests.factories import make_invoice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]


def test_options_destinations_and_each_rate_in_its_own_asset_are_shown(owner, merchant):
    invoice = make_invoice(merchant, timezone.now(), payment_options=(OptionOrder("BTC"),))
    first = invoice.address
    chosen = choose_option(public_id=invoice.public_id, asset_code="BTC", network="sandbox", now=timezone.now())

    page = unescape(owner.get(f"/dashboard/invoices/{invoice.public_id}/").content.decode())

    assert all(text in page for text in ("USDT · Sandbox", "BTC · Sandbox", first, chosen.address))
    assert "Another way to pay was chosen" in page
    assert f"{chosen.asset.to_amount(chosen.amount_units):f} BTC in all" in page
    assert "16.49 USDT in all" in page


def test_an_invoice_without_a_choice_says_nothing_of_one(owner, merchant):
    invoice = make_invoice(merchant, timezone.now())

    assert 'id="choice"' not in owner.get(f"/dashboard/invoices/{invoice.public_id}/").content.decode()
