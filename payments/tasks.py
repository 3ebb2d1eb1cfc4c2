"""Celery's door to this app."""

from collections.abc import Callable

import structlog
from celery import shared_task
from django.db import connection
from django.utils import timezone

from chains import registry
from chains.base import ChainUnavailable
from core.nudges import nudge
from payments.overview import publish_endpoints
from payments.services import rescans
from payments.services.ledger import fail_stale
from payments.services.ranges import fold
from payments.services.scanner import scan as scan_network
from payments.services.second_pass import verify as verify_network
from payments.services.turns import take_turn
from payments.services.vaults import look_after_payouts as look_after

log = structlog.get_logger(__name__)


@shared_task
def scan(network: str) -> int:
    """Read one network up to its tip. A call while another one reads returns at once."""
    try:
        return _alone(f"scan:{network}", lambda: scan_network(network=network, now=timezone.now()))
    finally:
        publish_endpoints(network, registry.reader(network).health())


@shared_task
def scan_all() -> None:
    """Have every network read whose turn it is, each in a task of its own: a slow node delays no other network."""
    for network in registry.networks(enabled_only=True):
        if take_turn(network, now=timezone.now()):
            scan.delay(network.code)


@shared_task
def verify(network: str) -> int:
    """Read the final blocks of one network a second time."""
    return _alone(
        f"verify:{network}",
        lambda: verify_network(
            network=network,
            reader_apart_from=lambda name: registry.reader(network, apart_from=name),
            now=timezone.now(),
        ),
    )


@shared_task
def verify_all() -> None:
    """Have every enabled network read a second time, and the record of what was read kept small."""
    for network in registry.networks(enabled_only=True):
        verify.delay(network.code)
        fold(network.code, now=timezone.now())


@shared_task
def look_after_payouts() -> int:
    """Take what vaults send one step further. A call while another one is at it returns at once."""
    return _alone("payouts", lambda: look_after(now=timezone.now()))


@shared_task
def continue_rescans() -> int:
    """Read a piece of every rescan that staff ordered; another call follows at once while one goes on."""
    waiting = _alone("rescans", lambda: rescans.continue_rescans(now=timezone.now()))
    if waiting:
        nudge(continue_rescans)
    return waiting


@shared_task
def fail_orphans() -> int:
    """Give up payments that stayed away from the chain for a day."""
    return fail_stale(now=timezone.now())


def _alone(name: str, work: Callable[[], int]) -> int:
    """Return what ``work`` returns, or 0 when another process is at it or the node does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return work()
        except ChainUnavailable as problem:
            log.warning("chain_unavailable", work=name, reason=str(problem))
            return 0
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
