"""Staff finds the tables of core and of the sandbox chain, and changes neither by hand."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chains.sandbox import services
from chains.sandbox.models import SandboxBlock, SandboxTransfer
from core import idempotency
from core.models import IdempotencyKey
from core.staff import StaffAdmin
from invoices.models import RateSheet


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


def test_no_list_asks_for_a_whole_table(staff, rows):
    """What reads all rows is fast here and takes seconds where there are millions, so its statements are looked at."""
    looked_at = 0
    for model, page in admin.site._registry.items():
        if not isinstance(page, StaffAdmin) or model is RateSheet:  # those are kept for a short time only
            continue
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(_address(model, "changelist")).status_code == 200, model

        asked = [each["sql"] for each in captured if f'FROM "{model._meta.db_table}"' in each["sql"]]
        endless = [sql for sql in asked if ("COUNT(" in sql or "DISTINCT" in sql) and "LIMIT" not in sql]
        assert endless == [], model
        looked_at += len(asked)

    assert looked_at > 20


def _address(model, view, *rest) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=rest)
