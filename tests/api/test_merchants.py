"""Sign-up, the own account, its settings."""

from decimal import Decimal

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
