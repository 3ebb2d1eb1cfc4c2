"""What staff may do to merchants, their keys, people and wallets, and to plans: words, and which service does it."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from events.acts import Act, Order
from merchants import services
from merchants.models import APIKey, Member, Merchant, MerchantStatus, Plan, Wallet
from merchants.scopes import EVERYTHING
from merchants.services import Grant, PlanLimits

Label = Any  # a text that is translated when it is shown
_STAFF: Final = Grant(livemode=True, permissions=(EVERYTHING,))


def _suspend(merchant: Merchant, order: Order) -> Merchant:
    return services.suspend(merchant=merchant, reason="by staff", now=order.now)


def _reactivate(merchant: Merchant, order: Order) -> Merchant:
    return services.reactivate(merchant=merchant, reason="by staff", now=order.now)


def _give_plan(merchant: Merchant, order: Order) -> Merchant:
    return services.change_plan(merchant=merchant, plan_code=order.values["plan"].pk, now=order.now)


def _set_fee(merchant: Merchant, order: Order) -> Merchant:
    return services.set_platform_fee(merchant=merchant, percent=order.values["percent"], now=order.now)


MERCHANT_ACTS: Final = (
    Act(
        "suspend",
        label=_("Suspend"),
        meaning=_(
            "The merchant's programs and people can no longer do anything. Open invoices stay payable, and what "
            "customers pay is credited."
        ),
        change=_suspend,
        is_possible=lambda merchant: merchant.status == MerchantStatus.ACTIVE,
        is_grave=True,
    ),
    Act(
        "reactivate",
        label=_("Reactivate"),
        meaning=_("The merchant's programs and people can work again at once."),
        change=_reactivate,
        is_possible=lambda merchant: merchant.status == MerchantStatus.SUSPENDED,
    ),
    Act(
        "give_plan",
        label=_("Give another plan"),
        meaning=_("The limits of the plan hold at once. What exists beyond them stays; nothing can be added."),
        change=_give_plan,
        fields={"plan": lambda: forms.ModelChoiceField(Plan.objects.all(), label=_("Plan"))},
    ),
    Act(
        "set_fee",
        label=_("Set the platform's fee"),
        meaning=_("Settlements from now on use this fee. What is settled stays as it is."),
        change=_set_fee,
        fields={
            "percent": lambda: forms.DecimalField(
                label=_("Percent"), max_digits=4, decimal_places=2, help_text=_("From 0.1 to 5.")
            )
        },
    ),
)


def _revoke(key: APIKey, order: Order) -> object:
    return services.revoke_api_key(merchant=key.merchant, key_id=key.public_id, grant=_STAFF, now=order.now)


KEY_ACTS: Final = (
    Act(
        "revoke",
        label=_("Revoke"),
        meaning=_("The key stops working at once, for good. Programs that use it are refused from this moment."),
        change=_revoke,
        is_possible=lambda key: key.revoked_at is None,
        is_grave=True,
    ),
)


def _invite_again(member: Member, order: Order) -> object:
    return services.invite_again(member_id=member.pk, now=order.now)


MEMBER_ACTS: Final = (
    Act(
        "invite_again",
        label=_("Send the link again"),
        meaning=_("Within a minute the person is mailed the link to choose a password once more."),
        change=_invite_again,
    ),
)


def _remove(wallet: Wallet, order: Order) -> object:
    return services.remove_wallet(merchant=wallet.merchant, wallet_id=wallet.public_id, now=order.now)


WALLET_ACTS: Final = (
    Act(
        "remove",
        label=_("Remove"),
        meaning=_("No more addresses of this wallet are given out. Those that were stay watched for ever."),
        change=_remove,
        is_possible=lambda wallet: wallet.is_active,
        is_grave=True,
    ),
)


def _define(plan: Plan, order: Order) -> Plan:
    given = {name: value for name, value in order.values.items() if value is not None}
    return services.change_plan_limits(code=plan.pk, limits=PlanLimits(**given), now=order.now)


def _copy(plan: Plan, order: Order) -> Plan:
    return services.copy_plan(source=plan.pk, code=order.values["code"], name=order.values["name"], now=order.now)


def _count(label: Label) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=10_000_000, required=False)


def _dollars(label: Label) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=Decimal("0.01"), max_digits=20, decimal_places=2, required=False)


PLAN_ACTS: Final = (
    Act(
        "limit",
        label=_("Change the limits"),
        meaning=_(
            "The limits hold at once for every merchant with this plan. What exists beyond them stays; nothing can be "
            "added. What is left empty stays as it is."
        ),
        change=_define,
        fields={
            "max_api_keys": lambda: _count(_("API keys")),
            "max_webhook_endpoints": lambda: _count(_("Webhook endpoints")),
            "monthly_invoice_limit": lambda: _count(_("Invoices a month")),
            "min_invoice_usd": lambda: _dollars(_("Smallest invoice, US dollars")),
            "max_invoice_usd": lambda: _dollars(_("Largest invoice, US dollars")),
        },
        is_grave=True,
    ),
    Act(
        "copy",
        label=_("Make another plan like it"),
        meaning=_("A plan with the same limits is added. Merchants cannot choose it themselves: staff gives it."),
        change=_copy,
        fields={
            "code": lambda: forms.SlugField(label=_("Code"), max_length=32),
            "name": lambda: forms.CharField(label=_("Name"), max_length=64),
        },
    ),
)
