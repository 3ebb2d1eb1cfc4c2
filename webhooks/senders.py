"""
The threads that send, beside whatever else a worker does.

A receiver may take half a minute to answer. Waiting for it in a Celery task would hold one of the
few places where chains are scanned and events dispatched; here it holds a thread that has nothing
else to do. Only as much is claimed as there are idle senders, so the rest stays in the table, where
any worker may take it.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from webhooks import services
from webhooks.services import Claim

log = structlog.get_logger(__name__)


class Senders:
    """A fixed number of threads, started when they are first needed."""

    def __init__(self, places: int) -> None:
        self._idle = places
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=max(places, 1), thread_name_prefix="webhook-sender")

    def hand_out(self) -> int:
        """Claim what is due for the idle senders and start sending; return how many deliveries."""
        with self._lock:
            claims = services.claim_due(now=timezone.now(), limit=self._idle) if self._idle else []
            self._idle -= len(claims)
        for claim in claims:
            self._threads.submit(self._send, claim)
        return len(claims)

    def wait(self) -> None:
        """Return when everything that was handed out has been sent."""
        self._threads.shutdown(wait=True)

    def _send(self, claim: Claim) -> None:
        close_old_connections()
        try:
            services.attempt(claim=claim, now=timezone.now())
        except Exception:  # the lease lapses, and another attempt is made
            log.exception("webhook_attempt_crashed", delivery=str(claim.delivery_id))
        finally:
            with self._lock:
                self._idle += 1
            self._go_on()
            close_old_connections()

    def _go_on(self) -> None:
        try:
            self.hand_out()
        except Exception:  # whatever is due now is found by the clock
            log.exception("webhook_hand_out_failed")


def hand_out() -> int:
    """Send what is due, in this process's own threads; return how many deliveries were started."""
    return _senders(settings.WEBHOOK_SENDERS).hand_out()


@lru_cache(maxsize=1)
def _senders(places: int) -> Senders:
    return Senders(places)
