"""What docs/webhooks.md tells receivers to write: each sample is run, on requests as they are really signed."""

import base64
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from tests.clients.node import node, package
from webhooks import signing

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
STANDARD_JS = "1.0.0"
BODY = '{"event":"invoice.paid","data":{"total_amount":16.49,"title":"Café 🍋"}}'.encode()
SECRET, OLD = signing.new_secret(), signing.new_secret()

JUDGE = """
const cases = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
import(process.argv[1]).then((sample) => {
  const verdicts = cases.map(({ secret, headers, body }) => {
    try {
      const raw = Buffer.from(body, "base64");
      return sample.isGenuine ? sample.isGenuine(secret, headers, raw) : sample.readWebhook(secret, headers, raw).event;
    } catch (problem) {
      return problem.name;
    }
  });
  console.log(JSON.stringify(verdicts));
});
"""


def sample(language: str, word: str) -> str:
    [found] = [text for text in re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL) if word in text]
    return found


def headers(*secrets: str, age: int = 0) -> dict[str, str]:
    moment = datetime.now(UTC) - timedelta(seconds=age)
    return signing.headers(
        message_id="whk_1", event_type="invoice.paid", body=BODY, live_secrets=secrets or (SECRET,), now=moment
    )


def cases() -> list[tuple[dict[str, str], bytes]]:
    """Genuine, changed on the way, signed by another, played back after six minutes, signed while a secret rotates."""
    return [
        (headers(), BODY),
        (headers(), BODY.replace(b"16.49", b"1.49")),
        (headers(signing.new_secret()), BODY),
        (headers(age=360), BODY),
        (headers(SECRET, OLD), BODY),
    ]


def judged_by_python(source: str, name: str) -> list[object]:
    scope: dict[str, object] = {}
    exec(source, scope)
    verdicts: list[object] = []
    for given, body in cases():
        try:
            verdicts.append(scope[name](SECRET, given, body))
        except WebhookVerificationError:
            verdicts.append("WebhookVerificationError")
    return verdicts


def judged_by_node(source: str, folder: Path) -> list[object]:
    (folder / "sample.mjs").write_text(source)
    sent = [
        {
            "secret": SECRET,
            "headers": {name.lower(): value for name, value in given.items()},
            "body": base64.b64encode(body).decode(),
        }
        for given, body in cases()
    ]
    done = subprocess.run(
        [node(), "-e", JUDGE, str(folder / "sample.mjs")],
        check=False,
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_ten_lines_of_python_for_the_native_header():
    assert judged_by_python(sample("python", "def is_genuine"), "is_genuine") == [True, False, False, False, True]


def test_ten_lines_of_javascript_for_the_native_header(tmp_path):
    assert judged_by_node(sample("js", "isGenuine"), tmp_path) == [True, False, False, False, True]


@pytest.mark.parametrize("word", ["def is_genuine", "isGenuine"])
def test_they_are_ten_lines_at_most(word):
    source = sample("python" if "def" in word else "js", word)

    assert len([line for line in source.splitlines() if line.strip()]) <= 10


def test_the_published_library_for_python():
    read = judged_by_python(sample("python", "def read_webhook"), "read_webhook")

    paid, refused = json.loads(BODY), "WebhookVerificationError"
    assert read == [paid, refused, refused, refused, paid]


def test_the_published_library_for_javascript(tmp_path):
    (tmp_path / "node_modules").symlink_to(package("standardwebhooks", STANDARD_JS).parent)

    read = judged_by_node(sample("js", "readWebhook"), tmp_path)

    refused = "WebhookVerificationError"
    assert read == ["invoice.paid", refused, refused, refused, "invoice.paid"]


@pytest.mark.parametrize("secret", [SECRET, OLD], ids=["new", "old"])
def test_while_a_secret_rotates_both_are_good_for_the_library(secret):
    scope: dict[str, object] = {}
    exec(sample("python", "def read_webhook"), scope)

    assert scope["read_webhook"](secret, headers(SECRET, OLD), BODY) == json.loads(BODY)
