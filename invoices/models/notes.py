"""What members write down about an invoice for each other."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Index, Q

from core.models import Record
from invoices.models.invoice import Invoice


class Note(Record):
    """
    A merchant's own words about an invoice. Customers never see them, and no webhook tells of them.

    ``author_name`` outlives the account that it was read from. ``changed_at`` is set once somebody has changed
    the text; who that was the log tells.
    """

    PREFIX = "note"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="notes", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=254)
    text = models.TextField(max_length=5000)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [CheckConstraint(name="note_says_something", condition=~Q(text=""))]
        indexes = [Index(name="note_of_invoice", fields=["invoice", "created_at", "id"])]

    def __str__(self) -> str:
        return self.text[:50]
