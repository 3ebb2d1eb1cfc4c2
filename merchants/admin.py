"""Staff's view of merchants: everything can be found; what changes goes through the services."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from core.money import parse_amount
from core.staff import CarefulAdmin, ReadOnly, StaffAdmin
from merchants import services
from merchants.models import APIKey, Member, Merchant, Plan, Usage, Wallet, WalletAddress, WalletNotice
from merchants.scopes import EVERYTHING
from merchants.services import Grant


@admin.register(Plan)
class PlanAdmin(CarefulAdmin):
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

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:  # noqa: ARG002
        # The code is the key: changed, it would make another plan.
        return ("code",) if obj else ()


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


class MerchantActionForm(ActionForm):
    platform_fee = forms.CharField(required=False, max_length=8, label="Fee %")


@admin.register(Merchant)
class MerchantAdmin(StaffAdmin):
    list_display = ("business_name", "contact_email", "status", "plan", "platform_fee_percent", "created_at")
    list_filter = ("status", "plan")
    list_select_related = ("plan",)
    search_fields = ("=id", "business_name", "contact_email")
    ordering = ("-created_at",)
    # Not even staff reads secrets, encrypted or not.
    exclude = ("webhook_secret_live", "webhook_secret_test")
    inlines = (MemberInline, APIKeyInline, WalletInline)
    readonly_fields = ("business_name", "status", "platform_fee_percent", "created_at")
    action_form = MerchantActionForm
    actions = ("suspend", "reactivate", "set_platform_fee")

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer one action per plan beside the others; plans are rows, so the list is made anew each time."""
        actions: Any = super().get_actions(request)
        if not self.has_operate_permission(request):
            return actions
        for plan in Plan.objects.all():
            name = f"give_{plan.pk}"
            actions[name] = (_change_plan(plan.pk), name, f"Give the plan {plan.name}")
        return actions

    @admin.action(description="Suspend", permissions=["operate"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Merchant]) -> None:
        """Take merchants off the API; their open invoices stay payable."""
        self.apply(request, queryset, _suspend)

    @admin.action(description="Reactivate", permissions=["operate"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Merchant]) -> None:
        """Let suspended merchants back."""
        self.apply(request, queryset, _reactivate)

    @admin.action(description="Set the platform fee", permissions=["operate"])
    def set_platform_fee(self, request: HttpRequest, queryset: QuerySet[Merchant]) -> None:
        """Set the platform's share of future settlements to the percentage given beside the action."""
        percent = parse_amount(request.POST.get("platform_fee", ""))
        if percent is None:
            self.message_user(request, "Give the fee in percent, such as 1.5.", messages.ERROR)
            return
        self.apply(
            request,
            queryset,
            lambda merchant: services.set_platform_fee(merchant=merchant, percent=percent, now=timezone.now()),
        )


@admin.register(APIKey)
class APIKeyAdmin(StaffAdmin):
    list_display = ("name", "masked", "merchant", "livemode", "status", "last_used_at", "created_at")
    list_filter = ("livemode",)
    list_select_related = ("merchant",)
    search_fields = ("=id", "name", "key_prefix", "merchant__business_name", "merchant__contact_email")
    ordering = ("-created_at",)
    actions = ("revoke",)

    @admin.display(description="Status")
    def status(self, key: APIKey) -> str:
        """What the key is now."""
        return str(key.status_at(timezone.now()).label)

    @admin.action(description="Revoke", permissions=["operate"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[APIKey]) -> None:
        """End keys at once."""
        self.apply(
            request,
            queryset.select_related("merchant"),
            lambda key: services.revoke_api_key(
                merchant=key.merchant, key_id=key.public_id, grant=_STAFF, now=timezone.now()
            ),
        )


@admin.register(Member)
class MemberAdmin(StaffAdmin):
    list_display = ("user", "merchant", "role", "invited_at", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "merchant")
    search_fields = ("=id", "user__email", "user__username", "merchant__business_name")
    ordering = ("-created_at",)
    actions = ("invite_again",)

    @admin.action(description="Send the link again", permissions=["operate"])
    def invite_again(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        """Mail the link to choose a password once more, within a minute."""
        count = queryset.update(invited_at=None)
        self.message_user(request, f"{count} to be mailed within a minute.", messages.SUCCESS)


@admin.register(Wallet)
class WalletAdmin(StaffAdmin):
    list_display = ("network", "merchant", "kind", "xpub", "next_index", "is_active", "created_at")
    list_filter = ("kind", "network", "is_active")
    list_select_related = ("merchant",)
    search_fields = ("=id", "xpub", "=addresses__address", "merchant__business_name", "merchant__contact_email")
    ordering = ("-created_at",)
    actions = ("remove",)

    @admin.action(description="Remove", permissions=["operate"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Wallet]) -> None:
        """Stop giving out addresses of wallets."""
        self.apply(
            request,
            queryset.select_related("merchant"),
            lambda wallet: services.remove_wallet(
                merchant=wallet.merchant, wallet_id=wallet.public_id, now=timezone.now()
            ),
        )


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


_STAFF = Grant(livemode=True, permissions=(EVERYTHING,))


def _suspend(merchant: Merchant) -> Merchant:
    return services.suspend(merchant=merchant, reason="by staff", now=timezone.now())


def _reactivate(merchant: Merchant) -> Merchant:
    return services.reactivate(merchant=merchant, reason="by staff", now=timezone.now())


def _change_plan(code: str) -> Callable[[MerchantAdmin, HttpRequest, QuerySet[Merchant]], None]:
    def change(view: MerchantAdmin, request: HttpRequest, queryset: QuerySet[Merchant]) -> None:
        view.apply(
            request,
            queryset,
            lambda merchant: services.change_plan(merchant=merchant, plan_code=code, now=timezone.now()),
        )

    return change
