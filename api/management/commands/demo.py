"""``manage.py demo``: a merchant to try things with, its test key, an invoice to pay, a login for the staff's pages.

Safe to run at every start: what is there stays, what is missing is made. Keys and passwords are
stored as hashes, so the file DEMO_FILE (mode 600) remembers their texts.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from core import secrets
from invoices.errors import InvoiceNotFound
from invoices.selectors import get_public_invoice
from invoices.services import InvoiceOrder, Item, create_invoice
from invoices.states import InvoiceStatus
from merchants.models import Merchant
from merchants.selectors import authenticate_key
from merchants.services import SignUp, confirm_address, sign_up

_ADMIN: Final = "staff@demo.example"
_OWNER: Final = "owner@demo.example"
_INVOICE_LIFETIME: Final = timedelta(days=7)
# An invoice of the demo that is further than this is no longer one to open and pay.
_PAYABLE: Final = frozenset({InvoiceStatus.CREATED, InvoiceStatus.PENDING})
_LEAST_LEFT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Demo:
    """What the person at the machine is told."""

    test_api_key: str = ""
    invoice: str = ""
    admin_user: str = ""
    admin_password: str = ""
    owner: str = ""
    owner_password: str = ""


class Command(BaseCommand):
    help = "Create the demo merchant, its test key, an invoice and a staff login, unless they are there."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.DEMO_FILE)
        known = Demo(**json.loads(path.read_text())) if path.exists() else Demo()
        with transaction.atomic():
            demo = _completed(known, now=timezone.now())
            if demo != known:
                _write_private(path, json.dumps(asdict(demo), indent=2))


def _completed(demo: Demo, *, now: datetime) -> Demo:
    merchant = _merchant_of(demo)
    if merchant is None:
        request = SignUp(business_name="Demo Shop", contact_email=_OWNER, plan_type="pro", is_invited=True)
        new = sign_up(request=request, now=now)
        merchant, demo = new.merchant, replace(demo, test_api_key=new.test_api_key)
    if not _is_payable(demo.invoice, now=now):
        demo = replace(demo, invoice=_new_invoice(merchant, now=now))
    if not _can_log_in(demo):
        demo = replace(demo, admin_user=_ADMIN, admin_password=_new_admin_password())
    if not _is_known(demo.owner):
        demo = replace(demo, owner=_OWNER, owner_password=_new_owner_password())
    return demo


def _merchant_of(demo: Demo) -> Merchant | None:
    key = authenticate_key(demo.test_api_key) if demo.test_api_key else None
    return key.merchant if key else None


def _is_payable(public_id: str, *, now: datetime) -> bool:
    try:
        invoice = get_public_invoice(public_id)
    except InvoiceNotFound:
        return False
    return invoice.status in _PAYABLE and invoice.expires_at - now > _LEAST_LEFT


def _new_invoice(merchant: Merchant, *, now: datetime) -> str:
    order = InvoiceOrder(
        title="Demo order",
        description="Pay it on the sandbox chain: no real money moves.",
        items=(
            Item(name="Coffee beans, 1 kg", quantity=Decimal(2), unit_price=Decimal("14.50")),
            Item(name="Shipping", quantity=Decimal(1), unit_price=Decimal("4.90")),
        ),
        currency="USD",
        crypto_currency="USDT",
        network="sandbox",
        expires_in=int(_INVOICE_LIFETIME.total_seconds()),
        metadata={"order_id": "demo-1"},
    )
    return create_invoice(merchant=merchant, livemode=False, order=order, now=now).public_id


def _can_log_in(demo: Demo) -> bool:
    user = get_user_model().objects.filter(username=demo.admin_user, is_staff=True, is_active=True).first()
    return user is not None and user.check_password(demo.admin_password)


def _is_known(owner: str) -> bool:
    """Return whether the owner has been given a login; what they made of it since is theirs."""
    return bool(owner) and get_user_model().objects.filter(username=owner).exists()


def _new_owner_password() -> str:
    password = secrets.random_base62(16)
    owner = get_user_model().objects.get(username=_OWNER)
    owner.set_password(password)
    owner.save(update_fields=["password"])
    confirm_address(user=owner)
    return password


def _new_admin_password() -> str:
    password = secrets.random_base62(16)
    people = get_user_model().objects
    user = people.filter(username=_ADMIN).first()
    if user is None:
        user = people.create_superuser(username=_ADMIN, email=_ADMIN, password=password)
    else:  # the file was lost; a hash does not give its password back
        user.set_password(password)
        user.is_active = user.is_staff = user.is_superuser = True
        user.save()
    confirm_address(user=user)
    return password


def _write_private(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    draft.replace(path)
