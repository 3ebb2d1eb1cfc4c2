"""Celery's door to this app."""

import structlog
from celery import shared_task
from django.db import connection
from django.utils import timezone

from chains import registry
from chains.base import ChainUnavailable
from payments.services.ledger import fail_stale
from payments.services.scanner import scan as scan_network

log = structlog.get_logger(__name__)


@shared_task
def scan(network: str) -> int:
    """Read one network up to its tip. A call while another one reads returns at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"scan:{network}"])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return scan_network(network=network, now=timezone.now())
        except ChainUnavailable as problem:
            log.warning("chain_unavailable", network=network, reason=str(problem))
            return 0
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [f"scan:{network}"])


@shared_task
def scan_all() -> None:
    """Have every enabled network read, each in a task of its own: a slow node delays no other network."""
    for network in registry.networks():
        if network.is_enabled:
            scan.delay(network.code)


@shared_task
def fail_orphans() -> int:
    """Give up payments that stayed away from the chain for a day."""
    return fail_stale(now=timezone.now())
