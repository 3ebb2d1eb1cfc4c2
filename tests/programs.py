"""Programs of the system that check our files. Without one its test is skipped; with REQUIRE_PEERS=1 it fails."""

import os
import shutil
import sys
from pathlib import Path

import pytest


def program(name: str, *, package: str) -> str:
    """Return the path of a program, which Debian has in ``package`` (or requirements-dev.txt brings)."""
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        message = f"INSTALL {package} to have {name} check our files"
        if os.environ.get("REQUIRE_PEERS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found
