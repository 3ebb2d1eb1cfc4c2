"""What people keep for themselves at the desk; everything else belongs to the floors below."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from core.models import Record
from merchants.models import Member


class SavedView(Record):
    """
    Filters of the list of invoices under a name, for one person at one merchant.

    ``query`` is what stands in the URL, in the order of the form, so that the same filters are the same text.
    """

    PREFIX = "view"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="saved_views", db_index=False)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)

    class Meta:
        constraints = [
            UniqueConstraint(name="savedview_name_once", fields=["member", "name"]),
            CheckConstraint(name="savedview_narrows", condition=~Q(query="")),
        ]

    def __str__(self) -> str:
        return self.name
