"""The customer chooses what to pay in, with a form that needs no script."""

import pytest
from django.utils import timezone

from chains.sandbox import services as sandbox
from events.models import Event
from invoices.models import Invoice
from invoices.services import OptionOrder
from merchants.services import add_wallet, remove_wallet
from payments.services import scan
from tests.chains.test_addresses import ETH_ACCOUNT
from tests.factories import make_invoice, make_merchant
from tests.paypages.test_views import text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(valkey):
    return make_merchant(timezone.now())


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now(), payment_options=(OptionOrder("BTC"), OptionOrder("USDC")))


def choose(client, invoice, option="BTC@sandbox", query=""):
    return client.post(url(invoice, f"/option{query}"), {"option": option})


def test_the_options_are_buttons_and_the_present_one_is_pressed(client, invoice):
    body = client.get(url(invoice)).content.decode()

    assert "Pay with" in body
    assert [body.count(f'aria-pressed="{pressed}"') for pressed in ("true", "false")] == [1, 2]
    assert body.index('value="USDT@sandbox"') < body.index('aria-pressed="true"') < body.index('value="BTC@sandbox"')


def test_an_invoice_without_a_choice_has_no_buttons(client, merchant):
    assert 'id="options"' not in client.get(url(make_invoice(merchant, timezone.now()))).content.decode()


def test_a_choice_leads_back_to_the_page_which_asks_for_the_other_coin(client, invoice):
    answer = choose(client, invoice)

    assert (answer.status_code, answer["Location"]) == (303, url(invoice))
    page = client.get(url(invoice))
    invoice.refresh_from_db()
    assert invoice.asset_code == "BTC"
    assert f'data-copy="{invoice.address}"' in page.content.decode()
    assert "Send only BTC on Sandbox." in text_of(page)
    chosen = Event.objects.get(type="invoice.option_chosen")
    assert (chosen.actor, chosen.data["chosen_by"]) == ("customer", "customer")


def test_a_script_gets_the_part_that_changes(client, invoice):
    answer = choose(client, invoice, query="?live")

    body = answer.content.decode()
    assert answer.status_code == 200
    assert 'data-option="BTC@sandbox"' in body
    assert "<html" not in body


def test_what_is_not_offered_is_refused(client, invoice):
    for option in ("ETH@sandbox", "BTC", "", "@", "BTC@sandbox@"):
        assert choose(client, invoice, option).status_code == 422
    assert choose(client, Invoice(pk=invoice.pk, merchant=invoice.merchant)).status_code == 303
    assert client.post("/invoice/inv_none/option", {"option": "BTC@sandbox"}).status_code == 404
    assert client.get(url(invoice, "/option"))["Location"] == url(invoice)


def test_once_something_is_seen_there_is_no_choice_and_a_late_one_shows_the_page(client, invoice):
    sandbox.send(address=invoice.address, asset_code="USDT", units=1_000_000, now=timezone.now())
    scan(network="sandbox", now=timezone.now())

    assert 'id="options"' not in client.get(url(invoice)).content.decode()
    assert choose(client, invoice)["Location"] == url(invoice)
    invoice.refresh_from_db()
    assert (invoice.asset_code, invoice.status) == ("USDT", "partial")


def test_what_cannot_be_had_now_is_said_and_leaves_the_rest(client, merchant, settings):
    settings.CHAINS = {name: {"rpc_urls": ["http://127.0.0.1:1"]} for name in ("ethereum", "base")}
    settings.RATE_SOURCES = ["fixed"]
    now = timezone.now()
    wallets = [add_wallet(merchant=merchant, network=name, xpub=ETH_ACCOUNT, now=now) for name in ("ethereum", "base")]
    options = (OptionOrder("USDC", "ethereum"), OptionOrder("USDC", "base"))
    invoice = make_invoice(merchant, now, livemode=True, crypto_currency=None, payment_options=options)
    remove_wallet(merchant=merchant, wallet_id=wallets[1].public_id, now=now)

    answer = choose(client, invoice, "USDC@base")
    part = choose(client, invoice, "USDC@base", query="?live")

    assert (answer.status_code, answer["Location"]) == (303, url(invoice, "?option=refused"))
    assert "not available at the moment" in part.content.decode()
    invoice.refresh_from_db()
    assert invoice.network == "ethereum"


def test_a_refused_choice_is_told_on_the_page(client, invoice):
    assert "not available at the moment" in text_of(client.get(url(invoice, "?option=refused")))
    assert "not available at the moment" not in text_of(client.get(url(invoice)))


def test_choices_are_limited_by_address(client, invoice):
    answers = [choose(client, invoice, option).status_code for option in ["BTC@sandbox", "USDC@sandbox"] * 31]

    assert answers[-1] == 429
