"""The command line: what may be written, and which function does it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from gettext import gettext as _
from typing import Any, Final

from crypto_checkout.cli import triggers
from crypto_checkout.cli.listening import Forwarder, listen, secret_for
from crypto_checkout.cli.words import Refused, as_json, complain, line_of, say
from crypto_checkout.client import VERSION, Checkout
from crypto_checkout.decoding import decode, loads
from crypto_checkout.errors import CheckoutError
from crypto_checkout.models import Invoice, InvoiceInFull
from crypto_checkout.webhooks import WebhookEvent

_INTERRUPTED: Final = 130  # as shells say it
_BROKEN_PIPE: Final = 141
_BASE_URL: Final = "http://127.0.0.1:8000"  # where `make run` listens

Options = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status: 0, 1 for a failure, 2 for a wrong command line."""
    options = _parser().parse_args(arguments)
    base_url = options.base_url or os.environ.get("CHECKOUT_BASE_URL") or _BASE_URL
    try:
        with Checkout(options.api_key, base_url=base_url) as checkout:
            run: Callable[[Checkout, Options], None] = options.run
            run(checkout, options)
    except (CheckoutError, TypeError, ValueError) as failure:
        complain(failure if isinstance(failure, CheckoutError) else Refused(str(failure)))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="checkout",
        description=_("Try and watch a Crypto Checkout gateway."),
        epilog=_("CHECKOUT_BASE_URL and CHECKOUT_API_KEY are read when the options are left out."),
    )
    parser.add_argument("--api-key", help=_("a key, best one of test mode: sk_test_…"))
    parser.add_argument("--base-url", help=_("the gateway's address; by default {url}").format(url=_BASE_URL))
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_listen(commands)
    _add_trigger(commands)
    _add_tail(commands)
    _add_invoices(commands)
    _add_pay(commands)
    return parser


def _add_listen(commands: Any) -> None:
    parser = commands.add_parser("listen", help=_("send events to a program on this machine, as webhooks"))
    parser.add_argument("--forward-to", required=True, metavar="URL", help="http://127.0.0.1:3000/webhooks")
    parser.add_argument("--events", default="", help=_("only these, with commas between"))
    parser.add_argument(
        "--after", default="", metavar="POSITION", help=_("also what came after this place; 0: everything")
    )
    parser.add_argument("--secret", default="", help=_("sign with this instead of a secret made from the key"))
    parser.add_argument("--print-secret", action="store_true", help=_("say the secret, and no more"))
    parser.set_defaults(run=_listen)


def _add_trigger(commands: Any) -> None:
    parser = commands.add_parser("trigger", help=_("make an event happen in test mode"))
    parser.add_argument("event", nargs="?", help="invoice.paid")
    parser.add_argument("--list", action="store_true", help=_("say which events there are"))
    parser.set_defaults(run=_trigger)


def _add_tail(commands: Any) -> None:
    parser = commands.add_parser("tail", help=_("follow events as they happen"))
    parser.add_argument(
        "--after", default="", metavar="POSITION", help=_("also what came after this place; 0: everything")
    )
    parser.add_argument("--events", default="", help=_("only these, with commas between"))
    parser.add_argument("--json", action="store_true", help=_("whole events, one on a line"))
    parser.add_argument("--count", type=int, default=0, help=_("end after so many"))
    parser.set_defaults(run=_tail)


def _add_invoices(commands: Any) -> None:
    parser = commands.add_parser("invoices", help=_("create, get or list invoices"))
    actions = parser.add_subparsers(required=True, metavar="action")
    create = actions.add_parser("create", help=_("create an invoice"))
    create.add_argument("amount", help="9.99")
    create.add_argument("--currency", default="USD", help="USD")
    create.add_argument("--title", default="Test", help=_("what it is for"))
    create.add_argument("--asset", help=_("what is paid with, such as USDT"))
    create.add_argument("--network", help=_("on which network, such as tron"))
    create.add_argument("--expires-in", type=int, metavar="SECONDS")
    create.add_argument("--idempotency-key", metavar="KEY")
    create.add_argument("--json", action="store_true", help=_("the whole answer"))
    create.set_defaults(run=_create_invoice)
    get = actions.add_parser("get", help=_("show an invoice as JSON"))
    get.add_argument("invoice")
    get.set_defaults(run=lambda checkout, options: say(as_json(checkout.invoices.get(options.invoice).raw)))
    several = actions.add_parser("list", help=_("list invoices, newest first"))
    several.add_argument("--status", help=_("only these, with commas between"))
    several.add_argument("--count", type=int, default=20, help=_("so many at most; 20"))
    several.set_defaults(run=_list_invoices)


def _add_pay(commands: Any) -> None:
    parser = commands.add_parser("pay", help=_("pay a test invoice on the sandbox chain"))
    parser.add_argument("invoice")
    parser.add_argument("--amount", help=_("in the asset; by default what is due"))
    parser.add_argument("--asset", help=_("another asset than the invoice's"))
    parser.add_argument("--blocks", type=int, default=4, help=_("so many blocks on top; 0 leaves it unconfirmed"))
    parser.set_defaults(run=_pay)


def _listen(checkout: Checkout, options: Options) -> None:
    key = options.api_key or os.environ.get("CHECKOUT_API_KEY", "")
    forwarder = Forwarder(options.forward_to, options.secret or secret_for(key))
    if options.print_secret:
        say(forwarder.secret)
    else:
        listen(checkout, forwarder, events=_words(options.events), after=options.after)


def _trigger(checkout: Checkout, options: Options) -> None:
    if options.list or not options.event:
        say("\n".join([*triggers.TRIGGERS, triggers.ENDPOINT_TEST]))
        return
    _insist_on_test_mode(checkout)
    if options.event == triggers.ENDPOINT_TEST:
        triggers.test_endpoints(checkout)
        return
    say(line_of(triggers.trigger(checkout, options.event)))


def _tail(checkout: Checkout, options: Options) -> None:
    wanted = _words(options.events)
    left = options.count
    for text in checkout.follow(last_event_id=options.after).texts():
        event = decode(WebhookEvent, loads(text))
        if wanted and event.event not in wanted:
            continue
        say(text if options.json else line_of(event))
        left -= 1
        if left == 0:
            return


def _create_invoice(checkout: Checkout, options: Options) -> None:
    order: dict[str, Any] = {
        "crypto_currency": options.asset,
        "network": options.network,
        "expires_in": options.expires_in,
    }
    invoice = checkout.invoices.create(
        title=options.title,
        items=[{"name": options.title, "quantity": 1, "unit_price": _amount(options.amount)}],
        currency=options.currency.upper(),
        idempotency_key=options.idempotency_key,
        **{name: value for name, value in order.items() if value is not None},
    )
    say(as_json(invoice.raw) if options.json else _about(invoice))


def _list_invoices(checkout: Checkout, options: Options) -> None:
    left = options.count
    query: dict[str, Any] = {"status": options.status.split(",")} if options.status else {}
    for invoice in checkout.invoices.list(limit=min(max(left, 1), 100), **query):
        if left <= 0:
            return
        say(f"{invoice.id}  {invoice.status:<10} {invoice.total:>12} {invoice.currency}  {invoice.title}")
        left -= 1


def _pay(checkout: Checkout, options: Options) -> None:
    _insist_on_test_mode(checkout)
    order: dict[str, Any] = {"asset": options.asset} if options.asset else {}
    if options.amount:
        order["amount"] = _amount(options.amount)
    sent = checkout.sandbox.transfer(invoice=options.invoice, **order)
    if options.blocks:
        checkout.sandbox.mine(count=options.blocks)
    say(
        _("{amount} {asset} sent in transaction {transaction}.").format(
            amount=format(sent.amount, "f"), asset=sent.crypto_currency, transaction=sent.tx_hash
        )
    )


def _about(invoice: Invoice | InvoiceInFull) -> str:
    amount = f"{invoice.total} {invoice.currency} = {format(invoice.crypto_amount, 'f')} {invoice.crypto_currency}"
    return f"{invoice.id}  {invoice.status}  {amount} ({invoice.network})\n{invoice.customer_url}"


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Refused(_("{text} is no amount. Write one such as 9.99").format(text=text)) from None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _insist_on_test_mode(checkout: Checkout) -> None:
    if not checkout.is_test:
        raise Refused(_("This is done in test mode only. Give a test key: sk_test_…"))
