"""The documentation: complete, true, and readable without the network."""

import json
import pkgutil
import re
import shutil
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.urls import get_resolver

import api.v1.urls
from api.errors import RequestError
from api.site import BuildFailed, build, site
from api.v1.openapi import document
from core.errors import CheckoutError, SeveralInvalid

APPS = ("core", "events", "chains", "merchants", "invoices", "payments", "webhooks", "analytics", "api", "paypages")
ROOT = Path(__file__).resolve().parents[2]
ABSTRACT = {CheckoutError, RequestError, SeveralInvalid}


@pytest.fixture(scope="module")
def schema():
    return document("http://testserver")


def operations(schema):
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


class TestErrors:
    def codes(self):
        """Every code that the code can raise."""
        for name in APPS:
            package = import_module(name)
            for module in pkgutil.walk_packages(package.__path__, f"{name}."):
                if ".migrations" not in module.name and ".management" not in module.name:
                    import_module(module.name)
        return {
            kind.code
            for kind in subclasses(CheckoutError)
            if kind not in ABSTRACT and kind.__module__.partition(".")[0] in APPS  # not those of the dashboard's pages
        }

    def test_every_code_has_its_section_and_every_section_its_code(self):
        sections = re.findall(r"^### ([A-Z0-9_]+)$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)

        assert len(sections) == len(set(sections))
        assert set(sections) == self.codes()

    def test_no_code_is_written_where_this_test_would_not_see_it(self):
        written = set()
        for name in APPS:
            for path in (ROOT / name).rglob("*.py"):
                written |= set(
                    re.findall(r'^\s+code(?:: [A-Za-z\[\]]+)? = "([A-Z0-9_]+)"$', path.read_text(), re.MULTILINE)
                )

        assert written - {"ERROR"} == self.codes()

    def test_the_page_has_the_anchors_that_failures_point_to(self, client):
        page = client.get("/docs/errors")

        assert page.status_code == 200
        anchors = set(re.findall(r'<h3 id="([^"]+)"', page.content.decode()))
        assert anchors == {code.lower().replace("_", "-") for code in self.codes()}


class TestSchema:
    def test_it_is_openapi_3_1_as_json_and_yaml(self, client):
        as_json = client.get("/api/schema/")
        as_yaml = client.get("/api/schema/?format=yaml")

        assert as_json["Content-Type"] == "application/vnd.oai.openapi+json"
        found = json.loads(as_json.content)
        assert found["openapi"] == "3.1.0"
        assert found["servers"] == [{"url": "http://testserver"}]
        assert yaml.safe_load(as_yaml.content) == found
        accepting = client.get("/api/schema/", headers={"Accept": "application/yaml"})
        assert accepting.content == as_yaml.content

    def test_every_url_of_the_api_is_described(self, schema):
        described = {re.sub(r"\{[^}]+\}", "{}", path) for path in schema["paths"]}
        served = set()
        for pattern in get_resolver(api.v1.urls).url_patterns:
            route = str(pattern.pattern)
            if route and not route.startswith("^"):
                served.add("/api/v1/" + re.sub(r"<[^>]+>", "{}", route))

        streams = {"/api/v1/public/invoice/{}/events", "/api/v1/events/stream"}
        assert described == served | streams

    def test_every_operation_says_what_it_does_and_how_it_fails(self, schema):
        for name, operation in operations(schema):
            assert operation["summary"], name
            assert operation["description"], name
            assert len(operation["tags"]) == 1, name
            assert "default" in operation["responses"], name
            assert any(status.startswith("2") for status in operation["responses"]), name
            assert "422" in operation["responses"], name

    def test_names_are_unique_and_tags_known(self, schema):
        names = [operation["operationId"] for _, operation in operations(schema)]
        tags = {tag for _, operation in operations(schema) for tag in operation["tags"]}

        assert len(names) == len(set(names))
        assert tags == {tag["name"] for tag in schema["tags"]}

    def test_every_reference_leads_somewhere(self, schema):
        for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(schema, default=str))):
            place = schema
            for part in reference.split("/"):
                place = place[part]

    def test_every_operation_of_a_merchant_needs_credentials_and_the_public_ones_none(self, schema):
        open_to_all = {name for name, operation in operations(schema) if operation.get("security") in (None, [], [{}])}

        assert open_to_all == {
            "POST /api/v1/merchants",
            "POST /api/v1/auth/token",
            "GET /api/v1/public/invoice/{invoice_id}",
            "GET /api/v1/public/invoice/{invoice_id}/qr",
            "GET /api/v1/public/invoice/{invoice_id}/events",
            "POST /api/v1/public/invoice/{invoice_id}/option",
        }

    def test_the_examples_obey_the_schemas(self, schema):
        jsonschema = pytest.importorskip("jsonschema_rs")
        checked = 0
        for name, operation in operations(schema):
            parts = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in (part.get("content", {}).get("application/json") for part in parts):
                for example in (content or {}).get("examples", {}).values():
                    wanted = {**content["schema"], "components": schema["components"]}
                    plain = json.loads(json.dumps(wanted, default=float))
                    value = json.loads(json.dumps(example["value"], default=float))
                    problems = [str(problem) for problem in jsonschema.Draft202012Validator(plain).iter_errors(value)]
                    assert problems == [], name
                    checked += 1
        assert checked > 30


class Resources(HTMLParser):
    """Collects what a page loads, where it leads, and what a strict policy would forbid."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag, attributes):
        facts = dict(attributes)
        if (tag == "script" and "src" not in facts) or tag == "style" or "style" in facts:
            self.inline.append(tag)
        if tag in {"script", "img"} and facts.get("src"):
            self.found.append(facts["src"])
        if tag == "link":
            self.found.append(facts["href"])
        if tag == "a" and "href" in facts:
            self.links.append(facts["href"])


def read(page):
    resources = Resources()
    resources.feed(page.content.decode())
    return resources


def test_the_reference_loads_nothing_from_elsewhere(client):
    page = client.get("/docs/reference")

    resources = read(page)
    assert page.status_code == 200
    assert resources.inline == []
    assert resources.found
    for url in resources.found:
        assert url.startswith("/static/"), url
        assert finders.find(url.removeprefix("/static/")), url
    assert "script-src 'self'" in page["Content-Security-Policy"]


class TestSite:
    def test_every_page_is_there_loads_only_what_is_ours_and_leads_to_pages_that_are_there(self, client):
        documents = site().documents
        pages = {address for address, found in documents.items() if found.content_type.startswith("text/html")}

        assert {"", "quickstart", "concepts", "webhooks", "testing", "errors", "self-hosting", "chains"} <= pages
        for address in pages:
            page = client.get(f"/docs/{address}")
            assert page.status_code == 200, address
            assert "'unsafe-inline'" not in page["Content-Security-Policy"]
            resources = read(page)
            assert resources.inline == [], address
            for url in [*resources.found, *resources.links]:
                whole = urlsplit(urljoin(f"http://testserver/docs/{address}", url))
                if url in resources.links and whole.netloc != "testserver":
                    continue  # a link to another site, which nothing is loaded from
                assert whole.netloc == "testserver", (address, url)
                if whole.path.startswith("/docs/") and whole.path != "/docs/reference":
                    assert whole.path.removeprefix("/docs/") in documents, (address, url)

    def test_former_and_clumsy_addresses_lead_to_the_page(self, client):
        assert client.get("/docs/webhooks.html")["Location"] == "/docs/webhooks"
        assert client.get("/docs/errors/")["Location"] == "/docs/errors"
        assert client.get("/docs/index.html")["Location"] == "/docs/"
        assert b"/docs/reference" in client.get("/docs/").content

    @pytest.mark.parametrize("address", ["../README", "..%2fmanage.py", "theme/pages.py", "nothing", "/etc/passwd"])
    def test_nothing_else_can_be_read(self, client, address):
        assert client.get(f"/docs/{address}").status_code == 404

    def test_a_page_that_has_not_changed_is_not_sent_again(self, client):
        first = client.get("/docs/concepts")

        again = client.get("/docs/concepts", headers={"If-None-Match": first["ETag"]})

        assert (again.status_code, again.content) == (304, b"")

    def test_where_it_cannot_be_built_the_rest_goes_on(self, client, settings, tmp_path):
        (tmp_path / "full").touch()
        settings.DOCS_ROOT = tmp_path / "full"
        site.cache_clear()

        assert client.get("/docs/").status_code == 503
        assert client.get("/docs/reference").status_code == 200

    def test_what_is_built_is_built_once_until_a_page_changes_and_not_with_a_broken_link(self, settings, tmp_path):
        shutil.copytree(ROOT / "docs" / "theme", tmp_path / "docs" / "theme")
        for name in ("static/core/base.css", "static/paypages/icon.svg"):
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).touch()
        configuration = (ROOT / "properdocs.yml").read_text().partition("nav:")[0]
        (tmp_path / "properdocs.yml").write_text(f"{configuration}nav: [index.md]\n")
        page = tmp_path / "docs" / "index.md"
        page.write_text("# Small\n")
        settings.ROOT, settings.DOCS_ROOT = tmp_path, tmp_path / "built"

        (build() / "index.html").write_text("as it was")

        assert (build() / "index.html").read_text() == "as it was"
        page.write_text("# Small\n\n[Nowhere](nowhere.md)\n")
        with pytest.raises(BuildFailed, match=r"nowhere\.md"):
            build()


@pytest.mark.parametrize("path", ["/api/schema/", "/docs/", "/docs/errors", "/docs/reference"])
def test_the_pages_are_only_read(client, path):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200
