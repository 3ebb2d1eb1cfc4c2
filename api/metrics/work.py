"""What waits: events, webhooks, failures, prices that grow old; and the connections all of it shares."""

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from events import backlog as log
from events import sink
from events.selectors import audit_status
from invoices.rates.freshness import rate_ages
from webhooks import backlog as webhooks

_Families = Iterator[GaugeMetricFamily]

# Our own connections by what they do, and what the server has in all. An application name is ours when it begins so.
_CONNECTIONS: Final = """
    SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'checkout%' GROUP BY 1
"""
_LIMITS: Final = """
    SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""


class Work:
    """A collector of what waits in the database: each scrape reads afresh, so that every web process tells the same."""

    def collect(self) -> _Families:
        """Yield one family a metric."""
        now = timezone.now()
        events, deliveries = log.backlog(now=now), webhooks.backlog(now=now)
        for name, meaning, value in (
            ("checkout_outbox_events", "Events that nobody was told of yet.", events.waiting),
            ("checkout_outbox_lag_seconds", "How long the oldest of them has waited.", events.lag_seconds),
            (
                "checkout_failed_dispatches",
                "Events that a part of the program could not take.",
                events.failed_dispatches,
            ),
            ("checkout_failed_tasks", "Tasks that failed and were not done since.", events.failed_tasks),
            ("checkout_feed_lag_events", "Events that the feed has not handed to Kafka yet.", sink.lag()),
            ("checkout_feed_lag_seconds", "How long the oldest of them has waited.", sink.lag_seconds(now=now)),
            ("checkout_webhooks_pending", "Deliveries that have not arrived yet.", deliveries.waiting),
            (
                "checkout_webhooks_oldest_seconds",
                "Age of the oldest delivery that has not arrived.",
                deliveries.oldest_seconds,
            ),
            (
                "checkout_webhooks_overdue_seconds",
                "How long one has been due without an attempt.",
                deliveries.overdue_seconds,
            ),
        ):
            yield GaugeMetricFamily(name, meaning, value=value)


class Rates:
    """A collector of the age of prices."""

    def collect(self) -> _Families:
        """Yield the ages, and the age beyond which invoices are refused."""
        ages = GaugeMetricFamily("checkout_rate_age_seconds", "Age of an asset's newest price.", labels=["asset"])
        missing = GaugeMetricFamily("checkout_rates_missing", "Assets that have no price at all.")
        known = rate_ages(now=timezone.now())
        for asset, age in known.items():
            if age is not None:
                ages.add_metric([asset], age)
        missing.add_metric([], sum(age is None for age in known.values()))
        yield ages
        yield missing
        yield GaugeMetricFamily(
            "checkout_rate_max_age_seconds",
            "Age beyond which a price is not used, and invoices in it are refused.",
            value=settings.RATE_MAX_AGE_SECONDS,
        )


class Connections:
    """A collector of connections to PostgreSQL: every thread of every process holds one."""

    def collect(self) -> _Families:
        """Yield ours by state, and everybody's against the server's limit."""
        with connection.cursor() as cursor:
            cursor.execute(_CONNECTIONS)
            by_state = cursor.fetchall()
            cursor.execute(_LIMITS)
            limit, used = cursor.fetchone()
        ours = GaugeMetricFamily("checkout_database_connections", "Our connections, by state.", labels=["state"])
        for state, count in by_state:
            ours.add_metric([state], count)
        yield ours
        yield GaugeMetricFamily(
            "checkout_database_connections_used", "Everybody's connections to the server.", value=used
        )
        yield GaugeMetricFamily("checkout_database_connections_max", "How many connections it takes.", value=limit)


class Audit:
    """A collector of the audit log's chains, whose head a scraper thus notes outside of the database."""

    def collect(self) -> _Families:
        """Yield one family a metric, each with one sample."""
        status = audit_status()
        # 48 bits are what a float holds exactly; enough to tell whether a log still leads to what was scraped.
        head = int(status.hash[:12], 16) if status.hash else 0
        for name, meaning, value in (
            ("checkout_audit_sealed_entries", "Entries of the audit log that are sealed.", status.number),
            ("checkout_audit_head", "The first 48 bits of the hash of the whole log.", head),
            ("checkout_audit_broken_chains", "Chains in which the last check found a problem.", status.broken),
        ):
            yield GaugeMetricFamily(name, meaning, value=value)
