"""Where a merchant's money goes."""

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.db.models.functions import Lower

from core.models import Record
from merchants.models.merchant import Merchant


class WalletKind(models.TextChoices):
    """Where a wallet's destinations come from."""

    XPUB = "xpub", "Extended public key"
    POOL = "pool", "List of addresses"
    SINGLE = "single", "One address"
    VAULT = "vault", "Vault"


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
