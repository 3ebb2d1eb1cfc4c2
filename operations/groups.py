"""
What each group of staff may see and do: one table, from which the groups in the database are kept.

Whoever belongs to several groups may do what any of them may. A superuser may do everything: that is for setting the
installation up, not for daily work. What is written here is put into the database after every ``migrate``; what is
changed there by hand is put back. docs/admin.md explains the table, tests/operations/test_groups.py walks through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin

from events.acts import ActingAdmin

_CUSTOMERS: Final = frozenset(
    """
    merchants.merchant merchants.member merchants.plan merchants.usage merchants.apikey merchants.wallet
    merchants.walletaddress merchants.walletnotice
    invoices.invoice invoices.invoicedestination invoices.replacedquote invoices.credit invoices.amountclaim
    invoices.customer invoices.paymentlink invoices.ratesheet
    payments.payment payments.refund payments.settlement payments.cursor
    webhooks.webhookendpoint webhooks.delivery webhooks.invoicehook
    events.event
    """.split()
)
_MONEY: Final = frozenset({"payments.booking", "payments.payout"})
_MACHINE: Final = frozenset(
    """
    payments.scannedrange payments.finding payments.rescan
    events.faileddispatch events.failedtask events.chainhead
    core.idempotencykey sandbox.sandboxblock sandbox.sandboxtransfer
    auth.user auth.group
    """.split()
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a group sees, as ``<app>.<model>``, and what it does, as ``<app>.<act>_<model>``."""

    sees: frozenset[str]
    does: frozenset[str]


GROUPS: Final[Mapping[str, Allowed]] = {
    # Answers merchants and customers: finds everything of theirs, and puts right what went wrong with one invoice.
    "support": Allowed(
        sees=_CUSTOMERS,
        does=frozenset(
            """
            invoices.accept_invoice invoices.cancel_invoice
            payments.accept_payment payments.ignore_payment
            merchants.invite_again_member
            webhooks.resend_delivery webhooks.give_up_delivery
            """.split()
        ),
    ),
    # Answers for the money: what comes in unasked, what goes back, what the platform takes.
    "finance": Allowed(
        sees=_CUSTOMERS | _MONEY,
        does=frozenset(
            """
            invoices.accept_invoice invoices.refund_invoice invoices.cancel_invoice
            payments.accept_payment payments.refund_payment payments.ignore_payment
            payments.complete_refund payments.cancel_refund
            payments.approve_payout payments.withdraw_payout
            merchants.set_fee_merchant merchants.give_plan_merchant
            """.split()
        ),
    ),
    # Runs the installation: chains, queues, merchants' access. Decides about nobody's money but to hold it back.
    "operator": Allowed(
        sees=_CUSTOMERS | _MONEY | _MACHINE,
        does=frozenset(
            """
            merchants.suspend_merchant merchants.reactivate_merchant merchants.give_plan_merchant
            merchants.limit_plan merchants.copy_plan
            merchants.revoke_apikey merchants.remove_wallet merchants.invite_again_member
            payments.rescan_cursor payments.stop_rescan payments.close_finding
            payments.withdraw_payout payments.give_up_payout
            webhooks.resend_delivery webhooks.give_up_delivery
            events.retry_faileddispatch events.run_again_failedtask events.forget_failedtask
            """.split()
        ),
    ),
}


def keep_groups(**_signal: Any) -> None:
    """Bring the groups and the permissions of acts in the database in line with this table. Safe to repeat."""
    from django.contrib.auth.models import Group, Permission
    from django.contrib.contenttypes.models import ContentType

    registry = admin.site._registry  # noqa: SLF001 - Django has no other list of its pages
    pages = {model: page for model, page in registry.items() if isinstance(page, ActingAdmin)}
    kinds = ContentType.objects.get_for_models(*pages)
    wanted_permissions = {
        f"{kinds[model].app_label}.{act.codename(model)}": Permission(
            content_type=kinds[model],
            codename=act.codename(model),
            name=f"Can {act.name.replace('_', ' ')} {model._meta.verbose_name}"[:255],  # noqa: SLF001
        )
        for model, page in pages.items()
        for act in page.acts
    }
    known = _known_permissions()
    Permission.objects.bulk_create(each for name, each in wanted_permissions.items() if name not in known)
    known = _known_permissions()
    for group_name, allowed in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=group_name)
        wanted = {*map(_view, allowed.sees), *allowed.does}
        group.permissions.set([known[codename] for codename in sorted(wanted)])


def _known_permissions() -> dict[str, Any]:
    from django.contrib.auth.models import Permission

    every = Permission.objects.select_related("content_type")
    return {f"{each.content_type.app_label}.{each.codename}": each for each in every}


def _view(model: str) -> str:
    app, name = model.split(".")
    return f"{app}.view_{name}"
