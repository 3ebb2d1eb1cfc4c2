"""A customer asks to be forgotten: who they are goes everywhere, what the books rest on stays, the log stays whole."""

import gzip
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from chains.sandbox import services as sandbox
from core import context
from core.exact_json import loads
from events.archive import check_archive, read_archive, write_archive
from events.checking import check_all, check_chain
from events.models import Event, Redaction, Seal
from events.outbox import Happening, dispatch_all, emit
from events.redacting import redact
from events.sealing import seal_all
from invoices.models import Credit, Customer, Note
from invoices.services import CustomerDetails, add_note, erase_customer, view_invoice
from invoices.services.erasing import GONE
from merchants.models import LoggedRequest
from merchants.services import Grant, KeyOrder, create_api_key
from payments.services import scan
from tests.api.conftest import Api
from tests.events.test_audit import forge
from tests.factories import make_invoice, make_merchant
from webhooks import formats
from webhooks.models import Attempt, Delivery
from webhooks.services import EndpointOrder, create_endpoint

pytestmark = pytest.mark.django_db

EMAIL, NAME, ADDRESS, BROWSER = "ada.palmer@example.com", "Ada Palmer", "203.0.113.77", "Ada's browser"
METADATA = {"order_id": "ord_789", "customer_email": EMAIL, "phone": "+43 660 1234567", "nested": {"street": "Ring 1"}}
PERSONAL = (EMAIL, NAME, "660 1234567", "Ring 1", ADDRESS, BROWSER)


def everything_kept():
    """Return every text and JSON of every table, as the database would hand it to whoever copied it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        kept = {}
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{table}\" AS t")
            kept[table] = cursor.fetchone()[0]
    return kept


def found_in():
    """Return the tables in which something of the customer stands."""
    return sorted({table for table, text in everything_kept().items() if any(word in text for word in PERSONAL)})


@pytest.fixture
def merchant(valkey, settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    return make_merchant(timezone.now())


@pytest.fixture
def customer(merchant, django_user_model):
    """Somebody who has paid an invoice, too much of it, and left traces everywhere."""
    now = timezone.now()
    for name in formats.names():
        order = EndpointOrder("http://127.0.0.1:1/", events=["*"], format=name)
        create_endpoint(merchant=merchant, livemode=False, order=order, now=now)
    details = CustomerDetails(EMAIL, name=NAME, metadata={"phone": "+43 660 1234567"})
    made = make_invoice(merchant, now, customer=details, metadata=METADATA)
    with context.caller(actor="customer", ip_address=ADDRESS, user_agent=BROWSER):
        view_invoice(invoice_id=made.pk, now=now)
    sandbox.send(address=made.address, asset_code="USDT", units=made.amount_units * 2, now=now)
    sandbox.mine(count=4, now=now)
    scan(network="sandbox", now=now)
    author = django_user_model.objects.create_user("seller@example.com", "seller@example.com")
    add_note(
        merchant=merchant, livemode=False, author=author, text=f"{NAME} called.", now=now, invoice_id=made.public_id
    )
    LoggedRequest.objects.create(
        created_at=now,
        merchant=merchant,
        livemode=False,
        api_key=merchant.api_keys.first(),
        method="GET",
        path="/api/v1/customers?email=ada.palmer%40example.com",
        status=200,
        milliseconds=1,
        request_bytes=0,
        response_bytes=0,
    )
    LoggedRequest.objects.update(path=f"/api/v1/customers?email={EMAIL}")
    dispatch_all()
    delivery = Delivery.objects.first()
    Attempt.objects.create(
        delivery=delivery, number=1, started_at=now, response_code=200, response=f"hello {NAME}", elapsed_ms=1
    )
    seal_all(now=now)
    return Customer.objects.get()


def erase(customer):
    done = erase_customer(merchant=customer.merchant, livemode=False, public_id=customer.public_id, now=timezone.now())
    dispatch_all()
    return done


def order_by_program(merchant):
    """Ask for an invoice as a shop's program does, once however often."""
    order, grant = KeyOrder("x", livemode=False, permissions=["*"]), Grant(livemode=True, permissions=["*"])
    _, text = create_api_key(merchant=merchant, order=order, grant=grant, now=timezone.now())
    asked = {
        "title": "VPN Service Order",
        "items": [{"name": "Plan", "quantity": 1, "unit_price": 9.99}],
        "customer": {"email": EMAIL, "name": NAME},
        "metadata": METADATA,
    }
    return lambda: Api(text).post("/invoices", asked, Idempotency_Key="one")


def test_an_answer_that_is_kept_for_a_repetition_forgets_them_too(customer):
    ask = order_by_program(customer.merchant)
    first = ask()

    erase(customer)
    again = ask()

    assert (first.status, first.body["metadata"]) == (201, METADATA)
    assert (again.status, again.body) == (201, first.body | {"metadata": {"order_id": "ord_789"}})


def test_nothing_that_says_who_they_are_stays_in_any_table(customer):
    order_by_program(customer.merchant)()
    before = found_in()
    named = {"customer", "invoice", "note"}
    assert {f"invoices_{name}" for name in named} | {"events_event", "webhooks_delivery", "core_idempotencykey"} <= set(
        before
    )

    erase(customer)

    assert found_in() == []


def test_what_the_books_need_stays(customer):
    invoice = customer.invoices.get()
    payments = list(invoice.payments.values())

    done = erase(customer)

    invoice.refresh_from_db()
    assert (done.invoices, invoice.customer_id, invoice.metadata) == (1, customer.pk, {"order_id": "ord_789"})
    assert (invoice.status, invoice.title, str(invoice.total)) == ("paid", "VPN Service Order", "16.490")
    assert list(invoice.payments.values()) == payments
    credit = Credit.objects.get()
    assert (credit.customer, credit.amount > 0) == (customer.public_id, True)
    assert not Note.objects.exists()
    body = loads(Delivery.objects.filter(event_type="invoice.paid", endpoint__format="native").get().body)
    assert body["data"]["metadata"] == {"order_id": "ord_789"}
    assert body["id"] == Event.objects.get(type="invoice.paid").public_id


def test_a_name_goes_where_it_stands_alone_and_an_address_wherever_it_stands(customer):
    invoice = customer.invoices.get()
    told = {"payer": f" {NAME.upper()} ", "title": f"Boat for {NAME}", "said": [f"Mail to {EMAIL.title()}, please"]}
    with transaction.atomic():
        what = Happening(
            type="invoice.created", merchant_id=customer.merchant_id, livemode=False, invoice_id=invoice.pk, data=told
        )
        event = emit(what)

    erase(customer)

    event.refresh_from_db()
    assert event.data == {"payer": GONE, "title": f"Boat for {NAME}", "said": [GONE]}


def test_the_log_is_whole_before_and_after_it_is_sealed(customer):
    assert check_all(now=timezone.now()).problems == []

    done = erase(customer)

    assert done.entries > 3
    assert check_all(now=timezone.now()).problems == []
    seal_all(now=timezone.now())
    assert check_all(now=timezone.now()).problems == []
    assert check_chain(chain=customer.merchant_id, now=timezone.now()).problems == []
    told = Event.objects.get(type="customer.erased")
    assert told.data["invoices"] == [customer.invoices.get().public_id]
    assert Seal.objects.filter(pk=told.pk).exists()


def test_a_file_of_old_entries_says_which_lost_data_and_whose_doing_it_was(customer, settings, tmp_path):
    erase(customer)

    archive = write_archive(before=timezone.now() + timedelta(days=1), directory=tmp_path)

    assert archive.is_ours is True
    assert len(list(read_archive(archive.path))) == archive.last
    told = gzip.decompress(archive.path.read_bytes()).decode()
    assert told.count('"redacted":') == Redaction.objects.count() > 0
    assert [word for word in PERSONAL if word in told] == []
    settings.SECRET_ENCRYPTION_KEYS = ["another installation's key, long enough"]
    assert check_archive(archive.path).is_ours is False


def test_a_change_past_the_program_is_found_in_an_erased_entry_too(customer):
    erase(customer)
    event = Event.objects.get(type="invoice.paid")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('events.redacting', 'on', true)")
        cursor.execute(
            "UPDATE events_event SET data = jsonb_set(data, '{total_amount}', '1') WHERE id = %s", [event.pk]
        )

    (problem, *_) = check_all(now=timezone.now()).problems
    assert problem.what == "is not what was sealed"


def test_a_redaction_that_this_installation_did_not_sign_counts_for_nothing(customer):
    erase(customer)
    Redaction.objects.update(signature="0" * 64)

    assert check_all(now=timezone.now()).problems[0].what == "is not what was sealed"


def test_a_redaction_holds_for_the_seal_it_was_signed_for(customer):
    erase(customer)
    seal = Seal.objects.get(pk=Redaction.objects.latest("event_id").pk)
    forge("UPDATE events_seal SET hash = %s WHERE event_id = %s", "0" * 64, seal.pk)

    problem = check_all(now=timezone.now()).problems[0]
    assert (problem.number, problem.what) == (seal.number, "is not what was sealed")


@pytest.mark.parametrize("column", ["type", "actor", "object_id", "request_id"])
def test_the_trigger_lets_go_of_personal_data_only(customer, column):
    event = Event.objects.filter(type="invoice.paid")

    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        redact(event, scrub=lambda _: {column: "x"})
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        event.update(data={})


def test_somebody_else_with_the_same_words_is_left_alone(customer):
    merchant = customer.merchant
    other = make_invoice(merchant, timezone.now(), customer=CustomerDetails("eve@example.com", name=NAME))

    erase(customer)

    other.refresh_from_db()
    assert (other.customer.email, other.customer.name) == ("eve@example.com", NAME)
    assert other.metadata == {"customer_id": "cust_456", "order_id": "ord_789"}


def test_whoever_comes_back_is_a_new_customer_and_erasing_again_finds_nothing(customer):
    erase(customer)

    again = make_invoice(customer.merchant, timezone.now(), customer=CustomerDetails(EMAIL))

    assert again.customer_id != customer.pk
    dispatch_all()
    assert erase(customer).entries == 0


def test_the_api_erases_with_the_permission_to_write_customers(customer):
    order, grant = KeyOrder("x", livemode=False, permissions=["*"]), Grant(livemode=True, permissions=["*"])
    _, text = create_api_key(merchant=customer.merchant, order=order, grant=grant, now=timezone.now())

    answer = Api(text).delete(f"/customers/{customer.public_id}")

    assert (answer.status, answer.body) == (200, {"id": customer.public_id, "erased": True, "invoices": 1})
    shown = Api(text).get(f"/customers/{customer.public_id}").body
    assert (shown["name"], shown["metadata"], shown["email"].endswith("@erased.invalid")) == (None, {}, True)


def test_the_command_takes_an_address_and_says_what_it_did(customer):
    out = StringIO()
    merchant = customer.merchant

    call_command("erase_customer", merchant.public_id, EMAIL.upper(), "--test", stdout=out)

    assert f"{customer.public_id} is forgotten in 1 invoices" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("erase_customer", merchant.public_id, EMAIL, stdout=out)
    assert json.dumps(Customer.objects.get().metadata) == "{}"
