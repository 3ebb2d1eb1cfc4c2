"""What an invoice can be paid in, over the wire: offered by its merchant, chosen by whoever knows its id."""

from decimal import Decimal

import pytest
from django.utils import timezone

from invoices.models import Invoice
from payments.services import TransferOrder, send_transfer
from tests.api.conftest import Api
from tests.api.orders import ORDER, SMALL
from tests.api.signed_up import signed_up

pytestmark = pytest.mark.django_db

OPTIONS = [{"crypto_currency": "USDT"}, {"crypto_currency": "BTC", "network": "sandbox"}, {"crypto_currency": "ETH"}]


@pytest.fixture
def account():
    return signed_up(timezone.now())


@pytest.fixture
def api(account):
    return Api(account.test_api_key)


def offer(api, **more):
    answer = api.post("/invoices", {**SMALL, "payment_options": OPTIONS, **more})
    assert answer.status == 201, answer.body
    return answer.body


def shown(body):
    return [(option["crypto_currency"], option["network"], option["current"]) for option in body["payment_options"]]


def test_an_invoice_lists_its_options_and_which_is_current(api):
    made = offer(api)

    expected = [("USDT", "sandbox", True), ("BTC", "sandbox", False), ("ETH", "sandbox", False)]
    assert shown(made) == expected
    assert shown(api.get(f"/invoices/{made['id']}").body) == expected
    assert shown(Api().get(f"/public/invoice/{made['id']}").body) == expected
    assert shown(api.get("/invoices").body["invoices"][0]) == expected


def test_an_invoice_without_a_choice_lists_none(api):
    assert api.post("/invoices", ORDER).body["payment_options"] == []


def test_anybody_who_knows_the_invoice_chooses(api):
    made = offer(api)

    answer = Api().post(f"/public/invoice/{made['id']}/option", {"crypto_currency": "BTC", "network": "sandbox"})

    assert answer.status == 200, answer.body
    assert shown(answer.body)[1] == ("BTC", "sandbox", True)
    assert (answer.body["crypto_currency"], "usdt_amount" in answer.body) == ("BTC", False)
    assert answer.body["address"] != made["address"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    merchants = api.get(f"/invoices/{made['id']}").body
    assert [place["address"] for place in merchants["destinations"]] == [made["address"], answer.body["address"]]
    chosen = [entry for entry in merchants["audit_log"] if entry["event"] == "invoice.option_chosen"]
    assert [entry["actor"] for entry in chosen] == ["customer"]


def test_a_code_of_an_address_that_may_change_is_kept_by_no_cache(api):
    made = offer(api)
    path = f"/public/invoice/{made['id']}"

    before = Api().get(f"{path}/qr?content=address")
    chosen = Api().post(f"{path}/option", {"crypto_currency": "BTC", "network": "sandbox"}).body
    after = Api().get(f"{path}/qr?content=address")

    assert before.headers["Cache-Control"] == "public, no-cache"
    assert before.headers["ETag"] != after.headers["ETag"]
    assert chosen["crypto_currency"] == "BTC"
    assert made["qr_code_url"] != api.get(f"/invoices/{made['id']}").body["qr_code_url"]
    plain = api.post("/invoices", ORDER).body
    assert Api().get(f"/public/invoice/{plain['id']}/qr").headers["Cache-Control"] == "public, max-age=86400"


def test_it_says_why_it_refuses(api, account):
    made = offer(api)
    path = f"/public/invoice/{made['id']}/option"

    unknown = Api().post(path, {"crypto_currency": "TRX", "network": "sandbox"})
    nobody = Api().post("/public/invoice/inv_0/option", {"crypto_currency": "BTC", "network": "sandbox"})
    incomplete = Api().post(path, {"crypto_currency": "BTC"})
    Invoice.objects.update(status="cancelled", cancelled_at=timezone.now())
    over = Api().post(path, {"crypto_currency": "BTC", "network": "sandbox"})

    answers = (unknown, nobody, incomplete, over)
    assert [(answer.status, answer.body["error"]["code"]) for answer in answers] == [
        (422, "PAYMENT_OPTION_NOT_OFFERED"),
        (404, "INVOICE_NOT_FOUND"),
        (422, "MISSING_FIELD"),
        (409, "PAYMENT_OPTION_FIXED"),
    ]


def test_it_is_limited_by_address(api, settings):
    settings.API_RATE_LIMITS = {"option": 2}
    path = f"/public/invoice/{offer(api)['id']}/option"

    answers = [Api().post(path, {"crypto_currency": "BTC", "network": "sandbox"}) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        ([], "OUT_OF_RANGE", "payment_options"),
        ([{"crypto_currency": "USDT"}] * 13, "OUT_OF_RANGE", "payment_options"),
        ([{"network": "sandbox"}], "MISSING_FIELD", "payment_options[0].crypto_currency"),
        ([{"crypto_currency": "BTC", "network": "tron"}], "UNKNOWN_CRYPTO_CURRENCY", "payment_options[0].network"),
        (
            [{"crypto_currency": "BTC"}, {"crypto_currency": "XYZ"}],
            "UNKNOWN_CRYPTO_CURRENCY",
            "payment_options[1].crypto_currency",
        ),
    ],
)
def test_a_bad_list_is_refused_by_its_place(api, options, code, field):
    answer = api.post("/invoices", {**SMALL, "payment_options": options})

    assert (answer.status, answer.body["error"]["code"], answer.body["error"]["field"]) == (422, code, field)
    assert not Invoice.objects.exists()


def test_a_live_option_without_a_wallet_is_named(account, settings):
    settings.CHAINS = {"tron": {"rpc_urls": ["https://node.example"]}}
    settings.RATE_SOURCES = ["fixed"]

    answer = Api(account.api_key).post(
        "/invoices", {**SMALL, "payment_options": [{"crypto_currency": "USDT", "network": "tron"}]}
    )

    error = answer.body["error"]
    assert (answer.status, error["code"], error["field"]) == (422, "NO_WALLET_CONFIGURED", "payment_options[0].network")


def test_the_settings_hold_a_list_for_orders_that_name_nothing(account, api):
    wanted = [{"crypto_currency": "USDT", "network": "tron"}, {"crypto_currency": "BTC", "network": "bitcoin"}]

    changed = Api(account.api_key).patch("/merchants/me", {"settings": {"payment_options": [*wanted, wanted[0]]}})

    assert changed.body["settings"]["payment_options"] == wanted
    assert shown(api.post("/invoices", SMALL).body) == [("USDT", "sandbox", True), ("BTC", "sandbox", False)]
    assert shown(api.post("/invoices", ORDER).body) == []
    Api(account.api_key).patch("/merchants/me", {"settings": {"payment_options": None}})
    assert shown(api.post("/invoices", SMALL).body) == []


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("USDT", "settings.payment_options"),
        ([{"crypto_currency": "USDT", "network": "tron"}] * 13, "settings.payment_options"),
        ([{"crypto_currency": "USDT"}], "settings.payment_options[0]"),
        ([{"crypto_currency": "USDT", "network": "sandbox"}], "settings.payment_options[0].network"),
        ([{"crypto_currency": "DOGE", "network": "tron"}], "settings.payment_options[0].crypto_currency"),
        ([{"crypto_currency": [], "network": {}}], "settings.payment_options[0].network"),
    ],
)
def test_the_settings_hold_only_what_there_is(account, value, field):
    answer = Api(account.api_key).patch("/merchants/me", {"settings": {"payment_options": value}})

    assert (answer.status, answer.body["error"]["field"]) == (422, field)


def test_a_merchant_drops_only_transfers_to_own_destinations_former_ones_too(account, api):
    made = offer(api)
    Api().post(f"/public/invoice/{made['id']}/option", {"crypto_currency": "BTC", "network": "sandbox"})
    order = TransferOrder(address=made["address"], asset_code="USDT", amount=Decimal(5))
    sent = send_transfer(merchant=account.merchant, livemode=False, order=order, now=timezone.now())

    api.post("/sandbox/blocks", {"count": 2})
    answer = api.post("/sandbox/reorgs", {"depth": 1, "drop": [sent.txid]})

    assert sent.invoice.public_id == made["id"]
    assert answer.status < 300, answer.body
