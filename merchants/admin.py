"""Staff's view of merchants: everything can be found; what can be done is in acts.py."""

from django.contrib import admin
from django.utils import timezone

from core.staff import ReadOnly, StaffAdmin
from events.acts import ActingAdmin
from merchants.acts import KEY_ACTS, MEMBER_ACTS, MERCHANT_ACTS, PLAN_ACTS, WALLET_ACTS
from merchants.models import APIKey, Member, Merchant, Plan, Usage, Wallet, WalletAddress, WalletNotice


@admin.register(Plan)
class PlanAdmin(ActingAdmin):
    list_display = (
        "name",
        "code",
        "max_api_keys",
        "max_webhook_endpoints",
        "monthly_invoice_limit",
        "min_invoice_usd",
        "max_invoice_usd",
        "is_self_service",
    )
    acts = PLAN_ACTS


class MemberInline(ReadOnly, admin.TabularInline):
    model = Member
    fields = ("user", "role", "invited_at", "created_at")
    readonly_fields = fields
    extra = 0


class APIKeyInline(ReadOnly, admin.TabularInline):
    model = APIKey
    fields = ("name", "key_prefix", "livemode", "permissions", "expires_at", "revoked_at", "last_used_at")
    readonly_fields = fields
    extra = 0


class WalletInline(ReadOnly, admin.TabularInline):
    model = Wallet
    fields = ("network", "kind", "xpub", "next_index", "is_active")
    readonly_fields = fields
    extra = 0


@admin.register(Merchant)
class MerchantAdmin(ActingAdmin):
    list_display = ("business_name", "contact_email", "status", "plan", "platform_fee_percent", "created_at")
    list_filter = ("status", "plan")
    list_select_related = ("plan",)
    search_fields = ("=id", "business_name", "contact_email")
    ordering = ("-created_at",)
    # Not even staff reads secrets, encrypted or not.
    exclude = ("webhook_secret_live", "webhook_secret_test")
    inlines = (MemberInline, APIKeyInline, WalletInline)
    readonly_fields = ("business_name", "status", "platform_fee_percent", "created_at")
    acts = MERCHANT_ACTS


@admin.register(APIKey)
class APIKeyAdmin(ActingAdmin):
    list_display = ("name", "masked", "merchant", "livemode", "status", "last_used_at", "created_at")
    list_filter = ("livemode",)
    list_select_related = ("merchant",)
    search_fields = ("=id", "name", "key_prefix", "merchant__business_name", "merchant__contact_email")
    ordering = ("-created_at",)
    acts = KEY_ACTS

    @admin.display(description="Status")
    def status(self, key: APIKey) -> str:
        """What the key is now."""
        return str(key.status_at(timezone.now()).label)


@admin.register(Member)
class MemberAdmin(ActingAdmin):
    list_display = ("user", "merchant", "role", "invited_at", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "merchant")
    search_fields = ("=id", "user__email", "user__username", "merchant__business_name")
    ordering = ("-created_at",)
    acts = MEMBER_ACTS


@admin.register(Wallet)
class WalletAdmin(ActingAdmin):
    list_display = ("network", "merchant", "kind", "xpub", "next_index", "is_active", "created_at")
    list_filter = ("kind", "network", "is_active")
    list_select_related = ("merchant",)
    search_fields = ("=id", "xpub", "=addresses__address", "merchant__business_name", "merchant__contact_email")
    ordering = ("-created_at",)
    acts = WALLET_ACTS


@admin.register(WalletAddress)
class WalletAddressAdmin(StaffAdmin):
    list_display = ("address", "network", "wallet", "merchant", "position", "taken_at", "created_at")
    list_filter = ("network", "wallet__kind", ("taken_at", admin.EmptyFieldListFilter))
    list_select_related = ("wallet__merchant",)
    search_fields = ("=id", "=address", "=wallet__id", "wallet__merchant__business_name")
    ordering = ("wallet", "position")

    @admin.display(description="Merchant")
    def merchant(self, listed: WalletAddress) -> str:
        """Whose address it is."""
        return str(listed.wallet.merchant)


@admin.register(WalletNotice)
class WalletNoticeAdmin(StaffAdmin):
    list_display = ("wallet", "kind", "created_at", "mailed_at", "looked_at", "over_at")
    list_filter = ("kind", "wallet__network", ("over_at", admin.EmptyFieldListFilter))
    list_select_related = ("wallet",)
    search_fields = ("=id", "=wallet__id", "wallet__merchant__business_name")
    ordering = ("-created_at",)


@admin.register(Usage)
class UsageAdmin(StaffAdmin):
    list_display = ("merchant", "livemode", "month", "invoices")
    list_filter = ("livemode", "month")
    list_select_related = ("merchant",)
    search_fields = ("merchant__business_name", "merchant__contact_email")
    ordering = ("-month", "merchant")
