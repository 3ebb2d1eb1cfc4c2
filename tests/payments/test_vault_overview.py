"""What the operator sees of payouts: in Prometheus, in the terminal and in the admin, without a question to a node."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from merchants.models import NoticeKind, Wallet
from merchants.services import notice, open_vault
from payments.models import Cursor, Payout, PayoutTransaction, Refund
from payments.overview import network_statuses
from payments.services.payouts import plan_refund
from tests.factories import make_invoice, make_merchant

pytestmark = pytest.mark.django_db

TARGET = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"


@pytest.fixture
def merchant(settings, now):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]
    settings.METRICS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    merchant = make_merchant(now)
    open_vault(merchant=merchant, network="ethereum", now=now)
    return merchant


def payout_of(merchant, now, *, signed=False, **facts) -> Payout:
    invoice = make_invoice(merchant, now, livemode=True)
    refund = Refund.objects.create(
        merchant=merchant,
        livemode=True,
        invoice=invoice,
        network="ethereum",
        asset_code="USDT",
        units=5_000_000,
        address=TARGET,
        created_at=now,
    )
    payout = plan_refund(refund, now=now)
    if signed:
        made = {"raw": "00", "txid": f"0x{payout.pk.hex}"}
        PayoutTransaction.objects.create(payout=payout, position=0, fee_cap_units=1, **made)
        facts |= {"nonce": 0, "signed_at": now, **made}
    Payout.objects.filter(pk=payout.pk).update(**facts)
    return payout


def ethereum(now):
    return next(status for status in network_statuses(now=now) if status.network == "ethereum")


def test_a_network_without_vaults_has_nothing_to_tell(settings, now):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}

    assert ethereum(now).vaults is None


def test_payouts_that_are_not_over_are_counted(merchant, now):
    payout_of(merchant, now)
    payout_of(merchant, now - timedelta(hours=1), waiting_reason="staff", status="planned")
    payout_of(merchant, now, signed=True, status="quarantined")
    payout_of(merchant, now - timedelta(hours=9), signed=True, status="confirmed")
    payout_of(merchant, now - timedelta(hours=9), status="cancelled")

    vaults = ethereum(now).vaults

    assert {status: count for status, count in vaults.by_status.items() if count} == {
        "planned": 1,
        "approved": 1,
        "quarantined": 1,
    }
    assert {reason: count for reason, count in vaults.by_reason.items() if count} == {"staff": 1}
    assert (vaults.oldest_seconds, vaults.stuck, vaults.dry_vaults) == (3600, 0, 0)
    assert vaults.problems == ["1 payouts in quarantine", "1 payouts waiting for approval"]


def test_what_no_block_has_for_half_an_hour_is_stuck(merchant, now):
    payout_of(merchant, now, signed=True, status="sent")
    payout_of(merchant, now, signed=True, status="sent", block_height=7)
    payout_of(merchant, now)

    assert ethereum(now + timedelta(minutes=29)).vaults.stuck == 0
    later = ethereum(now + timedelta(minutes=31)).vaults
    assert (later.stuck, later.problems) == (1, ["1 payouts signed, and in no block for half an hour"])


def test_a_vault_with_little_coin_counts_while_it_lasts(merchant, now):
    wallet = Wallet.objects.get()
    notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=True, now=now)
    payout_of(merchant, now, waiting_reason="top_up")

    vaults = ethereum(now).vaults
    assert (vaults.dry_vaults, vaults.by_reason["top_up"], vaults.problems) == (1, 1, [])
    notice(wallet_id=wallet.pk, kind=NoticeKind.GAS_LOW, is_so=False, now=now)
    assert ethereum(now).vaults.dry_vaults == 0


def test_prometheus_reads_it(merchant, client, now):
    payout_of(merchant, now - timedelta(hours=1), signed=True, status="quarantined", waiting_reason="node")

    metrics = client.get("/metrics").content.decode()

    assert 'checkout_payouts{network="ethereum",status="quarantined"} 1.0' in metrics
    assert 'checkout_payouts{network="ethereum",status="sent"} 0.0' in metrics
    assert 'checkout_payouts_waiting{network="ethereum",reason="node"} 1.0' in metrics
    assert 'checkout_payouts_stuck{network="ethereum"} 1.0' in metrics
    assert 'checkout_payouts_oldest_seconds{network="ethereum"} ' in metrics
    assert 'checkout_vaults_without_coin{network="ethereum"} 0.0' in metrics


def test_the_command_and_the_admin_say_what_needs_a_look(merchant, admin_client, now, capsys):
    payout_of(merchant, now, signed=True, status="quarantined")
    Cursor.objects.create(network="ethereum", height=5, tip_height=5, hash="0x1", scanned_at=now)

    with pytest.raises(SystemExit):
        call_command("chains", "status")

    assert "ethereum: 1 payouts in quarantine" in capsys.readouterr().out
    assert "1 payouts in quarantine" in admin_client.get(reverse("admin:payments_cursor_changelist")).content.decode()
