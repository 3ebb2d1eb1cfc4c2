"""Every page in every state (tests/browser/screens) is sound: for eyes, for assistive technology, on any screen."""

import os
from collections.abc import Mapping
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, Request

from tests.browser.conftest import PHONE, ROOT, WIDE
from tests.browser.screens import Screen, Stage, every_screen

DEVICES = {"phone": PHONE, "wide": WIDE}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# WCAG 2.2 AA and what axe-core's authors hold to be good practice. In the dark nothing changes but colours.
_GOOD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"light": {"runOnly": _GOOD}, "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}}}
# Colours, the slowest rule by far, are those of the first device again; `make screens` looks at all of them.
AGAIN = {"light": {"runOnly": _GOOD, "rules": {"color-contrast": {"enabled": False}}}}
PICTURES = ROOT / "var" / "screens"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("screen", every_screen(), ids=lambda screen: screen.name)
def test_a_screen_is_sound(chromium: Browser, live_server, settings, valkey, screen: Screen):
    settings.CHAINS = {name: {"rpc_urls": ["http://127.0.0.1:1"]} for name in ("ethereum", "tron", "bitcoin")}
    stage = Stage(settings=settings)
    path = screen.prepare(stage)
    cookies = stage.cookies(live_server.url)
    found: list[str] = []

    for device in screen.devices:
        context = chromium.new_context(**DEVICES[device], color_scheme="light", reduced_motion="reduce")
        context.add_cookies(cookies)
        page = context.new_page()
        problems = _listen(page)
        page.goto(f"{live_server.url}{path}")
        if screen.act:
            screen.act(page)
            page.wait_for_load_state()  # where it led to another page
        page.evaluate(AXE)
        is_whole = "PICTURES" in os.environ or device == screen.devices[0]
        for scheme, rules in (RULES if is_whole else AGAIN).items():
            page.emulate_media(color_scheme=scheme)
            if "PICTURES" in os.environ:
                page.screenshot(path=PICTURES / screen.part / f"{screen.name}-{device}-{scheme}.png", full_page=True)
            problems += [f"{scheme}: {problem}" for problem in _violations(page, rules, screen.tolerated)]
        found += [f"{device}: {problem}" for problem in [*problems, *_too_wide(page)]]
        context.close()

    assert found == []


def _listen(page: Page) -> list[str]:
    """Return a list that fills with what the browser complains about; answers that say no are no complaint."""
    problems: list[str] = []
    page.on("console", lambda message: _is_complaint(message.text) and problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(f"crash: {error}"))
    page.on("requestfailed", lambda request: _matters(request) and problems.append(f"failed: {request.url}"))
    return problems


def _matters(request: Request) -> bool:
    """
    Return whether a page misses what failed.

    Event streams are another server's and not there in these tests; what a page gives up because the next one is being
    opened, such as a sum it was asking for or a preview that is out of date, it does not miss.
    """
    is_given_up = request.resource_type in {"document", "fetch", "xhr"} and request.failure == "net::ERR_ABORTED"
    return request.resource_type != "eventsource" and not is_given_up


def _is_complaint(text: str) -> bool:
    return not any(f"status of {code} " in text for code in (403, 404, 409, 422))


def _too_wide(page: Page) -> list[str]:
    wide = page.evaluate(
        """() => {
            const edge = document.documentElement.clientWidth;
            const clips = (part) => getComputedStyle(part).overflowX !== "visible";
            const hides = (part) => part && (clips(part) || hides(part.parentElement));
            const out = [...document.querySelectorAll("body *")].filter((part) => {
                const box = part.getBoundingClientRect();
                return box.width > 1 && (box.right > edge + 0.5 || box.left < -0.5) && !hides(part);
            });
            const whole = document.documentElement.scrollWidth > edge ? ["the page itself"] : [];
            return whole.concat(out.map((part) => `<${part.tagName.toLowerCase()} class="${part.className}">`));
        }"""
    )
    return [f"sticks out: {part}" for part in wide]


def _violations(page: Page, rules: Mapping[str, object], tolerated: Mapping[str, str]) -> list[str]:
    # Nothing is preloaded: to read a style sheet that imports another, axe-core writes a style into the page, which
    # the page's policy forbids, as it should.
    result = page.evaluate("rules => axe.run(document, {...rules, preload: false})", rules)
    return [
        f"{each['id']}: {each['help']} at {node['target']} {node['failureSummary']}"
        for each in result["violations"]
        if each["id"] not in tolerated
        for node in each["nodes"]
    ]
