"""A merchant with keys, and a client that calls the API with one of them."""

from datetime import datetime
from typing import Any

from django.test import Client

from core import exact_json
from merchants.models import Plan
from merchants.services import SignedUp, SignUp, sign_up

PRO = {"name": "Pro", "max_api_keys": 10, "max_webhook_endpoints": 5, "monthly_invoice_limit": 10_000}


def signed_up(now: datetime, *, email: str = "admin@acmevpn.com") -> SignedUp:
    """Return a new merchant with a live and a test key. The plan is there again after a test that empties tables."""
    Plan.objects.get_or_create(code="pro", defaults=PRO)
    return sign_up(request=SignUp(business_name="Acme VPN Services", contact_email=email, plan_type="pro"), now=now)


class Api:
    """Calls the API as a program does: JSON in, exact JSON out."""

    def __init__(self, key: str = "") -> None:
        self._client = Client(headers={"authorization": f"Bearer {key}"} if key else {})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return the status and the parsed body."""
        content = b"" if body is None else exact_json.dumps(body).encode()
        answer = self._client.generic(
            method, f"/api/v1{path}", content, content_type="application/json", headers=headers or None
        )
        return answer.status_code, exact_json.loads(answer.content) if answer.content else None

    def get(self, path: str) -> tuple[int, Any]:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any) -> tuple[int, Any]:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> tuple[int, Any]:
        return self.call("DELETE", path)
