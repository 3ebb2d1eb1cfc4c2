"""
Hot statements read stretches of indexes, never tables. The plans are those of the statements as the program sends them,
on tables with enough rows that PostgreSQL would not read them whole for being small.
"""

from contextlib import contextmanager

import psycopg
import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from analytics.calendars import RECENT, find_zone, recent
from analytics.models import InvoiceFact, Sums
from analytics.selectors import report
from bench.filling import copy_row
from core.pages import ListPage
from events import outbox, sealing, selectors
from events.models import ChainHead, Event, Seal
from events.sink import lag
from invoices import services as invoice_services
from invoices.admin import InvoiceAdmin
from invoices.models import Invoice
from invoices.selectors import list_invoices
from merchants.services.keys import KeyOrder, issue_first_key
from payments.models import Payment
from payments.selectors import list_payments
from tests.factories import make_invoice, make_merchant
from webhooks import services as webhook_services
from webhooks.models import Attempt, Delivery
from webhooks.retention import prune
from webhooks.selectors import list_deliveries
from webhooks.services import EndpointOrder
from webhooks.services.claiming import claim_due

ROWS = 4_000
LARGE = (Invoice, Event, Seal, Delivery, Attempt, Payment, InvoiceFact, Sums)
TABLES = {model._meta.db_table for model in LARGE}
STEP = "(n * interval '90 seconds')"

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now):
    """A merchant with an endpoint and thousands of invoices, nearly all of them paid long ago."""
    now = timezone.now()
    merchant = make_merchant(now)
    order = EndpointOrder(url="https://shop.example/hook", events=("*",))
    webhook_services.create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
    invoice = make_invoice(merchant, now)
    outbox.dispatch_all()
    sealing.seal_all(now=now)
    fill(invoice)
    return merchant


def fill(invoice):
    """Copy what there is of the invoice, thousands of times, over several days."""
    key = "overlay(md5('{}' || n)::text placing '7' from 13)::uuid".format
    milliseconds = f"(extract(epoch FROM now() - {STEP}) * 1000)::bigint"
    ids = f"(lpad(to_hex({milliseconds}), 12, '0') || '7000' || substr(md5(n::text), 1, 16))::uuid"
    created = {"created_at": f"source.created_at - {STEP}"}
    paid = "n > 5"  # the newest few are still open
    event = Event.objects.get(invoice_id=invoice.pk, type="invoice.created")
    delivery = Delivery.objects.get(event=event)
    over = {"status": "'delivered'", "next_attempt_at": "NULL", "delivered_at": "now()"}
    attempt = Attempt.objects.create(delivery=delivery, number=1, started_at=event.created_at, elapsed_ms=5)
    payment = Payment.objects.create(
        merchant=invoice.merchant, livemode=False, invoice=invoice, network="sandbox", asset_code="USDT",
        address=invoice.address, txid="0", ordinal=0, units=1, status="confirmed", counts=True, block_height=1,
        required_confirmations=1, sent_at=event.created_at, last_seen_at=event.created_at, created_at=event.created_at,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in (Invoice, Event, Seal):
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
        copy_row(Invoice, invoice.pk, ROWS, {
            **created, "id": key("i"), "address": "'sandbox1' || md5(n::text)",
            "status": f"CASE WHEN {paid} THEN 'paid' ELSE 'created' END",
            "paid_at": f"CASE WHEN {paid} THEN source.created_at - {STEP} END",
            "expires_at": f"source.expires_at - {STEP}",
        })  # fmt: skip
        copy_row(InvoiceFact, invoice.pk, ROWS, {**created, "invoice_id": key("i")})
        copy_row(Payment, payment.pk, ROWS, {**created, "id": ids, "invoice_id": key("i"), "txid": "n::text"})
        copy_row(Event, event.pk, ROWS, {
            **created, "id": key("e"), "invoice_id": key("i"), "sequence": "1000000 + n", "position": "1000000 + n",
        })  # fmt: skip
        copy_row(Seal, event.pk, ROWS, {"event_id": key("e"), "number": "1000000 + n", "position": "1000000 + n"})
        copy_row(
            Delivery, delivery.pk, ROWS, {**created, **over, "id": ids, "event_id": key("e"), "invoice_id": key("i")}
        )
        copy_row(Attempt, attempt.pk, ROWS, {"id": key("a"), "delivery_id": ids, "started_at": "now()"})
        ChainHead.objects.update(number=1_000_000 + ROWS)
        # As autovacuum does now and then: what still waits to be put in its place makes the index look dear.
        cursor.execute("SELECT gin_clean_pending_list('invoice_search')")
        for model in LARGE:
            cursor.execute(f"ANALYZE {model._meta.db_table}")


@contextmanager
def plans():
    """Collect of each statement inside the block the plan that PostgreSQL has for it, as ``(statement, nodes)``."""
    found = []

    def explained(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            with psycopg.ClientCursor(connection.connection) as cursor:
                # What only reads is carried out, which tells how much was read for nothing.
                how = "ANALYZE, FORMAT JSON" if sql.lstrip().upper().startswith("SELECT") else "FORMAT JSON"
                cursor.execute(f"EXPLAIN ({how}) {sql}", params)
                found.append((sql, list(nodes(cursor.fetchone()[0][0]["Plan"]))))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield found


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def read_whole(found):
    """Return the large tables that a statement would read from end to end, in their own order or an index's."""
    return [
        f"{node['Node Type']} of {node.get('Relation Name')}: {sql[:300]}"
        for sql, each in found
        for node in each
        if node.get("Relation Name") in TABLES and (is_for_nothing(node) or reads_on(node, each))
    ]


def reads_on(node, plan):
    if node["Node Type"] == "Seq Scan":
        return True
    return node["Node Type"].startswith("Index") and not is_stretch(node) and not is_bounded(node, plan)


def is_stretch(node):
    """
    Whether the condition is one on the index's first column; with any other the whole index is read.

    That is short where the index is of few rows.
    """
    condition, question = node.get("Index Cond", ""), "SELECT indexrelid, indpred IS NOT NULL FROM pg_index"
    with connection.cursor() as cursor:
        cursor.execute(f"{question} WHERE indexrelid = %s::regclass", [node["Index Name"]])
        index, is_partial = cursor.fetchone()
        cursor.execute("SELECT pg_get_indexdef(%s, 1, true)", [index])
        (leading,) = cursor.fetchone()
    return bool(condition) and (is_partial or leading in condition)


def is_for_nothing(node):
    """Whether a part of the table that would grow with it was read and left out."""
    return node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1) > ROWS / 8


def is_bounded(node, plan):
    """Whether an index without a condition is read for its first rows only: that is what LIMIT is for."""
    return "Index Cond" not in node and any(above["Node Type"] == "Limit" for above in plan)


def test_what_is_asked_often_reads_stretches_of_indexes(shop, monkeypatch):
    # As much less than there is as 10,000 is of millions.
    monkeypatch.setattr("api.v1.pagination.COUNTED", 50)
    monkeypatch.setattr("api.v1.views.events.COUNTED", 50)
    now = timezone.now()
    key = issue_first_key(merchant=shop, order=KeyOrder(name="k", livemode=False, permissions=("*",)), now=now)[1]
    some = Invoice.objects.filter(status="paid").first()
    headers = {"authorization": f"Bearer {key}"}
    pages = [
        *("/api/v1/invoices", "/api/v1/invoices?status=paid", "/api/v1/payments", "/api/v1/events?limit=20"),
        *(f"/api/v1/invoices/{some.public_id}", f"/api/v1/public/invoice/{some.public_id}"),
        reverse("paypages:invoice", args=[some.public_id]),
    ]
    Client().get(pages[0], headers=headers)  # what is asked once a process

    with plans() as found:
        for page in pages:
            assert Client().get(page, headers=headers).status_code == 200, page
        below = Client().get("/api/v1/invoices", headers=headers).json()["pagination"]["next_cursor"]
        assert Client().get(f"/api/v1/invoices?cursor={below}", headers=headers).status_code == 200
        for rows in (list_invoices(merchant=shop, livemode=False), list_payments(merchant=shop, livemode=False)):
            ListPage(rows, 25, ListPage(rows, 25, None).next_place)
        ListPage(list_deliveries(endpoint=shop.webhook_endpoints.get()), 25, None)
        ListPage(selectors.list_entries(merchant_id=shop.pk), 25, None)
        for name in ("24h", "90d", "12m"):
            period = recent(name, zone=find_zone("Asia/Kolkata"), now=now)
            report(merchant_id=shop.pk, livemode=False, period=period, unit=RECENT[name].divided_by, currency="USD")

    assert len(found) > 35
    assert read_whole(found) == []


def test_what_runs_by_the_clock_reads_only_what_is_due(shop):
    now = timezone.now()

    with plans() as found:
        make_invoice(shop, now)
        outbox.dispatch()
        sealing.seal_some(now=now)
        claim_due(now=now)
        invoice_services.expire_due(now=now)
        prune(now=now)
        selectors.read_log(after=1_000_100, limit=100)
        selectors.invoice_events(invoice_id=Invoice.objects.first().pk, after=0, limit=100)
        lag()

    assert len(found) >= 20
    assert read_whole(found) == []


def test_staff_find_an_invoice_by_an_index_whatever_they_look_for(shop, monkeypatch):
    monkeypatch.setattr("invoices.selectors._MOST_FOUND", 50)  # as much less than there is as 1,000 is of millions
    page = InvoiceAdmin(Invoice, admin.site)
    some = Invoice.objects.exclude(status="paid").first()
    request = RequestFactory().get("/")

    def looked_for(text):
        rows = Invoice.objects.order_by("-id")
        with plans() as found:
            keys = {invoice.pk for invoice in page.get_search_results(request, rows, text)[0]}
        assert read_whole(found) == [], text
        return keys, {node.get("Index Name") for _, each in found for node in each}

    keys, indexes = looked_for("quokka")

    assert (keys, "invoice_search" in indexes) == (set(), True)
    for text in (some.public_id, some.address, "qu"):
        assert looked_for(text)[0] == ({some.pk} if text != "qu" else set())
    assert len(looked_for(shop.business_name)[0]) == 50
