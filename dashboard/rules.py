"""The rules of payments in words: one sentence for each, with an example computed from the values that hold."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chains.base import Finality, Network
from merchants.settings import MerchantSettings
from payments.states import TIERS_USD

PRICE: Final = Decimal("100.00")  # of every example
_STEP: Final = Decimal("0.01")
_SURPLUS: Final = Decimal(5)  # of the example, beyond what is ignored


def too_little(own: MerchantSettings) -> str:
    """Say what an underpayment does."""
    forgiven = own.payment_tolerance.underpayment_threshold
    known = {
        "price": f"{PRICE:f}",
        "currency": own.default_currency,
        "enough": f"{PRICE - forgiven:f}",
        "less": f"{PRICE - forgiven - _STEP:f}",
    }
    if not forgiven:
        return _(
            "Only all of it counts: a customer who sends %(less)s of %(price)s %(currency)s still owes the rest."
        ) % (known)
    return (
        _(
            "A customer who sends %(enough)s of %(price)s %(currency)s counts as having paid; "
            "one who sends %(less)s still owes the rest."
        )
        % known
    )


def too_much(own: MerchantSettings) -> str:
    """Say what an overpayment does."""
    sent = PRICE + own.payment_tolerance.overpayment_threshold + _SURPLUS
    known = {
        "price": f"{PRICE:f}",
        "currency": own.default_currency,
        "sent": f"{sent:f}",
        "surplus": f"{sent - PRICE:f}",
        "most": f"{PRICE + own.payment_tolerance.overpayment_threshold:f}",
    }
    plain = _("Up to %(most)s for %(price)s %(currency)s is simply paid.") % known
    what = {
        "credit_account": _("Of %(sent)s %(currency)s, %(surplus)s %(currency)s become credit of the customer."),
        "refund": _("Of %(sent)s %(currency)s, %(surplus)s %(currency)s go back: a refund is opened."),
        "keep": _("Of %(sent)s %(currency)s, you keep all; the invoice says that too much was paid."),
    }[own.payment_tolerance.overpayment_action]
    return f"{plain} {what % known}"


def expiry(own: MerchantSettings, *, now: datetime) -> str:
    """Say until when an invoice of now is open, in the viewer's zone."""
    here = timezone.localtime(now)
    end = timezone.localtime(now + timedelta(minutes=own.invoice_expiry_minutes))
    return _("An invoice made now, on %(start)s, is open until %(end)s unless it says otherwise.") % {
        "start": date_format(here, "j M, H:i"),
        "end": date_format(end, "j M, H:i"),
    }


def late(own: MerchantSettings) -> str:
    """Say what becomes of money that comes after the deadline."""
    if own.late_payment.rule == "review":
        return _(
            "What is sent one minute after the deadline goes to the inbox; the invoice stays expired until you decide."
        )
    return ngettext(
        "What is sent up to %(hours)d hour after the deadline pays the invoice at its old price; later it goes to the "
        "inbox.",
        "What is sent up to %(hours)d hours after the deadline pays the invoice at its old price; later it goes to "
        "the inbox.",
        own.late_payment.window_hours,
    ) % {"hours": own.late_payment.window_hours}


def usual(network: Network) -> str:
    """Say what the network asks for by itself, by the size of the invoice."""
    low, middle, high = (_blocks(each) for each in network.confirmations)
    known = {
        "low": low,
        "middle": middle,
        "high": high,
        "first": f"{TIERS_USD[0]:,}",
        "second": f"{TIERS_USD[1]:,}",
    }
    return _("Empty: %(low)s below %(first)s USD, %(middle)s below %(second)s USD, %(high)s above.") % known


def risk(network: Network, own: MerchantSettings) -> str:
    """Say what it costs to wait for fewer blocks than the network asks for; "" when that is not so."""
    number = own.confirmations.get(network.code)
    most = max((each for each in network.confirmations if isinstance(each, int)), default=0)
    asks_finality = any(isinstance(each, Finality) for each in network.confirmations)
    if number is None or (number >= most and not asks_finality):
        return ""
    known = {"number": number, "network": network.name, "time": _duration(network.block_time * number)}
    return (
        ngettext(
            "You wait for %(number)d block on %(network)s, about %(time)s, also for large invoices. If the network "
            "takes it back after you have delivered, the payment is gone and the goods are, too.",
            "You wait for %(number)d blocks on %(network)s, about %(time)s, also for large invoices. If the network "
            "takes them back after you have delivered, the payment is gone and the goods are, too.",
            number,
        )
        % known
    )


def _blocks(each: int | Finality) -> str:
    if isinstance(each, Finality):
        return _("until final")
    return ngettext("%(count)d block", "%(count)d blocks", each) % {"count": each}


def _duration(length: timedelta) -> str:
    seconds = max(round(length / timedelta(seconds=1)), 1)
    if seconds < 120:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    minutes = round(seconds / 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
