"""What the documents say is what the code does."""

import ast
import json
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from api.v1.base import NowhereView
from chains import registry
from chains.catalogue import NETWORKS
from config import env
from tests.chains import anvil
from tests.running import gateway
from tests.walks import events_in, said_by, walk

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/adr/*.md")])
# Functions of config.env that read one variable each; a first argument that is a text is its name.
_READERS = {name for name, reader in vars(env).items() if hasattr(reader, "__wrapped__")}
_FOR_EACH_NETWORK = {
    "RPC_URL",
    "NETWORK",
    "CHAIN_ID",
    "CONFIRMATIONS",
    "EXPLORER_TX",
    "WALLET_RPC_URL",
    "BLOCK_RANGE",
    "BATCH_SIZE",
    "RPC_RATE",
    "SCAN_SECONDS",
}
_ONLY_TRON = {"TRON_API_KEY", "TRON_JSONRPC_URL"}
_ONLY_CARDANO = {"CARDANO_API_KEY", "CARDANO_API_URL"}
_FOR_EACH_TOKEN = {"CONTRACT", "DECIMALS"}
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="INSTALL curl to have the README's walks walked")


def variables_of_the_code() -> set[str]:
    """Return every variable that the settings, `make run` and config.env itself read by name."""
    found = set()
    for path in [*(ROOT / "config").glob("*.py"), *(ROOT / "config" / "settings").glob("*.py")]:
        if path.stem in ("chains", "test"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name_of(node.func) in _READERS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isupper():
                    found.add(first.value)
    return found


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def variables_described(*, chains: bool) -> set[str]:
    """Return the variables that config/variables.toml has a sentence for: those of chains, or all others."""
    sections = tomllib.loads((ROOT / "config" / "variables.toml").read_text())["section"]
    return {name for part in sections if (part["title"] == "Chains") is chains for name in part["variables"]}


def test_every_variable_that_is_read_is_described_and_no_other():
    assert variables_described(chains=False) == variables_of_the_code()


def test_the_reference_of_the_configuration_is_as_it_would_be_written_now():
    written = subprocess.run(
        [sys.executable, "-m", "config.reference", "--check"], check=False, cwd=ROOT, capture_output=True, text=True
    )

    assert (written.returncode, written.stdout, written.stderr) == (0, "", "")


def test_the_readme_names_variables_that_there_are():
    named = set(re.findall(r"^\| `([A-Z_<>]+)` \|", README, re.MULTILINE))

    assert {"SECRET_KEY", "<NETWORK>_RPC_URL"} <= named
    assert named <= variables_described(chains=False) | variables_described(chains=True)


def test_the_chain_table_names_exactly_the_variables_of_chains():
    source = (ROOT / "config" / "chains.py").read_text()
    # `self._text("RPC_URL")` and the table of options: `{"BLOCK_RANGE": ("block_range", …`.
    read = set(re.findall(r'self\._(?:text|urls|number)\("([A-Z_]+)"|"([A-Z_]+)": \("', source))
    names = {direct or option for direct, option in read}

    assert variables_described(chains=True) == (
        {f"<NETWORK>_{name}" for name in _FOR_EACH_NETWORK}
        | {f"<NETWORK>_<TOKEN>_{name}" for name in _FOR_EACH_TOKEN}
        | _ONLY_TRON
        | _ONLY_CARDANO
    )
    assert names == _FOR_EACH_NETWORK | {name.partition("_")[2] for name in _ONLY_TRON | _ONLY_CARDANO}
    reference = (ROOT / "docs" / "configuration.md").read_text()
    assert all(f"`{code.upper()}`" in reference for code in NETWORKS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        if not target.startswith("/"):  # those are URLs of an installation
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("name", ["sandbox", "webhook", "evm"])
def test_every_url_and_body_of_the_walks_is_one_the_api_has(name):
    commands = walk(name).replace('\\"', '"')
    paths = re.findall(r"\$BASE(/api/v1/[^\s\")]+)", commands)
    bodies = re.findall(r"-d '(\{.*?\})'", commands, re.DOTALL)

    assert len(paths) >= 3
    assert bodies
    for path in paths:
        if path.endswith("/events"):
            continue  # the event streams have a server of their own
        view = resolve(path.replace("$INVOICE", "inv_0")).func
        assert view.view_class is not NowhereView, path
    for body in bodies:
        json.loads(body)


def test_a_url_that_is_not_there_would_be_noticed():
    try:
        view = resolve("/api/v1/nothing").func
    except Resolver404:
        return
    assert view.view_class is NowhereView


def test_the_ten_lines_accept_our_signature_and_refuse_another():
    from datetime import UTC, datetime

    from webhooks import signing

    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    scope: dict = {}
    exec(compile(code[1], "README.md", "exec"), scope)
    secret, body = signing.new_secret(), b'{"event":"invoice.paid"}'
    headers = signing.headers(
        message_id="whk_1", event_type="invoice.paid", body=body, live_secrets=[secret], now=datetime.now(UTC)
    )

    assert scope["is_genuine"](secret, headers, body)
    assert not scope["is_genuine"](secret, headers, body + b" ")
    assert not scope["is_genuine"](signing.new_secret(), headers, body)
    old = {**headers, "X-Crypto-Checkout-Timestamp": str(int(time.time()) - 301)}
    assert not scope["is_genuine"](secret, old, body)


@pytest.mark.long
@needs_curl
def test_the_walk_with_real_tokens_works_as_printed(tmp_path, node):
    here = {"http://127.0.0.1:8545": node.url}
    variables = dict(re.findall(r"([A-Z_]+)=(\S+)", walk("gateway")))
    variables["ETHEREUM_RPC_URL"] = here[variables["ETHEREUM_RPC_URL"]]
    token = walk("token").replace("http://127.0.0.1:8545", node.url)
    said_by(token)  # the contract is there before the gateway looks at the chain

    with gateway(tmp_path / "var", **variables) as address:
        # What the first terminal remembers is written again; the contract is not.
        remembered = token[: token.index("CODE=")]
        said = said_by(remembered + walk("evm").replace("127.0.0.1:8000", address))

    assert "make run" in walk("gateway")
    assert events_in(said)[-1] == "invoice.paid"
    assert said.splitlines()[-1] == "paid"


@pytest.fixture
def node():
    """A node on which nothing was deployed, as the walk starts it."""
    assert f"@foundry-rs/anvil@{anvil.VERSION}" in walk("node")
    started = anvil.Anvil(anvil.anvil_binary())
    yield started
    started.stop()


def test_the_table_of_confirmations_is_the_one_that_is_used():
    rows = re.findall(
        r"^\| ([\w ,]+) \| (\w+) \| (\w+) \| (\w+) \|$", (ROOT / "docs/concepts.md").read_text(), re.MULTILINE
    )
    said = {name: tuple(numbers) for names, *numbers in rows for name in names.split(", ")}
    used = {next(iter(entry.sides.values())).name: entry.confirmations for entry in NETWORKS.values()}

    for name, confirmations in (used | {"Sandbox": registry.network("sandbox").confirmations}).items():
        assert said[name] == tuple(str(getattr(each, "value", each)) for each in confirmations), name
