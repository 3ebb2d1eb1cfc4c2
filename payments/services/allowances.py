"""What vaults send for a merchant without staff: so much in one payout, and so much in all within a day."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from events.outbox import emit
from payments.events import payout_event
from payments.models import Payout, PayoutKind, PayoutStatus, Waiting
from payments.services.payouts import EYES, is_large, value_usd

DAY: Final = timedelta(hours=24)


def allow(payout: Payout, *, now: datetime) -> bool:
    """
    Return whether a payout may be signed without staff; if not it waits for them from now on.

    The caller holds the payout's row lock, and signs in the same transaction: until that ends no other
    payout of the merchant gets an answer, so that two at once cannot both be within what is left.
    """
    if payout.kind == PayoutKind.GAS or payout.approvals_needed:
        return True  # stays in the vault; or the caller has counted those who approved
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"allowance:{payout.merchant_id}"])
    payout.value_usd = value_usd(payout.asset, payout.units, now=now) or payout.value_usd
    if is_large(payout.value_usd):
        _ask_staff(payout, f"Waits for {EYES} members of staff.")
        return False
    if signed_within_a_day(payout, now=now) + (payout.value_usd or 0) > settings.VAULT_DAILY_USD:
        _ask_staff(
            payout,
            f"More than {settings.VAULT_DAILY_USD:f} USD would be sent within 24 hours: "
            f"waits for {EYES} members of staff.",
        )
        return False
    return True


def signed_within_a_day(payout: Payout, *, now: datetime) -> Decimal:
    """Return what the merchant's vaults have signed in the last 24 hours, in US dollars; coin for fees aside."""
    signed = Payout.objects.filter(merchant_id=payout.merchant_id, signed_at__gt=now - DAY)
    total: Decimal | None = signed.exclude(kind=PayoutKind.GAS).aggregate(total=Sum("value_usd"))["total"]
    return total or Decimal(0)


def _ask_staff(payout: Payout, text: str) -> None:
    payout.status, payout.approvals_needed = PayoutStatus.PLANNED, EYES
    payout.waits(Waiting.STAFF, text)
    payout.save(update_fields=["status", "approvals_needed", "value_usd", "waiting_for", "waiting_reason"])
    emit(payout_event(payout, "payout.needs_approval"))
