"""What the customer is shown, for every status and whatever is unusual about it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.writing import fiat_text
from invoices.states import InvoiceStatus
from merchants.models import Merchant
from paypages.deadline import clock
from paypages.destination import grouped
from paypages.presentation import STATE, Link, State, link
from tests.paypages.conftest import EVM_ADDRESS, SANDBOX_ADDRESS, TRON_ADDRESS, TXID


def test_every_status_has_its_page():
    assert set(STATE) == set(InvoiceStatus)
    assert set(STATE.values()) == set(State)


class TestTheAddress:
    @pytest.mark.parametrize("status", ["created", "pending", "partial"])
    def test_is_shown_while_money_is_expected(self, unsaved, show, status):
        page = show(unsaved(status=status, received_value=Decimal(1) if status == "partial" else Decimal(0)))

        assert page.destination is not None
        assert page.destination.address == SANDBOX_ADDRESS

    @pytest.mark.parametrize("status", ["expired", "cancelled", "refunded"])
    def test_is_hidden_when_the_invoice_has_ended(self, unsaved, show, status):
        assert show(unsaved(status=status)).destination is None

    def test_is_hidden_once_enough_has_been_seen(self, unsaved, show):
        page = show(unsaved(status="confirming", received_units=16_490_000, received_value=Decimal("16.491649")))

        assert page.state is State.CONFIRMING
        assert page.destination is None

    def test_is_hidden_the_moment_the_deadline_passes_even_if_nobody_has_written_the_expiry_yet(self, unsaved, show):
        invoice = unsaved(status="pending")

        before, after = show(invoice, minutes=29), show(invoice, minutes=30)

        assert (before.state, before.destination is None) == (State.AWAITING, False)
        assert (after.state, after.destination) == (State.EXPIRED, None)
        assert invoice.status == "pending"

    @pytest.mark.parametrize(
        ("address", "groups"),
        [
            (TRON_ADDRESS, ("TQn9", "Y2kh", "EsLM", "Wn1a", "XKUR", "NC62", "XLFP", "qpTUcN")),
            (EVM_ADDRESS, ("0x9858", "EfFD", "232B", "4033", "E47d", "9000", "3D41", "EC34", "EcaE", "da94")),
            ("abc", ("abc",)),
        ],
    )
    def test_stands_in_groups_whose_ends_say_enough_to_compare(self, address, groups):
        assert grouped(address) == groups

    @given(st.text(alphabet="0123456789abcxyzTQ", min_size=1, max_size=120))
    def test_is_the_same_when_its_groups_are_joined(self, address):
        assert "".join(grouped(address)) == address

    def test_carries_the_tag_where_the_chain_has_one(self, unsaved, show):
        assert show(unsaved(tag="12345")).destination.tag == "12345"

    def test_the_link_carries_the_tag(self, unsaved, show):
        assert "tag=12345" in show(unsaved(tag="12345")).destination.uri

    @pytest.mark.parametrize(("matching", "is_exact"), [("address", False), ("tag", False), ("amount", True)])
    def test_says_when_the_amount_has_to_be_exact(self, unsaved, show, matching, is_exact):
        assert show(unsaved(matching=matching)).destination.is_exact is is_exact


class TestMoney:
    def test_what_is_due_is_written_digit_by_digit_without_grouping(self, unsaved, show):
        page = show(unsaved(asset_code="ETH", amount_units=1_234_567_890_123_456_789_000))

        assert page.money.remaining == "1234.567890123456789"

    def test_a_partial_payment_leaves_the_rest(self, unsaved, show):
        page = show(
            unsaved(
                status="partial", exception="underpaid", received_units=10_000_000, received_value=Decimal("10.001")
            )
        )

        assert (page.money.received, page.money.remaining, page.money.percent) == ("10.00", "6.49", "60.64")
        assert page.destination.qr_uri.endswith("&content=uri&v=6490000")
        assert page.destination.uri == f"sandbox:{SANDBOX_ADDRESS}?asset=USDT&amount=6.49"

    def test_the_total_and_the_rate_are_in_the_invoices_currency(self, unsaved, show):
        page = show(unsaved())

        assert (page.price, page.money.rate) == ("$16.49", "$1.0001")

    def test_lines_add_up_as_the_invoice_does(self, unsaved, show):
        order = show(unsaved()).order

        assert [(line.quantity, line.unit_price, line.total) for line in order.lines] == [
            ("1", "$9.99", "$9.99"),
            ("2", "$2.50", "$5.00"),
        ]
        assert (order.subtotal, order.tax, order.total) == ("$14.99", "$1.50", "$16.49")

    def test_no_tax_shows_no_tax(self, unsaved, show):
        assert show(unsaved(tax=Decimal(0))).order.tax == ""

    @pytest.mark.parametrize(
        ("amount", "currency", "language", "text"),
        [
            (Decimal("1234.5"), "USD", "en", "$1,234.50"),
            (Decimal("1234.5"), "EUR", "de", "1.234,50\xa0€"),
            (Decimal("1500"), "JPY", "en", "¥1,500"),
            (Decimal("1.234"), "KWD", "en", "KWD\xa01.234"),
            (Decimal("0.000001234567890123"), "USD", "en", "$0.000001234567890123"),
            (Decimal("5"), "USD", "xx-nowhere", "$5.00"),
        ],
    )
    def test_fiat_is_written_as_people_write_it_and_loses_no_digit(self, amount, currency, language, text):
        assert fiat_text(amount, currency, language) == text


class TestTheDeadline:
    def test_counts_from_the_servers_clock(self, unsaved, show, now):
        deadline = show(unsaved(), minutes=1).deadline

        assert (deadline.at, deadline.seconds_left, deadline.clock) == (now + timedelta(minutes=30), 1740, "29:00")
        assert deadline.price_until is None
        assert deadline.seconds_to_change == 1740

    def test_a_price_that_is_held_for_less_says_until_when(self, unsaved, show, now):
        deadline = show(unsaved(quote_expires_at=now + timedelta(minutes=10)), minutes=1).deadline

        assert deadline.price_until == now + timedelta(minutes=10)
        assert deadline.seconds_to_change == 540

    @pytest.mark.parametrize("status", ["partial", "confirming"])
    def test_nothing_is_counted_down_once_money_is_here(self, unsaved, show, status):
        assert show(unsaved(status=status, received_value=Decimal(1))).deadline is None

    @pytest.mark.parametrize(
        ("seconds", "text"), [(0, "0:00"), (9, "0:09"), (899, "14:59"), (3600, "1:00:00"), (172_801, "48:00:01")]
    )
    def test_a_clock_reads_minutes_or_hours(self, seconds, text):
        assert clock(seconds) == text


class TestWhatIsUnusual:
    def test_an_overpaid_invoice_names_the_surplus_and_its_rule(self, unsaved, show):
        page = show(
            unsaved(
                status="paid",
                exception="overpaid",
                received_units=20_000_000,
                received_value=Decimal("20.002"),
                confirmed_value=Decimal("20.002"),
                overpayment_action="refund",
            )
        )

        assert (page.is_overpaid, page.money.surplus, page.overpayment_action) == (True, "3.51", "refund")

    def test_a_late_payment_says_so(self, unsaved, show):
        paid = {"status": "paid", "received_value": Decimal("16.49"), "confirmed_value": Decimal("16.49")}

        assert show(unsaved(**paid, exception="late", is_late=True)).is_late is True
        assert show(unsaved(**paid)).is_late is False

    def test_less_that_the_merchant_accepted_says_so(self, unsaved, show, now):
        page = show(
            unsaved(
                status="paid",
                exception="underpaid",
                accepted_at=now,
                accepted_value=Decimal(10),
                received_value=Decimal(10),
                confirmed_value=Decimal(10),
            )
        )

        assert page.is_accepted_short is True

    def test_another_coin_is_listed_and_waits_for_a_decision(self, unsaved, show, transfer):
        page = show(unsaved(), transfer(asset_code="USDC", counts=False, review="open"))

        assert page.needs_decision is True
        assert [(r.amount, r.asset, r.is_other_asset, r.in_review) for r in page.receipts] == [
            ("16.49", "USDC", True, True)
        ]


class TestReceipts:
    def test_a_transaction_is_named_by_its_ends_and_linked_where_the_network_has_an_explorer(
        self, unsaved, show, transfer, settings
    ):
        settings.CHAINS = {"tron": {"rpc_urls": ["https://node.example"]}}
        live = unsaved(livemode=True, network="tron", address=TRON_ADDRESS)

        (on_tron,) = show(live, transfer(network="tron")).receipts
        (on_sandbox,) = show(unsaved(), transfer()).receipts

        assert on_tron.txid_short == "abababab…abababab"
        assert on_tron.explorer_url.startswith("https://")
        assert TXID in on_tron.explorer_url
        assert on_sandbox.explorer_url == ""

    def test_refunds_are_listed_unless_they_were_cancelled(self, unsaved, show, refund):
        refunds = [refund(status="completed", txid=TXID), refund(status="requested"), refund(status="cancelled")]

        page = show(unsaved(status="refunded"), refunds=refunds)

        assert [(entry.amount, entry.step) for entry in page.returns] == [("16.49", "done"), ("16.49", "needs_address")]


class TestTheWayBack:
    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "//evil.example",
            "https://",
            "https:evil",
            "https://evil.example/\nSet-Cookie: a=b",
            "http://[::1",
            "",
        ],
    )
    def test_leads_only_to_web_pages(self, url):
        assert link(url) is None

    def test_names_the_host(self):
        assert link("https://merchant.com/success?a=1") == Link("https://merchant.com/success?a=1", "merchant.com")

    def test_leads_back_by_itself_just_after_the_payment(self, unsaved, show, now):
        paid = {"status": "paid", "received_value": Decimal("16.49"), "confirmed_value": Decimal("16.49")}

        assert show(unsaved(**paid, paid_at=now), minutes=10).redirect_seconds == 5
        assert show(unsaved(**paid, paid_at=now), minutes=11).redirect_seconds == 0
        assert show(unsaved(**paid, paid_at=now, return_url="")).redirect_seconds == 0
        assert show(unsaved(**paid, paid_at=now, return_url="javascript:alert(1)")).redirect_seconds == 0

    @pytest.mark.parametrize("status", ["pending", "expired", "cancelled", "refunded"])
    def test_never_leads_back_by_itself_before_or_without_payment(self, unsaved, show, status):
        assert show(unsaved(status=status)).redirect_seconds == 0


class TestRefreshing:
    @pytest.mark.parametrize(
        ("status", "seconds"),
        [("created", 10), ("partial", 10), ("confirming", 10), ("expired", 60), ("paid", 0), ("cancelled", 0)],
    )
    def test_goes_on_while_something_can_change(self, unsaved, show, status, seconds):
        received = {
            "partial": {"received_value": Decimal(1)},
            "confirming": {"received_value": Decimal("16.49")},
            "paid": {"received_value": Decimal("16.49"), "confirmed_value": Decimal("16.49")},
        }.get(status, {})

        assert show(unsaved(status=status, **received)).refresh_seconds == seconds

    @pytest.mark.parametrize(("minutes", "seconds"), [(0, 60), (60, 60), (61, 0)])
    def test_goes_on_for_an_hour_after_paid_because_the_network_may_take_it_back(
        self, unsaved, show, now, minutes, seconds
    ):
        money = {"received_value": Decimal("16.49"), "confirmed_value": Decimal("16.49")}

        assert show(unsaved(status="paid", paid_at=now, **money), minutes=minutes).refresh_seconds == seconds


class TestTheMerchant:
    @pytest.mark.parametrize(("name", "initial"), [("acme", "A"), ("🛡️ Safe", "S"), ("مؤسسة", "م"), ("🎉", "•")])
    def test_is_marked_by_the_first_letter_of_its_name(self, unsaved, show, name, initial):
        assert show(unsaved(merchant=Merchant(business_name=name, settings={}))).brand.initial == initial

    def test_sees_its_logo_in_the_codes_once_it_has_one(self, unsaved, show):
        merchant = Merchant(business_name="Acme", settings={"logo": "data:image/png;base64,iVBORw0KGgo="})

        without, with_logo = show(unsaved()).destination, show(unsaved(merchant=merchant)).destination

        assert "logo" not in without.qr_address + without.qr_uri
        assert "&logo=true&" in with_logo.qr_address
        assert "&logo=true&" in with_logo.qr_uri


class TestPlaces:
    def test_everything_is_on_the_own_origin_unless_the_api_has_a_host_of_its_own(self, unsaved, show):
        invoice = unsaved()
        path = f"/api/v1/public/invoice/{invoice.public_id}"

        own, apart = show(invoice), show(invoice, api="https://api.example.com")

        assert own.event_path == f"{path}/events"
        assert own.destination.qr_address == f"{path}/qr?size=512&format=svg&mark=true&content=address"
        assert apart.event_path == f"https://api.example.com{path}/events"
        assert apart.destination.qr_uri.startswith(f"https://api.example.com{path}/qr?")

    def test_a_token_is_named_with_its_standard_and_a_coin_is_not(self, unsaved, show):
        live = {"livemode": True, "network": "tron", "address": TRON_ADDRESS}

        assert show(unsaved(**live)).token_standard == "TRC-20"
        assert show(unsaved(**live, asset_code="TRX")).token_standard == ""
        assert show(unsaved()).token_standard == ""

    def test_a_wallet_can_be_opened_only_where_a_link_for_real_money_exists(self, unsaved, show):
        evm = unsaved(livemode=True, network="ethereum", address=EVM_ADDRESS)

        assert show(evm).destination.wallet_url.startswith("ethereum:0x")
        assert show(unsaved(livemode=True, network="tron", address=TRON_ADDRESS)).destination.uri == ""
        assert show(unsaved()).destination.wallet_url == ""


def test_the_announcement_changes_with_what_happened_and_not_with_the_clock(unsaved, show):
    waiting = show(unsaved()).announcement

    assert show(unsaved(), minutes=5).announcement == waiting
    assert show(unsaved(status="partial", received_units=1, received_value=Decimal(1))).announcement != waiting
