"""How each event is brought about in test mode: by doing what leads to it, on the sandbox chain."""

import secrets
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from gettext import gettext as _
from typing import Any, Final

from crypto_checkout.cli.words import Refused, say
from crypto_checkout.client import Checkout
from crypto_checkout.models import Invoice
from crypto_checkout.webhooks import WebhookEvent

_LARGEST: Final = "10000.00"  # such an invoice waits for several blocks
_PATIENCE: Final = 45.0
_SANDBOX_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_SANDBOX_LENGTH: Final = 32


class Trigger:
    """What is done for one event: an invoice, and what happens to it. ``since`` is where its events begin."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.patience = _PATIENCE

    def order(self, price: str = "9.99", **more: Any) -> Invoice:
        """Order an invoice."""
        items: list[Any] = [{"name": "Test", "quantity": 1, "unit_price": price}]
        return self.checkout.invoices.create(title="Made by checkout trigger", items=items, currency="USD", **more)

    def pay(self, invoice: Invoice, amount: Decimal | None = None, *, blocks: int = 4) -> str:
        """Send what is due, or ``amount`` in the asset, and make blocks on top. Return the transaction's id."""
        orders: dict[str, Any] = {} if amount is None else {"amount": amount}
        sent = self.checkout.sandbox.transfer(invoice=invoice.id, **orders)
        if blocks:
            self.checkout.sandbox.mine(count=blocks)
        return sent.tx_hash

    def until(self, invoice: Invoice, event_type: str) -> None:
        """Wait until the gateway has told of ``event_type``."""
        wait_for(self.checkout, event_type, invoice.id, patience=self.patience)


def wait_for(checkout: Checkout, event_type: str, invoice_id: str, *, patience: float = _PATIENCE) -> WebhookEvent:
    """
    Return the first event of this type about this invoice.

    :raises Refused: when it does not come within ``patience`` seconds
    """
    deadline = time.monotonic() + patience
    after = "0"
    while time.monotonic() < deadline:
        for event in checkout.events.list(after=after, limit=100):
            after = event.id
            if event.event == event_type and event.data.get("invoice_id") == invoice_id:
                return WebhookEvent(
                    raw=event.raw,
                    id=event.id,
                    event=event.event,
                    api_version=event.api_version,
                    created_at=event.created_at,
                    livemode=event.livemode,
                    data=event.data,
                )
        time.sleep(0.3)
    raise Refused(
        _("{event} did not come within {seconds} s. Does the gateway's worker run?").format(
            event=event_type, seconds=f"{patience:g}"
        )
    )


def _created(trigger: Trigger) -> Invoice:
    return trigger.order()


def _pending(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.checkout.public.get_invoice(invoice.id)
    return invoice


def _partially_paid(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.pay(invoice, invoice.crypto_amount / 2)
    return invoice


def _detected(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.pay(invoice, blocks=0)
    return invoice


def _confirming(trigger: Trigger) -> Invoice:
    invoice = trigger.order(_LARGEST)
    trigger.pay(invoice, blocks=0)
    trigger.until(invoice, "payment.detected")
    trigger.checkout.sandbox.mine(count=2)
    return invoice


def _paid(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.pay(invoice)
    return invoice


def _overpaid(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.pay(invoice, invoice.crypto_amount + 5)
    return invoice


def _expired(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.checkout.sandbox.end_time(invoice=invoice.id)
    return invoice


def _cancelled(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.checkout.invoices.cancel(invoice.id)
    return invoice


def _reversed(trigger: Trigger) -> Invoice:
    invoice, _transaction = _taken_back(trigger)
    return invoice


def _failed(trigger: Trigger) -> Invoice:
    invoice, transaction = _taken_back(trigger)
    trigger.until(invoice, "payment.reversed")
    trigger.checkout.sandbox.give_up(invoice=invoice.id, tx_hash=transaction)
    return invoice


def _taken_back(trigger: Trigger) -> tuple[Invoice, str]:
    invoice = trigger.order()
    transaction = trigger.pay(invoice)
    trigger.until(invoice, "invoice.paid")
    # The chain goes on by itself: deep enough for the blocks that came since.
    trigger.checkout.sandbox.reorganise(depth=20, drop=[transaction])
    return invoice, transaction


def _refund_created(trigger: Trigger) -> Invoice:
    invoice = trigger.order()
    trigger.pay(invoice)
    trigger.until(invoice, "invoice.paid")
    trigger.checkout.invoices.refund(invoice.id, address=_somebody())
    return invoice


def _refunded(trigger: Trigger) -> Invoice:
    invoice = _refund_created(trigger)
    refund = trigger.checkout.refunds.list(invoice_id=invoice.id).page().items[0]
    sent = trigger.checkout.sandbox.transfer(
        address=str(refund.address), asset=refund.crypto_currency, amount=refund.amount
    )
    trigger.checkout.refunds.complete(refund.id, tx_hash=sent.tx_hash)
    trigger.checkout.sandbox.mine(count=4)
    return invoice


def _option_chosen(trigger: Trigger) -> Invoice:
    options = [{"crypto_currency": code, "network": "sandbox"} for code in ("USDT", "BTC")]
    invoice = trigger.order(payment_options=options)
    trigger.checkout.public.choose_option(invoice.id, crypto_currency="BTC", network="sandbox")
    return invoice


def _somebody() -> str:
    """Return an address on the sandbox chain at which nobody takes payments."""
    return "sandbox1" + "".join(secrets.choice(_SANDBOX_ALPHABET) for _ in range(_SANDBOX_LENGTH))


TRIGGERS: Final[Mapping[str, Callable[[Trigger], Invoice]]] = {
    "invoice.created": _created,
    "invoice.pending": _pending,
    "invoice.option_chosen": _option_chosen,
    "invoice.partially_paid": _partially_paid,
    "invoice.confirming": _detected,
    "invoice.paid": _paid,
    "invoice.overpaid": _overpaid,
    "invoice.expired": _expired,
    "invoice.cancelled": _cancelled,
    "invoice.refunded": _refunded,
    "invoice.reversed": _reversed,
    "payment.detected": _detected,
    "payment.confirming": _confirming,
    "payment.confirmed": _paid,
    "payment.reversed": _reversed,
    "payment.failed": _failed,
    "refund.created": _refund_created,
    "refund.completed": _refunded,
    "settlement.created": _paid,
}
ENDPOINT_TEST: Final = "webhook.test"


def trigger(checkout: Checkout, event_type: str) -> WebhookEvent:
    """
    Bring the event about and return it as the gateway tells it.

    :raises Refused: when that cannot be done
    """
    if event_type not in TRIGGERS:
        known = "\n  ".join([*TRIGGERS, ENDPOINT_TEST])
        raise Refused(_("There is no event {event}. There are:\n  {known}").format(event=event_type, known=known))
    run = Trigger(checkout)
    invoice = TRIGGERS[event_type](run)
    return wait_for(checkout, event_type, invoice.id, patience=run.patience)


def test_endpoints(checkout: Checkout) -> int:
    """
    Have ``webhook.test`` sent to each of the merchant's endpoints; return how many there are.

    :raises Refused: when there is none
    """
    count = 0
    for endpoint in checkout.webhook_endpoints.list():
        result = checkout.webhook_endpoints.test(endpoint.id)
        said = result.response_code or result.error or ""
        say(f"{endpoint.url}  {result.status}  {said}")
        count += 1
    if not count:
        raise Refused(_("You have no webhook endpoint. Make one in the dashboard, or use: checkout listen"))
    return count
