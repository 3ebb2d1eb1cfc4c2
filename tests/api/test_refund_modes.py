"""A key sees the refunds of its own mode only."""

import pytest

from merchants.services import open_vault
from payments.models import Refund
from tests.factories import make_invoice


@pytest.fixture(autouse=True)
def _wallet(settings, merchant, now):
    settings.CHAINS = {"ethereum": {"rpc_urls": ["http://127.0.0.1:1"]}}
    settings.VAULT_KEYS = ["a key that only the vault has, 32 long"]
    open_vault(merchant=merchant, network="ethereum", now=now)


def refund_of(merchant, now, *, livemode: bool) -> str:
    invoice = make_invoice(merchant, now, livemode=livemode)
    about = {"merchant": merchant, "livemode": livemode, "invoice": invoice, "network": invoice.network}
    return Refund.objects.create(**about, asset_code=invoice.asset_code, units=5_000_000, created_at=now).public_id


@pytest.mark.parametrize("livemode", [True, False])
def test_a_key_sees_no_refund_of_the_other_mode(api, test_api, merchant, now, livemode):
    own, other = (api, test_api) if livemode else (test_api, api)
    public_id = refund_of(merchant, now, livemode=livemode)

    assert [each["id"] for each in own.get("/refunds").body["refunds"]] == [public_id]
    assert own.get(f"/refunds/{public_id}").status == 200
    assert other.get("/refunds").body["refunds"] == []
    assert other.get(f"/refunds/{public_id}").status == 404
