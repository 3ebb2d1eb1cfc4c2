"""What a plan allows: changed by staff, for everybody who has it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from events.outbox import Happening, emit
from merchants.errors import InvalidPlanLimits, PlanExists, UnknownPlan
from merchants.models import Plan


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """The limits that are to change; None leaves one as it is. Amounts in US dollars."""

    max_api_keys: int | None = None
    max_webhook_endpoints: int | None = None
    monthly_invoice_limit: int | None = None
    min_invoice_usd: Decimal | None = None
    max_invoice_usd: Decimal | None = None


@transaction.atomic
def change_plan_limits(*, code: str, limits: PlanLimits, now: datetime) -> Plan:  # noqa: ARG001 - as every service
    """
    Change what a plan allows, at once and for every merchant that has it.

    :raises UnknownPlan: when there is none
    :raises InvalidPlanLimits: when a merchant could not have two keys, or the smallest invoice is above the largest
    """
    plan = Plan.objects.select_for_update().filter(pk=code).first()
    if plan is None:
        raise UnknownPlan(field="plan_type")
    changed = {}
    for name in PlanLimits.__slots__:
        value = getattr(limits, name)
        if value is not None and value != getattr(plan, name):
            changed[name] = value
            setattr(plan, name, value)
    if plan.max_api_keys < 2 or not 0 < plan.min_invoice_usd <= plan.max_invoice_usd:
        raise InvalidPlanLimits
    if changed:
        plan.save(update_fields=list(changed))
        emit(
            Happening(
                type="plan.changed",
                merchant_id=None,
                livemode=True,
                data={"id": code, "changes": changed},
                object_id=code,
            )
        )
    return plan


@transaction.atomic
def copy_plan(*, source: str, code: str, name: str, now: datetime) -> Plan:  # noqa: ARG001 - as every service
    """
    Add a plan with the limits of another one. Merchants cannot choose it themselves: staff gives it.

    :raises UnknownPlan: when there is none to copy
    :raises PlanExists: when there is one of this code
    """
    plan = Plan.objects.filter(pk=source).first()
    if plan is None:
        raise UnknownPlan(field="plan_type")
    if Plan.objects.filter(pk=code).exists():
        raise PlanExists
    plan.pk, plan.name, plan.is_self_service = code, name, False
    plan.save(force_insert=True)
    emit(
        Happening(
            type="plan.created", merchant_id=None, livemode=True, data={"id": code, "copy_of": source}, object_id=code
        )
    )
    return plan
