"""Where money goes."""

from playwright.sync_api import Page

from merchants import services
from tests.browser.screens import Stage, screen
from tests.chains.test_addresses import ETH_ACCOUNT, PHRASE, TRX_ACCOUNT

POOL = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94 0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0".split()


@screen("wallets", "empty")
def _(stage: Stage) -> str:
    return "/dashboard/wallets/"


@screen("wallets", "empty for a viewer in test mode")
def _(stage: Stage) -> str:
    stage.role, stage.testing = "viewer", True
    return "/dashboard/wallets/"


@screen("wallets", "two")
def _(stage: Stage) -> str:
    services.add_wallet(merchant=stage.merchant, network="tron", xpub=TRX_ACCOUNT, now=stage.now)
    services.add_wallet(merchant=stage.merchant, network="ethereum", kind="pool", addresses=POOL, now=stage.now)
    return "/dashboard/wallets/"


@screen("wallets", "choose")
def _(stage: Stage) -> str:
    return "/dashboard/wallets/add/"


def _private_key(page: Page) -> None:
    page.get_by_label("Extended public key").fill(PHRASE)
    page.get_by_role("button", name="Show the first addresses").click()
    page.get_by_role("alert").wait_for()


@screen("wallets", "private key refused", act=_private_key)
def _(stage: Stage) -> str:
    return "/dashboard/wallets/add/?network=tron&kind=xpub"


def _compare(page: Page) -> None:
    page.get_by_label("Extended public key").fill(ETH_ACCOUNT)
    page.get_by_role("button", name="Show the first addresses").click()
    page.get_by_role("button", name="Add this wallet").wait_for()


@screen("wallets", "compare", act=_compare)
def _(stage: Stage) -> str:
    return "/dashboard/wallets/add/?network=ethereum&kind=xpub"


@screen("wallets", "remove")
def _(stage: Stage) -> str:
    wallet = services.add_wallet(merchant=stage.merchant, network="tron", xpub=TRX_ACCOUNT, now=stage.now)
    return f"/dashboard/wallets/{wallet.public_id}/remove/"


@screen("wallets", "more addresses")
def _(stage: Stage) -> str:
    wallet = services.add_wallet(
        merchant=stage.merchant, network="ethereum", kind="pool", addresses=POOL, now=stage.now
    )
    return f"/dashboard/wallets/{wallet.public_id}/addresses/"


def _open(page: Page) -> None:
    page.get_by_role("button", name="Open the vault").click()
    page.get_by_role("heading", name="Write these words down now").wait_for()


@screen("wallets", "vault opened", act=_open, devices=("phone",))  # it opens once
def _(stage: Stage) -> str:
    stage.settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]
    return "/dashboard/wallets/vault/?network=ethereum"
