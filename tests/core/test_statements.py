"""Prebuilt SQL reads and writes what Django's own would."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from core.statements import Lookup, insert
from invoices.models import Invoice
from merchants.models import APIKey
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db

by_prefix = Lookup(lambda value: APIKey.objects.select_related("merchant__plan").filter(key_prefix=value), "")


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


def test_a_lookup_is_by_one_value():
    two = Lookup(lambda value: APIKey.objects.filter(name=value, key_prefix=value), "")

    with pytest.raises(ValueError, match="one value"):
        two("x")
