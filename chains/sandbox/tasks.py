"""The sandbox chain's own clock: a block every few seconds while the worker runs."""

from typing import Final

import structlog
from celery import current_app, shared_task
from django.conf import settings
from django.utils import timezone

from chains.sandbox import services

log = structlog.get_logger(__name__)

SCAN_TASK: Final = "payments.tasks.scan"  # by name: payments is a floor above
_PRUNE_EVERY: Final = 200  # blocks
_NUDGE_EXPIRES: Final = 10  # seconds; a worker that is behind finds one nudge enough


@shared_task(ignore_result=True)
def mine() -> int | None:
    """Make one block, have it scanned at once, and return its height; do nothing where the clock is off."""
    if settings.SANDBOX_BLOCK_SECONDS <= 0:
        return None
    block = services.mine(now=timezone.now())
    if block.height % _PRUNE_EVERY == 0:
        services.prune()
    _ask_for_scan()
    return block.height


def _ask_for_scan() -> None:
    try:
        current_app.send_task(SCAN_TASK, args=["sandbox"], expires=_NUDGE_EXPIRES, ignore_result=True, retry=False)
    except Exception as problem:  # noqa: BLE001 - the block is mined; the periodic scan finds it
        log.warning("scan_nudge_failed", error=repr(problem))
