"""The log. A row is written in the transaction of its cause, numbered by the dispatcher, and never changed again."""

from django.db import models
from django.db.models import F, Func, Index, Q, UniqueConstraint, Value

from core.fields import ExactJSONField
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
