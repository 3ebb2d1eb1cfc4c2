"""What a plan limits is counted without gaps, also at the same moment."""

import time
from datetime import UTC, datetime
from queue import Queue
from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connection, transaction

from merchants import selectors, services
from merchants.errors import PlanLimitReached
from merchants.models import Plan, Usage, UsageCount
from merchants.services import Grant, KeyOrder

FULL = Grant(livemode=True, permissions=["*"])


@pytest.fixture
def small(merchant):
    Plan.objects.create(code="small", name="Small", max_api_keys=3, max_webhook_endpoints=1, monthly_invoice_limit=2)
    merchant.plan_id = "small"
    merchant.save()
    return merchant


def count(merchant, now, *, livemode=True):
    """Count one and return how many there are."""
    services.count_invoice(merchant=merchant, livemode=livemode, now=now)
    return selectors.usage(merchant=merchant, livemode=livemode, now=now).monthly_invoices


def test_the_invoices_of_a_month_are_limited(small, now):
    assert [count(small, now), count(small, now)] == [1, 2]

    with pytest.raises(PlanLimitReached) as caught:
        count(small, now)

    assert caught.value.constraints == {"monthly_invoice_limit": 2}
    assert Usage.objects.get().invoices == 2


def test_a_new_month_starts_at_one_by_the_utc_calendar(small, now):
    count(small, datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))
    count(small, datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))

    assert count(small, datetime(2026, 2, 1, tzinfo=UTC)) == 1


def test_test_invoices_are_counted_but_not_limited(small, now):
    assert [count(small, now, livemode=False) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert count(small, now) == 1


def test_counting_costs_one_statement(merchant, now, django_assert_num_queries):
    merchant.plan  # noqa: B018 - loaded with the key that authenticates

    with django_assert_num_queries(1):
        services.count_invoice(merchant=merchant, livemode=True, now=now)


def test_what_was_counted_in_parts_counts_towards_the_limit(small, now):
    month = now.date().replace(day=1)
    UsageCount.objects.create(merchant=small, livemode=True, month=month, slot=5, invoices=1)

    assert count(small, now) == 2
    with pytest.raises(PlanLimitReached):
        count(small, now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("limit", "waits"), [(1_001, False), (1_000, True)])
def test_far_from_the_limit_nobody_waits_for_another(now, limit, waits):
    Plan.objects.create(code="far", name="Far", max_api_keys=3, max_webhook_endpoints=1, monthly_invoice_limit=limit)
    merchant = services.sign_up(
        request=services.SignUp(business_name="Acme", contact_email="a@example.com", plan_type="far"), now=now
    ).merchant
    outcomes, own_row = [], row_of_connection()

    def work():
        while row_of_connection() == own_row:
            connection.close()
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                services.count_invoice(merchant=merchant, livemode=True, now=now)
            outcomes.append("counted")
        except OperationalError:
            outcomes.append("waited")
        connection.close()

    with transaction.atomic():
        services.count_invoice(merchant=merchant, livemode=True, now=now)
        in_threads(work, 1)

    assert outcomes == ["waited" if waits else "counted"]
    assert Usage.objects.get().invoices == (1 if waits else 2)


def row_of_connection():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() % 16")
        return cursor.fetchone()[0]


def in_threads(work, threads):
    running = [Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_concurrent_keys_do_not_pass_the_limit(now):
    Plan.objects.get_or_create(
        code="small", defaults={"name": "S", "max_api_keys": 3, "max_webhook_endpoints": 1, "monthly_invoice_limit": 2}
    )
    merchant = services.sign_up(
        request=services.SignUp(business_name="Acme", contact_email="a@example.com", plan_type="small"), now=now
    ).merchant
    start, outcomes = Barrier(4), []

    def work():
        start.wait()
        try:
            order = KeyOrder(name="x", livemode=True, permissions=["*"])
            services.create_api_key(merchant=merchant, order=order, grant=FULL, now=now)
            outcomes.append("made")
        except PlanLimitReached:
            outcomes.append("refused")
        connection.close()

    in_threads(work, 4)

    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]


@pytest.mark.django_db(transaction=True)
def test_concurrent_invoices_do_not_pass_the_limit(now):
    Plan.objects.get_or_create(
        code="small", defaults={"name": "S", "max_api_keys": 3, "max_webhook_endpoints": 1, "monthly_invoice_limit": 2}
    )
    merchant = services.sign_up(
        request=services.SignUp(business_name="Acme", contact_email="a@example.com", plan_type="small"), now=now
    ).merchant
    services.count_invoice(merchant=merchant, livemode=True, now=now)
    begun, outcomes = Queue(), []

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            begun.put(cursor.fetchone()[0])
        try:
            services.count_invoice(merchant=merchant, livemode=True, now=now)
            outcomes.append("counted")
        except PlanLimitReached:
            outcomes.append("refused")
        connection.close()

    second = Thread(target=work)
    with transaction.atomic():
        services.count_invoice(merchant=merchant, livemode=True, now=now)
        second.start()
        wait_until_blocked(begun.get(timeout=10))
    second.join()

    assert outcomes == ["refused"]
    assert Usage.objects.get().invoices == 2


def wait_until_blocked(pid):
    """Return when the backend waits for another's lock."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("the other never waited")
