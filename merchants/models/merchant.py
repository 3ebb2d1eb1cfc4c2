"""The tenant, its plan, and what it has used of it."""

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone

from core.fields import ExactJSONField
from core.models import Record


class MerchantStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Plan(models.Model):
    """What a merchant may use. Amounts in US dollars."""

    code = models.SlugField(primary_key=True, max_length=32)
    name = models.CharField(max_length=64)
    max_api_keys = models.PositiveIntegerField()
    max_webhook_endpoints = models.PositiveIntegerField()
    monthly_invoice_limit = models.PositiveIntegerField()
    min_invoice_usd = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal("0.50"))
    max_invoice_usd = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal("10000.00"))
    is_self_service = models.BooleanField(default=True, help_text="Whether merchants can choose it themselves.")

    class Meta:
        ordering = ["monthly_invoice_limit"]
        constraints = [
            CheckConstraint(
                name="plan_limits_positive",
                condition=Q(max_api_keys__gt=1, max_webhook_endpoints__gt=0, monthly_invoice_limit__gt=0),
            ),
            CheckConstraint(
                name="plan_amounts_ordered",
                condition=Q(min_invoice_usd__gt=0, max_invoice_usd__gte=F("min_invoice_usd")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Merchant(Record):
    """
    The tenant: owns invoices, keys, wallets, endpoints.

    ``settings`` holds only what the merchant has set; read it through ``MerchantSettings.of``.
    ``platform_fee_percent`` of each settlement is the platform's; staff sets it. The
    webhook secrets sign what goes to the ``webhook_url`` of single invoices.
    """

    PREFIX = "mer"

    business_name = models.CharField(max_length=200)
    contact_email = models.EmailField(max_length=254)
    status = models.CharField(
        max_length=9, choices=MerchantStatus.choices, default=MerchantStatus.ACTIVE, editable=False
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="merchants")
    settings = ExactJSONField(default=dict)
    platform_fee_percent = models.DecimalField(max_digits=4, decimal_places=2, default=Decimal("1.00"), editable=False)
    webhook_secret_live = models.TextField(editable=False)
    webhook_secret_test = models.TextField(editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            CheckConstraint(name="merchant_status_known", condition=Q(status__in=MerchantStatus.values)),
            CheckConstraint(
                name="merchant_platform_fee_range",
                condition=Q(platform_fee_percent__gte=Decimal("0.1"), platform_fee_percent__lte=Decimal(5)),
            ),
        ]

    def __str__(self) -> str:
        return self.business_name

    @property
    def is_suspended(self) -> bool:
        """Whether the staff has taken the merchant off the API."""
        return self.status == MerchantStatus.SUSPENDED


class Logo(models.Model):
    """
    A merchant's logo as pages show it, drawn anew from the setting ``logo``; sides in pixels.

    ``digest`` is the SHA-256 of ``content``: what has this address never changes.
    """

    merchant = models.OneToOneField(Merchant, primary_key=True, on_delete=models.CASCADE, related_name="picture")
    digest = models.CharField(max_length=64, db_index=True)
    media_type = models.CharField(max_length=16)
    content = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.digest


class UsageCount(models.Model):
    """A part of how many invoices a merchant has created in a calendar month (UTC); ``month`` is its first day."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)
    livemode = models.BooleanField()
    month = models.DateField()
    slot = models.PositiveSmallIntegerField(default=0)
    invoices = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [UniqueConstraint(name="usagecount_once", fields=["merchant", "livemode", "month", "slot"])]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}, {self.slot}: {self.invoices}"


class Usage(models.Model):
    """How many invoices a merchant has created in a month: a view of the parts, added up."""

    merchant = models.ForeignKey(Merchant, on_delete=models.DO_NOTHING, related_name="usage")
    livemode = models.BooleanField()
    month = models.DateField()
    invoices = models.PositiveIntegerField()

    class Meta:
        managed = False
        verbose_name_plural = "usage"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.invoices}"
