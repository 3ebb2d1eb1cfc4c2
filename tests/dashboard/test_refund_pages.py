"""Refunds at the desk: what is to be sent, where to, and what an owner or an admin decides about it."""

import re
from decimal import Decimal
from html import unescape
from io import BytesIO

import pytest
import zxingcpp
from django.db import transaction
from django.utils import timezone
from PIL import Image

from chains.sandbox import services as sandbox
from dashboard import words
from events.outbox import Happening, emit
from invoices.models import Invoice
from payments.models import Payout, Refund
from payments.services import scan
from payments.states import RefundStatus
from tests.dashboard.money import make_deposit
from tests.dashboard.vaults import KEYS, TARGET, make_payout, make_refund, sign
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db

OTHER = "0x52908400098527886E0F7030069857D2E4169EE7"
TXID = "0x" + "ab" * 32


@pytest.fixture(autouse=True)
def _vaults(settings):
    settings.VAULT_KEYS = KEYS


@pytest.fixture
def now():
    return timezone.now()


def page(refund):
    return f"/dashboard/refunds/{refund.public_id}/"


def text(answer):
    return unescape(answer.content.decode())


def pay(invoice, units, now):
    sandbox.send(address=invoice.address, asset_code="USDT", units=units, now=now)
    sandbox.mine(count=3, now=now)
    scan(network="sandbox", now=now)


def make_refunds(merchant, now):
    return {
        "requested": make_refund(merchant, now),
        "no_address": make_refund(merchant, now, address=""),
        "held": make_refund(merchant, now, is_held=True),
        "sent": make_refund(merchant, now, status="sent", txid="0x1"),
        "completed": make_refund(merchant, now, status="completed", txid="0x2"),
        "mismatched": make_refund(merchant, now, status="completed", txid="0x3", named_txid="0x4", ordinal=0),
        "cancelled": make_refund(merchant, now, status="cancelled", is_held=True),
    }


def test_every_kind_of_refund_has_its_words():
    assert set(words.REFUND_KIND) == {kind for kind, _label in Refund._meta.get_field("kind").choices}


class TestList:
    @pytest.mark.parametrize(
        ("status", "listed"),
        [
            ("", {"requested", "no_address", "held", "sent", "completed", "mismatched", "cancelled"}),
            ("nonsense", {"requested", "no_address", "held", "sent", "completed", "mismatched", "cancelled"}),
            ("requested", {"requested", "no_address", "held"}),
            ("no_address", {"no_address"}),
            ("held", {"held"}),
            ("sent", {"sent"}),
            ("completed", {"completed", "mismatched"}),
            ("mismatched", {"mismatched"}),
            ("cancelled", {"cancelled"}),
        ],
    )
    def test_the_url_says_what_is_listed(self, owner, merchant, now, status, listed):
        names = {refund.pk: name for name, refund in make_refunds(merchant, now).items()}

        shown = owner.get("/dashboard/refunds/", {"status": status}).context["page"]

        assert {names[refund.pk] for refund in shown} == listed

    def test_it_asks_the_database_little(self, owner, merchant, now, django_assert_max_num_queries):
        for _ in range(27):
            make_refund(merchant, now)

        with django_assert_max_num_queries(12):
            assert len(owner.get("/dashboard/refunds/").context["page"]) == 25

    def test_the_overview_leads_to_those_to_be_sent(self, owner, merchant, now):
        make_refund(merchant, now)

        assert 'href="/dashboard/refunds/?status=requested"' in text(owner.get("/dashboard/overview/"))

    def test_nothing_of_another_merchant_is_listed(self, owner, now):
        make_refund(make_merchant(now, email="b@example.com"), now)

        assert "No refund yet" in text(owner.get("/dashboard/refunds/"))


class TestOneRefund:
    def test_a_wallet_gets_all_it_needs(self, owner, merchant, now):
        refund = make_refund(merchant, now, reason="Broken on arrival")

        answer = owner.get(page(refund))

        uri = "ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7@1/transfer?address=" + TARGET + "&uint256=5000000"
        for said in ("5.00 USDT", TARGET, uri, "Broken on arrival", 'class="qr" role="img"', refund.public_id):
            assert said in text(answer)
        assert "style=" not in answer.content.decode()  # the policy of the page forbids it

    def test_the_customer_who_has_to_say_gets_a_link(self, owner, client, merchant, now):
        refund = make_refund(merchant, now, address="")

        shown = text(owner.get(page(refund)))

        link = re.search(r"https?://[^<\s\"]+/refund/[^<\s\"]+", shown)[0]
        assert f'data-copy="{link}"' in shown
        assert 'class="qr"' not in shown
        assert client.get(link[link.index("/refund/") :]).status_code == 200

    @pytest.mark.parametrize(
        ("facts", "said"),
        [
            ({"is_held": True}, "Do not send it yet"),
            ({"is_held": True, "status": "completed", "txid": "0x1"}, "what you sent is not covered"),
            (
                {"status": "completed", "txid": "0x3", "named_txid": "0x4named", "ordinal": 0},
                "The network shows another transaction than the one that was named.",
            ),
        ],
    )
    def test_what_is_wrong_is_said(self, owner, merchant, now, facts, said):
        refund = make_refund(merchant, now, **facts)

        shown = text(owner.get(page(refund)))

        assert said in shown
        assert refund.named_txid in shown
        assert 'class="qr"' not in shown
        assert "Send from the vault" not in shown

    def test_the_address_is_named_and_changed(self, owner, merchant, now):
        refund = make_refund(merchant, now, address="")

        for address in (TARGET.lower(), OTHER):
            answer = owner.post(f"{page(refund)}address/", {"address": address})
            assert answer["Location"] == page(refund)

        refund.refresh_from_db()
        assert refund.address == OTHER

    @pytest.mark.parametrize("address", ["", "nonsense", TARGET[:-1], "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"])
    def test_what_is_no_address_is_told_beside_its_field(self, owner, merchant, now, address):
        refund = make_refund(merchant, now)

        answer = owner.post(f"{page(refund)}address/", {"address": address})

        assert answer.status_code == 422
        assert list(answer.context["address_form"].errors) == ["address"]
        refund.refresh_from_db()
        assert refund.address == TARGET

    def test_it_is_completed_by_hand_from_what_people_paste(self, owner, merchant, now):
        refund = make_refund(merchant, now)

        owner.post(f"{page(refund)}complete/", {"txid": f"https://etherscan.io/tx/{TXID}"})

        refund.refresh_from_db()
        assert (refund.status, refund.txid) == ("completed", TXID)
        assert f"https://etherscan.io/tx/{TXID}" in text(owner.get(page(refund)))

    def test_without_an_address_it_is_asked_where_it_was_sent(self, owner, merchant, now):
        refund = make_refund(merchant, now, address="")

        wrong = owner.post(f"{page(refund)}complete/", {"txid": TXID, "address": "nonsense"})
        right = owner.post(f"{page(refund)}complete/", {"txid": TXID, "address": OTHER})

        assert (wrong.status_code, list(wrong.context["completion_form"].errors)) == (422, ["address"])
        assert right.status_code == 302
        refund.refresh_from_db()
        assert (refund.status, refund.address) == ("completed", OTHER)

    def test_the_transaction_of_another_refund_is_refused_beside_its_field(self, owner, merchant, now):
        make_refund(merchant, now, status="completed", txid=TXID, ordinal=0)
        refund = make_refund(merchant, now)

        answer = owner.post(f"{page(refund)}complete/", {"txid": TXID})

        assert (answer.status_code, list(answer.context["completion_form"].errors)) == (422, ["txid"])
        refund.refresh_from_db()
        assert refund.status == "requested"

    def test_it_is_cancelled_once(self, owner, merchant, now):
        refund = make_refund(merchant, now)

        first = owner.post(f"{page(refund)}cancel/")
        again = owner.post(f"{page(refund)}cancel/")

        assert (first.status_code, again.status_code) == (302, 409)
        refund.refresh_from_db()
        assert refund.status == "cancelled"

    def test_what_a_vault_has_signed_is_left_alone(self, owner, merchant, now):
        payout = sign(make_payout(merchant, now), now)

        shown = text(owner.get(page(payout.refund)))

        assert f"/dashboard/payouts/{payout.public_id}/" in shown
        for act, filled in (("address", {"address": OTHER}), ("complete", {"txid": TXID}), ("cancel", {})):
            assert f"{page(payout.refund)}{act}/" not in shown
            assert owner.post(f"{page(payout.refund)}{act}/", filled).status_code == 409
        payout.refund.refresh_from_db()
        assert (payout.refund.status, payout.refund.address) == ("requested", TARGET)

    def test_a_vault_is_asked_from_here_too(self, owner, merchant, now):
        refund = make_refund(merchant, now)
        assert f"{page(refund)}send/" in text(owner.get(page(refund)))

        owner.post(f"{page(refund)}send/")

        assert Payout.objects.get().refund_id == refund.pk
        assert f"{page(refund)}send/" not in text(owner.get(page(refund)))

    def test_one_of_a_deposit_leads_to_it(self, testing, owner, merchant, now):
        deposit = make_deposit(merchant, now)
        owner.post(f"/dashboard/deposits/{deposit.public_id}/", {"resolution": "refund"})

        shown = text(owner.get(page(Refund.objects.get())))

        assert "Money from the inbox" in shown
        assert f"/dashboard/deposits/{deposit.public_id}/" in shown

    @pytest.mark.parametrize("role", ["developer", "viewer"])
    def test_others_look_and_change_nothing(self, seat, merchant, now, role):
        refund = make_refund(merchant, now)

        shown = text(seat(role).get(page(refund)))

        assert "An owner or an admin sends it." in shown
        for act in ("address", "complete", "cancel", "send"):
            assert f"{page(refund)}{act}/" not in shown


@pytest.mark.usefixtures("testing")
class TestOpening:
    @pytest.fixture
    def invoice(self, merchant, now):
        made = make_invoice(merchant, now)
        pay(made, made.amount_units, now)
        return made

    @pytest.fixture
    def opening(self, invoice):
        return f"/dashboard/invoices/{invoice.public_id}/refund/"

    @pytest.mark.parametrize(
        ("filled", "units"),
        [
            ({"what": "all"}, 16_490_000),
            ({"what": "amount", "amount": "2.5"}, 2_500_000),
            ({"what": "fiat", "fiat_amount": "4.01", "rate": "payment"}, 2_005_000),
            ({"what": "fiat", "fiat_amount": "4.01", "rate": "today"}, 4_009_600),
        ],
    )
    def test_a_refund_is_opened_for_what_was_asked(self, owner, invoice, opening, filled, units):
        Invoice.objects.update(rate=2)  # today it is 1.0001

        answer = owner.post(opening, {**filled, "reason": "Broken"})

        refund = Refund.objects.get()
        assert answer["Location"] == page(refund)
        assert (refund.units, refund.reason, refund.address, refund.status) == (
            units,
            "Broken",
            "",
            RefundStatus.REQUESTED,
        )
        assert page(refund) in text(owner.get(f"/dashboard/invoices/{invoice.public_id}/"))

    @pytest.mark.parametrize(
        ("filled", "field"),
        [
            ({}, "what"),
            ({"what": "all", "amount": "3"}, "what"),
            ({"what": "fiat", "fiat_amount": "3", "amount": "3"}, "what"),
            ({"what": "amount", "amount": "3", "fiat_amount": "nonsense"}, "what"),
            ({"what": "amount"}, "amount"),
            ({"what": "amount", "amount": "0"}, "amount"),
            ({"what": "amount", "amount": "-1"}, "amount"),
            ({"what": "amount", "amount": "NaN"}, "amount"),
            ({"what": "amount", "amount": "16.490001"}, "amount"),
            ({"what": "amount", "amount": "1.0000001"}, "amount"),
            ({"what": "amount", "amount": "1e40"}, "amount"),
            ({"what": "fiat", "fiat_amount": "0"}, "fiat_amount"),
            ({"what": "fiat", "fiat_amount": "4.001"}, "fiat_amount"),
            ({"what": "fiat", "fiat_amount": "99"}, "fiat_amount"),
            ({"what": "fiat", "fiat_amount": "4", "rate": "yesterday"}, "rate"),
            ({"what": "all", "address": "nonsense"}, "address"),
        ],
    )
    def test_what_makes_no_sense_is_told_beside_its_field(self, owner, opening, filled, field):
        answer = owner.post(opening, filled)

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert not Refund.objects.exists()

    def test_sent_twice_it_opens_one(self, owner, opening):
        assert 'name="left" value="16.49' in text(owner.get(opening))
        filled = {"what": "amount", "amount": "5", "left": "16.49"}

        first, again = (owner.post(opening, filled) for _ in range(2))

        assert (first.status_code, again.status_code) == (302, 422)
        assert "Nothing was done." in text(again)
        assert Refund.objects.get().units == 5_000_000
        assert Decimal(again.context["left"]) == Decimal("11.49")

    def test_when_nothing_is_left_the_page_says_so(self, owner, invoice, opening):
        owner.post(opening, {"what": "all"})

        assert "Nothing is left to refund" in text(owner.get(opening))
        assert owner.post(opening, {"what": "all"}).status_code == 422
        assert Refund.objects.count() == 1
        assert opening not in text(owner.get(f"/dashboard/invoices/{invoice.public_id}/"))

    @pytest.mark.parametrize("role", ["developer", "viewer"])
    def test_only_who_moves_money_is_offered_it(self, seat, invoice, opening, role):
        assert opening not in text(seat(role).get(f"/dashboard/invoices/{invoice.public_id}/"))


class TestStory:
    @pytest.fixture(autouse=True)
    def _testing(self, testing):
        """Money moves on the sandbox."""

    def test_what_happened_to_a_refund_is_told_with_who_did_it(self, owner, merchant, now):
        invoice = make_invoice(merchant, now)
        pay(invoice, invoice.amount_units, now)
        owner.post(f"/dashboard/invoices/{invoice.public_id}/refund/", {"what": "all"})
        refund = Refund.objects.get()
        owner.post(f"{page(refund)}cancel/")

        log = owner.get(page(refund)).context["log"]

        assert [(said, actor) for _event, said, actor in log] == [
            ("Refund opened", "person@example.com"),
            ("Refund withdrawn", "person@example.com"),
        ]

    def test_so_it_is_for_money_of_no_invoice_and_of_nobody_else(self, owner, merchant, now):
        deposit = make_deposit(merchant, now)
        owner.post(f"/dashboard/deposits/{deposit.public_id}/", {"resolution": "refund"})
        refund = Refund.objects.get()
        other = make_merchant(now, email="other@example.com")
        with transaction.atomic():
            emit(Happening("refund.held", other.pk, livemode=False, data={}, object_id=refund.public_id))

        log = owner.get(page(refund)).context["log"]

        assert [said for _event, said, _actor in log] == ["Refund opened"]


class TestCode:
    def test_the_code_to_keep_says_what_the_page_says(self, owner, merchant):
        refund = make_refund(merchant, timezone.now())
        page = owner.get(f"/dashboard/refunds/{refund.public_id}/")

        answer = owner.get(f"/dashboard/refunds/{refund.public_id}/code/")

        assert (answer["Content-Type"], answer["Content-Disposition"]) == (
            "image/png",
            f'attachment; filename="{refund.public_id}.png"',
        )
        read = zxingcpp.read_barcode(Image.open(BytesIO(answer.content)))
        assert read.text == page.context["uri"]
        assert TARGET.lower() in read.text.lower()

    def test_what_is_not_to_be_sent_has_none(self, owner, merchant):
        refund = make_refund(merchant, timezone.now(), is_held=True)

        assert owner.get(f"/dashboard/refunds/{refund.public_id}/code/").status_code == 409
