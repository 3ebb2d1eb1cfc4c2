"""The order of the seeds' examples, and values that only have a form."""

import re
from decimal import Decimal
from typing import Any

from core.exact_json import dumps, loads

ITEMS = [
    {
        "name": "VPN Premium Plan",
        "description": "Monthly subscription with unlimited bandwidth",
        "quantity": 1,
        "unit_price": Decimal("9.99"),
    },
    {"name": "Additional Static IP", "quantity": 2, "unit_price": Decimal("2.50")},
]
METADATA = {"customer_id": "cust_456", "order_id": "ord_789", "customer_email": "customer@example.com"}
TOLERANCE = {
    "underpayment_threshold": Decimal("0.01"),
    "overpayment_threshold": Decimal("1.00"),
    "overpayment_action": "credit_account",
}
ORDER: dict[str, Any] = {
    "title": "VPN Service Order",
    "description": "Monthly VPN subscription with premium features",
    "items": ITEMS,
    "tax": Decimal("1.50"),
    "currency": "USD",
    "crypto_currency": "USDT",
    "price_lock_duration": 1800,
    "expires_in": 1800,
    "payment_tolerance": TOLERANCE,
    "webhook_url": "https://merchant.com/webhook",
    "return_url": "https://merchant.com/success",
    "cancel_url": "https://merchant.com/cancel",
    "metadata": METADATA,
}
SMALL = {"title": "Coffee", "items": [{"name": "Coffee", "quantity": 1, "unit_price": "5.00"}]}

ID = "[0-9a-hjkmnp-tv-z]{26}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


class Like:
    """Equals every text of a form."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"Like({self.pattern!r})"


def order(**changes: Any) -> dict[str, Any]:
    """Return the order of the examples with some fields changed; ``...`` leaves a field out."""
    return {name: value for name, value in {**ORDER, **changes}.items() if value is not ...}


def shows(answer: Any, example: Any) -> None:
    """Assert that ``answer`` has everything that ``example`` has, digit for digit; more is allowed in objects."""
    if isinstance(example, dict):
        assert isinstance(answer, dict)
        for key, value in example.items():
            assert key in answer, f"{key} is missing"
            shows(answer[key], value)
    elif isinstance(example, list):
        assert isinstance(answer, list)
        assert len(answer) == len(example)
        for mine, theirs in zip(answer, example, strict=True):
            shows(mine, theirs)
    elif isinstance(example, Decimal | int) and not isinstance(example, bool):
        assert dumps(answer) == dumps(example)
    else:
        assert answer == example


def exactly(text: str) -> Any:
    """Return what an example says, with every digit."""
    return loads(text)
