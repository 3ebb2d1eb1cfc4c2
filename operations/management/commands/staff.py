"""``manage.py staff add|remove|list``: who opens the staff's pages, and in which groups."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import CheckoutError
from operations import services
from operations.groups import GROUPS


class Command(BaseCommand):
    """Each change is in the audit log. There is no page for this: whoever may use a page could take themselves on."""

    help = "Take somebody on (add), let somebody go (remove), or say who is staff (list)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="make somebody staff of exactly these groups")
        add.add_argument("email")
        add.add_argument("groups", nargs="+", choices=sorted(GROUPS))
        remove = actions.add_parser("remove", help="take somebody's place among the staff away, at once")
        remove.add_argument("email")
        actions.add_parser("list", help="everybody who is staff, with their groups")

    def handle(self, *_: Any, action: str, **options: Any) -> None:
        try:
            if action == "add":
                self._add(options["email"], options["groups"])
            elif action == "remove":
                person = services.let_go(email=options["email"])
                self.stdout.write(f"{person.email} is no longer staff.")
            else:
                self._list()
        except CheckoutError as refusal:
            raise CommandError(refusal.detail) from refusal

    def _add(self, email: str, groups: list[str]) -> None:
        person = services.take_on(email=email, groups=groups)
        self.stdout.write(f"{person.email} is staff: {', '.join(sorted(groups))}.")
        if not person.has_usable_password():
            self.stdout.write('They choose a password with "Forgot your password?" at /dashboard/sign-in/.')

    def _list(self) -> None:
        for person in User.objects.filter(is_staff=True).order_by("email").prefetch_related("groups"):
            names = [group.name for group in person.groups.all()]
            more = ["superuser"] if person.is_superuser else []
            self.stdout.write(f"{person.email}  {', '.join([*more, *names]) or 'in no group'}")
