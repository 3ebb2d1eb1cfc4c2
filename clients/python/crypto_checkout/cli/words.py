"""What people read in the terminal."""

import json
import sys
from datetime import datetime
from decimal import Decimal
from gettext import gettext as _
from typing import Any

from crypto_checkout.errors import APIError, AuthenticationFailed, CheckoutError, ConnectionFailed, PermissionDenied
from crypto_checkout.webhooks import WebhookEvent


class Refused(CheckoutError):
    """The command cannot be carried out; the text says why and what to do instead."""


def say(text: str) -> None:
    """Print a line at once: the output may be a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(failure: CheckoutError) -> None:
    """Say what went wrong, and what to do about it."""
    lines = [str(failure)]
    if isinstance(failure, APIError):
        lines = [f"{failure.code}: {failure.message}" if failure.code else failure.message]
        lines += [f"  {one.get('field')}: {one.get('message')}" for one in failure.errors] or (
            [_("  in: {field}").format(field=failure.field)] if failure.field else []
        )
        lines += [f"  {suggestion}" for suggestion in failure.suggestions]
        if failure.documentation_url:
            lines.append(_("  about it: {url}").format(url=failure.documentation_url))
        if failure.request_id:
            lines.append(_("  request: {request_id}").format(request_id=failure.request_id))
    lines += [f"  {line}" for line in _advice(failure)]
    sys.stderr.write("\n".join(lines) + "\n")


def _advice(failure: CheckoutError) -> list[str]:
    if isinstance(failure, AuthenticationFailed):
        return [_("Give a key that works: set CHECKOUT_API_KEY, or write --api-key before the command.")]
    if isinstance(failure, PermissionDenied):
        return [_("Give a key that has the permission, or add it to this one in the dashboard.")]
    if isinstance(failure, ConnectionFailed):
        return [_("Does the gateway run there? Set CHECKOUT_BASE_URL, or write --base-url before the command.")]
    return []


def as_json(value: Any) -> str:
    """Return what the gateway said, digit by digit, indented for people."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return format(value, "f") if isinstance(value, Decimal) else value


def line_of(event: WebhookEvent) -> str:
    """Return an event on one line: when, what, of which invoice, and how it stands."""
    about = event.data.get("invoice_id") or event.data.get("payment_id") or ""
    status = event.data.get("status") or ""
    return f"{_clock(event.created_at)}  {event.event:<24} {about}  {status}".rstrip()


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")
