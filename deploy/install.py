"""Make .venv and install requirement files into it; do nothing when they are installed already.

    python3 deploy/install.py requirements.txt [more requirement files]

Runs on the machine's own Python, with nothing installed. It writes into .venv only: no cache, no
temporary file elsewhere. The settings of pip (index, certificates) hold here too.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = "uv==0.13.8"
OLDEST = (3, 11)


def main() -> int:
    """Install the files named on the command line; return the exit status."""
    if sys.version_info < OLDEST:
        sys.stderr.write(
            f"Python 3.11 or later is needed; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12\n"
        )
        return 1
    names = sys.argv[1:]
    stamp = VENV / f".installed-{names[-1]}"
    with (ROOT / names[0]).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once: the second waits and finds everything done
        if _is_current(stamp, names):
            return 0
        scratch = VENV / "scratch"
        try:
            _make_venv()
            scratch.mkdir(exist_ok=True)
            _install(names, _environment(scratch))
        except subprocess.CalledProcessError as failure:
            sys.stderr.write(f"\nInstalling failed ({failure}). Mend what it says above and run make again.\n")
            return 1
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        stamp.write_text(_fingerprint(names))
    return 0


def _is_current(stamp: Path, names: list[str]) -> bool:
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _fingerprint(names)


def _fingerprint(names: list[str]) -> str:
    digest = hashlib.sha256(f"{VENV} {sys.version_info[:2]}".encode())
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _make_venv() -> None:
    if _works():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    # Debian keeps ensurepip in the package python3-venv; without it pip comes from the registry.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], check=True)
    ensured = subprocess.run([str(PYTHON), "-m", "ensurepip", "--default-pip"], check=False, capture_output=True)
    if ensured.returncode != 0:
        _fetch_pip()


def _works() -> bool:
    """Return whether .venv has a Python that runs, also after the checkout was moved."""
    if not PYTHON.exists():
        return False
    result = subprocess.run([str(PYTHON), "-m", "pip", "--version"], check=False, capture_output=True, text=True)
    return result.returncode == 0 and str(VENV) in result.stdout and f"python {_version()}" in result.stdout


def _version() -> str:
    return ".".join(str(part) for part in sys.version_info[:2])


def _fetch_pip() -> None:
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    with urlopen(index, timeout=60) as page:
        links = re.findall(r'href="([^"#]*/pip-(\d+)\.(\d+)(?:\.(\d+))?-py3-none-any\.whl)', page.read().decode())
    newest = max(links, key=lambda link: [int(part or 0) for part in link[1:]])
    wheel = VENV / "pip.whl"
    with urlopen(urljoin(index, newest[0]), timeout=60) as source:
        wheel.write_bytes(source.read())
    named = wheel.with_name(newest[0].rsplit("/", 1)[1])
    wheel.rename(named)
    subprocess.run([str(PYTHON), f"{named}/pip", "install", "--no-index", "--quiet", str(named)], check=True)
    named.unlink()


def _environment(scratch: Path) -> dict[str, str]:
    """Return the environment for pip and uv; uv does not read pip's settings, so it is told them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {
        "TMPDIR": str(scratch),
        "PIP_CACHE_DIR": str(scratch / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "UV_CACHE_DIR": str(scratch / "uv"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip does it
    }
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], check=False, capture_output=True, text=True, env=environment
    )
    settings = dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", listed.stdout, re.MULTILINE))
    for setting, variable in (
        ("index-url", "UV_DEFAULT_INDEX"),
        ("extra-index-url", "UV_INDEX"),
        ("find-links", "UV_FIND_LINKS"),
        ("cert", "SSL_CERT_FILE"),
    ):
        if settings.get(setting):
            environment.setdefault(variable, settings[setting].replace("\\n", " ").strip())
    return environment


def _install(names: list[str], environment: dict[str, str]) -> None:
    files = [part for name in names for part in ("-r", str(ROOT / name))]
    sys.stdout.write(f"Installing {' '.join(names)} into {VENV.name} …\n")
    sys.stdout.flush()
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    has_uv = subprocess.run([*pip, UV], check=False, env=environment, capture_output=True).returncode == 0
    if has_uv:
        uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON), "--compile-bytecode"]
        if subprocess.run([*uv, *files], check=False, env=environment).returncode == 0:
            return
        sys.stdout.write("The fast installer failed; trying again with pip …\n")
        sys.stdout.flush()
    subprocess.run([*pip, *files], check=True, env=environment)


if __name__ == "__main__":
    sys.exit(main())
