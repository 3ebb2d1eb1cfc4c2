"""Sign-up, the own account, its settings."""

from datetime import timedelta
from decimal import Decimal

import pytest

from events.models import Event
from merchants import services
from merchants.models import APIKey, Member, Merchant
from tests.api.conftest import Api

SEED_SETTINGS = {
    "default_currency": "USD",
    "default_crypto_currency": "USDT",
    "invoice_expiry_minutes": 30,
    "payment_tolerance": {
        "underpayment_threshold": Decimal("0.01"),
        "overpayment_threshold": Decimal("1.00"),
        "overpayment_action": "credit_account",
    },
}
SEED_SIGN_UP = {
    "business_name": "Acme VPN Services",
    "contact_email": "admin@acmevpn.com",
    "plan_type": "pro",
    "settings": SEED_SETTINGS,
}

PNG = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_seed1_create_merchant_account(anybody):
    answer = anybody.post("/merchants", SEED_SIGN_UP)

    assert answer.status == 201
    body = answer.body
    assert {name: body[name] for name in ("business_name", "contact_email", "status", "plan_type")} == {
        "business_name": "Acme VPN Services",
        "contact_email": "admin@acmevpn.com",
        "status": "active",
        "plan_type": "pro",
    }
    assert {name: body["settings"][name] for name in SEED_SETTINGS} == SEED_SETTINGS
    assert body["id"].startswith("mer_")
    assert body["created_at"] == body["updated_at"]
    assert body["api_key"].startswith("sk_live_")
    assert body["test_api_key"].startswith("sk_test_")
    assert body["webhook_secret"].startswith("whsec_")
    assert body["test_webhook_secret"] != body["webhook_secret"]
    assert Api(body["api_key"]).get("/merchants/me").body["id"] == body["id"]


def test_seed1_get_merchant_details(api, merchant):
    answer = api.get("/merchants/me")

    assert answer.status == 200
    assert list(answer.body) == [
        "id",
        "business_name",
        "contact_email",
        "status",
        "plan_type",
        "settings",
        "plan_limits",
        "usage",
        "created_at",
        "updated_at",
    ]
    assert answer.body["id"] == merchant.public_id
    assert answer.body["plan_limits"] == {
        "max_api_keys": 10,
        "max_webhook_endpoints": 5,
        "monthly_invoice_limit": 10000,
    }
    assert answer.body["usage"] == {"api_keys_count": 2, "webhook_endpoints_count": 0, "monthly_invoices": 0}


def test_seed1_update_merchant_settings(api):
    answer = api.patch(
        "/merchants/me",
        {
            "business_name": "Acme VPN Services LLC",
            "settings": {"default_currency": "EUR", "invoice_expiry_minutes": 45},
        },
    )

    assert answer.status == 200
    assert answer.body["business_name"] == "Acme VPN Services LLC"
    assert answer.body["settings"]["default_currency"] == "EUR"
    assert answer.body["settings"]["invoice_expiry_minutes"] == 45
    assert answer.body["settings"]["default_crypto_currency"] == "USDT"
    assert answer.body["settings"]["payment_tolerance"] == SEED_SETTINGS["payment_tolerance"]


def test_signing_up_writes_the_owner_two_keys_and_the_audit_trail(anybody):
    body = anybody.post("/merchants", SEED_SIGN_UP).body

    merchant = Merchant.objects.get()
    assert merchant.public_id == body["id"]
    owner = Member.objects.get()
    assert (owner.role, owner.user.email, owner.user.has_usable_password()) == ("owner", "admin@acmevpn.com", False)
    assert sorted(APIKey.objects.values_list("livemode", "permissions")) == [(False, ["*"]), (True, ["*"])]
    assert sorted(Event.objects.values_list("type", flat=True)) == [
        "api_key.created",
        "api_key.created",
        "member.added",
        "merchant.created",
    ]
    assert set(Event.objects.values_list("ip_address", flat=True)) == {"127.0.0.1"}


def test_no_secret_is_stored_in_clear_text(anybody):
    body = anybody.post("/merchants", SEED_SIGN_UP).body

    stored = repr(list(Merchant.objects.values())) + repr(list(APIKey.objects.values()) + list(Event.objects.values()))
    for name in ("api_key", "test_api_key", "webhook_secret", "test_webhook_secret"):
        assert body[name] not in stored


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"business_name": " "}, "OUT_OF_RANGE", "business_name"),
        ({"business_name": "x" * 201}, "OUT_OF_RANGE", "business_name"),
        ({"business_name": 7}, "INVALID_TYPE", "business_name"),
        ({"business_name": "a\0b"}, "INVALID_TEXT", "business_name"),
        ({"contact_email": "nobody"}, "OUT_OF_RANGE", "contact_email"),
        ({"plan_type": "golden"}, "UNKNOWN_PLAN", "plan_type"),
        ({"plan_type": "enterprise"}, "PLAN_NOT_AVAILABLE", "plan_type"),
        ({"plan": "pro"}, "UNKNOWN_FIELD", "plan"),
        ({"settings": []}, "INVALID_TYPE", "settings"),
        ({"settings": {"late_payment": 5}}, "INVALID_SETTING", "settings.late_payment"),
        ({"settings": {"colour": 1}}, "UNKNOWN_FIELD", "settings.colour"),
        ({"settings": {"default_currency": "XXX"}}, "INVALID_SETTING", "settings.default_currency"),
        ({"settings": {"default_crypto_currency": "DOGEX"}}, "INVALID_SETTING", "settings.default_crypto_currency"),
        ({"settings": {"invoice_expiry_minutes": 4}}, "INVALID_SETTING", "settings.invoice_expiry_minutes"),
        ({"settings": {"invoice_expiry_minutes": 10081}}, "INVALID_SETTING", "settings.invoice_expiry_minutes"),
        (
            {"settings": {"payment_tolerance": {"underpayment_threshold": Decimal("1.01")}}},
            "INVALID_SETTING",
            "settings.payment_tolerance.underpayment_threshold",
        ),
        (
            {"settings": {"payment_tolerance": {"overpayment_threshold": -1}}},
            "INVALID_SETTING",
            "settings.payment_tolerance.overpayment_threshold",
        ),
        (
            {"settings": {"payment_tolerance": {"overpayment_action": "burn"}}},
            "INVALID_SETTING",
            "settings.payment_tolerance.overpayment_action",
        ),
        ({"settings": {"late_payment": {"rule": "maybe"}}}, "INVALID_SETTING", "settings.late_payment.rule"),
        ({"settings": {"confirmations": {"tron": 51}}}, "INVALID_SETTING", "settings.confirmations.tron"),
        ({"settings": {"logo": "https://example.com/logo.png"}}, "INVALID_SETTING", "settings.logo"),
        ({"settings": {"logo": "data:image/png;base64,%%%"}}, "INVALID_SETTING", "settings.logo"),
        ({"settings": {"logo": "data:image/png;base64,é"}}, "INVALID_SETTING", "settings.logo"),
        ({"settings": {"logo": "data:image/png;base64,PHN2Zz4="}}, "INVALID_SETTING", "settings.logo"),
        ({"settings": {"logo": PNG + "A" * 16_384}}, "INVALID_SETTING", "settings.logo"),
        ({"settings": {"confirmations": {"mars": 1}}}, "UNKNOWN_FIELD", "settings.confirmations.mars"),
    ],
)
def test_a_sign_up_that_breaks_a_rule_is_refused_and_leaves_nothing(anybody, change, code, field):
    answer = anybody.post("/merchants", SEED_SIGN_UP | change)

    assert answer.status == 422
    assert (answer.body["error"]["code"], answer.body["error"]["field"]) == (code, field)
    assert answer.body["error"]["type"] == "validation_error"
    assert not Merchant.objects.exists()
    assert not Event.objects.exists()


def test_all_failures_are_told_at_once(anybody):
    answer = anybody.post("/merchants", {"contact_email": "nobody", "extra": 1})

    error = answer.body["error"]
    assert [(each["code"], each["field"]) for each in error["errors"]] == [
        ("MISSING_FIELD", "business_name"),
        ("OUT_OF_RANGE", "contact_email"),
        ("UNKNOWN_FIELD", "extra"),
    ]
    assert (error["code"], error["field"]) == ("MISSING_FIELD", "business_name")


@pytest.mark.parametrize("mode", ["invite", "closed"])
def test_the_operator_can_close_the_door(anybody, settings, mode):
    settings.MERCHANT_SIGNUP = mode

    answer = anybody.post("/merchants", SEED_SIGN_UP)

    assert (answer.status, answer.body["error"]["code"]) == (403, "SIGNUP_CLOSED")
    assert not Merchant.objects.exists()


def test_the_twenty_first_sign_up_of_an_hour_from_one_address_is_refused(anybody):
    statuses = [anybody.post("/merchants", {}).status for _ in range(20)]

    answer = anybody.post("/merchants", SEED_SIGN_UP)

    assert statuses == [422] * 20
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert not Merchant.objects.exists()


def test_null_takes_a_setting_back_to_its_default(api):
    api.patch(
        "/merchants/me", {"settings": {"default_currency": "EUR", "payment_tolerance": {"overpayment_threshold": 7}}}
    )

    answer = api.patch("/merchants/me", {"settings": {"default_currency": None, "payment_tolerance": None}})

    assert answer.body["settings"]["default_currency"] == "USD"
    assert answer.body["settings"]["payment_tolerance"]["overpayment_threshold"] == Decimal("1.00")


def test_amounts_come_back_as_they_were_given(api):
    answer = api.patch(
        "/merchants/me", {"settings": {"payment_tolerance": {"underpayment_threshold": Decimal("0.070")}}}
    )

    assert str(answer.body["settings"]["payment_tolerance"]["underpayment_threshold"]) == "0.070"


def test_a_test_key_may_look_at_the_settings_of_live_invoices_but_not_change_them(test_api, merchant):
    assert test_api.get("/merchants/me").status == 200

    answer = test_api.patch("/merchants/me", {"business_name": "Mine"})

    assert (answer.status, answer.body["error"]["code"]) == (403, "LIVE_KEY_REQUIRED")
    merchant.refresh_from_db()
    assert merchant.business_name == "Acme VPN Services"


def test_each_mode_has_its_own_webhook_secret_and_rotating_one_leaves_the_other(api, account):
    from merchants.selectors import webhook_secret

    answer = api.post("/merchants/me/rotate-webhook-secret")

    merchant_id = account.merchant.pk
    assert answer.status == 201
    assert (
        webhook_secret(merchant_id=merchant_id, livemode=True)
        == answer.body["webhook_secret"]
        != account.webhook_secret
    )
    assert webhook_secret(merchant_id=merchant_id, livemode=False) == account.test_webhook_secret


def test_usage_counts_the_invoices_of_this_month_in_this_mode(api, test_api, merchant):
    from django.utils import timezone

    now = timezone.now()
    for livemode, moment in [(True, now), (True, now), (False, now), (True, now - timedelta(days=32))]:
        services.count_invoice(merchant=merchant, livemode=livemode, now=moment)

    assert api.get("/merchants/me").body["usage"]["monthly_invoices"] == 2
    assert test_api.get("/merchants/me").body["usage"]["monthly_invoices"] == 1


def test_a_logo_is_kept_and_is_the_one_that_codes_are_drawn_with(api, merchant):
    from api.qr.logos import logo_of

    answer = api.patch("/merchants/me", {"settings": {"logo": PNG}})

    assert answer.body["settings"]["logo"] == PNG
    merchant.refresh_from_db()
    assert logo_of(merchant).data_url == PNG
    assert logo_of(merchant).image().size == (1, 1)
    assert api.patch("/merchants/me", {"settings": {"logo": None}}).body["settings"]["logo"] == ""


def test_what_a_later_change_does_not_name_stays_at_every_depth(api):
    api.patch(
        "/merchants/me", {"settings": {"default_currency": "EUR", "payment_tolerance": {"overpayment_threshold": 7}}}
    )

    answer = api.patch(
        "/merchants/me", {"settings": {"payment_tolerance": {"underpayment_threshold": Decimal("0.05")}}}
    )

    assert answer.body["settings"]["default_currency"] == "EUR"
    assert answer.body["settings"]["payment_tolerance"] == {
        "underpayment_threshold": Decimal("0.05"),
        "overpayment_threshold": 7,
        "overpayment_action": "credit_account",
    }
