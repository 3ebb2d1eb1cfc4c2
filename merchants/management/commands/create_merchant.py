"""``manage.py create_merchant``: open an account for somebody, also where nobody may sign up by themselves."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.forms import ValidationError
from django.utils import timezone

from core.errors import CheckoutError
from merchants.services import SignUp, sign_up


class Command(BaseCommand):
    """Prints the keys, which are shown only this once; the owner is mailed a link to set a password."""

    help = "Open a merchant account and print its keys, which are shown only this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("business_name")
        parser.add_argument("contact_email")
        parser.add_argument("--plan", default="free")

    def handle(self, *_: Any, **options: Any) -> None:
        name, email = options["business_name"].strip(), options["contact_email"].strip()
        try:
            validate_email(email)
        except ValidationError as problem:
            raise CommandError(f"{email!r} is no e-mail address.") from problem
        if not 1 <= len(name) <= 200:
            raise CommandError("A business name has 1 to 200 characters.")
        request = SignUp(business_name=name, contact_email=email, plan_type=options["plan"], is_invited=True)
        try:
            opened = sign_up(request=request, now=timezone.now())
        except CheckoutError as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(
            f"{opened.merchant.public_id}  {name}\n"
            f"live key             {opened.api_key}\n"
            f"test key             {opened.test_api_key}\n"
            f"webhook secret       {opened.webhook_secret}\n"
            f"test webhook secret  {opened.test_webhook_secret}"
        )
