"""Who is told (endpoints and per-invoice hooks), what is owed to them (deliveries), and each attempt at it."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from core import secrets
from core.ids import public_id
from core.models import Record
from events.models import Event
from events.types import EVERYTHING
from merchants.models import Merchant
from webhooks.formats import MAX_NAME, NATIVE
from webhooks.states import MAX_RETRIES, MAX_TROUBLE, Backoff, DeliveryStatus, DisabledReason

MAX_URL_LENGTH = 2048
MAX_TIMEOUT = 30  # seconds


class WebhookEndpoint(Record):
    """
    An address of the merchant that is told of every event of certain types.

    A deleted endpoint keeps its row, so that what was delivered to it can still be looked up.
    """

    PREFIX = "whe"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="webhook_endpoints")
    livemode = models.BooleanField()
    url = models.CharField(max_length=MAX_URL_LENGTH)
    events = ArrayField(models.CharField(max_length=64))  # in our words, whatever the format
    format = models.CharField(max_length=MAX_NAME, default=NATIVE, db_default=NATIVE)

    secret_encrypted = models.TextField()
    previous_secret_encrypted = models.TextField(blank=True)
    previous_expires_at = models.DateTimeField(null=True, blank=True)

    allowed_ips = ArrayField(models.CharField(max_length=49), default=list, blank=True)
    max_retries = models.PositiveSmallIntegerField(default=5)
    retry_backoff = models.CharField(max_length=11, choices=Backoff.choices, default=Backoff.EXPONENTIAL)
    timeout = models.PositiveSmallIntegerField(default=MAX_TIMEOUT)

    disabled_reason = models.CharField(max_length=11, choices=DisabledReason.choices, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    is_trouble_told = models.BooleanField(default=False)  # that it only fails, since ``failing_since``
    owners_told = models.BooleanField(default=True)  # false from the moment we disable it until the mail is on its way
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(name="webhookendpoint_events_some", condition=Q(events__len__gt=0)),
            CheckConstraint(name="webhookendpoint_retries_range", condition=Q(max_retries__lte=MAX_RETRIES)),
            CheckConstraint(name="webhookendpoint_timeout_range", condition=Q(timeout__range=(1, MAX_TIMEOUT))),
            CheckConstraint(name="webhookendpoint_backoff_known", condition=Q(retry_backoff__in=Backoff.values)),
            CheckConstraint(
                name="webhookendpoint_disabled_reason_known",
                condition=Q(disabled_reason__in=["", *DisabledReason.values]),
            ),
        ]
        indexes = [
            Index(name="webhookendpoint_by_merchant", fields=["merchant", "livemode"], condition=Q(deleted_at=None)),
            Index(name="webhookendpoint_untold", fields=["id"], condition=Q(owners_told=False)),
        ]

    @property
    def enabled(self) -> bool:
        """Whether events are sent to it."""
        return not self.disabled_reason and self.deleted_at is None

    @property
    def secret(self) -> str:
        """The shared secret in clear text, ``whsec_…``."""
        return secrets.decrypt(self.secret_encrypted)

    def secrets_at(self, now: datetime) -> list[str]:
        """Return the secrets to sign with, the newest first: two while a rotation lasts."""
        live = [self.secret]
        if self.previous_secret_encrypted and self.previous_expires_at and now < self.previous_expires_at:
            live.append(secrets.decrypt(self.previous_secret_encrypted))
        return live

    def wants(self, event_type: str) -> bool:
        """Return whether the endpoint subscribes to ``event_type``."""
        return EVERYTHING in self.events or event_type in self.events


class InvoiceHook(Record):
    """The ``webhook_url`` of one invoice: told of everything that happens to that invoice."""

    PREFIX = "whi"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    invoice_id = models.UUIDField()
    url = models.CharField(max_length=MAX_URL_LENGTH)
    format = models.CharField(max_length=MAX_NAME, default=NATIVE, db_default=NATIVE)

    class Meta:
        constraints = [UniqueConstraint(name="invoicehook_once", fields=["invoice_id"])]


class Deliveries(models.QuerySet["Delivery"]):
    """What becomes of deliveries without an attempt; what comes of attempts is written by ``services.record``."""

    def renew(self, *, now: datetime) -> int:
        """Make them due now, with a full set of retries; return how many."""
        return self.update(
            status=DeliveryStatus.PENDING,
            next_attempt_at=now,
            attempts_before_round=F("attempts"),
            delivered_at=None,
            failure="",
        )

    def give_up(self, *, why: str) -> int:
        """Attempt them no more, until somebody sends them again; return how many."""
        return self.update(
            status=DeliveryStatus.FAILED, next_attempt_at=None, lease_token=None, leased_until=None, failure=why
        )


class Delivery(Record):
    """
    One event owed to one receiver. ``body`` is written once, so that every attempt sends the same bytes.

    Invariants the database keeps: one receiver, told of an event once; a next attempt exactly while
    pending; a moment of delivery exactly when delivered. A worker that attempts it holds
    ``lease_token`` until ``leased_until``: a lease that lapses leaves it to another. Deliveries of one
    ``lane`` wait for each other, those of different lanes never do.
    """

    PREFIX = "whd"
    MESSAGE_PREFIX = "whk"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)  # see indexes
    livemode = models.BooleanField()
    endpoint = models.ForeignKey(WebhookEndpoint, null=True, on_delete=models.PROTECT, related_name="deliveries")
    hook = models.ForeignKey(InvoiceHook, null=True, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    event_type = models.CharField(max_length=64)
    invoice_id = models.UUIDField(null=True)
    url = models.CharField(max_length=MAX_URL_LENGTH)
    lane = models.CharField(max_length=64)
    body = models.TextField()

    status = models.CharField(max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    attempts_before_round = models.PositiveIntegerField(default=0)  # those made before it was last sent again by hand
    next_attempt_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    response_code = models.PositiveSmallIntegerField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=MAX_TROUBLE, blank=True)

    objects = Deliveries.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            CheckConstraint(name="delivery_status_known", condition=Q(status__in=DeliveryStatus.values)),
            CheckConstraint(
                name="delivery_one_receiver",
                condition=Q(endpoint__isnull=False, hook__isnull=True) | Q(endpoint__isnull=True, hook__isnull=False),
            ),
            CheckConstraint(
                name="delivery_due_while_pending",
                condition=Q(status=DeliveryStatus.PENDING, next_attempt_at__isnull=False)
                | (~Q(status=DeliveryStatus.PENDING) & Q(next_attempt_at__isnull=True)),
            ),
            CheckConstraint(
                name="delivery_delivered_at_when_delivered",
                condition=Q(status=DeliveryStatus.DELIVERED, delivered_at__isnull=False)
                | (~Q(status=DeliveryStatus.DELIVERED) & Q(delivered_at__isnull=True)),
            ),
            UniqueConstraint(name="delivery_endpoint_once", fields=["event", "endpoint"]),
            UniqueConstraint(name="delivery_hook_once", fields=["event", "hook"]),
        ]
        indexes = [
            # Read by hopping from lane to lane, so a long queue in one lane costs the others nothing.
            Index(name="delivery_due", fields=["lane", "next_attempt_at"], condition=Q(status=DeliveryStatus.PENDING)),
            Index(name="delivery_leased", fields=["lane"], condition=Q(lease_token__isnull=False)),
            Index(F("endpoint"), F("created_at").desc(), F("id").desc(), name="delivery_by_endpoint"),
            Index(F("merchant"), F("livemode"), F("created_at").desc(), F("id").desc(), name="delivery_by_merchant"),
            Index(
                F("merchant"),
                F("livemode"),
                F("created_at").desc(),
                F("id").desc(),
                name="delivery_given_up",
                condition=Q(status=DeliveryStatus.FAILED),
            ),
            Index(name="delivery_by_invoice", fields=["invoice_id"], condition=Q(invoice_id__isnull=False)),
        ]

    @property
    def message_id(self) -> str:
        """The id in the headers. It follows from the event, so a receiver told twice can see that it was."""
        return public_id(self.MESSAGE_PREFIX, self.event_id)


class EndpointDay(models.Model):
    """
    What became of the deliveries that an endpoint was owed on one day (UTC). Triggers on deliveries keep it.

    What is pruned stays counted: it says what happened, not which rows there are.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    delivered = models.IntegerField()
    failed = models.IntegerField()
    last_delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [UniqueConstraint(name="endpointday_once", fields=["endpoint", "day"])]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.day}"


class Replay(Record):
    """
    A wish to have the events of a period sent again to one endpoint.

    They are made due in slices, in the order of the log: those up to ``position`` are, those up to
    ``last_position`` will be. ``finished_at`` is when the last slice was, or when it was stopped.
    ``delivered`` and ``failed`` are counted once, when nothing of it waits any more.
    """

    PREFIX = "whr"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="replays")
    start = models.DateTimeField()
    end = models.DateTimeField()
    types = ArrayField(models.CharField(max_length=64))
    total = models.PositiveIntegerField()
    position = models.BigIntegerField(default=0)
    last_position = models.BigIntegerField()
    finished_at = models.DateTimeField(null=True)
    is_stopped = models.BooleanField(default=False)  # the endpoint was disabled before all of it was due
    delivered = models.PositiveIntegerField(null=True)
    failed = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [
            Index(name="replay_under_way", fields=["created_at"], condition=Q(delivered=None)),
            Index(F("endpoint"), F("created_at").desc(), name="replay_by_endpoint"),
        ]


class Circuit(models.Model):
    """
    A lane that only fails lately, and until when nothing is sent on it. A lane that works has none.

    While it is open, what waits keeps its retries. When ``open_until`` is over one delivery is tried:
    an answer closes the circuit, another failure opens it again, for longer each time.
    """

    lane = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)  # attempts in a row without an answer
    openings = models.PositiveIntegerField(default=0)  # in a row
    open_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.lane


class Attempt(Record):
    """
    One request to a receiver and what came of it; the answer is kept to its first kilobyte.

    ``headers`` are those that say who sends what and sign it, as they were sent; the body is the delivery's.
    """

    PREFIX = "wha"
    MAX_RESPONSE = 1024

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="history")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    elapsed_ms = models.PositiveIntegerField()
    headers = models.JSONField(null=True)  # None of attempts made before they were kept
    response_code = models.PositiveSmallIntegerField(null=True)
    response = models.TextField(blank=True)
    error = models.CharField(max_length=MAX_TROUBLE, blank=True)

    class Meta:
        constraints = [UniqueConstraint(name="attempt_number_once", fields=["delivery", "number"])]
