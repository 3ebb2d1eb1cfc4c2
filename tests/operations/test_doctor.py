"""``manage.py doctor`` finds each kind of damage, names what it befell and says what to do; else all is well."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from chains.sandbox import services as sandbox
from chains.sandbox.reader import SandboxReader
from config import env
from core import idempotency, secrets
from core.models import IdempotencyKey
from events import outbox, sealing
from events.models import ChainHead, Cut, Event
from invoices.models import Invoice
from merchants.models import WalletAddress
from operations import doctor
from operations.doctor import ground
from operations.doctor.base import asks
from operations.management.commands import doctor as command
from payments.models import Payment, Payout, Refund, ScannedRange, Settlement
from payments.services import RefundOrder, request_refund, scan
from tests.factories import make_invoice, make_merchant
from webhooks import services as webhooks
from webhooks.models import Delivery, InvoiceHook
from webhooks.services import EndpointOrder

pytestmark = pytest.mark.django_db

HOOK = "https://shop.example/own"


@pytest.fixture(autouse=True)
def small_slices(monkeypatch) -> None:
    """Tables are looked through in several slices, as large ones are."""
    monkeypatch.setattr("operations.doctor.base.SLICE", 2)
    monkeypatch.setattr("payments.reconciliation.SLICE", 2)
    monkeypatch.setattr("analytics.services._COMPARED", 2)


@pytest.fixture
def guards() -> None:
    """The session switches two guards off so that tables can be emptied; here they are as everywhere."""
    alter("payments_booking", "ENABLE TRIGGER booking_not_emptied")
    alter("payments_posting", "ENABLE TRIGGER posting_not_emptied")


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def alter(table: str, what: str) -> None:
    """Change a table; what its rows still have to be checked for is checked first."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"ALTER TABLE {table} {what}")
    execute("SET CONSTRAINTS ALL DEFERRED")


def unguarded(statement: str, *tables: str) -> Callable[[Any], None]:
    """Return a damage that no guard of the tables would let through; they stand again afterwards."""

    def plant(_world: Any) -> None:
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            alter(table, "DISABLE TRIGGER USER")
        execute(statement)
        for table in tables:
            alter(table, "ENABLE TRIGGER USER")

    return plant


def without(constraint: str, table: str, statement: str) -> Callable[[Any], None]:
    """Return a damage that a constraint would refuse."""

    def plant(_world: Any) -> None:
        alter(table, f"DROP CONSTRAINT IF EXISTS {constraint}")
        execute(f"DROP INDEX IF EXISTS {constraint}")
        execute(statement)

    return plant


def forgotten(event_type: str) -> Callable[[Any], None]:
    return unguarded(
        f"DELETE FROM webhooks_delivery WHERE event_type = '{event_type}';"
        f"DELETE FROM events_event WHERE type = '{event_type}'",
        "events_event",
    )


class World:
    """A merchant with an endpoint, an invoice that is paid, one partly paid, and one with an address of its own."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.merchant = make_merchant(self.now)
        order = EndpointOrder(url="https://shop.example/hook", events=["*"])
        self.endpoint, _ = webhooks.create_endpoint(merchant=self.merchant, livemode=False, order=order, now=self.now)
        # One that has no words for most of what happens: of that nothing is owed to it.
        order = EndpointOrder(url="https://shop.example/sessions", events=["*"], format="selfhosted")
        webhooks.create_endpoint(merchant=self.merchant, livemode=False, order=order, now=self.now)
        self.read()
        outbox.dispatch_all()
        self.now = timezone.now()  # what follows is younger than the oldest event
        self.paid = self.sell(units=30_000_000)
        self.short = self.sell(units=5_000_000)
        self.hooked = make_invoice(self.merchant, self.now, webhook_url=HOOK, expires_in=86_400)
        refund = RefundOrder(address=sandbox.new_address(), amount=Decimal(6))
        request_refund(
            merchant=self.merchant, livemode=False, public_id=self.paid.public_id, order=refund, now=self.now
        )
        outbox.dispatch_all()
        sealing.seal_all(now=self.now)
        Delivery.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))

    def sell(self, units: int) -> Invoice:
        invoice = make_invoice(self.merchant, self.now)
        sandbox.send(address=invoice.address, asset_code="USDT", units=units, now=self.now)
        sandbox.mine(count=3, now=self.now)
        self.read()
        return Invoice.objects.get(pk=invoice.pk)

    def read(self) -> None:
        scan(network="sandbox", now=self.now, reader=SandboxReader())

    def payment(self) -> Payment:
        return Payment.objects.get(invoice=self.paid)

    def event(self, kind: str) -> Event:
        return Event.objects.get(invoice_id=self.paid.pk, type=kind)


@pytest.fixture
def world(guards) -> World:
    return World()


def examined(*options: str) -> list[dict[str, Any]]:
    """Return what is broken, as programs read it."""
    said = StringIO()
    try:
        call_command("doctor", "--json", *options, stdout=said)
    except CommandError as problem:
        assert problem.returncode == 1  # noqa: PT017 - without a problem it ends well
    results = [json.loads(line) for line in said.getvalue().splitlines()]
    return [result for result in results if not result["holds"]]


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass(frozen=True)
class Damage:
    check: str
    plant: Callable[[Any], Any] | str
    says: Callable[[Any], str]


def late_claim(world: World) -> None:
    execute(
        "INSERT INTO invoices_amountclaim (id, created_at, invoice_id, network, address, asset_code, units)"
        " VALUES (gen_random_uuid(), now(), %s, 'sandbox', 'x', 'USDT', 7)",
        world.paid.pk,
    )
    Invoice.objects.filter(pk=world.paid.pk).update(
        paid_at=world.now - timedelta(days=9), expires_at=world.now - timedelta(days=9)
    )


def unclaimed(world: World) -> None:
    Invoice.objects.filter(pk=world.hooked.pk).update(matching="amount")


def answer_without_work(world: World) -> None:
    named = Invoice().public_id
    claim = idempotency.claim_within(scope="test", key="order_1", fingerprint="f", now=world.now)
    idempotency.complete(claim, status=201, body=json.dumps({"id": named}), is_secret=True)
    IdempotencyKey.objects.filter(key="order_1").update(expires_at=world.now + timedelta(days=2))


def taken_from_pool(world: World) -> None:
    wallet = world.merchant.wallets.create(network="tron", kind="pool")
    WalletAddress.objects.create(wallet=wallet, network="tron", address="Taken", taken_at=world.now)


def index_above(world: World) -> None:
    wallet = world.merchant.wallets.create(network="tron", kind="xpub", xpub="xpub-of-a-shop", next_index=3)
    Invoice.objects.filter(pk=world.paid.pk).update(wallet=wallet, wallet_index=3)


def payout_without_transaction(world: World) -> None:
    payout = Payout(
        merchant=world.merchant,
        wallet=world.merchant.wallets.create(network="ethereum", kind="vault", xpub="xpub-of-a-vault"),
        invoice=world.paid,
        kind="forward",
        settlement=Settlement.objects.first(),
        network="ethereum",
        asset_code="USDT",
        units=1,
        status="signed",
        nonce=1,
        raw="0x01",
        txid="0xab",
    )
    payout.save()


def stuck(world: World) -> None:
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(hours=1))


def failed_dispatch(world: World) -> None:
    outbox.FailedDispatch.objects.create(
        event=world.event("invoice.paid"),
        subscriber="analytics",
        error="ValueError()",
        created_at=world.now - timedelta(hours=1),
    )


def failed_task(world: World) -> None:
    from events.models import FailedTask

    FailedTask.objects.create(
        task="core.tasks.prune", arguments="[]", error="x", failures=3, failed_at=world.now - timedelta(hours=1)
    )


def told_again(world: World) -> None:
    event = world.event("invoice.paid")
    event.pk, event.sequence, event.position = None, 10**9, None
    event._state.adding = True
    event.id = Invoice().pk
    event.save(force_insert=True)


def next_to(words: str) -> Callable[[Any], str]:
    return lambda world: words.format(
        paid=world.paid.public_id,
        short=world.short.public_id,
        hooked=world.hooked.public_id,
        endpoint=world.endpoint.public_id,
        merchant=world.merchant.public_id,
        payment=world.payment().public_id if Payment.objects.filter(invoice=world.paid).count() == 1 else "",
    )


PAID = "(SELECT id FROM invoices_invoice WHERE status = 'paid')"
DAMAGES = [
    Damage("migrations", "DELETE FROM django_migrations WHERE name = '0003_seals'", next_to("events.0003_seals")),
    Damage(
        "guards",
        "ALTER TABLE payments_payment DROP CONSTRAINT payment_once",
        next_to("payments_payment: payment_once is missing"),
    ),
    Damage("guards", "DROP INDEX delivery_due", next_to("webhooks_delivery: delivery_due is missing")),
    Damage("triggers", "ALTER TABLE events_event DISABLE TRIGGER USER", next_to("event_append_only is missing")),
    Damage("triggers", "DROP TRIGGER seal_append_only ON events_seal", next_to("seal_append_only is missing")),
    Damage(
        "secrets",
        "UPDATE webhooks_webhookendpoint SET secret_encrypted = 'of another key'",
        next_to("No key reads a secret of {endpoint}"),
    ),
    Damage(
        "scan-gaps",
        without(
            "scannedrange_adjoins",
            "payments_scannedrange",
            "UPDATE payments_scannedrange SET first = first + 1 WHERE first > 1",
        ),
        next_to("sandbox: after block 3 comes a range that begins with block 5"),
    ),
    Damage(
        "scan-cursor",
        "UPDATE payments_cursor SET height = height + 5",
        next_to("goes on after block 11, what was read ends with block 6"),
    ),
    Damage(
        "scan-ahead",
        "UPDATE payments_payment SET block_height = 99 WHERE status = 'confirmed'",
        next_to("Payment {payment} is confirmed in block 99 of sandbox, which was read up to 6"),
    ),
    Damage(
        "payment-block",
        "UPDATE payments_payment SET block_height = 6, block_hash = 'other'",
        next_to("Payment {payment} stands in another block 6"),
    ),
    Damage(
        "payment-once",
        without(
            "payment_once",
            "payments_payment",
            "CREATE TEMP TABLE twin ON COMMIT DROP AS SELECT * FROM payments_payment;"
            "UPDATE twin SET id = gen_random_uuid();"
            "INSERT INTO payments_payment SELECT * FROM twin",
        ),
        next_to("is recorded 2 times"),
    ),
    Damage(
        "destination-once",
        unguarded(
            "ALTER TABLE invoices_invoice DROP CONSTRAINT IF EXISTS invoice_address_once;"
            "DROP INDEX IF EXISTS invoice_address_once;"
            "UPDATE invoices_invoice SET address = 'shared'",
            "invoices_invoice",
        ),
        next_to("sandbox: the address shared serves 3 invoices"),
    ),
    Damage(
        "owners",
        "UPDATE payments_payment SET livemode = true WHERE status = 'confirmed'",
        next_to("of invoice {paid} has another merchant or mode"),
    ),
    Damage(
        "receipts",
        "UPDATE invoices_invoice SET received_units = 31000000 WHERE status = 'paid'",
        next_to("Invoice {paid} says 31000000 received and 30000000 confirmed, its payments 30000000 and 30000000"),
    ),
    Damage(
        "receipts",
        unguarded("DELETE FROM payments_payment WHERE units = 5000000", "payments_payment"),
        next_to("Invoice {short} says 5000000 received and 5000000 confirmed, its payments 0 and 0"),
    ),
    Damage(
        "status",
        "UPDATE invoices_invoice SET status = 'paid', paid_at = now() WHERE status = 'partial'",
        next_to("Invoice {short} is paid underpaid, and partial underpaid follows"),
    ),
    Damage(
        "status",
        "UPDATE invoices_invoice SET expires_at = now() - interval '1 hour' WHERE status = 'created'",
        next_to("Invoice {hooked} is created none, and expired none follows"),
    ),
    Damage(
        "assets",
        "UPDATE invoices_invoice SET asset_code = 'GONE' WHERE status = 'paid'",
        next_to("GONE on sandbox is no longer configured"),
    ),
    Damage(
        "ledger",
        unguarded("DELETE FROM payments_posting WHERE account = 'fees'", "payments_posting"),
        next_to("fees should hold"),
    ),
    Damage(
        "credits", "UPDATE invoices_credit SET voided_at = now()", next_to("Invoice {paid} has none credit in force")
    ),
    Damage("payouts", payout_without_transaction, lambda _: f"Payout {Payout.objects.get().public_id} is signed"),
    Damage("key-index", index_above, next_to("would give out index 3 next, and 3 is used")),
    Damage("pool", taken_from_pool, next_to("tron: Taken of wallet")),
    Damage("claims", late_claim, next_to("7 base units are still set aside for invoice {paid}")),
    Damage("claimed", unclaimed, next_to("no amount is set aside for invoice {hooked}")),
    Damage("idempotency", answer_without_work, next_to("The request with key order_1 of test was answered with inv_")),
    Damage(
        "status-told",
        "UPDATE invoices_invoice SET status = 'refunded' WHERE status = 'paid'",
        next_to("Invoice {paid} is refunded, its last event says paid"),
    ),
    Damage(
        "status-told",
        forgotten("invoice.created"),
        next_to("Invoice {hooked} is created, its last event says –"),
    ),
    Damage("status-told-once", told_again, next_to("of invoice {paid} tells again")),
    Damage(
        "events-founded",
        unguarded("UPDATE events_event SET invoice_id = gen_random_uuid() WHERE type = 'invoice.paid'", "events_event"),
        next_to("(invoice.paid) is about invoice inv_"),
    ),
    Damage(
        "payments-told",
        unguarded("DELETE FROM payments_payment WHERE units = 5000000", "payments_payment"),
        next_to("is –, its last event says confirmed"),
    ),
    Damage(
        "payments-told",
        "UPDATE payments_payment SET status = 'failed' WHERE units = 30000000",
        next_to("Payment {payment} is failed, its last event says confirmed"),
    ),
    Damage(
        "refunds-told",
        lambda _: Refund.objects.all().delete(),
        next_to(": 0 row and 1 events refund.created"),
    ),
    Damage(
        "settlements-told",
        forgotten("settlement.created"),
        lambda _: f"{Settlement.objects.get().public_id}: 1 row and 0 events settlement.created",
    ),
    Damage(
        "dispatched",
        unguarded(
            "UPDATE events_event SET position = NULL, created_at = now() - interval '1 hour'"
            " WHERE type = 'invoice.paid'",
            "events_event",
        ),
        next_to("1 events wait for their place"),
    ),
    Damage(
        "log-gaps",
        unguarded("UPDATE events_event SET position = NULL WHERE type = 'invoice.paid'", "events_event"),
        next_to("After event number"),
    ),
    Damage(
        "sealed",
        unguarded(
            "UPDATE events_event SET created_at = now() - interval '1 hour';"
            f"UPDATE events_chainhead SET number = number - 2 WHERE chain = '{ChainHead.WHOLE}'",
            "events_event",
        ),
        next_to("2 entries are not sealed"),
    ),
    Damage(
        "audit",
        unguarded("UPDATE events_event SET actor = 'nobody' WHERE type = 'invoice.paid'", "events_event"),
        next_to("The chain of {merchant}: "),
    ),
    Damage("subscribers", failed_dispatch, next_to("was not taken by analytics: ValueError()")),
    Damage("tasks", failed_task, next_to("core.tasks.prune failed 3 times")),
    Damage(
        "owed",
        lambda _: Delivery.objects.filter(event_type="invoice.paid").delete(),
        next_to("(invoice.paid) is not owed to endpoint {endpoint}"),
    ),
    Damage(
        "hooks",
        lambda _: (Delivery.objects.filter(hook__isnull=False).delete(), InvoiceHook.objects.all().delete()),
        next_to("Invoice {hooked} names an address for webhooks that is not told"),
    ),
    Damage(
        "hooks-owed",
        lambda _: Delivery.objects.filter(hook__isnull=False).delete(),
        next_to("(invoice.created) of invoice {hooked} is not owed to the invoice's own address"),
    ),
    Damage(
        "receivers",
        "UPDATE webhooks_delivery SET livemode = true WHERE event_type = 'invoice.paid'",
        lambda world: (
            f"Delivery {Delivery.objects.get(event_type='invoice.paid', endpoint=world.endpoint).public_id} sends event"
        ),
    ),
    Damage(
        "accepted",
        "UPDATE webhooks_delivery SET status = 'delivered', delivered_at = now(), next_attempt_at = NULL,"
        " response_code = 302 WHERE event_type = 'invoice.paid'",
        next_to("counts as delivered and was answered with 302"),
    ),
    Damage(
        "reports",
        "UPDATE analytics_invoicefact SET paid_at = NULL",
        next_to("Invoice {paid} was paid at"),
    ),
    Damage("report-sums", "UPDATE analytics_sums SET paid = paid + 1", next_to("2 sums are not those of the facts")),
    Damage("sent", stuck, next_to("deliveries to https://shop.example/hook are due, the oldest since")),
]


def test_a_busy_installation_is_well(world):
    assert examined() == []

    said = StringIO()
    call_command("doctor", stdout=said)
    assert said.getvalue().startswith(f"All is well: {len(doctor.CHECKS)} promises hold (")


@pytest.mark.parametrize("half", [0, 1])
def test_each_kind_of_damage_is_named(world, half):
    unnamed = {}
    for damage in DAMAGES[half::2]:
        with taken_back():
            damage.plant(world) if callable(damage.plant) else unguarded(damage.plant)(world)

            found = [finding for result in examined("--only", damage.check) for finding in result["findings"]]

            if damage.says(world) not in " | ".join(found):
                unnamed[damage.check, damage.says(world)] = found

    assert unnamed == {}
    assert examined() == []


def test_what_was_archived_is_not_missed(world):
    whole = ChainHead.objects.get(pk=ChainHead.WHOLE)
    cut = Cut(position=whole.number, hash=whole.hash, file="x", cut_at=world.now)
    cut.signature = secrets.signature(cut.signed_text)
    cut.save()
    gone = f"DELETE FROM webhooks_delivery; DELETE FROM events_event WHERE position < {cut.position}"
    unguarded(gone, "events_event")(world)
    world.sell(units=16_490_000)
    outbox.dispatch_all()

    assert examined() == []


def test_no_promise_goes_without_a_planted_damage():
    planted = {damage.check for damage in DAMAGES}

    assert planted | {"clock"} == {check.name for check in doctor.CHECKS}


def test_every_trigger_of_ours_is_watched():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname")
        there = [name for (name,) in cursor.fetchall()]

    assert there == sorted(ground.TRIGGERS)


def test_the_tables_of_every_app_of_ours_are_looked_at():
    packages = {each.relative_to(env.ROOT).parts[0] for way in ("*", "*/*") for each in env.ROOT.glob(f"{way}/apps.py")}
    models = [model for model in apps.get_models() if model.__module__.partition(".")[0] in packages]

    assert {model._meta.app_label for model in models if model._meta.managed} == ground._OURS


def test_a_clock_that_is_off_is_named(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) - timedelta(seconds=60))

    (result,) = examined("--only", "clock")

    assert result["findings"] == ["They are 60.0 seconds apart."]


def test_the_chain_is_read_again_where_that_is_wanted(world):
    assert examined("--chains") == []
    Payment.objects.filter(units=5_000_000).update(units=4_000_000)

    (result,) = examined("--only", "chains")

    assert "5.00 USDT on the chain" in result["findings"][0]


def test_blocks_that_were_passed_over_at_the_start_are_found(world):
    Invoice.objects.update(created_at=world.now - timedelta(days=4_000))
    assert examined("--only", "scan-start") == []  # the chain itself is younger
    newest = ScannedRange.objects.order_by("-last").first()
    ScannedRange.objects.exclude(pk=newest.pk).delete()
    ScannedRange.objects.update(first=newest.last, previous=None)

    (result,) = examined("--only", "scan-start")

    assert result["findings"][0].startswith("sandbox is read from block ")


def test_only_the_invoices_since_some_day_are_examined_where_that_is_wanted(world, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=5))  # and nobody closed them

    (result,) = examined("--only", "status", "--since", "6")

    assert result["count"] > 0
    assert examined("--only", "status", "--since", "4") == []


def test_each_slice_of_the_invoices_is_a_view_of_its_own(world, monkeypatch):
    seen = []
    monkeypatch.setattr("operations.doctor.base.one_view", lambda: seen.append(1) or nullcontext())

    assert examined("--only", "receipts") == []

    assert len(seen) == Invoice.objects.count() // 2 + 1


class TestForPeople:
    def test_many_findings_are_cut_short_with_what_to_do(self, world):
        for _ in range(12):
            make_invoice(world.merchant, world.now)
        Invoice.objects.filter(status="created").update(expires_at=world.now - timedelta(days=1))
        said = StringIO()

        with pytest.raises(CommandError, match=r"^1 of 1 promises is broken\.$"):
            call_command("doctor", "--only", "status", stdout=said)

        lines = said.getvalue().splitlines()
        assert lines[1] == "status: Status and exception of an invoice follow from its money."
        assert len([line for line in lines if line.startswith("  - Invoice inv_")]) == 10
        assert "  … and 3 more; --all shows them." in lines
        assert lines[-1].startswith("  What to do: If many are overdue")

    def test_what_cannot_be_examined_is_no_promise_that_holds(self, monkeypatch):
        unclear = replace(doctor.CHECKS[0], look=asks("SELECT 1 / 0"))
        monkeypatch.setattr(command, "CHECKS", [unclear])

        (result,) = examined()

        assert result["problem"] == "This could not be examined: division by zero"

    def test_the_promises_are_listed(self):
        said = StringIO()

        call_command("doctor", "--list", stdout=said)

        assert "payment-once      A transfer is credited once." in said.getvalue().splitlines()


@pytest.mark.django_db(transaction=True)
def test_it_cannot_write():
    def write(_moment: Any) -> list[dict[str, Any]]:
        execute("UPDATE invoices_invoice SET title = 'x'")
        return []

    writing = replace(doctor.CHECKS[0], look=write)
    moment = doctor.Moment(timezone.now(), timedelta(0))

    result = doctor.examine(writing, moment, most=None)

    assert "read-only transaction" in result.problem
    assert not result.holds
