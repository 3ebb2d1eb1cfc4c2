from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.fixture
def environ(monkeypatch):
    variables: dict[str, str] = {}
    monkeypatch.setattr(env, "ENVIRON", variables)
    return variables


class TestWhatIsRead:
    def test_a_number_within_its_limits(self, environ):
        environ["COUNT"] = " 42 "

        assert env.integer("COUNT", minimum=1, maximum=42) == 42

    @pytest.mark.parametrize(
        ("word", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("FALSE", False)]
    )
    def test_a_switch(self, environ, word, value):
        environ["SWITCH"] = word

        assert env.flag("SWITCH", default=not value) is value

    def test_an_empty_variable_counts_as_not_set(self, environ):
        environ.update(SWITCH="", COUNT=" ", NAMES=" , ", URL="")

        assert env.flag("SWITCH", default=True) is True
        assert env.integer("COUNT", default=7) == 7
        assert env.names("NAMES", default=["a"]) == ["a"]
        assert env.base_url("URL", default="http://x") == "http://x"

    def test_a_list_of_networks_normalised(self, environ):
        environ["NETS"] = "10.0.0.1, 192.168.0.0/16,::1"

        assert env.networks("NETS") == ["10.0.0.1/32", "192.168.0.0/16", "::1/128"]

    def test_rates_stay_exact(self, environ):
        environ["RATES"] = "usdt/usd=1.000100000000000001, BTC/USD=50000"

        assert env.rates("RATES", default={}) == {
            "USDT/USD": Decimal("1.000100000000000001"),
            "BTC/USD": Decimal(50000),
        }

    def test_amounts_by_name(self, environ):
        environ["LIMITS"] = "invoice_create=5000, list=2000,"

        assert env.amounts("LIMITS") == {"invoice_create": 5000, "list": 2000}
        assert env.amounts("UNSET") == {}

    @pytest.mark.parametrize(
        "wrong", ["list", "list=", "=5", "list=0", "list=-1", "list=1.5", "list=1e3", "list=9999999999"]
    )
    def test_amounts_that_are_none(self, environ, wrong):
        environ["LIMITS"] = wrong

        with pytest.raises(ImproperlyConfigured, match="LIMITS"):
            env.amounts("LIMITS")

    def test_a_base_url_without_its_slash(self, environ):
        environ["URL"] = "https://pay.example.com:8443/"

        assert env.base_url("URL") == "https://pay.example.com:8443"

    def test_a_relative_folder_lies_in_the_checkout(self, environ):
        environ["DIR"] = "elsewhere/var"

        assert env.folder("DIR", default=Path("/x")) == env.ROOT / "elsewhere/var"

    def test_a_postgresql_url_with_an_escaped_password(self, environ):
        environ["DATABASE_URL"] = "postgresql://me:p%40ss%2Fword@db.example.com:5433/shop?sslmode=require"

        database = env.database("DATABASE_URL")

        assert database["ENGINE"] == "core.postgresql"
        assert (database["USER"], database["PASSWORD"]) == ("me", "p@ss/word")
        assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.com", 5433, "shop")
        assert database["OPTIONS"] == {"sslmode": "require"}

    def test_valkey_is_another_word_for_redis(self, environ):
        environ.update(A="valkey://:x@h:1/0", B="valkeys://:x@h:1/0", C="rediss://h")

        assert [env.redis(name) for name in "ABC"] == ["redis://:x@h:1/0", "rediss://:x@h:1/0", "rediss://h"]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("read", "raw", "form"),
        [
            (lambda: env.integer("NAME", minimum=1, maximum=9), "ten", "a whole number from 1 to 9"),
            (lambda: env.integer("NAME", minimum=1, maximum=9), "10", "a whole number from 1 to 9"),
            (lambda: env.integer("NAME"), "-1", "a whole number from 0 to"),
            (lambda: env.integer("NAME"), "٣", "a whole number from 0 to"),
            (lambda: env.integer("NAME"), "1.5", "a whole number from 0 to"),
            (lambda: env.flag("NAME", default=True), "maybe", "1 or 0"),
            (lambda: env.choice("NAME", options=("a", "b"), default="a"), "c", "one of a, b"),
            (lambda: env.chosen("NAME", options=("a", "b"), default="a"), "a,c", "of a, b"),
            (lambda: env.networks("NAME"), "10.0.0.0/33", "networks, such as 10.0.0.0/8"),
            (lambda: env.networks("NAME"), "10.0.0.1/8", "networks, such as 10.0.0.0/8"),
            (lambda: env.address("NAME", default="::"), "localhost", "an IP address"),
            (lambda: env.base_url("NAME"), "ftp://example.com", "a URL without a path"),
            (lambda: env.base_url("NAME"), "https://example.com/shop", "a URL without a path"),
            (lambda: env.base_url("NAME"), "example.com", "a URL without a path"),
            (lambda: env.decimal("NAME", default=Decimal(1)), "NaN", "a decimal number of at least 0"),
            (lambda: env.decimal("NAME", default=Decimal(1)), "-1", "a decimal number of at least 0"),
            (lambda: env.decimal("NAME", default=Decimal(1)), "one", "a decimal number of at least 0"),
            (lambda: env.rates("NAME", default={}), "BTC=5", "pairs separated by commas"),
            (lambda: env.rates("NAME", default={}), "BTC/USD=-5", "pairs separated by commas"),
            (lambda: env.rates("NAME", default={}), "BTC/USD=", "pairs separated by commas"),
        ],
    )
    def test_a_wrong_value_is_named_with_what_it_must_look_like(self, environ, read, raw, form):
        environ["NAME"] = raw

        with pytest.raises(ImproperlyConfigured) as refusal:
            read()

        assert str(refusal.value).startswith(f"NAME is {raw!r}. It must be ")
        assert form in str(refusal.value)

    @pytest.mark.parametrize(
        "read",
        [
            lambda: env.text("NAME"),
            lambda: env.secret("NAME", minimum=50),
            lambda: env.integer("NAME"),
            lambda: env.names("NAME"),
            lambda: env.base_url("NAME"),
            lambda: env.database("NAME"),
            lambda: env.redis("NAME"),
        ],
    )
    def test_a_missing_value_is_named_with_what_it_must_look_like(self, environ, read):
        with pytest.raises(ImproperlyConfigured, match=r"^NAME is not set\. It must (be|look like) ."):
            read()

    @pytest.mark.parametrize(
        ("read", "raw"),
        [
            (lambda: env.secret("NAME", minimum=50), "hunter2"),
            (lambda: env.database("NAME"), "mysql://root:hunter2@db/shop"),
            (lambda: env.database("NAME"), "postgres://root:hunter2@db"),
            (lambda: env.database("NAME"), "postgres://root:hunter2@db:port/shop"),
            (lambda: env.redis("NAME"), "http://:hunter2@cache"),
        ],
    )
    def test_a_wrong_secret_is_named_but_not_shown(self, environ, read, raw):
        environ["NAME"] = raw

        with pytest.raises(ImproperlyConfigured, match=r"^NAME ") as refusal:
            read()

        assert "hunter2" not in str(refusal.value)


class TestPeers:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("kafka://a:9092,b-1.example:9092/events", {"bootstrap.servers": "a:9092,b-1.example:9092"}),
            (
                "kafka+ssl://me:p%40ss@a:9093/events",
                {
                    "bootstrap.servers": "a:9093",
                    "security.protocol": "sasl_ssl",
                    "sasl.mechanism": "SCRAM-SHA-512",
                    "sasl.username": "me",
                    "sasl.password": "p@ss",
                },
            ),
        ],
    )
    def test_where_events_are_fed_to(self, environ, url, expected):
        environ["SINK"] = url

        assert env.event_sink("SINK") == {"security.protocol": "plaintext", "topic": "events"} | expected
        assert env.event_sink("UNSET") == {}

    @pytest.mark.parametrize(
        "url",
        [
            "kafka://a:9092",
            "kafka://a/events",
            "http://a:9092/events",
            "kafka://a:9092/events?x=y",
            "kafka://a:9092/ev ents",
            "kafka://:secret@/x",
        ],
    )
    def test_what_is_none_is_refused_without_telling_it(self, environ, url):
        environ["SINK"] = url

        with pytest.raises(ImproperlyConfigured, match="SINK cannot be read") as refused:
            env.event_sink("SINK")
        assert "secret" not in str(refused.value)

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("", "redis://valkey:6379/0"),
            ("amqps://u:p@rabbit:5671/checkout", "amqps://u:p@rabbit:5671/checkout"),
            ("valkey://other:6379/1", "redis://other:6379/1"),
        ],
    )
    def test_what_carries_tasks(self, environ, url, expected):
        environ["BROKER_URL"] = url

        assert env.broker("BROKER_URL", default="redis://valkey:6379/0") == expected

    def test_a_broker_of_no_known_kind_is_refused(self, environ):
        environ["BROKER_URL"] = "sqs://secret@x"

        with pytest.raises(ImproperlyConfigured, match="BROKER_URL cannot be read") as refused:
            env.broker("BROKER_URL", default="redis://x:1/0")
        assert "secret" not in str(refused.value)
