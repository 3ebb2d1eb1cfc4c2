"""``manage.py erase_customer mer_… cus_…``: forget a customer who asks for it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core.errors import CheckoutError
from invoices.models import Customer
from invoices.services import erase_customer
from merchants.models import Merchant


class Command(BaseCommand):
    """The customer is named by id or by address. What the books need stays: docs/self-hosting.md."""

    help = "Take a customer's personal data out of invoices, the log and deliveries. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("merchant", help="mer_…")
        parser.add_argument("customer", help="cus_…, or the e-mail address")
        parser.add_argument("--test", action="store_true", help="a customer of test mode")

    def handle(self, *_: Any, merchant: str, customer: str, test: bool, **__: Any) -> None:
        key = Merchant.key_from(merchant)
        owner = Merchant.objects.filter(pk=key).first() if key else None
        if owner is None:
            raise CommandError(f"There is no merchant {merchant}.")
        known = Customer.objects.filter(merchant=owner, livemode=not test, email=customer.strip().lower()).first()
        try:
            done = erase_customer(
                merchant=owner,
                livemode=not test,
                public_id=known.public_id if known else customer,
                now=timezone.now(),
            )
        except CheckoutError as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(
            f"{done.customer.public_id} is forgotten in {done.invoices} invoices and {done.entries} entries of the log."
        )
