"""What a customer sees: the public view and its QR codes."""

import base64
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image

from api.v1.public_snapshot import snapshot
from core.ids import uuid7
from events.models import Event
from invoices.models import Invoice
from payments.services import scan
from tests.api.orders import ITEMS, ORDER, TIME, Like, order, shows


@pytest.fixture
def created(test_api):
    return test_api.post("/invoices", ORDER).body


def pay(test_api, invoice, blocks=3, **transfer):
    assert test_api.post("/sandbox/transfers", {"invoice": invoice["id"], **transfer}).status == 201
    if blocks:
        assert test_api.post("/sandbox/blocks", {"count": blocks}).status == 201
    scan(network="sandbox", now=timezone.now())


def read(content):
    found = zxingcpp.read_barcodes(Image.open(BytesIO(content)).convert("L"))
    assert len(found) == 1
    return found[0].text


def test_seed1_view_invoice_customer(anybody, test_api, created):
    pay(test_api, created, amount="10")

    answer = anybody.get(f"/public/invoice/{created['id']}")

    assert answer.status == 200
    shows(
        answer.body,
        {
            "id": created["id"],
            "title": "VPN Service Order",
            "description": "Monthly VPN subscription with premium features",
            "items": ITEMS,
            "subtotal": Decimal("14.99"),
            "tax": Decimal("1.50"),
            "total": Decimal("16.49"),
            "currency": "USD",
            "crypto_currency": "USDT",
            "usdt_amount": Decimal("16.49"),
            "address": created["address"],
            "status": "partial",
            "expires_at": created["expires_at"],
            "payments": [
                {"amount": Decimal("10.00"), "status": "confirmed", "confirmations": 2, "confirmed_at": Like(TIME)}
            ],
            "payment_progress": {
                "received": Decimal("10.00"),
                "required": Decimal("16.49"),
                "remaining": Decimal("6.49"),
                "percent": Decimal("60.64"),
            },
            "return_url": "https://merchant.com/success",
            "cancel_url": "https://merchant.com/cancel",
        },
    )
    assert 1780 < answer.body["time_remaining"] <= 1800
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-RateLimit-Limit"] == "60"


def test_seed2_view_invoice_customer_shows_nothing_of_the_merchants_own(anybody, created):
    answer = anybody.get(f"/public/invoice/{created['id']}")

    assert answer.status == 200
    assert set(answer.body) == {
        "id", "title", "description", "items", "subtotal", "tax", "total", "currency", "crypto_currency", "network",
        "usdt_amount", "crypto_amount", "address", "tag", "matching", "payment_uri", "payment_options", "status",
        "exception", "livemode", "expires_at", "paid_at", "payments", "payment_progress", "return_url", "cancel_url",
        "time_remaining", "priced_in_asset",
    }  # fmt: skip


def test_the_first_view_makes_it_pending_and_the_second_changes_nothing(anybody, created):
    first = anybody.get(f"/public/invoice/{created['id']}")
    second = anybody.get(f"/public/invoice/{created['id']}")

    assert (first.body["status"], second.body["status"]) == ("pending", "pending")
    assert list(Event.objects.order_by("sequence").values_list("type", flat=True))[-2:] == [
        "invoice.created",
        "invoice.pending",
    ]


def test_a_payment_in_the_mempool_is_shown_as_in_the_event_stream(anybody, test_api, created):
    pay(test_api, created, blocks=0, amount="10")

    answer = anybody.get(f"/public/invoice/{created['id']}")

    assert answer.body["payments"] == [{"amount": Decimal("10.00"), "status": "detected", "required_confirmations": 1}]


def test_money_in_another_asset_is_shown_as_waiting_for_a_decision(anybody, test_api, created):
    pay(test_api, created, asset="USDC", amount="16.49")

    answer = anybody.get(f"/public/invoice/{created['id']}")

    assert answer.body["payment_progress"]["received"] == 0
    (payment,) = answer.body["payments"]
    assert (payment["crypto_currency"], payment["in_review"]) == ("USDC", True)


def test_nothing_is_left_to_wait_for_once_it_is_paid_or_over(anybody, test_api, created):
    pay(test_api, created)
    over = test_api.post("/invoices", order()).body
    Invoice.objects.filter(title="VPN Service Order").exclude(status="paid").update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )

    assert anybody.get(f"/public/invoice/{created['id']}").body["time_remaining"] == 0
    assert anybody.get(f"/public/invoice/{over['id']}").body["time_remaining"] == 0


def test_the_stream_opens_with_the_same_facts(anybody, created):
    view = anybody.get(f"/public/invoice/{created['id']}").body

    facts = snapshot(Invoice.objects.get().pk)

    view.pop("time_remaining")
    facts.pop("time_remaining")
    shows(facts, view)
    assert snapshot(uuid7()) is None


def test_views_are_limited_by_address(anybody, created, settings):
    settings.API_RATE_LIMITS = {"public_invoice": 2}
    path = f"/public/invoice/{created['id']}"

    statuses = [anybody.get(path).status for _ in range(3)]

    assert statuses == [200, 200, 429]


class TestQRCode:
    def test_seed1_get_qr_code(self, anybody, created):
        response = anybody.client.get(f"/api/v1/public/invoice/{created['id']}/qr?size=256&format=png&style=modern")

        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
        assert Image.open(BytesIO(response.content)).size == (256, 256)
        assert read(response.content) == created["payment_uri"]
        assert response["Cache-Control"] == "public, max-age=86400"
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["X-RateLimit-Limit"] == "100"

    def test_seed2_get_qr_code(self, anybody, created):
        response = anybody.client.get(created["qr_code_url"].removeprefix("http://testserver"))

        assert read(response.content) == created["payment_uri"]

    def test_the_bare_address(self, anybody, created):
        response = anybody.client.get(f"/api/v1/public/invoice/{created['id']}/qr?content=address&logo=true&size=512")

        assert read(response.content) == created["address"]

    def test_the_merchants_logo_is_in_the_middle(self, api, anybody, created):
        path = f"/api/v1/public/invoice/{created['id']}/qr?logo=true&size=512"
        initial = anybody.client.get(path)

        picture = BytesIO()
        Image.new("RGB", (64, 64), (220, 30, 60)).save(picture, "PNG")
        logo = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
        assert api.patch("/merchants/me", {"settings": {"logo": logo}}).status == 200
        own = anybody.client.get(path, headers={"If-None-Match": initial["ETag"]})

        assert (initial.status_code, own.status_code) == (200, 200)
        image = Image.open(BytesIO(own.content)).convert("RGB")
        assert image.getpixel((256, 256)) == (220, 30, 60)
        assert Image.open(BytesIO(initial.content)).convert("RGB").getpixel((256, 256)) != (220, 30, 60)
        assert read(own.content) == read(initial.content) == created["payment_uri"]

    @pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n broken", b"\xff\xd8\xff broken"])
    def test_a_logo_that_cannot_be_read_gives_way_to_the_initial(self, anybody, merchant, created, content):
        kind = "png" if content.startswith(b"\x89") else "jpeg"
        merchant.settings["logo"] = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        merchant.save()

        response = anybody.client.get(f"/api/v1/public/invoice/{created['id']}/qr?logo=true")

        assert read(response.content) == created["payment_uri"]

    def test_after_a_part_payment_it_asks_for_the_rest(self, anybody, test_api, created):
        pay(test_api, created, amount="10")

        response = anybody.client.get(f"/api/v1/public/invoice/{created['id']}/qr")

        assert read(response.content) == f"sandbox:{created['address']}?asset=USDT&amount=6.49"

    def test_an_unchanged_code_is_not_sent_again(self, anybody, test_api, created):
        path = f"/api/v1/public/invoice/{created['id']}/qr"
        first = anybody.client.get(path)

        again = anybody.client.get(path, headers={"If-None-Match": first["ETag"]})
        other = anybody.client.get(f"{path}?style=rounded", headers={"If-None-Match": first["ETag"]})
        pay(test_api, created, amount="10")
        after = anybody.client.get(path, headers={"If-None-Match": first["ETag"]})

        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert (other.status_code, after.status_code) == (200, 200)

    @pytest.mark.parametrize(
        ("query", "field"),
        [("size=300", "size"), ("format=gif", "format"), ("style=plain", "style"), ("logo=yes", "logo"), ("x=1", "x")],
    )
    def test_what_cannot_be_ordered(self, anybody, created, query, field):
        answer = anybody.get(f"/public/invoice/{created['id']}/qr?{query}")

        assert (answer.status, answer.body["error"]["field"]) == (422, field)

    def test_looking_at_the_code_alone_is_no_view(self, anybody, created):
        anybody.client.get(f"/api/v1/public/invoice/{created['id']}/qr")

        assert Invoice.objects.get().status == "created"
