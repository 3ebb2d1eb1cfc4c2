"""Merchants and what they own: members, API keys, wallets, and what they have used of their plan."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Lower
from django.utils import timezone

from core.fields import ExactJSONField
from core.models import Record
from merchants.scopes import PERMISSIONS
from merchants.secrets import STARTS, KeyFormat


class MerchantStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class KeyStatus(models.TextChoices):
    """Follows from a key's moments; nobody stores it."""

    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"


class WalletKind(models.TextChoices):
    """Where a wallet's destinations come from."""

    XPUB = "xpub", "Extended public key"
    POOL = "pool", "List of addresses"
    SINGLE = "single", "One address"
    VAULT = "vault", "Vault"


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


class Member(Record):
    """
    A person with a login and a role in a merchant.

    ``invited_at`` is set when the mail with the link to choose a password has been handed over. ``notifications``
    holds by topic what they chose to be mailed of otherwise than their role is (merchants.notifications).
    """

    PREFIX = "mem"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=9, choices=Role.choices)
    invited_at = models.DateTimeField(null=True, blank=True)
    notifications = models.JSONField(default=dict, blank=True)
    notifies_of_test = models.BooleanField(default=False)

    class Meta:
        constraints = [
            CheckConstraint(name="member_role_known", condition=Q(role__in=Role.values)),
            UniqueConstraint(name="member_once", fields=["user", "merchant"]),
        ]
        indexes = [Index(name="member_uninvited", fields=["id"], condition=Q(invited_at=None))]


class Invitation(Record):
    """
    A seat in a merchant that waits for the person who reads ``email`` (kept in small letters).

    The mail is owed while ``sent_at`` is None. The link holds the signed id and nothing that is stored; it works until
    ``expires_at``, once, and not after it was withdrawn.
    """

    PREFIX = "ivt"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=9, choices=Role.choices)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(name="invitation_role_known", condition=Q(role__in=Role.values)),
            CheckConstraint(name="invitation_ends_once", condition=Q(accepted_at=None) | Q(withdrawn_at=None)),
            UniqueConstraint(
                name="invitation_open_once",
                fields=["merchant", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
            ),
        ]
        indexes = [
            Index(
                name="invitation_unsent",
                fields=["id"],
                condition=Q(sent_at=None, accepted_at=None, withdrawn_at=None),
            )
        ]


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


class Wallet(Record):
    """
    Where a merchant is paid on a network.

    An ``xpub`` gives each invoice a new child of an extended public key, a ``pool`` one of the
    addresses that the merchant listed, a ``single`` always the same address: there invoices are told
    apart by a tag or, on networks without tags, by their exact amount. ``next_index`` counts what
    was given out. A ``vault`` is like an ``xpub`` whose seed this installation keeps (``VaultSecret``):
    ``forward_to``, said once when it is opened, is where what its invoices bring goes on to.

    A removed wallet keeps its row, and an extended key serves one row per network; rows with one key
    count together, in the oldest. So no index is ever used twice, and no two merchants are given one address.
    """

    PREFIX = "wal"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="wallets")
    network = models.CharField(max_length=32)
    kind = models.CharField(max_length=8, choices=WalletKind.choices, default=WalletKind.XPUB)
    xpub = models.CharField(max_length=256, blank=True)
    next_index = models.BigIntegerField(default=0)
    forward_to = models.CharField(max_length=128, blank=True, editable=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            CheckConstraint(name="wallet_forwards_from_vaults", condition=Q(kind="vault") | Q(forward_to="")),
            CheckConstraint(name="wallet_kind_known", condition=Q(kind__in=WalletKind.values)),
            # BIP-32: children of an extended public key are numbered below 2^31.
            CheckConstraint(name="wallet_index_range", condition=Q(next_index__gte=0, next_index__lte=2**31)),
            UniqueConstraint(name="wallet_active_once", fields=["merchant", "network"], condition=Q(is_active=True)),
            UniqueConstraint(name="wallet_xpub_once", fields=["network", "xpub"], condition=~Q(xpub="")),
            CheckConstraint(
                name="wallet_xpub_of_its_kind",
                condition=Q(kind__in=["xpub", "vault"]) & ~Q(xpub="") | Q(kind__in=["pool", "single"], xpub=""),
            ),
        ]
        indexes = [Index(name="wallet_by_key", fields=["xpub"], condition=~Q(xpub=""))]

    def __str__(self) -> str:
        return f"{self.network}: {self.xpub[:12]}…" if self.xpub else f"{self.network}: {self.get_kind_display()}"


class VaultSecret(Record):
    """
    The seed of a vault, encrypted with VAULT_KEYS, which the database does not hold.

    ``gas_address`` is where the merchant puts the coin that fees are paid with. The row outlives the
    removal of its wallet: money may arrive there at any time. It is shown nowhere.
    """

    PREFIX = "vlt"

    wallet = models.OneToOneField(Wallet, on_delete=models.PROTECT, related_name="vault")
    sealed_phrase = models.TextField(editable=False)
    gas_address = models.CharField(max_length=128)

    def __repr__(self) -> str:
        return f"<VaultSecret of wallet {self.wallet_id}>"


class WalletAddress(Record):
    """
    An address that a merchant listed, in its normal form: one of a pool, or the only one of a single wallet.

    The row stays when the wallet is removed, so that no address is ever handed out twice and money
    that arrives there later still finds its owner. ``taken_at`` is when an invoice got it from a pool.
    """

    PREFIX = "adr"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="addresses")
    network = models.CharField(max_length=32)
    address = models.CharField(max_length=128)
    position = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "wallet addresses"
        constraints = [UniqueConstraint(name="walletaddress_once", fields=["network", "address"])]
        indexes = [
            Index(name="walletaddress_free", fields=["wallet", "position"], condition=Q(taken_at=None)),
            # Where capitals are but a checksum (EIP-55), the scan asks in small letters.
            Index(F("network"), Lower("address"), name="walletaddress_folded", condition=Q(address__startswith="0x")),
        ]

    def __str__(self) -> str:
        return f"{self.network}: {self.address}"


class NoticeKind(models.TextChoices):
    """What a merchant is told of a wallet."""

    POOL_LOW = "pool_low"  # few addresses are left on the list
    POOL_EMPTY = "pool_empty"
    GAS_LOW = "gas_low"  # a vault's gas address held less than one transaction may cost, when it was last looked at


class WalletNotice(Record):
    """
    Something that is so with a wallet from ``created_at`` to ``over_at``, and that its merchant is told once.

    ``looked_at``: when it was last seen to be so, or not any more.
    """

    PREFIX = "ntc"

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    looked_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="walletnotice_kind_known", condition=Q(kind__in=NoticeKind.values)),
            UniqueConstraint(name="walletnotice_once", fields=["wallet", "kind"], condition=Q(over_at=None)),
        ]
        indexes = [Index(name="walletnotice_untold", fields=["created_at"], condition=Q(mailed_at=None, over_at=None))]


class OwedMail(Record):
    """
    A mail about an event that a member is owed; several about one topic go out as one.

    Whoever sends holds the row until ``leased_until``. A sender that dies leaves it to the next one: a mail may come
    twice, and none is lost.
    """

    PREFIX = "eml"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="owed_mails")
    topic = models.CharField(max_length=20)
    livemode = models.BooleanField()
    event_id = models.UUIDField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [UniqueConstraint(name="owedmail_once", fields=["member", "event_id"])]
        indexes = [
            Index(name="owedmail_waiting", fields=["member", "topic"], condition=Q(sent_at=None)),
            Index(F("member"), F("topic"), F("sent_at"), name="owedmail_sent", condition=Q(sent_at__isnull=False)),
        ]


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
