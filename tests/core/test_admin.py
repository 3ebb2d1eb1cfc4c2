"""Staff finds the tables of core and of the sandbox chain, and changes neither by hand."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from chains.sandbox import services
from chains.sandbox.models import SandboxBlock, SandboxTransfer
from core import idempotency
from core.models import IdempotencyKey


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "x"))
    return client


@pytest.fixture
def rows(db, now):
    services.send(address=services.new_address(), asset_code="USDT", units=1, now=now)
    services.mine(now=now)
    claimed = idempotency.claim(scope="m:test", key="key-1", fingerprint="f" * 64, now=now + timedelta(days=9999))
    with transaction.atomic():
        idempotency.complete(claimed, status=201, body="the merchant's answer")


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("model", [IdempotencyKey, SandboxBlock, SandboxTransfer])
class TestStaff:
    @pytest.mark.parametrize("query", ["", "?q=1", "?q=key-1", "?q=" + "f" * 64])
    def test_every_row_is_found(self, staff, model, query):
        assert staff.get(_address(model, "changelist") + query).status_code == 200

    def test_a_row_is_shown_and_cannot_be_changed(self, staff, model):
        row = model.objects.get()
        page = staff.get(_address(model, "change", row.pk))

        assert page.status_code == 200
        assert b"the merchant's answer" not in page.content
        assert b"the merchant&#x27;s answer" not in page.content
        assert staff.post(_address(model, "change", row.pk), {}).status_code == 403
        assert staff.post(_address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert staff.get(_address(model, "add")).status_code == 403
        assert model.objects.count() == 1


def _address(model, view, *rest) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=rest)
