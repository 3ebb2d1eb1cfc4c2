"""One row of every table that staff may act on."""

from datetime import datetime
from typing import Any

from django.db import transaction

from chains.sandbox import services as sandbox
from events.models import Event, FailedDispatch, FailedTask
from events.outbox import Happening, emit
from merchants.models import APIKey, Member, Merchant, Plan, Wallet
from payments import services
from payments.models import Cursor, Finding, Payment, Payout, Refund, Rescan
from tests.factories import make_invoice, make_merchant
from webhooks.models import Delivery, InvoiceHook


def make_rows(now: datetime, *, merchant: Merchant | None = None) -> dict[str, Any]:
    """Return them by ``<app>.<model>``, with the invoice that all of it is about."""
    merchant = merchant or make_merchant(now, late_payment={"rule": "review", "window_hours": 1})
    invoice = make_invoice(merchant, now)
    sandbox.send(address=invoice.address, asset_code="USDC", units=5_000_000, now=now)
    sandbox.mine(count=3, now=now)
    services.scan(network="sandbox", now=now)
    wallet = Wallet.objects.create(merchant=merchant, network="ethereum", kind="pool")
    owed = {"merchant": merchant, "network": "ethereum", "asset_code": "USDT", "units": 5_000_000, "created_at": now}
    refund = Refund.objects.create(invoice=invoice, livemode=False, **owed)
    payout = Payout.objects.create(
        wallet=wallet, refund=refund, kind="refund", fee_asset_code="ETH", approvals_needed=2, status="planned", **owed
    )
    with transaction.atomic():
        event = emit(Happening("webhook.test", merchant.pk, livemode=False, data={}))
    hook = InvoiceHook.objects.create(merchant=merchant, livemode=False, invoice_id=invoice.pk, url="https://a.example")
    delivery = Delivery.objects.create(
        merchant=merchant,
        livemode=False,
        hook=hook,
        event=event,
        event_type=event.type,
        url=hook.url,
        lane="a",
        body="{}",
        next_attempt_at=now,
    )
    return {
        "merchants.merchant": merchant,
        "merchants.plan": Plan.objects.get(pk="pro"),
        "merchants.apikey": APIKey.objects.first(),
        "merchants.member": Member.objects.get(),
        "merchants.wallet": wallet,
        "invoices.invoice": invoice,
        "payments.payment": Payment.objects.get(),
        "payments.refund": refund,
        "payments.payout": payout,
        "payments.finding": Finding.objects.create(network="sandbox", kind="missed", first=1, last=2),
        "payments.cursor": Cursor.objects.get(network="sandbox"),
        "payments.rescan": Rescan.objects.create(network="sandbox", first=1, last=2),
        "webhooks.delivery": delivery,
        "events.faileddispatch": FailedDispatch.objects.create(
            event=Event.objects.first(), subscriber="webhooks", error="x"
        ),
        "events.failedtask": FailedTask.objects.create(
            task="payments.tasks.scan", arguments='[["sandbox"], {}]', error="ValueError('x')", failed_at=now
        ),
    }
