"""Prebuilt SQL reads and writes what Django's own would."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Upper
from django.db.models.signals import post_init
from django.forms.models import model_to_dict

from core import statements
from core.statements import Lookup, Prepared, insert
from invoices.models import Customer, Invoice
from merchants.models import APIKey, Merchant
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db

by_prefix = Lookup(lambda value: APIKey.objects.select_related("merchant__plan").filter(key_prefix=value), "a prefix")


@pytest.fixture
def merchant(now):
    return make_merchant(now)


def test_a_row_written_this_way_reads_back_as_it_was(merchant, now):
    invoice = make_invoice(merchant, now, metadata={"exact": "0.10", "nested": [1, None]})

    stored = Invoice.objects.get(pk=invoice.pk)

    assert model_to_dict(stored) == model_to_dict(invoice)
    assert (stored.status, stored.created_at, stored.updated_at) == (invoice.status, now, now)
    invoice.title = "changed"
    invoice.save()
    assert Invoice.objects.get().title == "changed"


def test_constraints_hold_as_ever(merchant, now):
    invoice = make_invoice(merchant, now)

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(invoice)
    invoice.pk, invoice.expires_at = Invoice._meta.pk.get_default(), now + timedelta(hours=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(invoice)  # the address is still the same


def test_a_lookup_finds_the_row_with_everything_joined(merchant, django_assert_num_queries):
    expected = APIKey.objects.filter(livemode=True).get()
    by_prefix("warm")

    with django_assert_num_queries(1):
        found = by_prefix(expected.key_prefix)
        facts = found.merchant.settings, found.merchant.plan.max_invoice_usd

    assert model_to_dict(found) == model_to_dict(expected)
    assert facts == (expected.merchant.settings, expected.merchant.plan.max_invoice_usd)
    assert by_prefix("sk_live_nobody") is None
    found.name = "renamed"
    found.save()
    assert APIKey.objects.get(pk=expected.pk).name == "renamed"


def test_what_is_found_is_what_django_would_have_made(merchant, now):
    joined = Invoice.objects.select_related("merchant__plan", "customer", "wallet")
    titled = Prepared(lambda title: joined.filter(title=title), "a title")
    invoice = make_invoice(merchant, now, title="mine", metadata={"exact": Decimal("0.10")})
    theirs = joined.get(pk=invoice.pk)

    (ours,) = titled.rows("mine")

    assert ours == theirs
    for made, expected in zip(with_joined(ours), with_joined(theirs), strict=True):
        assert facts_of(made) == facts_of(expected)
        assert (made._state.adding, made._state.db) == (False, "default")
        assert made._state.fields_cache.keys() == expected._state.fields_cache.keys()
    assert (ours.customer, ours.wallet) == (None, None)
    ours.customer_id = ours.pk
    with pytest.raises(Customer.DoesNotExist):
        assert ours.customer


def with_joined(invoice):
    return invoice, invoice.merchant, invoice.merchant.plan


def facts_of(record):
    return {name: value for name, value in vars(record).items() if name != "_state"}


def test_a_model_whose_instances_somebody_listens_for_is_refused(merchant):
    def hear(**_):
        """Do nothing."""

    post_init.connect(hear, sender=Merchant)
    try:
        with pytest.raises(ValueError, match="hear of each instance"):
            Lookup(lambda value: APIKey.objects.select_related("merchant").filter(key_prefix=value), "a prefix")("x")
    finally:
        post_init.disconnect(hear, sender=Merchant)


def test_a_lookup_is_by_its_value_alone():
    two = Lookup(lambda value: APIKey.objects.filter(name="fixed", key_prefix=value), "a prefix")

    with pytest.raises(ValueError, match="no parameters but its values"):
        two("x")


def test_a_prepared_query_puts_each_value_in_its_places_and_annotates(merchant, now):
    cheap, dear = (make_invoice(merchant, now, title=title) for title in ("cheap", "dear"))
    make_invoice(merchant, now, title="other")
    titled = Prepared(
        lambda first, second, is_ordered: (
            Invoice.objects.filter(Q(title=second) | Q(title=first) | Q(description=first))
            .annotate(shouted=Upper("title"))
            .order_by("title" if is_ordered else "-title")
        ),
        "first",
        "second",
    )

    for _ in range(2):
        assert titled.rows("cheap", "dear", shape=(True,)) == [cheap, dear]
        assert titled.rows("dear", "nothing", shape=(False,)) == [dear]
        assert [row.shouted for row in titled.rows("cheap", "dear", shape=(False,))] == ["DEAR", "CHEAP"]


def test_of_the_shapes_only_the_latest_are_kept(merchant, now, monkeypatch):
    monkeypatch.setattr(statements, "_KEPT_SHAPES", 2)
    made = []

    def build(title, limit):
        made.append(limit)
        return Invoice.objects.filter(title=title)[:limit]

    titled = Prepared(build, "a title")
    for limit in (1, 2, 2, 3, 3, 2, 1):
        titled.rows("x", shape=(limit,))

    assert made == [1, 2, 3, 1]
