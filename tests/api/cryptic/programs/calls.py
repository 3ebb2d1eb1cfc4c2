"""The calls of a shop in Python."""

import json
import os
from pathlib import Path
from typing import Any

import requests

API_KEY = os.environ["API_KEY"]
BASE_URL = os.environ["BASE_URL"]
OUT = Path(os.environ["OUT"])
BEARER = {"Authorization": f"Bearer {API_KEY}"}


def keep(name: str, response: requests.Response) -> dict[str, Any]:
    """Write an answer down and return what is in it."""
    response.raise_for_status()
    (OUT / name).write_text(json.dumps(response.json()))
    data: dict[str, Any] = response.json()["data"]
    return data


payload = {
    "amount": "125.00",
    "currency": "USDT",
    "network": "tron",
    "description": "Order #5012",
    "orderId": "5012",
    "metadata": {"customerEmail": "alice@example.com"},
    "notifyUrl": "https://merchant.example.com/webhooks/cryptic",
    "redirectUrl": "https://merchant.example.com/success",
    "returnUrl": "https://merchant.example.com/return",
    "expiresIn": 1800,
}
invoice_id = keep("create", requests.post(f"{BASE_URL}/invoices", headers=BEARER, json=payload, timeout=10))["id"]
params: dict[str, str | int] = {"page": 1, "limit": 10, "status": "PENDING"}
keep("list", requests.get(f"{BASE_URL}/invoices", headers=BEARER, params=params, timeout=10))
keep("detail", requests.get(f"{BASE_URL}/invoices/{invoice_id}", headers={"X-API-Key": API_KEY}, timeout=10))
keep("public", requests.get(f"{BASE_URL}/invoices/{invoice_id}/public", timeout=10))
