"""What is written into an event stream: one ``data:`` line of JSON per event, ``id:`` its position in the log."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from core import exact_json
from events.models import Event
from events.payload import payload
from events.types import DELIVERABLE

RETRY: Final = b"retry: 3000\n\n"  # milliseconds before a browser connects again
HEARTBEAT: Final = b": still here\n\n"

FINAL_STATUSES: Final = frozenset({"paid", "expired", "cancelled", "refunded"})
_FINAL_TYPES: Final = frozenset(f"invoice.{status}" for status in FINAL_STATUSES)
_BESIDE_THE_STATUS: Final = frozenset({"invoice.overpaid"})
_PUBLIC_PAYMENT: Final = ("amount", "status", "confirmations", "required_confirmations")
_PUBLIC_INVOICE: Final = ("status", "exception", "paid_at")


def frame(data: Mapping[str, Any], *, position: int | None = None) -> bytes:
    """Return one event of a stream; without ``position`` a reader does not move on in the log."""
    number = f"id: {position}\n" if position is not None else ""
    return f"{number}data: {exact_json.dumps(data)}\n\n".encode()


def mark(position: int) -> bytes:
    """Return a frame that moves a reader to ``position`` without telling it anything."""
    return f"id: {position}\n\n".encode()


def public_frame(event: Event) -> bytes:
    """Return what a customer may know of an event, in the shapes of the public API; empty when it is nothing."""
    family = event.type.partition(".")[0]
    if family not in {"invoice", "payment", "refund"}:
        return b""
    told: dict[str, Any] = {"event": event.type}
    if family == "payment":
        told["payment"] = _public_payment(event.data.get("payment") or {})
    else:
        told |= {key: event.data[key] for key in _PUBLIC_INVOICE if event.data.get(key) is not None}
    if event.data.get("payment_progress"):
        told["payment_progress"] = event.data["payment_progress"]
    if event.data.get("late"):
        told["late"] = True
    return frame(told, position=event.position)


def merchant_frame(event: Event) -> bytes:
    """Return an event as a webhook would carry it; empty for those that are internal."""
    if event.type not in DELIVERABLE:
        return b""
    return frame(payload(event), position=event.position)


def is_the_end(events: Iterable[Event]) -> bool:
    """Return whether the last change of status among ``events`` is a final one. Paid may be reversed afterwards."""
    changes = [
        event.type for event in events if event.type.startswith("invoice.") and event.type not in _BESIDE_THE_STATUS
    ]
    return bool(changes) and changes[-1] in _FINAL_TYPES


def _public_payment(payment: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: payment[key] for key in _PUBLIC_PAYMENT if key in payment}
    if not told.get("confirmations"):
        told.pop("confirmations", None)  # nothing to count yet, as in the documented example
        told.pop("required_confirmations", None)
    return told
