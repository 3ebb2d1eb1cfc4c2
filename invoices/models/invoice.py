"""Invoices, the quotes they have shown, credits from overpayment, and exchange rates."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, TextField, UniqueConstraint, Value
from django.db.models.functions import Cast, Concat, Lower, Upper

from chains import registry
from chains.base import Asset
from core.fields import ExactJSONField, UnitsField, ValueField, condition, is_one_of
from core.ids import parse_public_id, public_id
from core.models import Record
from invoices.errors import InvalidTransition
from invoices.states import AWAITING, EXPIRING, TRANSITIONS, Facts, InvoiceException, InvoiceStatus, enough_for

# A query uses the trigram index only when it searches exactly this expression.
SEARCHED: Final = Upper(
    Concat(
        F("title"), Value(" "), F("description"), Value(" "), Cast(F("metadata"), TextField()), output_field=TextField()
    )
)


class OverpaymentAction(models.TextChoices):
    """What happens with a surplus."""

    CREDIT_ACCOUNT = "credit_account"
    REFUND = "refund"
    KEEP = "keep"


class Matching(models.TextChoices):
    """How a transfer is known to be for an invoice."""

    ADDRESS = "address", "by its own address"
    TAG = "tag", "by address and tag"
    AMOUNT = "amount", "by address and exact amount"


class Invoice(Record):
    """
    A request to be paid one amount of one asset at one destination before a deadline.

    ``…_units`` are base units of the asset; ``…_value``, ``total`` and the thresholds are in
    ``currency``. ``amount_units`` is all the customer has to send, earlier payments included;
    ``asked_value`` is what sending exactly that is worth at the quoted rates (never below
    ``total``, because amounts are rounded up).

    Invariants the database keeps, whoever writes:

    * an address, or an address and a tag, serves one invoice, ever, also after its customer chose to pay
      elsewhere (``InvoiceDestination``); only where ``matching`` is ``amount`` do invoices share a
      destination, and then ``AmountClaim`` tells them apart;
    * ``paid_at`` is set exactly when the invoice is paid or was paid and then refunded;
    * test money and real money never meet: the sandbox holds test invoices, and only those.
    """

    PREFIX = "inv"
    SESSION_PREFIX = "cs"  # of the same key, where the invoice is met as a checkout session

    # No index of its own: those for lists begin with it.
    merchant = models.ForeignKey(
        "merchants.Merchant", on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    livemode = models.BooleanField()
    status = models.CharField(
        max_length=12, choices=InvoiceStatus.choices, default=InvoiceStatus.CREATED, editable=False
    )
    exception = models.CharField(
        max_length=10, choices=InvoiceException.choices, default=InvoiceException.NONE, editable=False
    )

    customer = models.ForeignKey(
        "invoices.Customer", on_delete=models.PROTECT, null=True, db_index=False, related_name="invoices"
    )
    payment_link = models.ForeignKey(
        "invoices.PaymentLink", on_delete=models.PROTECT, null=True, db_index=False, related_name="invoices"
    )
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    items = ExactJSONField(default=list)
    metadata = ExactJSONField(default=dict)
    webhook_url = models.CharField(max_length=2048, blank=True)
    return_url = models.CharField(max_length=2048, blank=True)
    cancel_url = models.CharField(max_length=2048, blank=True)

    currency = models.CharField(max_length=3)
    subtotal = models.DecimalField(max_digits=20, decimal_places=3)
    tax = models.DecimalField(max_digits=20, decimal_places=3)
    total = models.DecimalField(max_digits=20, decimal_places=3)
    total_usd = models.DecimalField(max_digits=20, decimal_places=3)
    reporting_currency = models.CharField(max_length=3)
    reporting_total = models.DecimalField(max_digits=20, decimal_places=3)

    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    address = models.CharField(max_length=128)
    tag = models.CharField(max_length=64, blank=True)
    matching = models.CharField(max_length=7, choices=Matching.choices, default=Matching.ADDRESS)
    # Where the destination came from; ``wallet_index`` is the child's index below an extended key.
    wallet = models.ForeignKey("merchants.Wallet", on_delete=models.PROTECT, null=True, db_index=False)
    wallet_index = models.BigIntegerField(null=True)

    # What the customer may choose between: ``{"asset": "USDT", "network": "tron"}``, the first one first. Without a
    # choice it is null, and so one value less in the busiest statement there is.
    payment_options = ExactJSONField(null=True)

    # The merchant asked for an amount of the asset itself: it stays as it is, whatever rates do. Null: a price in
    # ``currency``, so again one value less.
    priced_in_asset = models.BooleanField(null=True)

    amount_units = UnitsField()
    asked_value = ValueField()
    rate = models.DecimalField(max_digits=40, decimal_places=18)
    rate_source = models.CharField(max_length=64)
    rate_observed_at = models.DateTimeField()
    # What the rate rests on: each source, its price, when, and whether it counted (``rates.agreement``).
    rate_evidence = ExactJSONField(default=list)
    quoted_at = models.DateTimeField()
    quote_expires_at = models.DateTimeField()
    price_lock_seconds = models.PositiveIntegerField()

    underpayment_threshold = models.DecimalField(max_digits=12, decimal_places=3)
    overpayment_threshold = models.DecimalField(max_digits=12, decimal_places=3)
    overpayment_action = models.CharField(max_length=16, choices=OverpaymentAction.choices)

    received_units = UnitsField(default=0)
    confirmed_units = UnitsField(default=0)
    received_value = ValueField(default=Decimal(0))
    confirmed_value = ValueField(default=Decimal(0))
    is_late = models.BooleanField(default=False)
    accepted_at = models.DateTimeField(null=True)
    accepted_value = ValueField(null=True)

    expires_at = models.DateTimeField()
    viewed_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=500, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(name="invoice_status_known", condition=is_one_of("status", InvoiceStatus.values)),
            CheckConstraint(name="invoice_exception_known", condition=is_one_of("exception", InvoiceException.values)),
            CheckConstraint(name="invoice_amount_positive", condition=Q(amount_units__gt=0, total__gt=0, rate__gt=0)),
            CheckConstraint(
                name="invoice_confirmed_within_received",
                condition=Q(confirmed_units__lte=F("received_units"), confirmed_value__lte=F("received_value")),
            ),
            CheckConstraint(
                name="invoice_paid_at_when_paid",
                condition=condition("(paid_at IS NOT NULL) = (status = ANY ('{paid,refunded}'::text[]))"),
            ),
            CheckConstraint(name="invoice_sandbox_is_test", condition=condition("livemode <> (network = 'sandbox')")),
            CheckConstraint(
                name="invoice_tag_when_matched_by_it", condition=condition("(matching = 'tag') = (tag <> '')")
            ),
            CheckConstraint(name="invoice_matching_known", condition=is_one_of("matching", Matching.values)),
            UniqueConstraint(
                name="invoice_address_once", fields=["network", "address"], condition=Q(matching="address")
            ),
            # The tag first: references are looked up without an address.
            UniqueConstraint(
                name="invoice_tag_once", fields=["network", "tag", "address"], condition=Q(matching="tag")
            ),
        ]
        indexes = [
            # The expiry task reads only what can expire.
            Index(name="invoice_short", fields=["created_at"], condition=Q(status=InvoiceStatus.PARTIAL)),
            Index(name="invoice_expiring", fields=["expires_at"], condition=Q(status__in=sorted(EXPIRING))),
            Index(F("merchant"), F("livemode"), F("created_at"), F("id"), name="invoice_newest"),
            Index(F("merchant"), F("livemode"), F("status"), F("created_at"), name="invoice_by_status"),
            # Common ones are met soon among the newest; a rare one would be looked for among all.
            Index(F("merchant"), F("livemode"), F("asset_code"), F("network"), name="invoice_by_asset"),
            Index(
                name="invoice_of_customer",
                fields=["customer", "-created_at", "-id"],
                condition=Q(customer__isnull=False),
            ),
            Index(
                name="invoice_of_link",
                fields=["payment_link", "-created_at", "-id"],
                condition=Q(payment_link__isnull=False),
            ),
            GinIndex(OpClass(SEARCHED, name="gin_trgm_ops"), name="invoice_search"),
            Index(name="invoice_paid_index", fields=["wallet", "wallet_index"], condition=Q(received_units__gt=0)),
            # Where capitals are but a checksum (EIP-55), the scan asks in small letters.
            Index(F("network"), Lower("address"), name="invoice_folded", condition=Q(address__startswith="0x")),
        ]

    TRANSITIONS: ClassVar = TRANSITIONS

    @property
    def session_id(self) -> str:
        """The id of the invoice as a checkout session: ``cs_…``."""
        return public_id(self.SESSION_PREFIX, self.pk)

    @classmethod
    def key_of_session(cls, session_id: object) -> UUID | None:
        """Return the key behind the id of a checkout session, or None when it is no such id."""
        return parse_public_id(cls.SESSION_PREFIX, session_id)

    @property
    def asset(self) -> Asset:
        """What the invoice is to be paid in."""
        asset = registry.asset(self.network, self.asset_code)
        if asset is None:
            raise LookupError(f"{self.asset_code} on {self.network} is no longer configured")
        return asset

    @property
    def options(self) -> list[Asset]:
        """What the customer may choose between, without what is no longer configured; empty: there is no choice."""
        found = (registry.asset(option["network"], option["asset"]) for option in self.payment_options or ())
        return [asset for asset in found if asset is not None]

    def option(self, *, network: str, asset_code: str) -> Asset | None:
        """Return what the customer may choose by this name, or None."""
        named = (asset for asset in self.options if (asset.network, asset.code) == (network, asset_code))
        return next(named, None)

    def asks_for(self, *, network: str, asset_code: str) -> bool:
        """Return whether the invoice is to be paid in just this asset at present."""
        return (self.network, self.asset_code) == (network, asset_code)

    @property
    def remaining_units(self) -> int:
        """What is still to be sent, in base units."""
        return max(self.amount_units - self.received_units, 0)

    @property
    def is_awaiting(self) -> bool:
        """Whether the invoice can still become paid without anybody's decision."""
        return self.status in AWAITING

    def facts(self, *, now: datetime) -> Facts:
        """Return what the status follows from."""
        return Facts(
            enough=enough_for(self.total, self.underpayment_threshold),
            ceiling=max(self.total, self.asked_value) + self.overpayment_threshold,
            received=self.received_value,
            confirmed=self.confirmed_value,
            is_viewed=self.viewed_at is not None,
            is_overdue=now >= self.expires_at,
            accepted=self.accepted_value,
            is_late=self.is_late,
        )

    def move_to(self, status: InvoiceStatus, *, at: datetime) -> None:
        """
        Change the status in memory. The only code that writes it; the caller holds the row lock and saves.

        :raises InvalidTransition: when the change is not in ``TRANSITIONS``
        """
        current = InvoiceStatus(self.status)
        if status not in TRANSITIONS[current]:
            raise InvalidTransition(f"An invoice cannot go from {current} to {status}.")
        self.status = status
        if status is InvoiceStatus.PAID:
            self.paid_at = at
        elif status is not InvoiceStatus.REFUNDED:
            self.paid_at = None
        if status is InvoiceStatus.CANCELLED:
            self.cancelled_at = at
        self.updated_at = at


class AmountClaim(Record):
    """
    An exact amount that means one invoice, at an address which several share.

    Open until the invoice has ended and its late window has passed; till then nobody else is asked for
    the same. An invoice has one for each amount that its customer was ever shown.
    """

    PREFIX = "amc"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="claims")
    network = models.CharField(max_length=32)
    address = models.CharField(max_length=128)
    asset_code = models.CharField(max_length=16)
    units = UnitsField()
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(name="amountclaim_positive", condition=Q(units__gt=0)),
            UniqueConstraint(
                name="amountclaim_open_once",
                fields=["network", "address", "asset_code", "units"],
                condition=Q(released_at=None),
            ),
        ]
        indexes = [Index(name="amountclaim_by_amount", fields=["network", "address", "asset_code", "units"])]


class ReplacedQuote(Record):
    """
    A quote the customer was shown and that a newer one replaced, of the same asset or of another.

    It stays payable for a while: whoever has pressed "send" gets the rate they saw.
    """

    PREFIX = "quo"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="replaced_quotes")
    network = models.CharField(max_length=32)
    asset_code = models.CharField(max_length=16)
    rate = models.DecimalField(max_digits=40, decimal_places=18)
    rate_source = models.CharField(max_length=64)
    rate_evidence = ExactJSONField(default=list)
    amount_units = UnitsField()
    quoted_at = models.DateTimeField()
    replaced_at = models.DateTimeField()


class Credit(Record):
    """Surplus of an overpaid invoice, owed to a customer of the merchant; voided when a reorg takes it back."""

    PREFIX = "crd"

    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credits")
    livemode = models.BooleanField()
    customer = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    amount = ValueField()
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="credit_positive", condition=Q(amount__gt=0)),
            UniqueConstraint(name="credit_once", fields=["invoice"], condition=Q(voided_at=None)),
        ]


class RateSheet(Record):
    """What one source said one asset is worth at one moment, in each currency: ``{"USD": "1.0001"}``."""

    PREFIX = "rat"

    base = models.CharField(max_length=16)
    source = models.CharField(max_length=32)
    prices = models.JSONField()
    observed_at = models.DateTimeField()

    class Meta:
        indexes = [Index(F("base"), F("observed_at").desc(), name="ratesheet_newest")]
