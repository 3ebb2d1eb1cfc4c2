"""The log. A row is written in the transaction of its cause, numbered by the dispatcher, and never changed again."""

from uuid import UUID

from django.db import models
from django.db.models import F, Func, Index, Q, UniqueConstraint, Value

from core.fields import ExactJSONField
from core.ids import public_id
from core.models import Record


class Event(Record):
    """
    Something that happened, with everything a reader of it will ever need.

    ``position`` is given by the dispatcher, one at a time, after the transaction of the cause has
    committed. Whoever has read up to position n has seen every event up to n: there are no gaps
    that fill later, as there would be with a sequence drawn inside concurrent transactions.

    ``actor`` … ``trace_id`` make the log the audit trail as well.
    """

    PREFIX = "evt"
    AUDIT_PREFIX = "audit"

    type = models.CharField(max_length=64)
    merchant_id = models.UUIDField(null=True)
    livemode = models.BooleanField()
    invoice_id = models.UUIDField(null=True)
    object_id = models.CharField(max_length=64, blank=True)
    data = ExactJSONField()

    actor = models.CharField(max_length=120)
    ip_address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    trace_id = models.CharField(max_length=40, blank=True)

    # Drawn at the insert, under the lock of whatever caused it: the order of one invoice's events.
    sequence = models.BigIntegerField(
        db_default=Func(Value("events_event_sequence"), function="nextval"), editable=False
    )
    position = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = [UniqueConstraint(name="event_position_once", fields=["position"])]
        indexes = [
            Index(name="event_undispatched", fields=["sequence"], condition=Q(position=None)),
            Index(F("merchant_id"), F("livemode"), F("position"), name="event_by_merchant"),
            Index(F("invoice_id"), F("position"), name="event_by_invoice", condition=Q(invoice_id__isnull=False)),
            Index(name="event_by_object", fields=["object_id"], condition=Q(invoice_id=None) & ~Q(object_id="")),
        ]


class FailedDispatch(Record):
    """An event that a subscriber could not take. Kept until a retry succeeds; staff sees it."""

    PREFIX = "fdp"

    event = models.ForeignKey(Event, on_delete=models.CASCADE)
    subscriber = models.CharField(max_length=100)
    error = models.TextField()
    retries = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "failed dispatches"
        constraints = [UniqueConstraint(name="faileddispatch_once", fields=["event", "subscriber"])]


class FailedTask(Record):
    """A task that a worker could not finish, once per task and arguments. Gone as soon as the same task succeeds."""

    PREFIX = "ftk"

    task = models.CharField(max_length=200)
    arguments = models.TextField()  # JSON: the positional ones, then the named ones
    error = models.TextField()
    failures = models.PositiveIntegerField(default=1)
    failed_at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(name="failedtask_once", fields=["task", "arguments"])]


class Seal(models.Model):
    """
    The link of one event in the chain of its merchant: a hash over the event and the hash before it.

    ``number`` counts within the chain from 1, ``position`` is the event's own. ``is_change`` tells what people did and
    what was set up from what customers and networks do. Rows are written once; a trigger sees to it. The event is
    named without a foreign key: a seal outlives its event, and so tells that there was one.
    """

    event = models.OneToOneField(
        Event, on_delete=models.DO_NOTHING, primary_key=True, related_name="seal", db_constraint=False
    )
    chain = models.UUIDField()
    number = models.BigIntegerField()
    position = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    is_change = models.BooleanField()

    class Meta:
        constraints = [
            UniqueConstraint(name="seal_number_once", fields=["chain", "number"]),
            UniqueConstraint(name="seal_position_once", fields=["position"]),
        ]
        indexes = [Index(name="seal_changes", fields=["chain", "number"], condition=Q(is_change=True))]

    def __str__(self) -> str:
        return f"{self.number}: {self.hash}"

    @property
    def entry_id(self) -> str:
        """The id of the entry in the audit log: ``audit_…``."""
        return public_id(Event.AUDIT_PREFIX, self.event_id)


class ChainHead(models.Model):
    """
    How far a chain reaches, signed with a key that the database does not hold; and what its last check found.

    ``chain`` is a merchant, ``NOBODYS`` for events of none, or ``WHOLE`` for all seals of the log in a row.
    """

    NOBODYS = UUID(int=0)
    WHOLE = UUID(int=2**128 - 1)

    chain = models.UUIDField(primary_key=True)
    number = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    checked_number = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @property
    def signed_text(self) -> str:
        """What ``signature`` vouches for."""
        return f"{self.chain}:{self.number}:{self.hash}"


class Cut(models.Model):
    """
    Up to ``position`` events are in files and may be missing here; their seals stay.

    ``hash`` is what the whole log folds to there; it is signed like the head of a chain.
    """

    position = models.BigIntegerField(primary_key=True)
    hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=64)
    file = models.CharField(max_length=100)
    cut_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"

    @property
    def signed_text(self) -> str:
        """What ``signature`` vouches for."""
        return f"cut:{self.position}:{self.hash}"


class Feed(models.Model):
    """How far another system has been fed with the log. Whoever feeds it holds the row until ``leased_until``."""

    name = models.CharField(max_length=20, primary_key=True)
    position = models.BigIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.position}"


class Redaction(models.Model):
    """
    What an entry hashes to since personal data was taken out of it; ``sealed_hash`` is the hash it was sealed with.

    ``signature`` vouches for both: an entry that was changed in another way has none.
    """

    event_id = models.UUIDField(primary_key=True)
    sealed_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.event_id}: {self.hash}"

    @property
    def signed_text(self) -> str:
        """What ``signature`` vouches for."""
        return f"redacted:{self.event_id}:{self.sealed_hash}:{self.hash}"
