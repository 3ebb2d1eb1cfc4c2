"""An invoice and its payments as plain objects: presenting them needs no database."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from core.ids import uuid7
from invoices.models import Invoice
from merchants.models import Merchant
from payments.models import Payment, Refund
from paypages.presentation import Surroundings, present

SANDBOX_ADDRESS = "sandbox1" + "0123456789abcdefghjkmnpqrstvwxyz"
TRON_ADDRESS = "TQn9Y2khEsLMWn1aXKURNC62XLFPqpTUcN"
EVM_ADDRESS = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
TXID = "ab" * 32


@pytest.fixture
def unsaved(now) -> Callable[..., Invoice]:
    """Make an invoice of 16.49 USD, 16.49 USDT, that was created at ``now`` and lasts half an hour."""

    def make(**changes) -> Invoice:
        facts = {
            "id": uuid7(),
            "merchant": Merchant(business_name="Acme VPN Services", settings={}),
            "livemode": False,
            "status": "pending",
            "exception": "none",
            "title": "VPN Service Order",
            "items": [
                {"name": "VPN Premium Plan", "quantity": 1, "unit_price": Decimal("9.99")},
                {"name": "Static IP", "quantity": Decimal("2"), "unit_price": Decimal("2.50"), "description": "v4"},
            ],
            "currency": "USD",
            "subtotal": Decimal("14.990"),
            "tax": Decimal("1.500"),
            "total": Decimal("16.490"),
            "network": "sandbox",
            "asset_code": "USDT",
            "address": SANDBOX_ADDRESS,
            "amount_units": 16_490_000,
            "asked_value": Decimal("16.491649"),
            "rate": Decimal("1.000100000000000000"),
            "quote_expires_at": now + timedelta(minutes=30),
            "expires_at": now + timedelta(minutes=30),
            "underpayment_threshold": Decimal("0.01"),
            "overpayment_threshold": Decimal("1.00"),
            "overpayment_action": "credit_account",
            "return_url": "https://merchant.com/success",
            "cancel_url": "https://merchant.com/cancel",
            "created_at": now,
            "updated_at": now,
            "viewed_at": now,
        }
        return Invoice(**{**facts, **changes})

    return make


@pytest.fixture
def transfer(now) -> Callable[..., Payment]:
    """Make a payment of 16.49 USDT that counts and was seen a minute after ``now``."""

    def make(**changes) -> Payment:
        facts = {
            "id": uuid7(),
            "network": "sandbox",
            "asset_code": "USDT",
            "txid": TXID,
            "ordinal": 0,
            "units": 16_490_000,
            "status": "detected",
            "counts": True,
            "confirmations": 0,
            "required_confirmations": 3,
            "sent_at": now + timedelta(minutes=1),
        }
        return Payment(**{**facts, **changes})

    return make


@pytest.fixture
def refund() -> Callable[..., Refund]:
    def make(**changes) -> Refund:
        return Refund(**{"network": "sandbox", "asset_code": "USDT", "units": 16_490_000, **changes})

    return make


@pytest.fixture
def show(now):
    """Present an invoice some minutes after it was created."""

    def _show(invoice, *payments, refunds=(), minutes=0, language="en", api=""):
        around = Surroundings(now=now + timedelta(minutes=minutes), language=language, api=api)
        return present(invoice, payments=payments, refunds=refunds, around=around)

    return _show
