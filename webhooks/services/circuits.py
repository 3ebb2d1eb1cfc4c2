"""
A circuit for each lane: a receiver that hangs or breaks is left alone for a while, and delays nobody.

The rows are locked last of all, in the order of their lanes: whoever holds an endpoint or a delivery
may wait for a circuit, never the other way round.
"""

from collections.abc import Sequence
from itertools import groupby
from random import SystemRandom

import structlog

from events.types import WEBHOOK_TEST
from webhooks.models import Circuit
from webhooks.services.attempts import Result
from webhooks.states import FAILURES_TO_OPEN, JITTER_PERCENT, LONGEST_WISH, parse_retry_after, pause_of_circuit

log = structlog.get_logger(__name__)
_random = SystemRandom()


def note(results: Sequence[Result]) -> None:
    """Bring the circuits of the lanes of ``results`` in line with what came of them."""
    lanes = {each.claim.lane for each in results}
    known = {each.lane: each for each in Circuit.objects.select_for_update().filter(lane__in=lanes).order_by("lane")}
    if not known and not any(each.outcome.is_outage for each in results):
        return
    ordered = sorted(results, key=lambda each: (each.claim.lane, each.finished_at))
    by_lane = {lane: list(each) for lane, each in groupby(ordered, key=lambda each: each.claim.lane)}
    closed = [lane for lane, each in by_lane.items() if lane in known and not each[-1].outcome.is_outage]
    if closed:
        Circuit.objects.filter(lane__in=closed).delete()
    for lane, of_lane in by_lane.items():
        if of_lane[-1].outcome.is_outage:
            _fail(known.get(lane), lane, of_lane)


def close(lane: str) -> None:
    """Let a lane be tried at once: somebody says that its receiver works again."""
    Circuit.objects.filter(lane=lane).delete()


def _fail(circuit: Circuit | None, lane: str, results: list[Result]) -> None:
    failed = [each for each in results if each.claim.event_type != WEBHOOK_TEST]
    if not failed:
        return
    if circuit is None:
        Circuit.objects.get_or_create(lane=lane)
        circuit = Circuit.objects.select_for_update().get(lane=lane)
    for result in failed:
        circuit.failures = circuit.failures + 1 if result.outcome.is_outage else 0
        _open(circuit, result)
    circuit.save()


def _open(circuit: Circuit, result: Result) -> None:
    """Open the circuit when it is time, or as long as the receiver itself asks for."""
    at = result.finished_at
    wish = min(parse_retry_after(result.outcome.retry_after, now=at), LONGEST_WISH)
    is_open = circuit.open_until is not None and circuit.open_until > at
    if wish:
        circuit.open_until = max(circuit.open_until or at, at + wish)
    elif circuit.failures >= FAILURES_TO_OPEN and not is_open:
        circuit.openings += 1
        pause = pause_of_circuit(openings=circuit.openings, jitter=_random.randint(0, JITTER_PERCENT))
        circuit.open_until = at + pause
        log.warning("webhook_circuit_opened", lane=circuit.lane, failures=circuit.failures, seconds=pause.seconds)
