"""Which URLs this server calls, and which addresses it connects to."""

import asyncio
import socket
import threading
import time
from ipaddress import ip_address

import pytest

from core import targets
from core.targets import Refused, Target, Unresolvable, UnsafeURL, check_url, is_public, parse, permitted, resolve

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:0a00:0001::1",
    "2002:c0a8:0101::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.32.0.1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


class TestAddresses:
    @pytest.mark.parametrize("text", PRIVATE)
    def test_private_and_special_addresses_are_refused(self, text):
        assert is_public(ip_address(text)) is False
        with pytest.raises(Refused, match="private or special"):
            permitted([ip_address(text)])

    @pytest.mark.parametrize("text", PUBLIC)
    def test_public_addresses_are_allowed(self, text):
        assert is_public(ip_address(text)) is True
        assert permitted([ip_address(text)]) == [ip_address(text)]

    def test_one_private_address_among_public_ones_spoils_them_all(self):
        with pytest.raises(Refused):
            permitted([ip_address("8.8.8.8"), ip_address("10.0.0.1")])

    def test_the_operator_may_allow_a_private_network(self, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = ["10.1.0.0/16", "fd00::/8"]

        assert targets.is_allowed(ip_address("10.1.2.3")) is True
        assert targets.is_allowed(ip_address("::ffff:10.1.2.3")) is True
        assert targets.is_allowed(ip_address("fd00::1")) is True
        assert targets.is_allowed(ip_address("10.2.0.1")) is False
        assert targets.is_allowed(ip_address("64:ff9b::10.1.2.3")) is False

    @pytest.mark.parametrize(
        ("listed", "kept"),
        [
            (["8.8.8.8"], ["8.8.8.8"]),
            (["8.8.0.0/16"], ["8.8.8.8", "8.8.4.4"]),
            (["1.1.1.1", "8.8.4.4/32"], ["8.8.4.4"]),
            (["nonsense", "8.8.8.8"], ["8.8.8.8"]),
        ],
    )
    def test_a_list_of_allowed_addresses_narrows_the_choice(self, listed, kept):
        addresses = [ip_address("8.8.8.8"), ip_address("8.8.4.4")]

        assert permitted(addresses, allowed_ips=listed) == [ip_address(text) for text in kept]

    @pytest.mark.parametrize("listed", [["1.1.1.1"], ["nonsense"], ["2606:4700::/32"]])
    def test_an_address_outside_the_list_is_refused(self, listed):
        with pytest.raises(Refused, match="not in the list"):
            permitted([ip_address("8.8.8.8")], allowed_ips=listed)

    def test_the_list_allows_no_private_address(self):
        with pytest.raises(Refused, match="private or special"):
            permitted([ip_address("10.0.0.1")], allowed_ips=["10.0.0.1"])


class TestURLs:
    @pytest.mark.parametrize(
        ("url", "target"),
        [
            ("https://example.com", Target("https", "example.com", 443, "/")),
            ("HTTPS://Example.COM./hook?a=1&b=%20#part", Target("https", "example.com", 443, "/hook?a=1&b=%20")),
            ("http://example.com:8080/a/b", Target("http", "example.com", 8080, "/a/b")),
            ("http://example.com:65535/", Target("http", "example.com", 65535, "/")),
            (
                "https://münchen.example/straße?ü=1",
                Target("https", "xn--mnchen-3ya.example", 443, "/stra%C3%9Fe?%C3%BC=1"),
            ),
            ("https://8.8.8.8/", Target("https", "8.8.8.8", 443, "/")),
            ("https://[2606:4700:4700:0::1111]:8443/", Target("https", "2606:4700:4700::1111", 8443, "/")),
            ("https://my_host.example.com", Target("https", "my_host.example.com", 443, "/")),
        ],
    )
    def test_plain_urls_are_taken_apart(self, url, target):
        assert parse(url) == target
        check_url(url)

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "http"),
            ("example.com/hook", "http"),
            ("//example.com", "http"),
            ("ftp://example.com", "http"),
            ("file:///etc/passwd", "http"),
            ("gopher://example.com", "http"),
            ("javascript:alert(1)", "http"),
            ("http://", "host"),
            ("http:///path", "host"),
            ("http://.", "host"),
            ("http://a..b/", "host"),
            ("http://-a.example/", "host"),
            ("http://" + "a" * 64 + ".example/", "host"),
            ("http://" + "a." * 127 + "example/", "host"),
            ("http://%31%32%37.0.0.1/", "host"),
            ("http://exa$mple.com/", "host"),
            ("http://user@example.com/", "user name"),
            ("http://user:pass@example.com/", "user name"),
            ("http://:@example.com/", "user name"),
            ("http://example.com:0/", "port"),
            ("http://example.com:65536/", "port"),
            ("http://example.com:-1/", "port"),
            ("http://example.com:http/", "port"),
            ("http://exa\0mple.com/", "control"),
            ("http://example.com/\r\nHost: x", "control"),
            ("http://example.com/a b", "blanks"),
            (" http://example.com/", "blanks"),
            ("http://example.com\\@10.0.0.1/", "backslashes"),
            ("http://example.com/\u2028", "blanks"),
            ("https://example.com/" + "a" * 2030, "2048"),
            ("http://[::1", "valid"),
            ("http://[fe80::1%25eth0]/", "IPv6"),
            ("http://[fe80::1%eth0]/", "local network"),
            ("http://[1.2.3.4]/", "valid"),
            ("http://2130706433/", "four decimal"),
            ("http://0x7f000001/", "four decimal"),
            ("http://0x7f.0.0.1/", "four decimal"),
            ("http://017700000001/", "four decimal"),
            ("http://0177.0.0.1/", "four decimal"),
            ("http://127.1/", "four decimal"),
            ("http://1.2.3/", "four decimal"),
            ("http://8.8.8.8.8/", "four decimal"),
            ("http://1.2.3.256/", "four decimal"),
            ("http://example.0x1/", "four decimal"),
        ],
    )
    def test_other_urls_are_refused_with_a_reason(self, url, reason):
        with pytest.raises(UnsafeURL, match=reason):
            check_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/",
            "http://127.0.0.1./",
            "http://0.0.0.0:8000/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://localhost/",
            "http://LOCALHOST:8000/",
            "http://api.localhost/",
            "http://\uff11\uff12\uff17.0.0.1/",  # full-width digits
            "http://127\u30020\u30020\u30021/",  # ideographic full stops
            "http://\u2460\u2461\u2466.0.0.1/",  # circled digits
        ],
    )
    def test_urls_of_private_addresses_are_refused(self, url):
        with pytest.raises(UnsafeURL, match="private or special"):
            check_url(url)

    def test_the_operator_may_allow_localhost(self, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]

        check_url("http://localhost:8000/hook")
        check_url("http://127.0.0.1:8000/hook")
        with pytest.raises(UnsafeURL):
            check_url("http://10.0.0.1/hook")

    def test_no_name_server_is_asked(self, monkeypatch):
        def never(*_, **__):
            raise AssertionError

        monkeypatch.setattr(socket, "getaddrinfo", never)

        check_url("https://example.com/hook")


class TestResolving:
    def test_each_address_comes_once_in_order(self, monkeypatch):
        answer = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700:4700::1111", 443, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

        found = asyncio.run(resolve(parse("https://example.com"), seconds=1))

        assert found == [ip_address("8.8.8.8"), ip_address("2606:4700:4700::1111")]

    def test_a_name_that_does_not_exist_is_told(self, monkeypatch):
        def fail(*_, **__):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", fail)

        with pytest.raises(Unresolvable, match="does not exist"):
            asyncio.run(resolve(parse("https://nowhere.example"), seconds=1))

    def test_a_silent_name_server_costs_no_more_than_the_time_given(self, monkeypatch):
        given_up = threading.Event()

        def answer_late(*_, **__):
            given_up.wait(20)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", answer_late)
        started = time.monotonic()

        with pytest.raises(Unresolvable, match="in time"):
            asyncio.run(resolve(parse("https://slow.example"), seconds=0.2))

        assert time.monotonic() - started < 10
        given_up.set()

    def test_an_address_in_the_url_is_not_looked_up(self, monkeypatch):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])

        assert asyncio.run(resolve(parse("https://8.8.8.8"), seconds=1)) == [ip_address("8.8.8.8")]
