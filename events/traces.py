"""Where an event stands in the trace of the request that caused it; see core.tracing."""

from uuid import UUID

from core import tracing
from core.tracing import Kind, Span
from events.models import Event


def dispatch_span(event: Event) -> Span | None:
    """Return the span of handing ``event`` out, below that of its request."""
    return tracing.begin(
        f"dispatch {event.type}",
        kind=Kind.CONSUMER,
        trace_id=_trace_of(event.trace_id, event.pk),
        parent_id=tracing.span_of(event.request_id),
        span_id=_dispatch_id(event.pk),
    )


def places_of(event_ids: set[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return each event's trace, and the span above whatever follows from it; nothing when traces are off."""
    if not tracing.is_on():
        return {}
    rows = Event.objects.filter(pk__in=event_ids).values_list("pk", "trace_id")
    return {key: (_trace_of(trace_id, key), _dispatch_id(key)) for key, trace_id in rows}


def _trace_of(trace_id: str, event_id: UUID) -> str:
    # What no request caused (a payment that a scan found) begins a trace of its own.
    return tracing.trace_of(trace_id or str(event_id))


def _dispatch_id(event_id: UUID) -> str:
    return tracing.span_of(f"dispatch:{event_id}")
