"""What vaults send."""

from datetime import timedelta

from merchants.models import NoticeKind
from merchants.services import notice
from tests.browser.screens import Stage, screen
from tests.dashboard.vaults import KEYS, make_payout, make_refund, sign


def _with_vault(stage: Stage) -> None:
    stage.settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    stage.settings.VAULT_KEYS = KEYS


@screen("payouts", "empty")
def _(stage: Stage) -> str:
    return "/dashboard/payouts/"


@screen("payouts", "many")
def _(stage: Stage) -> str:
    _with_vault(stage)
    make_refund(stage.merchant, stage.now)
    make_payout(stage.merchant, stage.now)
    make_payout(stage.merchant, stage.now, status="planned", waiting_reason="staff", approvals_needed=2)
    make_payout(stage.merchant, stage.now, waiting_reason="top_up")
    paid = sign(make_payout(stage.merchant, stage.now), stage.now, status="confirmed", ended_at=stage.now)
    notice(wallet_id=paid.wallet_id, kind=NoticeKind.GAS_LOW, is_so=True, now=stage.now)
    return "/dashboard/payouts/"


@screen("payouts", "waits")
def _(stage: Stage) -> str:
    _with_vault(stage)
    payout = make_payout(stage.merchant, stage.now, waiting_reason="fee_cap")
    return f"/dashboard/payouts/{payout.public_id}/"


@screen("payouts", "signed again")
def _(stage: Stage) -> str:
    _with_vault(stage)
    payout = sign(make_payout(stage.merchant, stage.now - timedelta(hours=1)), stage.now, times=2)
    return f"/dashboard/payouts/{payout.public_id}/"
