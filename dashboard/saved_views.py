"""Keeping, renaming and forgetting saved views: whoever saved one is the only one who sees it."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid, NotFound
from dashboard.models import SavedView
from merchants.models import Member

MOST = 20


class ViewNotFound(NotFound):
    """No such view, or somebody else's."""

    code = "SAVED_VIEW_NOT_FOUND"
    message = "There is no such view."


class NameTaken(Conflict):
    """The person has a view of this name."""

    code = "SAVED_VIEW_NAME_TAKEN"
    message = "You have a view of this name."


class TooManyViews(Conflict):
    """The person has as many views as fit above a list."""

    code = "TOO_MANY_SAVED_VIEWS"
    message = "You have 20 views, which is as many as there can be. Delete one first."


def list_views(*, member: Member) -> QuerySet[SavedView]:
    """Return the person's views, the oldest first: tabs keep their places."""
    return SavedView.objects.filter(member=member).order_by("created_at", "id")


def get_view(*, member: Member, public_id: str) -> SavedView:
    """
    Return one of the person's views.

    :raises ViewNotFound: when they have none with this id
    """
    key = SavedView.key_from(public_id)
    view = list_views(member=member).filter(pk=key).first() if key else None
    if view is None:
        raise ViewNotFound
    return view


@transaction.atomic
def save_view(*, member: Member, name: str, query: str, now: datetime) -> SavedView:
    """
    Keep filters under a name.

    :raises Invalid: when they filter nothing
    :raises NameTaken: when the person has a view of this name
    :raises TooManyViews: when they have twenty
    """
    if not query:
        raise Invalid(_("Filter the list first, then save what you see."), field="name")
    names = _names(member)
    if name in names:
        raise NameTaken(field="name")
    if len(names) >= MOST:
        raise TooManyViews(field="name")
    return SavedView.objects.create(member=member, name=name, query=query, created_at=now)


@transaction.atomic
def rename_view(*, member: Member, public_id: str, name: str) -> SavedView:
    """
    Call a view something else.

    :raises ViewNotFound: when the person has none with this id
    :raises NameTaken: when another of their views is called so
    """
    names = _names(member)
    view = get_view(member=member, public_id=public_id)
    if name in names - {view.name}:
        raise NameTaken(field="name")
    view.name = name
    view.save(update_fields=["name"])
    return view


def delete_view(*, member: Member, public_id: str) -> None:
    """
    Forget a view.

    :raises ViewNotFound: when the person has none with this id
    """
    get_view(member=member, public_id=public_id).delete()


def _names(member: Member) -> set[str]:
    """Return what the person's views are called, with their membership locked against a second window."""
    member.locked()
    return set(list_views(member=member).values_list("name", flat=True))
