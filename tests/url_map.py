"""Every URL of the installation, from the map itself: for tests that must miss none."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

SAMPLES: Final = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000000", "path": "x"}


@dataclass(frozen=True)
class Place:
    """A URL of the map; ``path`` is an address that leads there, with ``x`` for what it names."""

    route: str
    path: str
    view: Callable[..., Any]


def places(patterns: Any = None, before: str = "") -> Iterator[Place]:
    """Yield every URL below ``patterns``, as the resolver would try them."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from places(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield Place(route, "/" + _sample(route), pattern.callback)


def _sample(route: str) -> str:
    path = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1] or "", "x"), re.sub(r"\(\?P", "(", route))
    # What is left are the admin's own expressions: "^(auth|core)/$" and "(x.*)$".
    return re.sub(r"\((?:x)?([a-z_]*)[^)]*\)", lambda found: found[1] or "x", path).replace("^", "").rstrip("$")
