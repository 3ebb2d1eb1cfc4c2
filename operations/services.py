"""Who is staff: taken on and let go by whoever has the machine, never by a page."""

from collections.abc import Sequence

from django.contrib.auth.models import Group, User
from django.db import transaction

from events.outbox import Happening, emit
from merchants.services import login_name
from operations.errors import UnknownGroup, UnknownPerson
from operations.groups import GROUPS


@transaction.atomic
def take_on(*, email: str, groups: Sequence[str]) -> User:
    """
    Make somebody staff of exactly these groups. A newcomer chooses a password with the code of "Forgot your password?".

    :raises UnknownGroup: when one of the groups is none of ours
    """
    unknown = sorted(set(groups) - set(GROUPS))
    if unknown or not groups:
        raise UnknownGroup(f"Choose from {', '.join(GROUPS)}.")
    name = login_name(email)
    person = User.objects.select_for_update().filter(username=name).first()
    if person is None:
        person = User.objects.create_user(name, email.lower())
    person.is_staff = person.is_active = True
    person.save(update_fields=["is_staff", "is_active"])
    person.groups.set(Group.objects.filter(name__in=groups))
    _tell("staff.taken_on", person, groups=sorted(groups))
    return person


@transaction.atomic
def let_go(*, email: str) -> User:
    """
    Take somebody's place among the staff away, at once. What they are to merchants stays.

    :raises UnknownPerson: when nobody of the staff has this address
    """
    person = User.objects.select_for_update().filter(username=login_name(email), is_staff=True).first()
    if person is None:
        raise UnknownPerson
    person.is_staff = person.is_superuser = False
    person.save(update_fields=["is_staff", "is_superuser"])
    person.groups.remove(*Group.objects.filter(name__in=GROUPS))
    _tell("staff.let_go", person)
    return person


def _tell(event_type: str, person: User, **data: object) -> None:
    emit(
        Happening(
            type=event_type,
            merchant_id=None,
            livemode=True,
            data={"user": f"user:{person.pk}", "email": person.email, **data},
            object_id=f"user:{person.pk}",
        )
    )
