"""The JavaScript client: its own tests, and that it and the gateway sign alike."""

import json
import subprocess
from datetime import UTC, datetime

from tests.clients.node import JAVASCRIPT, node, package, run_tests
from webhooks import signing


def test_its_own_tests_pass():
    said = run_tests("test/client.test.js")

    assert "fail 0" in said
    assert "pass 0" not in said


def test_it_signs_what_the_gateway_signs():
    secret, now = signing.new_secret(), 1_800_000_000
    program = """
        import { webhooks } from "./src/index.js";
        const [body, secret] = process.argv.slice(1);
        const headers = webhooks.sign(body, secret, { messageId: "whk_1", event: "invoice.paid", now: 1800000000 });
        webhooks.verify(body, headers, secret, { now: 1800000000 });
        console.log(JSON.stringify(headers));
    """

    command = [node(), "--input-type=module", "-e", program, '{"id":"evt_1"}', secret]
    said = subprocess.run(command, cwd=JAVASCRIPT, capture_output=True, text=True, check=True)

    assert json.loads(said.stdout) == signing.headers(
        message_id="whk_1",
        event_type="invoice.paid",
        body=b'{"id":"evt_1"}',
        live_secrets=[secret],
        now=datetime.fromtimestamp(now, UTC),
    )


def test_the_compiler_of_typescript_agrees_with_the_types():
    compiler = package("typescript", "7.0.2") / "bin" / "tsc"
    flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--lib", "es2024,dom", "--types", ""]

    command = [node(), compiler, *flags, "test/types.mts"]
    said = subprocess.run(command, cwd=JAVASCRIPT, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (0, "")
