"""How long a request may work: in statements that are really slow, and behind locks that are really held."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from config import timelimits
from core import timelimits as sessions
from core.idempotency import IdempotencyKey
from core.timelimits import Bounds, Clock
from merchants import selectors, services
from paypages import views as paypages
from tests.api.conftest import Api

LOCK = 4711
SLOW = "SELECT pg_sleep(5)"
WAITS = f"SELECT pg_advisory_xact_lock({LOCK})"
MANY = ["SELECT pg_sleep(0.2)"] * 4

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def half_a_second(settings, valkey):
    settings.WEB_REQUEST_SECONDS = 0.5


@pytest.fixture
def api() -> Api:
    request = services.SignUp(business_name="Acme", contact_email="admin@example.com", plan_type="pro")
    return Api(services.sign_up(request=request, now=timezone.now()).api_key)


@pytest.fixture
def held_lock() -> Iterator[None]:
    given = connection.get_connection_params()
    with psycopg.connect(**{name: given[name] for name in ("host", "port", "dbname", "user", "password")}) as other:
        other.execute(WAITS)
        yield
        other.rollback()


def busy_with(*statements):
    """Return what stands in for a selector, and does these statements."""

    def work(*_, **__):
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return work


class Shown:
    """Stands in for a selector, and keeps what the session is held to meanwhile."""

    def __init__(self, name: str) -> None:
        self.name, self.values = name, []

    def __call__(self, *_, **__) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SHOW {self.name}")
            self.values.append(cursor.fetchone()[0])


class TestTheApi:
    @pytest.mark.parametrize("statements", [[SLOW], [WAITS], MANY], ids=["slow", "behind a lock", "many"])
    def test_gives_up_and_says_when_to_come_back(self, api, monkeypatch, held_lock, statements):
        monkeypatch.setattr(selectors, "usage", busy_with(*statements))

        answer = api.get("/merchants/me")

        assert (answer.status, answer.body["error"]["code"]) == (503, "REQUEST_TIMED_OUT")
        assert answer.body["error"]["type"] == "api_error"
        assert answer.headers["Retry-After"] == "10"

    def test_waits_for_a_lock_for_half_of_the_time(self, api, monkeypatch, held_lock):
        monkeypatch.setattr(selectors, "usage", shown := Shown("lock_timeout"))
        api.get("/merchants/me")

        assert shown.values == ["250ms"]

    @pytest.mark.parametrize("statements", [[SLOW], MANY], ids=["slow", "many"])
    def test_lets_the_same_key_try_again(self, api, monkeypatch, settings, statements):
        order = {"name": "CI", "permissions": ["invoices:read"]}
        with monkeypatch.context() as patch:
            patch.setattr(services, "create_api_key", busy_with(*statements))
            first = api.post("/api-keys", order, Idempotency_Key="a")
        assert not IdempotencyKey.objects.exists()
        settings.WEB_REQUEST_SECONDS = 10

        second = api.post("/api-keys", order, Idempotency_Key="a")

        assert (first.status, second.status) == (503, 201)

    def test_a_report_may_take_longer(self, api, monkeypatch):
        monkeypatch.setattr(timelimits, "ROUTES", {"api/v1/merchants/me": 5})
        monkeypatch.setattr(selectors, "usage", shown := Shown("statement_timeout"))
        api.get("/merchants/me")

        assert shown.values == ["5s"]


class TestPages:
    @pytest.fixture
    def client(self) -> Client:
        return Client(raise_request_exception=False)

    def test_of_customers_ask_for_patience(self, client, monkeypatch):
        monkeypatch.setattr(paypages, "get_public_invoice", busy_with(SLOW))

        response = client.get("/invoice/inv_1")

        assert (response.status_code, response["Retry-After"]) == (503, "10")
        assert "Not available at the moment" in response.content.decode()

    def test_of_staff_ask_for_patience(self, client, monkeypatch):
        client.force_login(get_user_model().objects.create_superuser("ann", "ann@example.com", "pw"))
        monkeypatch.setattr(timelimits, "STAFF_SECONDS", 0)
        monkeypatch.setattr("operations.morning.page_of", busy_with(SLOW))

        response = client.get("/admin/")

        assert (response.status_code, response["Retry-After"]) == (503, "10")
        assert response["Content-Type"].startswith("text/html")
        assert "Not available at the moment" in response.content.decode()


class TestTheTable:
    def test_names_routes_that_exist(self):
        assert set(timelimits.ROUTES) <= set(_routes(get_resolver().url_patterns))
        assert timelimits.STAFF in {str(one.pattern) for one in get_resolver().url_patterns}

    def test_ends_before_the_proxy_gives_up(self):
        assert max(*timelimits.ROUTES.values(), timelimits.STAFF_SECONDS) < 30

    @pytest.mark.parametrize(
        ("usual", "route", "seconds"),
        [
            (10, "api/v1/invoices", 10),
            (10, "api/v1/analytics", 20),
            (10, "api/v1/settlements", 20),
            (10, "api/v1/customers/<str:customer_id>", 20),
            (10, "dashboard/overview/", 20),
            (10, "dashboard/invoices/", 20),
            (10, "dashboard/settlements/", 20),
            (10, "dashboard/settlements/statement/", 20),
            (10, "dashboard/audit/", 20),
            (10, "dashboard/audit/check/", 20),
            (10, "dashboard/customers/<str:customer_id>/erase/", 20),
            (10, "dashboard/customers/", 10),
            (10, "admin/payments/payment/", 20),
            (60, "api/v1/analytics", 60),
        ],
    )
    def test_gives_a_route_the_usual_time_or_more(self, settings, usual, route, seconds):
        settings.WEB_REQUEST_SECONDS = usual

        assert timelimits.seconds_of(route) == seconds


class TestSessions:
    def told(self, *, keep: bool = False) -> list[str]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        with connection.cursor() as cursor:
            found = []
            for name in names:
                cursor.execute(f"SHOW {name}")
                found.append(cursor.fetchone()[0])
        if not keep:
            connection.close()
        return found

    def test_of_web_processes_are_bounded_from_the_start(self, settings, monkeypatch):
        settings.WEB_REQUEST_SECONDS = 10
        monkeypatch.setattr(sessions, "_process", sessions._Process())
        timelimits.bound_web_process()

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(self.told).result() == ["10s", "5s", "30s"]

    def test_of_all_other_programs_keep_no_idle_transaction(self, monkeypatch):
        monkeypatch.setattr(sessions, "_process", sessions._Process())

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(self.told).result() == ["0", "0", "5min"]

    def test_are_told_when_a_route_has_another_time_also_after_a_rollback_or_a_new_connection(self, monkeypatch):
        monkeypatch.setattr(sessions, "_process", sessions._Process(usual := Bounds(statement=3)))

        def work() -> list[str]:
            found = []
            longer = Bounds(statement=7)
            with connection.execute_wrapper(Clock(longer)), transaction.atomic():
                found += self.told(keep=True)[:1]
                transaction.set_rollback(True)
            for bounds in (longer, usual, longer):
                with connection.execute_wrapper(Clock(bounds)):
                    found += self.told(keep=True)[:1]
            connection.close()
            with connection.execute_wrapper(Clock(longer)):
                return found + self.told()[:1]

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(work).result() == ["7s", "7s", "3s", "7s", "7s"]

    def test_take_what_gives_back_again_after_a_statement_that_was_ended(self):
        with connection.execute_wrapper(Clock(Bounds(statement=0.1))), connection.cursor() as cursor:
            with pytest.raises(OperationalError), transaction.atomic():
                cursor.execute(SLOW)
            cursor.execute("SELECT 1")

            assert cursor.fetchone() == (1,)

    def test_are_told_nothing_where_they_are_held_to_that_already(self, settings, monkeypatch):
        settings.WEB_REQUEST_SECONDS = 10
        monkeypatch.setattr(sessions, "_process", sessions._Process())
        timelimits.bound_web_process()

        def work() -> list[Bounds]:
            connection.ensure_connection()
            told: list[Bounds] = []
            with monkeypatch.context() as patch:
                patch.setattr(sessions, "_tell", lambda _session, bounds: told.append(bounds))
                with connection.execute_wrapper(Clock(timelimits.bounds_of(10))):
                    self.told()
            return told

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(work).result() == []

    def test_are_not_opened_for_a_page_that_needs_none(self, settings):
        settings.WEB_REQUEST_SECONDS = 10

        def look() -> object:
            Client().get("/healthz")
            return connection.connection

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(look).result() is None


def _routes(patterns, before="") -> Iterator[str]:
    for one in patterns:
        route = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from _routes(one.url_patterns, route)
        else:
            yield route
