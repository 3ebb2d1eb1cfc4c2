"""The sandbox at the desk: what happens to an invoice in each way of paying it."""

from html import unescape

import pytest
from django.utils import timezone

from chains.sandbox.models import SandboxBlock, SandboxTransfer
from invoices.models import Invoice
from payments.models import Payment
from payments.services import scan
from tests.factories import make_invoice, make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("testing")]


@pytest.fixture
def invoice(merchant):
    return make_invoice(merchant, timezone.now())


def text_of(response):
    return unescape(response.content.decode())


def pay(owner, invoice, way, **more):
    return owner.post("/dashboard/sandbox/pay/", {"invoice": invoice.public_id, "way": way, **more})


def mine(owner, count=3):
    owner.post("/dashboard/sandbox/blocks/", {"count": count})
    scan(network="sandbox", now=timezone.now())


class TestPaying:
    @pytest.mark.parametrize(
        ("way", "more", "end"),
        [
            ("full", {}, ("paid", "none", 16_490_000)),
            ("part", {}, ("partial", "underpaid", 8_245_000)),
            ("more", {}, ("paid", "overpaid", 32_980_000)),
            ("late", {}, ("paid", "late", 16_490_000)),
            ("wrong", {}, ("created", "none", 0)),
            ("own", {"amount": "16.5"}, ("paid", "none", 16_500_000)),
        ],
    )
    def test_each_way_has_its_end(self, owner, invoice, way, more, end):
        pay(owner, invoice, way, **more)
        mine(owner)

        invoice.refresh_from_db()
        assert (invoice.status, invoice.exception, invoice.received_units) == end

    def test_another_coin_waits_in_the_inbox(self, owner, invoice):
        pay(owner, invoice, "wrong")
        mine(owner)

        payment = Payment.objects.get()
        assert (payment.asset_code, payment.units, payment.review) == ("USDC", 16_490_000, "open")

    @pytest.mark.parametrize(
        ("way", "more", "field"),
        [("own", {}, "amount"), ("own", {"amount": "0.0000001"}, "amount"), ("nonsense", {}, "way")],
    )
    def test_what_is_wrong_is_told_beside_its_field(self, owner, invoice, way, more, field):
        answer = pay(owner, invoice, way, **more)

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert not SandboxTransfer.objects.exists()

    def test_what_arrived_in_part_cannot_be_late(self, owner, invoice):
        pay(owner, invoice, "part")
        mine(owner)

        answer = pay(owner, invoice, "late")

        assert "such an invoice never expires" in text_of(answer)
        assert SandboxTransfer.objects.count() == 1

    def test_what_is_paid_needs_no_more(self, owner, invoice):
        pay(owner, invoice, "full")
        mine(owner)

        assert pay(owner, invoice, "full").status_code == 422

    def test_another_merchants_invoice_is_no_choice(self, owner):
        foreign = make_invoice(make_merchant(timezone.now(), email="other@example.com"), timezone.now())

        assert pay(owner, foreign, "full").status_code == 422
        assert not SandboxTransfer.objects.exists()


class TestReorganising:
    def test_what_is_ticked_vanishes_and_the_rest_stays(self, owner, merchant, invoice):
        kept = make_invoice(merchant, timezone.now())
        pay(owner, invoice, "full")
        pay(owner, kept, "full")
        mine(owner)
        gone = SandboxTransfer.objects.get(address=invoice.address)

        owner.post("/dashboard/sandbox/reorg/", {"depth": 3, "drop": [gone.txid]})
        scan(network="sandbox", now=timezone.now())

        assert Invoice.objects.get(pk=invoice.pk).received_units == 0
        assert Invoice.objects.get(pk=kept.pk).status == "paid"

    @pytest.mark.parametrize("depth", ["0", "101", "4", "x"])
    def test_deeper_than_the_chain_is_refused_beside_its_field(self, owner, depth):
        mine(owner)
        tip = SandboxBlock.objects.count()

        answer = owner.post("/dashboard/sandbox/reorg/", {"depth": depth})

        assert list(answer.context["form"].errors) == ["depth"]
        assert SandboxBlock.objects.count() == tip

    def test_another_merchants_payment_is_neither_shown_nor_dropped(self, owner):
        foreign = make_invoice(
            make_merchant(timezone.now(), email="other@example.com"), timezone.now(), title="Foreign order"
        )
        transfer = SandboxTransfer.objects.create(
            txid="f" * 64, address=foreign.address, asset="USDT", units=1, sender="x", created_at=timezone.now()
        )
        mine(owner)

        page = text_of(owner.get("/dashboard/sandbox/"))
        answer = owner.post("/dashboard/sandbox/reorg/", {"depth": 1, "drop": [transfer.txid]})

        assert "Foreign order" not in page
        assert transfer.txid not in page
        assert list(answer.context["form"].errors) == ["drop"]


def test_blocks_and_own_payments_are_shown(owner, invoice):
    pay(owner, invoice, "full")
    assert "16.49 USDT" in text_of(owner.get("/dashboard/sandbox/"))

    mine(owner, 2)

    blocks = owner.get("/dashboard/sandbox/").context["blocks"]
    assert [(block.height, len(transfers)) for block, transfers in blocks] == [(2, 0), (1, 1)]


class TestLiveMode:
    def test_it_says_where_the_sandbox_is(self, owner):
        owner.post("/dashboard/mode/", {"mode": "live"})

        assert "The sandbox is in test mode" in text_of(owner.get("/dashboard/sandbox/"))

    @pytest.mark.parametrize(("page", "filled"), [("blocks", {"count": 1}), ("reorg", {"depth": 1})])
    def test_nothing_is_done(self, owner, page, filled):
        owner.post("/dashboard/sandbox/blocks/", {"count": 2})
        owner.post("/dashboard/mode/", {"mode": "live"})
        before = SandboxBlock.objects.count()

        owner.post(f"/dashboard/sandbox/{page}/", filled)

        assert SandboxBlock.objects.count() == before

    def test_no_invoice_is_paid(self, owner, invoice):
        owner.post("/dashboard/mode/", {"mode": "live"})

        assert pay(owner, invoice, "full").status_code == 302
        assert not SandboxTransfer.objects.exists()
