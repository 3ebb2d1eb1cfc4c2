"""What all tables share, and the tables that belong to no business word."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.utils import timezone

from core.ids import parse_public_id, public_id, uuid7


class Record(models.Model):
    """A row with a time-ordered key, a public id and a moment of creation."""

    PREFIX: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        """The id the world sees: ``<PREFIX>_<26 characters>``."""
        return public_id(self.PREFIX, self.pk)

    @classmethod
    def key_from(cls, text: object) -> UUID | None:
        """Return the primary key behind a public id of this kind, or None."""
        return parse_public_id(cls.PREFIX, text)

    def locked(self) -> Self:
        """Return the row as it is now, locked until the transaction ends."""
        return type(self)._default_manager.select_for_update().get(pk=self.pk)  # noqa: SLF001


class IdempotencyKey(models.Model):
    """
    A request that must not be done twice, and its answer once there is one.

    ``token`` changes with every owner: whoever lost the lease cannot store an answer any more.
    """

    scope = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    token = models.UUIDField()
    locked_until = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(null=True)  # noqa: DJ001 - without an answer there is no body, not an empty one
    is_encrypted = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="idempotencykey_once", fields=["scope", "key"]),
            models.CheckConstraint(
                name="idempotencykey_answer_whole",
                condition=models.Q(status_code=None, body=None)
                | models.Q(status_code__isnull=False, body__isnull=False),
            ),
        ]
        indexes = [models.Index(name="idempotencykey_expiry", fields=["expires_at"])]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
