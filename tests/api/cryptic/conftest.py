"""A merchant who is paid on TRON and speaks Cryptic: keys of both modes, and an invoice for every word of status."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core import exact_json
from invoices.models import Invoice
from invoices.states import InvoiceException, InvoiceStatus
from merchants.models import Merchant
from merchants.secrets import KeyFormat
from merchants.services import KeyOrder, add_wallet
from merchants.services.keys import issue_first_key
from payments.models import Payment
from tests.api.test_invoices import TRON_XPUB
from tests.factories import make_invoice, make_merchant
from tests.webhooks.receiver import Receiver, serve

PREFIX = "/cryptic/api/v1"
TXID = "ab" * 32
NOTIFY_URL = "https://merchant.example.com/webhooks/cryptic"
ORDER: dict[str, Any] = {
    "amount": "125.00",
    "currency": "USDT",
    "network": "tron",
    "description": "Order #5012",
    "orderId": "5012",
    "metadata": {"customerEmail": "alice@example.com"},
    "notifyUrl": NOTIFY_URL,
    "redirectUrl": "https://merchant.example.com/success",
    "returnUrl": "https://merchant.example.com/return",
    "expiresIn": 1800,
}


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any

    @property
    def data(self) -> Any:
        return self.body["data"]


@dataclass
class Cryptic:
    """A client with a key."""

    key: str = ""

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = body if isinstance(body, bytes) else b"" if body is None else exact_json.dumps(body).encode()
        marks = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"} if self.key else {}
        marks |= {"Content-Type": "application/json"} | headers
        kind = marks.pop("Content-Type")
        marks = {name: value for name, value in marks.items() if value}
        client = Client(raise_request_exception=False)
        answer = client.generic(method, f"{PREFIX}{path}", content, content_type=kind, headers=marks)
        return Answer(answer.status_code, exact_json.loads(answer.content) if answer.content else None, answer.headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)


@pytest.fixture(autouse=True)
def _tron(settings, valkey):
    settings.CHAINS = {
        "tron": {"rpc_urls": ["https://node.example"]},
        "ethereum": {"rpc_urls": ["https://node.example"]},
    }


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """A merchant's server."""
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    server = serve(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


def key_of(merchant: Merchant, *, livemode: bool, permissions: tuple[str, ...] = ("*",)) -> str:
    order = KeyOrder(name="x", livemode=livemode, permissions=list(permissions), format=KeyFormat.CRYPTIC)
    return issue_first_key(merchant=merchant, order=order, now=timezone.now())[1]


@pytest.fixture
def merchant(db) -> Merchant:
    branding = {"display_name": "Alice", "support_email": "support@alice.co", "accent_color": "#4f46e5"}
    made = make_merchant(timezone.now(), branding=branding)
    add_wallet(merchant=made, network="tron", xpub=TRON_XPUB, now=timezone.now())
    return made


@pytest.fixture
def live(merchant) -> Cryptic:
    return Cryptic(key_of(merchant, livemode=True))


@pytest.fixture
def sandboxed(merchant) -> Cryptic:
    return Cryptic(key_of(merchant, livemode=False))


STATES: dict[str, dict[str, Any]] = {
    "PAID": {"status": InvoiceStatus.PAID, "received_units": 10_000_000, "confirmed_units": 10_000_000},
    "OVERPAID": {"status": InvoiceStatus.PAID, "exception": InvoiceException.OVERPAID, "received_units": 20_000_000},
    "UNDERPAID": {"status": InvoiceStatus.PARTIAL, "exception": "underpaid", "received_units": 4_000_000},
    "PROCESSING": {"status": InvoiceStatus.CONFIRMING, "received_units": 10_000_000},
    "EXPIRED": {"status": InvoiceStatus.EXPIRED},
    "CANCELLED": {"status": InvoiceStatus.CANCELLED},
}


@pytest.fixture
def world(live, sandboxed, merchant) -> dict[str, str]:
    """Ids by name: ``first`` with all that can be said, one for each further status word, and what is not ours."""
    now = timezone.now()
    named = {"first": live.post("/invoices", ORDER).data["id"], "txid": TXID, "unknown": "inv_unknown"}
    plain = {"amount": 10, "currency": "USDT", "network": "tron"}
    live.post("/invoices", plain)
    for word, facts in STATES.items():
        named[word] = live.post("/invoices", plain).data["id"]
        paid = {"paid_at": now} if facts["status"] == InvoiceStatus.PAID else {}
        Invoice.objects.filter(pk=Invoice.key_from(named[word])).update(**facts, **paid)
    _pay(Invoice.objects.get(pk=Invoice.key_from(named["PAID"])))
    other = make_merchant(now, email="other@example.com")
    named["foreign"] = make_invoice(other, now).public_id
    named["test"] = sandboxed.post("/invoices", plain).data["id"]
    return named


def _pay(invoice: Invoice) -> None:
    Payment.objects.create(
        merchant=invoice.merchant,
        livemode=True,
        invoice=invoice,
        network="tron",
        asset_code="USDT",
        txid=TXID,
        ordinal=0,
        address=invoice.address,
        units=10_000_000,
        credited_units=10_000_000,
        value=10,
        counts=True,
        status="confirmed",
        confirmations=20,
        required_confirmations=1,
        block_height=19_381_293,
        block_hash="cd" * 32,
        sent_at=invoice.created_at,
        last_seen_at=invoice.created_at,
        confirmed_at=invoice.created_at,
    )
