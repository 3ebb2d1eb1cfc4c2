"""What runs by the clock. Every task is safe to miss or to run twice: it looks for work that is due."""

from typing import Any

from celery.schedules import crontab


def beat_schedule(*, sandbox_block_seconds: int, feeds_sink: bool = False) -> dict[str, dict[str, Any]]:
    """Return Celery's periodic tasks; 0 seconds between sandbox blocks mines none, without a sink none is fed."""
    entries = {
        "events.tasks.dispatch_events": 2.0,
        "webhooks.tasks.deliver_due": 5.0,
        "payments.tasks.scan_all": 5.0,
        "payments.tasks.look_after_payouts": 15.0,
        "invoices.tasks.expire_due": 10.0,
        "events.tasks.retry_failed": 60.0,
        "events.tasks.seal_log": 5.0,
        "invoices.tasks.fetch_rates": 60.0,
        "invoices.tasks.release_claims": 300.0,
        "merchants.tasks.invite_members": 60.0,
        "merchants.tasks.tell_of_wallets": 60.0,
        "merchants.tasks.send_notifications": 20.0,
        "payments.tasks.verify_all": 60.0,
        "payments.tasks.fail_orphans": 300.0,
        "payments.tasks.continue_rescans": 30.0,
    }
    if feeds_sink:
        entries["events.tasks.feed_sink"] = 1.0
    if sandbox_block_seconds:
        entries["chains.sandbox.tasks.mine"] = 1.0 * sandbox_block_seconds
    # A run that was not picked up before the next one is due has nothing left to do.
    periodic: dict[str, dict[str, Any]] = {
        task: {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5.0)}}
        for task, seconds in entries.items()
    }
    periodic["core.tasks.prune"] = {"task": "core.tasks.prune", "schedule": crontab(minute="17")}
    periodic["events.tasks.check_log"] = {"task": "events.tasks.check_log", "schedule": crontab(hour="3", minute="40")}
    periodic["events.tasks.archive"] = {"task": "events.tasks.archive", "schedule": crontab(hour="4", minute="20")}
    return periodic
