"""Whatever comes from outside is refused with the envelope and the field, and never with a 500."""

from decimal import Decimal

import pytest
from django.utils import timezone

from events.models import Event
from invoices.models import Invoice
from merchants.models import Usage
from tests.api.conftest import Api
from tests.api.orders import ORDER, order
from tests.api.signed_up import signed_up

LINE = {"name": "Coffee", "quantity": 1, "unit_price": "5.00"}


def refused(answer, status, code, field):
    assert answer.status == status, answer.body
    error = answer.body["error"]
    assert (error["code"], error.get("field")) == (code, field)
    assert not Invoice.objects.exists()
    assert not Event.objects.filter(type="invoice.created").exists()
    assert not Usage.objects.exists()
    return error


def line(**changes):
    return [{**LINE, **changes}]


BAD = [
    ("no title", {"title": ...}, "MISSING_FIELD", "title"),
    ("empty title", {"title": ""}, "OUT_OF_RANGE", "title"),
    ("blank title", {"title": "   "}, "OUT_OF_RANGE", "title"),
    ("long title", {"title": "x" * 201}, "OUT_OF_RANGE", "title"),
    ("number as title", {"title": 7}, "INVALID_TYPE", "title"),
    ("null title", {"title": None}, "INVALID_TYPE", "title"),
    ("NUL in title", {"title": "a\0b"}, "INVALID_TEXT", "title"),
    ("long description", {"description": "x" * 5001}, "OUT_OF_RANGE", "description"),
    ("no items", {"items": ...}, "MISSING_FIELD", "items"),
    ("empty items", {"items": []}, "OUT_OF_RANGE", "items"),
    ("101 items", {"items": [LINE] * 101}, "OUT_OF_RANGE", "items"),
    ("items as object", {"items": {}}, "INVALID_TYPE", "items"),
    ("item as text", {"items": ["Coffee"]}, "INVALID_TYPE", "items[0]"),
    ("item without name", {"items": [{"quantity": 1, "unit_price": 1}]}, "MISSING_FIELD", "items[0].name"),
    ("unknown field in item", {"items": line(price=1)}, "UNKNOWN_FIELD", "items[0].price"),
    ("second item wrong", {"items": [LINE, {**LINE, "quantity": "two"}]}, "INVALID_TYPE", "items[1].quantity"),
    ("quantity 0", {"items": line(quantity=0)}, "INVALID_AMOUNT", "items[0].quantity"),
    ("negative quantity", {"items": line(quantity=-1)}, "INVALID_AMOUNT", "items[0].quantity"),
    ("7 digits of quantity", {"items": line(quantity=Decimal("0.0000001"))}, "INVALID_AMOUNT", "items[0].quantity"),
    ("huge quantity", {"items": line(quantity=1_000_001)}, "INVALID_AMOUNT", "items[0].quantity"),
    ("true as quantity", {"items": line(quantity=True)}, "INVALID_TYPE", "items[0].quantity"),
    ("negative price", {"items": line(unit_price=-1)}, "INVALID_AMOUNT", "items[0].unit_price"),
    ("NaN as text", {"items": line(unit_price="NaN")}, "INVALID_TYPE", "items[0].unit_price"),
    ("infinite as text", {"items": line(unit_price="Infinity")}, "INVALID_TYPE", "items[0].unit_price"),
    ("exponent as text", {"items": line(unit_price="1e2")}, "INVALID_TYPE", "items[0].unit_price"),
    ("3 digits of cents", {"items": line(unit_price=Decimal("1.005"))}, "INVALID_AMOUNT", "items[0].unit_price"),
    ("30 digits", {"items": line(unit_price="9" * 30)}, "INVALID_AMOUNT", "items[0].unit_price"),
    ("80 digits", {"items": line(unit_price="9" * 80)}, "INVALID_TYPE", "items[0].unit_price"),
    ("price as list", {"items": line(unit_price=[])}, "INVALID_TYPE", "items[0].unit_price"),
    ("too little", {"items": line(unit_price="0.49"), "tax": 0}, "INVALID_AMOUNT", "items[0].unit_price"),
    ("nothing", {"items": line(unit_price=0), "tax": 0}, "INVALID_AMOUNT", "items[0].unit_price"),
    ("too much", {"items": line(unit_price="10000.01"), "tax": 0}, "INVALID_AMOUNT", "items[0].unit_price"),
    ("negative tax", {"tax": -1}, "INVALID_AMOUNT", "tax"),
    ("fine tax", {"tax": "0.001"}, "INVALID_AMOUNT", "tax"),
    ("huge tax", {"tax": "9" * 40}, "INVALID_AMOUNT", "items"),
    ("unknown currency", {"currency": "XXX"}, "UNKNOWN_CURRENCY", "currency"),
    ("currency in lower case", {"currency": "usd"}, "UNKNOWN_CURRENCY", "currency"),
    ("unknown asset", {"crypto_currency": "DOGE"}, "UNKNOWN_CRYPTO_CURRENCY", "crypto_currency"),
    ("asset of nonsense", {"crypto_currency": "😀"}, "UNKNOWN_CRYPTO_CURRENCY", "crypto_currency"),
    ("a live network in test mode", {"network": "tron"}, "UNKNOWN_CRYPTO_CURRENCY", "network"),
    ("unknown network", {"network": "mars"}, "UNKNOWN_CRYPTO_CURRENCY", "network"),
    ("short life", {"expires_in": 299}, "OUT_OF_RANGE", "expires_in"),
    ("long life", {"expires_in": 604_801}, "OUT_OF_RANGE", "expires_in"),
    ("half a second", {"expires_in": Decimal("300.5")}, "INVALID_TYPE", "expires_in"),
    ("life as text", {"expires_in": "1800"}, "INVALID_TYPE", "expires_in"),
    ("short lock", {"price_lock_duration": 59}, "OUT_OF_RANGE", "price_lock_duration"),
    ("long lock", {"price_lock_duration": 604_801}, "OUT_OF_RANGE", "price_lock_duration"),
    (
        "underpayment above 1",
        {"payment_tolerance": {"underpayment_threshold": "1.01"}},
        "OUT_OF_RANGE",
        "payment_tolerance.underpayment_threshold",
    ),
    (
        "overpayment above 100",
        {"payment_tolerance": {"overpayment_threshold": "100.01"}},
        "OUT_OF_RANGE",
        "payment_tolerance.overpayment_threshold",
    ),
    (
        "unknown action",
        {"payment_tolerance": {"overpayment_action": "spend"}},
        "UNKNOWN_CHOICE",
        "payment_tolerance.overpayment_action",
    ),
    ("tolerance as list", {"payment_tolerance": []}, "INVALID_TYPE", "payment_tolerance"),
    ("private webhook", {"webhook_url": "http://192.168.1.10/x"}, "INVALID_URL", "webhook_url"),
    ("loopback webhook", {"webhook_url": "http://localhost/x"}, "INVALID_URL", "webhook_url"),
    ("webhook with password", {"webhook_url": "https://u:p@merchant.com/"}, "INVALID_URL", "webhook_url"),
    ("ftp webhook", {"webhook_url": "ftp://merchant.com/"}, "INVALID_URL", "webhook_url"),
    ("script as return", {"return_url": "javascript:alert(1)"}, "INVALID_URL", "return_url"),
    ("return with user", {"return_url": "https://user@merchant.com/"}, "INVALID_URL", "return_url"),
    ("long cancel", {"cancel_url": "https://merchant.com/" + "x" * 2048}, "OUT_OF_RANGE", "cancel_url"),
    ("return without host", {"return_url": "https://"}, "INVALID_URL", "return_url"),
    ("metadata as list", {"metadata": []}, "INVALID_TYPE", "metadata"),
    ("51 keys", {"metadata": {str(number): 1 for number in range(51)}}, "OUT_OF_RANGE", "metadata"),
    ("17 kB", {"metadata": {"a": "x" * 17_000}}, "OUT_OF_RANGE", "metadata"),
    ("NUL in metadata", {"metadata": {"a": "\0"}}, "INVALID_TEXT", "metadata.a"),
    ("long number in metadata", {"metadata": {"a": int("9" * 100)}}, "OUT_OF_RANGE", "metadata.a"),
    ("unknown field", {"colour": "red"}, "UNKNOWN_FIELD", "colour"),
]


@pytest.mark.parametrize(("changes", "code", "field"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_an_order_that_is_wrong_names_the_field(test_api, changes, code, field):
    refused(test_api.post("/invoices", order(**changes)), 422, code, field)


def test_seed1_and_seed2_error_of_an_amount_that_is_not_allowed(test_api):
    answer = test_api.post("/invoices", order(items=line(unit_price="0.10"), tax=...))

    assert answer.status == 422
    assert answer.body["error"] == {
        "type": "validation_error",
        "code": "INVALID_AMOUNT",
        "message": "Invoice amount must be between $0.50 and $10,000.00",
        "field": "items[0].unit_price",
        "constraints": {"min_amount": Decimal("0.50"), "max_amount": Decimal("10000.00"), "currency": "USD"},
        "suggestions": [
            "Adjust the unit price to be within the allowed range",
            "Split large orders into multiple invoices",
            "Contact support for higher limits",
        ],
        "documentation_url": "http://testserver/docs/errors#invalid-amount",
    }


def test_several_failures_are_told_at_once(test_api):
    answer = test_api.post("/invoices", order(title="", tax=-1, currency="XXX"))

    error = refused(answer, 422, "OUT_OF_RANGE", "title")
    assert [(each["code"], each["field"]) for each in error["errors"]] == [
        ("OUT_OF_RANGE", "title"),
        ("INVALID_AMOUNT", "tax"),
        ("UNKNOWN_CURRENCY", "currency"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "INVALID_JSON"),
        (b'{"title": NaN}', 400, "INVALID_JSON"),
        (b'{"title": "a", "title": "b"}', 400, "INVALID_JSON"),
        (b'{"title": "\xff"}', 400, "INVALID_JSON"),
        (b"[" * 100_000, 400, "INVALID_JSON"),
        (b'{"tax": 1e999999999}', 400, "INVALID_JSON"),
        (b'{"tax": ' + b"9" * 5000 + b"}", 400, "INVALID_JSON"),
        (b"[]", 400, "INVALID_JSON"),
        (b"null", 400, "INVALID_JSON"),
        (b'"text"', 400, "INVALID_JSON"),
        (b"", 422, "MISSING_FIELD"),
        (b" " * 10_000_000, 413, "BODY_TOO_LARGE"),
        (b'{"title": "' + b"x" * 10_000_000 + b'"}', 413, "BODY_TOO_LARGE"),
    ],
)
def test_a_body_that_is_no_order(test_api, body, status, code):
    answer = test_api.send("POST", "/invoices", body)

    assert answer.status == status
    assert answer.body["error"]["code"] == code
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_content_type(test_api, content_type):
    answer = test_api.post("/invoices", ORDER, Content_Type=content_type)

    assert (answer.status, answer.body["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_emoji_and_other_alphabets_are_kept(test_api):
    title = "☕️ Каффе 咖啡 👩‍💻"

    answer = test_api.post("/invoices", order(title=title, metadata={"😀": "é́"}))

    assert answer.status == 201
    read = test_api.get(f"/invoices/{answer.body['id']}").body
    assert (read["title"], read["metadata"]) == (title, {"😀": "é́"})


def test_numbers_in_metadata_keep_every_digit(test_api):
    numbers = {"pi": Decimal("3.14159265358979323846264338327950288"), "cents": Decimal("2.50"), "big": 10**40}

    answer = test_api.post("/invoices", order(metadata=numbers))

    read = test_api.get(f"/invoices/{answer.body['id']}").body["metadata"]
    assert {name: str(value) for name, value in read.items()} == {name: str(value) for name, value in numbers.items()}


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("limit=0", "OUT_OF_RANGE", "limit"),
        ("limit=101", "OUT_OF_RANGE", "limit"),
        ("limit=many", "INVALID_TYPE", "limit"),
        ("limit=%00", "INVALID_TEXT", "limit"),
        ("limit=9999999999999999999999", "INVALID_TYPE", "limit"),
        ("status=open", "UNKNOWN_CHOICE", "status[0]"),
        ("status=created,", "UNKNOWN_CHOICE", "status[1]"),
        ("status=", "UNKNOWN_CHOICE", "status[0]"),
        ("created_after=yesterday", "INVALID_TIME", "created_after"),
        ("created_after=2025-02-30T00:00:00Z", "INVALID_TIME", "created_after"),
        ("created_before=2025-01-01", "INVALID_TIME", "created_before"),
        ("amount_gte=-1", "OUT_OF_RANGE", "amount_gte"),
        ("amount_gte=NaN", "INVALID_TYPE", "amount_gte"),
        ("amount_lte=1e5", "INVALID_TYPE", "amount_lte"),
        ("currency=usd", "UNKNOWN_CURRENCY", "currency"),
        ("search=", "OUT_OF_RANGE", "search"),
        ("search=%00", "INVALID_TEXT", "search"),
        ("cursor=eyJpZCI6Imludl8xMjMifQ", "INVALID_CURSOR", "cursor"),
        ("cursor=%F0%9F%98%80", "INVALID_CURSOR", "cursor"),
        ("colour=red", "UNKNOWN_FIELD", "colour"),
        ("limit=1&limit=2", "UNKNOWN_FIELD", "limit"),
    ],
)
def test_a_query_that_is_wrong_names_the_parameter(test_api, query, code, field):
    answer = test_api.get(f"/invoices?{query}")

    assert answer.status == 422, answer.body
    assert (answer.body["error"]["code"], answer.body["error"]["field"]) == (code, field)


@pytest.mark.parametrize("amount", ["9" * 60, "0." + "0" * 50 + "1"])
def test_amounts_beyond_any_invoice_find_nothing_or_everything(test_api, amount):
    answer = test_api.get(f"/invoices?amount_gte={amount}")

    assert (answer.status, answer.body["invoices"]) == (200, [])


def test_a_tampered_cursor(test_api):
    for _ in range(2):
        assert test_api.post("/invoices", ORDER).status == 201
    cursor = test_api.get("/invoices?limit=1").body["pagination"]["next_cursor"]

    for place in (0, 10, 20, len(cursor) - 2):
        tampered = cursor[:place] + ("B" if cursor[place] != "B" else "C") + cursor[place + 1 :]
        answer = test_api.get(f"/invoices?cursor={tampered}")
        assert (answer.status, answer.body["error"]["field"]) == (422, "cursor")
    answer = test_api.get(f"/payments?cursor={cursor}")
    assert (answer.status, answer.body["error"]["code"]) == (422, "INVALID_CURSOR")


@pytest.mark.parametrize(
    "path",
    [
        "/invoices/inv_123",
        "/invoices/%00",
        "/invoices/😀",
        "/invoices/inv_" + "z" * 26,
        "/invoices/" + "x" * 5000,
        "/payments/inv_06bq3z5n8cz9v4w2k7r1t0x5ye",
        "/refunds/1",
        "/public/invoice/inv_06bq3z5n8cz9v4w2k7r1t0x5ye",
        "/public/invoice/inv_06bq3z5n8cz9v4w2k7r1t0x5ye/qr",
        "/public/invoice/%00",
    ],
)
def test_an_id_that_is_none(test_api, path):
    assert test_api.get(path).status == 404


def test_a_revoked_or_foreign_key(test_api, account):
    stranger = signed_up(timezone.now(), email="stranger@example.com")

    assert Api("sk_test_" + "x" * 32).post("/invoices", ORDER).status == 401
    assert Api("nonsense").post("/invoices", ORDER).status == 401
    assert Api().post("/invoices", ORDER).status == 401
    created = test_api.post("/invoices", ORDER)
    assert Api(stranger.test_api_key).get(f"/invoices/{created.body['id']}").status == 404
