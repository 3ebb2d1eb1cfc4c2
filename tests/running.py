"""A whole installation for tests, as `make run` makes it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
_OURS = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}  # of the test run; a newcomer has none


@contextmanager
def gateway(var_dir: Path, **variables: str) -> Iterator[str]:
    """Run what `make run` runs, with ``variables``; the value is its address, without the scheme."""
    var_dir.parent.chmod(0o755)
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    environment = {**kept, "VAR_DIR": str(var_dir), "PORT": str(port), "DEMO": "0", **variables}
    log = var_dir.with_suffix(".log")
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "config.run"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 90
        while b"ready http" not in log.read_bytes():
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)
