"""What staff may do to payments, refunds, findings and payouts: words, and which service does it."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from events.acts import Act, Order
from payments import services
from payments.models import Cursor, Finding, Payment, Payout, PayoutStatus, Refund, Rescan, RescanStatus
from payments.models.payouts import UNSIGNED
from payments.services import payouts
from payments.services.deposits import Resolution
from payments.states import RefundStatus, Review


def _resolve(payment: Payment, order: Order, resolution: Resolution) -> Payment:
    return services.resolve_deposit(
        merchant=payment.merchant,
        livemode=payment.livemode,
        public_id=payment.public_id,
        resolution=resolution,
        invoice_id=order.values.get("invoice", ""),
        now=order.now,
    )


def _waits(payment: Payment) -> bool:
    return payment.review == Review.OPEN


DEPOSIT_ACTS: Final = (
    Act(
        "accept",
        label=_("Deposit: count it"),
        meaning=_(
            "The deposit counts towards its invoice at today's rate. When the invoice is paid by that, "
            "the merchant and the customer are told."
        ),
        change=lambda payment, order: _resolve(payment, order, Resolution.ACCEPT),
        fields={
            "invoice": lambda: forms.CharField(
                label=_("Invoice"),
                required=False,
                max_length=40,
                help_text=_("Only for a deposit that matched none: the public id of the merchant's invoice it is for."),
            )
        },
        is_possible=_waits,
    ),
    Act(
        "refund",
        label=_("Deposit: open a refund"),
        meaning=_(
            "A refund of the whole deposit is opened and counts for no invoice. Its customer or merchant says where "
            "it goes: staff cannot."
        ),
        change=lambda payment, order: _resolve(payment, order, Resolution.REFUND),
        is_possible=_waits,
        is_grave=True,
    ),
    Act(
        "ignore",
        label=_("Deposit: let it be"),
        meaning=_("The deposit leaves the inbox and counts for nothing. The money stays where it arrived."),
        change=lambda payment, order: _resolve(payment, order, Resolution.IGNORE),
        is_possible=_waits,
        is_grave=True,
    ),
)


def _complete(refund: Refund, order: Order) -> Refund:
    return services.complete_refund(
        merchant=refund.merchant,
        livemode=refund.livemode,
        public_id=refund.public_id,
        txid=order.values["txid"],
        now=order.now,
    )


def _cancel(refund: Refund, order: Order) -> Refund:
    return services.cancel_refund(
        merchant=refund.merchant, livemode=refund.livemode, public_id=refund.public_id, now=order.now
    )


def _is_requested(refund: Refund) -> bool:
    return refund.status == RefundStatus.REQUESTED


REFUND_ACTS: Final = (
    Act(
        "complete",
        label=_("Mark as sent"),
        meaning=_(
            "The refund is completed with this transaction, and an invoice whose whole amount has gone back becomes "
            "refunded. Sends nothing: somebody has sent it already."
        ),
        change=_complete,
        fields={"txid": lambda: forms.CharField(label=_("Transaction"), max_length=128, min_length=8)},
        is_possible=_is_requested,
    ),
    Act(
        "cancel",
        label=_("Withdraw the refund"),
        meaning=_("Nothing goes back. What a vault has signed can no longer be withdrawn."),
        change=_cancel,
        is_possible=_is_requested,
        is_grave=True,
    ),
)


def _close(finding: Finding, order: Order) -> None:
    services.close_finding(finding_id=finding.pk, now=order.now)


FINDING_ACTS: Final = (
    Act(
        "close",
        label=_("Looked at: close"),
        meaning=_("The finding is closed and no longer counts as open. Nothing else changes."),
        change=_close,
        is_possible=lambda finding: finding.resolved_at is None,
    ),
)


def _rescan(cursor: Cursor, order: Order) -> Rescan:
    first, last = order.values["first"], order.values["last"]
    return services.order_rescan(network=cursor.network, first=first, last=last, now=order.now)


def _stop(rescan: Rescan, order: Order) -> Rescan:
    return services.stop_rescan(rescan_id=rescan.pk, now=order.now)


CURSOR_ACTS: Final = (
    Act(
        "rescan",
        label=_("Read blocks again"),
        meaning=_(
            "Workers read these blocks again and credit what is not recorded. Nothing is credited twice or taken back, "
            "and the scan goes on meanwhile. How far it is stands under Rescans."
        ),
        change=_rescan,
        fields={
            "first": lambda: forms.IntegerField(label=_("First block"), min_value=0),
            "last": lambda: forms.IntegerField(label=_("Last block"), min_value=0),
        },
    ),
)
RESCAN_ACTS: Final = (
    Act(
        "stop",
        label=_("Stop"),
        meaning=_("No more of these blocks are read. What was read and credited stays."),
        change=_stop,
        is_possible=lambda rescan: rescan.status == RescanStatus.WAITING,
    ),
)


def _approve(payout: Payout, order: Order) -> Payout:
    return payouts.approve(payout_id=payout.pk, user=order.user, now=order.now)


def _withdraw(payout: Payout, order: Order) -> Payout:
    return payouts.cancel(payout_id=payout.pk, now=order.now)


def _give_up(payout: Payout, order: Order) -> Payout:
    return payouts.give_up(payout_id=payout.pk, now=order.now)


PAYOUT_ACTS: Final = (
    Act(
        "approve",
        label=_("Approve in your own name"),
        meaning=_(
            "You are counted as one of two who want this sent. With the second one the vault signs and sends it."
        ),
        change=_approve,
        is_possible=lambda payout: payout.status == PayoutStatus.PLANNED,
        is_grave=True,
    ),
    Act(
        "withdraw",
        label=_("Withdraw before it is signed"),
        meaning=_("The payout is cancelled; its refund stays open and can be sent again. Forwarding is planned anew."),
        change=_withdraw,
        is_possible=lambda payout: payout.status in UNSIGNED,
    ),
    Act(
        "give_up",
        label=_("In quarantine: give up"),
        meaning=_(
            "Every node is asked now. Only when all of them say that nothing signed for this can ever be carried out, "
            "the payout has failed and its refund can be sent again."
        ),
        change=_give_up,
        is_possible=lambda payout: payout.status == PayoutStatus.QUARANTINED,
        is_grave=True,
        asks_nodes=True,
    ),
)
