import io
import json
import logging
import logging.config
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from config.env import ROOT
from core import context, logs


@pytest.fixture
def lines():
    """Log through the real configuration into a buffer; return a reader of the lines."""
    outputs = {}

    def configure(*, as_json):
        configuration = logs.logging_config(as_json=as_json, level="INFO")
        buffer = outputs["buffer"] = io.StringIO()
        configuration["handlers"]["stderr"]["stream"] = buffer
        logging.config.dictConfig(configuration)
        return lambda: buffer.getvalue().splitlines()

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield configure
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_in_production_is_one_json_object_with_its_request(lines):
    read = lines(as_json=True)

    with context.caller(request_id="req_1", trace_id="trace_1", actor="user:7"):
        structlog.get_logger("shop").info("Invoice made.", amount="16.49")

    line = json.loads(read()[0])
    assert line["event"] == "Invoice made."
    assert line["amount"] == "16.49"
    assert (line["request_id"], line["trace_id"], line["actor"]) == ("req_1", "trace_1", "user:7")
    assert (line["level"], line["logger"]) == ("info", "shop")
    assert line["timestamp"].endswith("Z")


def test_a_line_of_a_library_names_the_request_too(lines):
    read = lines(as_json=True)

    with context.caller(request_id="req_2"):
        logging.getLogger("some.library").warning("Slow: %s s", 3, extra={"host": "db"})

    line = json.loads(read()[0])
    assert (line["event"], line["request_id"], line["host"]) == ("Slow: 3 s", "req_2", "db")


def test_a_line_in_development_reads_like_a_sentence(lines):
    read = lines(as_json=False)

    with context.caller(request_id="req_3"):
        structlog.get_logger("shop").info("Invoice made.", amount="16.49")

    assert "Invoice made." in read()[0]
    assert "amount=16.49" in read()[0]
    assert "request_id=req_3" in read()[0]


@pytest.mark.parametrize("control", ["\n", "\r", "\0", "\x1b[2J", "\x9b2J", "\u2028"])
def test_what_a_caller_sends_can_neither_forge_a_line_nor_command_the_terminal(lines, control):
    read = lines(as_json=False)

    structlog.get_logger("shop").info(f"GET /a{control}b", path=f"/a{control}b", nested=[f"a{control}b"])

    assert len(read()) == 1
    assert read()[0].isprintable()


def test_a_traceback_in_development_keeps_its_lines(lines):
    read = lines(as_json=False)

    try:
        int("x")
    except ValueError:
        structlog.get_logger("shop").exception("Crashed.")

    assert len(read()) > 3


def test_a_crash_is_written_with_its_traceback_on_one_line(lines):
    read = lines(as_json=True)

    try:
        int("whsec_abcdefghijklmnop")
    except ValueError:
        structlog.get_logger("shop").exception("Crashed.")

    assert len(read()) == 1
    line = json.loads(read()[0])
    assert "ValueError: invalid literal" in line["exception"]
    assert "whsec_***" in line["exception"]
    assert "abcdef" not in line["exception"]


def test_below_the_level_nothing_is_written(lines):
    read = lines(as_json=True)

    structlog.get_logger("shop").debug("Detail.")

    assert read() == []


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dcAbCd1234", "sk_live_***234"),
        ("sk_test_invoices_4eC39HqLyjWDarjtT1zdp7dcAbCd1234", "sk_test_***234"),
        ("ck_live_4eC39HqLyjWDarjtT1zdp7dcAbCd1234", "ck_live_***234"),
        ("cw_test_4eC39HqLyjWDarjtT1zdp7dcAbCd1234", "cw_test_***234"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***"),
        ("Authorization: Bearer abc.def.ghi123", "Authorization: Bearer ***"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "token ***"),
        ("postgres://me:hunter2@db/shop", "postgres://me:***@db/shop"),
        ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
        ("Authorization: basic bWU6aHVudGVyMg==", "Authorization: basic ***"),
        (
            "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK",
            "tprv***",
        ),
        (
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
            "xprv***",
        ),
    ],
)
def test_a_secret_in_a_text_is_masked(lines, secret, shown):
    read = lines(as_json=True)

    structlog.get_logger("shop").info(f"Got {secret}", detail={"inner": [secret]})

    assert json.loads(read()[0])["event"] == f"Got {shown}"
    assert json.loads(read()[0])["detail"] == {"inner": [shown]}


def test_a_field_with_the_name_of_a_secret_is_masked_whatever_it_holds(lines):
    read = lines(as_json=True)

    structlog.get_logger("shop").info("Login", password="hunter2", headers={"Authorization": "x", "Host": "y"})

    line = json.loads(read()[0])
    assert line["password"] == "***"
    assert line["headers"] == {"Authorization": "***", "Host": "y"}


@pytest.mark.parametrize(
    "name",
    [
        "passwd",
        "new_password",
        "client_secret",
        "authorization",
        "apikey",
        "api_key",
        "access_token",
        "cookie",
        "private_key",
        "mnemonic",
        "X-Webhook-Signature",
    ],
)
def test_a_name_tells_a_secret_also_within_others_and_above_a_list(lines, name):
    read = lines(as_json=True)

    structlog.get_logger("shop").info("Asked", detail=[{name: "hunter2"}, {name: ["hunter2", {"x": "hunter3"}]}])

    assert json.loads(read()[0])["detail"] == [{name: "***"}, {name: ["***", {"x": "hunter3"}]}]


def test_what_only_looks_a_little_like_a_secret_stays(lines):
    read = lines(as_json=True)

    text = "https://shop.example.com/a:b@c key_06fabc inv_06fabc 0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
    structlog.get_logger("shop").info(text, monkey="banana")

    assert json.loads(read()[0])["event"] == text
    assert json.loads(read()[0])["monkey"] == "banana"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_disk_without_room_for_the_log_stops_nobody(as_json):
    script = (
        "import logging, logging.config, structlog\n"
        "from core.logs import logging_config\n"
        f"logging.config.dictConfig(logging_config(as_json={as_json}, level='INFO'))\n"
        "structlog.get_logger('shop').info('Sold.')\n"
        "logging.getLogger('celery').warning('Late.')\n"
        "print('went on')\n"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=full, check=False
        )

    assert done.stdout == b"went on\n"
