"""The guide's calls in curl, Python and TypeScript against an installation that runs, with its host and a key."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crypto_checkout import Checkout
from tests.api.cryptic.test_cases import TABLES, differences
from tests.api.test_invoices import TRON_XPUB
from tests.clients.node import node
from tests.running import gateway

PROGRAMS = Path(__file__).parent / "programs"
COMMANDS = {"calls.sh": ["sh"], "calls.py": [sys.executable], "calls.mts": [node()]}
EXPECTED = {
    "create": ("create", "everything"),
    "list": ("list", "one invoice"),
    "detail": ("detail", "waiting"),
    "public": ("public", "anybody"),
}


@pytest.mark.long
@pytest.mark.skipif(shutil.which("curl") is None, reason="INSTALL curl to have its calls made")
def test_the_calls_of_the_guide_are_answered_as_it_prints(subtests, tmp_path):
    variables = {"TRON_RPC_URL": "http://127.0.0.1:1", "RATE_SOURCES": "fixed"}
    with gateway(tmp_path / "var", **variables) as address:
        origin = f"http://{address}"
        with Checkout("", base_url=origin) as anybody:
            key = anybody.merchants.sign_up(business_name="Acme VPN Services", contact_email="a@acme.example").api_key
        with Checkout(key, base_url=origin) as checkout:
            checkout.merchants.update_me(
                settings={
                    "branding": {
                        "display_name": "Alice",
                        "support_email": "support@alice.co",
                        "accent_color": "#4f46e5",
                    }
                }
            )
            checkout.wallets.create(network="tron", kind="xpub", xpub=TRON_XPUB)
            permissions = ["invoices:create", "invoices:read"]
            cryptic_key = checkout.api_keys.create(name="Shop", permissions=permissions, format="cryptic").key
        for program, command in COMMANDS.items():
            out = tmp_path / program
            out.mkdir()
            environment = {
                **os.environ,
                "API_KEY": cryptic_key,
                "BASE_URL": f"{origin}/cryptic/api/v1",
                "OUT": str(out),
            }
            calls = [*command, str(PROGRAMS / program)]
            done = subprocess.run(calls, env=environment, capture_output=True, text=True, check=False, timeout=60)
            with subtests.test(program):
                assert done.returncode == 0, done.stdout + done.stderr
                assert _wrong(out, origin) == {}


def _wrong(out: Path, origin: str) -> dict[str, list[str]]:
    """Return, by call, where an answer is not what the tables have; a list holds the invoices of the others too."""
    found = {name: json.loads((out / name).read_text())["data"] for name in EXPECTED}
    world = {"first": found["create"]["id"], "http://testserver": origin}
    found["list"] |= {"invoices": found["list"]["invoices"][:1], "total": 1, "limit": 20}
    told = {}
    for name, (table, case) in EXPECTED.items():
        wanted = json.loads(json.dumps(TABLES[table]["cases"][case]["data"]).replace("http://testserver", origin))
        told[name] = differences(found[name], wanted, world)
    return {name: wrong for name, wrong in told.items() if wrong}
