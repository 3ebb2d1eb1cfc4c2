"""What merchants' programs are known by, and what they asked."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q

from core.models import Record
from merchants.models.merchant import Merchant
from merchants.scopes import PERMISSIONS
from merchants.secrets import STARTS, KeyFormat


class KeyStatus(models.TextChoices):
    """Follows from a key's moments; nobody stores it."""

    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"


class APIKey(Record):
    """
    A credential of a merchant's program in one mode. The key itself is shown once and stored as its SHA-256.

    Its ``format`` is the wire format whose doors it opens; all else is the same for every key.

    Invariants the database keeps: no key twice; a known format; at least one permission, and known ones only.
    """

    PREFIX = "key"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="api_keys")
    livemode = models.BooleanField()
    name = models.CharField(max_length=100)
    format = models.CharField(
        max_length=10, choices=KeyFormat.choices, default=KeyFormat.NATIVE, db_default=KeyFormat.NATIVE, editable=False
    )
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    key_prefix = models.CharField(max_length=32, editable=False)
    last4 = models.CharField(max_length=4, editable=False)
    permissions = ArrayField(models.CharField(max_length=32))
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = "API key"
        constraints = [
            CheckConstraint(name="apikey_format_known", condition=Q(format__in=KeyFormat.values)),
            CheckConstraint(name="apikey_permissions_some", condition=Q(permissions__len__gt=0)),
            CheckConstraint(name="apikey_permissions_known", condition=Q(permissions__contained_by=list(PERMISSIONS))),
        ]
        indexes = [Index(F("merchant"), F("created_at"), F("id"), name="apikey_newest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.masked})"

    @property
    def key_type(self) -> str:
        """``live`` or ``test``."""
        return "live" if self.livemode else "test"

    @property
    def masked(self) -> str:
        """What logs and the audit trail show: ``sk_live_***123``."""
        return f"{STARTS[KeyFormat(self.format)]}{self.key_type}_***{self.last4[-3:]}"

    def status_at(self, now: datetime) -> KeyStatus:
        """Return what the key is at ``now``."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyStatus.EXPIRED
        return KeyStatus.ACTIVE


class LoggedRequest(models.Model):
    """
    A request of a merchant's program and what became of it. Bodies and headers are not kept: they hold secrets.

    ``created_at`` is when it arrived; ``milliseconds`` is how long the answer took; sizes are of the bodies in bytes.
    """

    created_at = models.DateTimeField()
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="logged_requests", db_index=False)
    livemode = models.BooleanField()
    api_key = models.ForeignKey(APIKey, on_delete=models.CASCADE, related_name="+")
    request_id = models.CharField(max_length=64)
    ip_address = models.GenericIPAddressField(null=True)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField()
    error = models.CharField(max_length=64, blank=True)
    milliseconds = models.PositiveIntegerField()
    request_bytes = models.PositiveIntegerField()
    response_bytes = models.PositiveIntegerField()

    class Meta:
        indexes = [
            Index(fields=["merchant", "livemode", "-created_at", "-id"], name="loggedrequest_newest"),
            Index(fields=["created_at"], name="loggedrequest_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status}"
