"""The page behind a claim link: it asks for an address, has it compared, keeps it once, and tells how it stands."""

import re
from dataclasses import replace

import pytest
from django.utils import timezone

from chains import registry
from chains.sandbox import services as sandbox
from payments.models import Refund
from payments.selectors import claim_token
from payments.services import RefundOrder, cancel_refund, complete_refund, request_refund, scan
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture
def refund():
    now = timezone.now()
    invoice = make_invoice(make_merchant(now), now)
    sandbox.send(address=invoice.address, asset_code="USDT", units=invoice.amount_units, now=now)
    sandbox.mine(count=3, now=now)
    scan(network="sandbox", now=now)
    order = RefundOrder(reason="Bottle broken <b>")
    return request_refund(merchant=invoice.merchant, livemode=False, public_id=invoice.public_id, order=order, now=now)


def path(refund: Refund) -> str:
    return f"/refund/{claim_token(refund)}"


def of(refund: Refund) -> dict:
    return {"merchant": refund.merchant, "livemode": False, "public_id": refund.public_id, "now": timezone.now()}


def test_it_asks_compares_and_keeps(client, refund):
    address = sandbox.new_address()

    asked = client.get(path(refund))
    assert asked.status_code == 200
    assert "16.49" in asked.content.decode()
    assert "Bottle broken &lt;b&gt;" in asked.content.decode()
    assert "no real money moves" in asked.content.decode()
    compared = client.post(path(refund), {"address": f"  {address} ", "step": "compare"})
    assert "Is every character right?" in compared.content.decode()
    assert Refund.objects.get().address == ""
    kept = client.post(path(refund), {"address": address, "step": "keep"})

    assert (kept.status_code, kept["Location"]) == (303, path(refund))
    assert Refund.objects.get().address == address
    shown = client.get(path(refund)).content.decode()
    assert "Thank you." in shown
    assert address in re.sub(r"<[^>]*>|\s", "", shown)


def test_a_second_answer_changes_nothing(client, refund):
    first, second = sandbox.new_address(), sandbox.new_address()
    client.post(path(refund), {"address": first, "step": "keep"})

    client.post(path(refund), {"address": second, "step": "keep"})

    assert Refund.objects.get().address == first


@pytest.mark.parametrize("wrong", ["", "0x123", "sandbox1", "<script>alert(1)</script>", "x" * 5000, "\x00"])
def test_a_wrong_address_is_said_beside_the_field(client, refund, wrong):
    answer = client.post(path(refund), {"address": wrong, "step": "keep"})

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert Refund.objects.get().address == ""


def test_an_address_of_the_gateway_is_refused(client, refund):
    answer = client.post(path(refund), {"address": refund.invoice.address, "step": "keep"})

    assert answer.status_code == 422
    assert "takes payments" in answer.content.decode()


def test_it_tells_when_the_money_was_sent(client, refund):
    client.post(path(refund), {"address": sandbox.new_address(), "step": "keep"})
    complete_refund(**of(refund), txid="d" * 64)

    assert "The money has been sent." in client.get(path(refund)).content.decode()


def test_it_tells_when_the_refund_was_withdrawn(client, refund):
    cancel_refund(**of(refund))

    answer = client.post(path(refund), {"address": sandbox.new_address(), "step": "keep"})

    assert answer.status_code == 409
    assert "withdrawn" in client.get(path(refund)).content.decode()


def test_a_link_that_is_not_ours_leads_nowhere(client, refund):
    assert client.get("/refund/anything").status_code == 404
    assert client.get(f"{path(refund)}x").status_code == 404


def test_a_form_from_elsewhere_is_refused(refund):
    from django.test import Client

    answer = Client(enforce_csrf_checks=True).post(path(refund), {"address": sandbox.new_address(), "step": "keep"})

    assert answer.status_code == 403
    assert Refund.objects.get().address == ""


def test_its_policy_is_strict(client, refund):
    policy = client.get(path(refund))["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


class TestTag:
    @pytest.fixture(autouse=True)
    def tagged(self, monkeypatch):
        networks = registry._current().networks
        monkeypatch.setitem(networks, "sandbox", replace(networks["sandbox"], tag_kind="destination_tag"))

    def test_it_is_asked_for_compared_and_kept(self, client, refund):
        address = sandbox.new_address()
        assert 'name="tag"' in client.get(path(refund)).content.decode()

        compared = client.post(path(refund), {"address": address, "tag": "4007", "step": "compare"}).content.decode()
        assert '<input type="hidden" name="tag" value="4007">' in compared
        client.post(path(refund), {"address": address, "tag": "4007", "step": "keep"})

        assert (Refund.objects.get().address, Refund.objects.get().tag) == (address, "4007")
        assert "With this destination tag" in client.get(path(refund)).content.decode()

    def test_what_is_wrong_with_it_is_said_beside_its_own_field(self, client, refund):
        answer = client.post(path(refund), {"address": sandbox.new_address(), "tag": "x", "step": "keep"})

        page = answer.content.decode()
        assert (answer.status_code, Refund.objects.get().address) == (422, "")
        assert 'id="tag-problem"' in page
        assert 'id="address-problem"' not in page


def test_where_there_are_no_tags_none_is_asked_for(client, refund):
    assert 'name="tag"' not in client.get(path(refund)).content.decode()
