"""The installation as a whole: what its parts are told of each other."""

import gc
import subprocess
import sys
from ast import literal_eval

import pytest
from celery import current_app
from celery.signals import worker_process_init, worker_ready
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config import env, local
from config.schedule import beat_schedule

PRODUCTION = {
    "SECRET_KEY": "k3" * 40,
    "SECRET_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "ALLOWED_HOSTS": "pay.example.com",
    "API_BASE_URL": "https://pay.example.com",
    "DATABASE_URL": "postgres://me:pw@db/shop",
    "REDIS_URL": "redis://cache",
    "EMAIL_HOST": "mail.example.com",
}


def load_production(variables, shown="settings.DATABASES['default']['CONN_MAX_AGE']"):
    """Load the production settings in a process of its own, and show something of them; return it."""
    script = f"from django.conf import settings; print({shown})"
    return subprocess.run(
        [sys.executable, "-c", script],
        env={"DJANGO_SETTINGS_MODULE": "config.settings.production", "PATH": "/usr/bin:/bin", **variables},
        cwd=env.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", sorted(beat_schedule(sandbox_block_seconds=3)))
def test_every_task_of_the_schedule_exists_under_its_name(name):
    task = import_string(name)

    assert task.name == name


def test_a_sandbox_without_blocks_is_not_in_the_schedule():
    names = set(beat_schedule(sandbox_block_seconds=3)) - set(beat_schedule(sandbox_block_seconds=0))

    assert names == {"chains.sandbox.tasks.mine"}


def test_our_celery_application_is_the_one_that_tasks_use():
    assert current_app.main == "checkout"
    assert current_app.conf.broker_url == "memory://"


OF_SIGNING = ("web3", "tronpy", "eth_account", "bip_utils")
OF_OTHER_PROCESSES = ("aiohttp", "confluent_kafka", "properdocs")


def test_a_web_process_does_not_import_what_only_others_need():
    script = (
        "import sys, config.wsgi, config.asgi\n"
        f"print([name for name in {OF_SIGNING + OF_OTHER_PROCESSES} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"DJANGO_SETTINGS_MODULE": "config.settings.test", "PATH": "/usr/bin:/bin"},
        cwd=env.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "[]", done.stderr


class TestProduction:
    def test_starts_with_what_it_needs_and_keeps_its_connections(self):
        assert load_production(PRODUCTION).stdout.strip() == "None"

    def test_is_reached_by_tls_alone_and_cookies_go_no_other_way(self):
        names = (
            "SECURE_SSL_REDIRECT",
            "SECURE_PROXY_SSL_HEADER",
            "SECURE_HSTS_SECONDS",
            "SECURE_HSTS_INCLUDE_SUBDOMAINS",
            "SESSION_COOKIE_SECURE",
            "CSRF_COOKIE_SECURE",
            "SESSION_COOKIE_AGE",
            "ALLOWED_HOSTS",
            "CSRF_TRUSTED_ORIGINS",
            "DEBUG",
        )
        done = load_production(PRODUCTION, shown=f"[getattr(settings, name) for name in {names}]")

        assert dict(zip(names, literal_eval(done.stdout), strict=True)) == {
            "SECURE_SSL_REDIRECT": True,
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
            "SECURE_HSTS_SECONDS": 365 * 86_400,
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
            "SESSION_COOKIE_AGE": 14 * 86_400,
            "ALLOWED_HOSTS": ["pay.example.com"],
            "CSRF_TRUSTED_ORIGINS": ["https://pay.example.com"],
            "DEBUG": False,
        }

    @pytest.mark.parametrize("name", sorted(PRODUCTION))
    def test_names_the_variable_that_is_missing(self, name):
        done = load_production({key: value for key, value in PRODUCTION.items() if key != name})

        assert done.returncode == 1
        assert f"ImproperlyConfigured: {name} is not set. It must" in done.stderr


class TestAnswersWithoutAView:
    @pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/nothing", "/api/v9/invoices"])
    def test_an_unknown_url_below_api_gets_the_envelope(self, client, path):
        response = client.get(path)

        assert response.status_code == 404
        assert response.headers["Content-Type"].startswith("application/json")
        assert response.json()["error"]["code"] == "URL_NOT_FOUND"
        assert response.json()["request_id"] == response.headers["X-Request-ID"]

    def test_an_unknown_url_elsewhere_gets_a_page(self, client):
        response = client.get("/nothing")

        assert response.status_code == 404
        assert response.headers["Content-Type"].startswith("text/html")
        assert 'href="/dashboard/"' not in response.content.decode()

    def test_an_unknown_url_of_the_dashboard_leads_back_to_it(self, client):
        response = client.get("/dashboard/nothing/")

        assert response.status_code == 404
        assert 'href="/dashboard/"' in response.content.decode()

    def test_a_page_that_is_asked_for_without_its_slash_is_found_and_a_form_sent_there_is_not(self, client):
        pages = ("/docs", "/dashboard/api-keys", "/dashboard/invoices?status=paid", "/admin")

        assert [client.get(page).headers.get("Location") for page in pages] == [
            "/docs/",
            "/dashboard/api-keys/",
            "/dashboard/invoices/?status=paid",
            "/admin/",
        ]
        assert client.post("/dashboard/api-keys").status_code == 404
        for path in ("/nothing", "/docs/nothing", "//evil.example/docs", "/api/v1/invoices/x/", "/cryptic/api/schema"):
            assert client.get("/", PATH_INFO=path).status_code == 404  # as it stands: the client reads // as a host

    def test_a_foreign_host_below_api_gets_the_envelope(self, client, settings):
        settings.ALLOWED_HOSTS = ["pay.example.com"]

        response = client.get("/api/v1/assets", HTTP_HOST="evil.example.com")

        assert response.status_code == 400
        assert response.json()["error"]["code"] == "BAD_REQUEST"


class TestWhatAMachineRemembers:
    def test_secrets_are_made_once_and_only_we_can_read_them(self, tmp_path):
        first = local.secrets_of(tmp_path / "var")

        assert local.secrets_of(tmp_path / "var") == first
        assert (tmp_path / "var" / "secrets.json").stat().st_mode & 0o777 == 0o600
        assert len({first.django_key, first.encryption_key, first.database_password, first.valkey_password}) == 4

    def test_engines_are_known_while_they_run(self, tmp_path):
        assert local.running_engines(tmp_path) == local.Engines()

        local.remember_engines(tmp_path, local.Engines(database_url="postgres://x", redis_url="redis://y"))
        assert local.running_engines(tmp_path).redis_url == "redis://y"

        local.forget_engines(tmp_path)
        assert local.running_engines(tmp_path) == local.Engines()

    def test_without_engines_and_without_a_url_the_error_says_what_to_do(self, monkeypatch):
        monkeypatch.setattr(env, "ENVIRON", {})

        with pytest.raises(ImproperlyConfigured, match="start `make run` first"):
            env.database("DATABASE_URL", default=local.Engines().database_url)


def test_static_files_are_served_from_their_packages(client):
    assert settings.WHITENOISE_USE_FINDERS

    response = client.get("/static/admin/css/base.css")

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize("signal", [worker_ready, worker_process_init], ids=["worker", "process of a worker"])
def test_the_garbage_collector_passes_by_what_a_worker_has_loaded(signal):
    gc.unfreeze()

    signal.send(sender=None)

    lasting = gc.get_freeze_count()
    gc.unfreeze()
    assert lasting > 100_000
