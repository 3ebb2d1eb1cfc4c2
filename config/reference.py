"""`make configuration`: write docs/configuration.md from the code that reads the environment.

Forms and defaults are those with which config.env was asked while the settings of production (and,
for what only `make run` has, of development) were loaded; what a variable is for stands in
config/variables.toml.
"""

import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from config import env

TARGET: Final = env.ROOT / "docs" / "configuration.md"
_WORDS: Final = env.ROOT / "config" / "variables.toml"
_PROGRAMS: Final = env.ROOT / "deploy" / "program.sh"
# Just enough for the settings to load; no secret of anybody.
_NEEDED: Final = {
    "SECRET_KEY": "x" * 50,
    "SECRET_ENCRYPTION_KEYS": "x",
    "ALLOWED_HOSTS": "pay.example.com",
    "API_BASE_URL": "https://pay.example.com",
    "DATABASE_URL": "postgres://user:password@127.0.0.1:1/checkout",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_HOST": "localhost",
}
_HEAD: Final = """# Configuration

*Written by `make configuration` from `config/env.py`, the settings and `config/variables.toml`; do not edit it here.*

From the environment; `make run` needs none of it. A wrong value stops the start with an error that names the variable
and never shows a secret. **required** means in production, where `DJANGO_SETTINGS_MODULE=config.settings.production` is
the default; lists are separated by commas. `manage.py check --deploy` says what else looks wrong.
"""
_CHAINS: Final = """For each of {networks} in the place of `<NETWORK>`. A network without nodes is not offered.
"""
_TABLE: Final = "| variable | must be | default | what it is |\n|---|---|---|---|\n"
_TABLE_OF_CHAINS: Final = "| variable | default | what it is |\n|---|---|---|\n"
_PROGRAMS_HEAD: Final = """
## Programs

What `deploy/program.sh` gives the programs of a production server.

| variable | default | what it is |
|---|---|---|
"""
_FORMS: Final[Mapping[str, str]] = {
    "text": "text",
    "decimal": "decimal number",
    "flag": "`1` or `0`",
    "names": "list",
    "networks": "networks: `10.0.0.0/8,::1`",
    "address": "IP address",
    "base_url": "URL without a path",
    "host": "host name",
    "rates": "pairs: `BTC/USD=60000`",
    "amounts": "numbers by name",
    "folder": "folder",
    "database": "`postgres://…`",
    "redis": "`redis://…`",
    "broker": "`redis://…` or `amqp://…`",
    "event_sink": "`kafka://…`",
}


def main() -> int:
    """Write the reference, or with ``--check`` say whether it is as it would be written."""
    text = render()
    if "--check" in sys.argv:
        is_current = TARGET.exists() and TARGET.read_text() == text
        sys.stdout.write("" if is_current else f"{TARGET.name} is not up to date: make configuration\n")
        return 0 if is_current else 1
    TARGET.write_text(text)
    return 0


def render() -> str:
    """Return the whole document. Loads the settings, so this belongs in a process of its own."""
    words = tomllib.loads(_WORDS.read_text())
    read = _variables()
    parts = [_HEAD]
    for section in words["section"]:
        is_chains = section["title"] == "Chains"
        parts.append(
            f"\n## {section['title']}\n\n" + (_CHAINS.format(networks=_networks()) + "\n" if is_chains else "")
        )
        parts.append(_TABLE_OF_CHAINS if is_chains else _TABLE)
        for name, meaning in section["variables"].items():
            default = words["defaults"].get(name)
            if is_chains:
                parts.append(f"| `{name}` | {default} | {meaning} |\n")
                continue
            if name not in read:
                raise SystemExit(f"{name} of {_WORDS.name} is read nowhere.")
            parts.append(f"| `{name}` | {_form(read[name])} | {default or _default(read[name])} | {meaning} |\n")
    parts.append(_PROGRAMS_HEAD)
    program = _PROGRAMS.read_text()
    for name, meaning in words["programs"].items():
        found = re.search(rf"\$\{{{name}:-([^}}]*)\}}", program)
        if found is None:
            raise SystemExit(f"{name} of {_WORDS.name} is not in {_PROGRAMS.name}.")
        parts.append(f"| `{name}` | `{found[1]}` | {meaning} |\n")
    _complain_of_nameless(set(read), words)
    return "".join(parts)


def _variables() -> dict[str, env.Variable]:
    """Return how each variable is read: as production does it where both do."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.clear()  # what this machine sets is nobody's default
        os.environ.update(_NEEDED, VAR_DIR=scratch)
        import_module("config.settings.development")
        import_module("config.run").Options.from_environment()
        here = dict(env.READ)
        env.READ.clear()
        for name in ("config.settings.base", "config.settings.production"):
            sys.modules.pop(name, None)
        import_module("config.settings.production")
        import_module("config.serve").Options.from_environment()
    return here | env.READ


def _form(variable: env.Variable) -> str:
    asked = variable.arguments
    if variable.reader in {"choice", "chosen"}:
        options = ", ".join(f"`{word}`" for word in asked["options"])
        return ("list of " if variable.reader == "chosen" else "") + options
    if variable.reader == "integer":
        most = f" to {asked['maximum']:,}" if "maximum" in asked else ""
        return f"whole number from {asked.get('minimum', 0):,}{most}"
    if variable.reader == "secret":
        return f"at least {asked['minimum']} characters"
    return _FORMS[variable.reader]


def _default(variable: env.Variable) -> str:
    asked = variable.arguments
    if asked.get("default") is None:
        return (
            "none"
            if asked.get("allow_empty") or variable.reader in {"host", "networks", "rates", "amounts"}
            else "**required**"
        )
    default = asked["default"]
    shown: Callable[[Any], str] = _SHOWN.get(type(default), str)
    return f"`{shown(default)}`" if shown(default) else "none"


_SHOWN: Final[Mapping[type, Callable[[Any], str]]] = {
    bool: lambda value: str(int(value)),
    list: ",".join,
    tuple: ",".join,
    dict: lambda value: "",  # noqa: ARG005 - what is built in is told in words
}


def _networks() -> str:
    from chains.catalogue import NETWORKS

    return ", ".join(f"`{code.upper()}`" for code in NETWORKS)


def _complain_of_nameless(read: set[str], words: dict[str, Any]) -> None:
    named = {name for section in words["section"] for name in section["variables"]}
    if missing := sorted(read - named):
        raise SystemExit(f"Say in {_WORDS.name} what these are: {', '.join(missing)}")


if __name__ == "__main__":
    sys.exit(main())
