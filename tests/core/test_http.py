"""The door out, against real servers: well-behaved, slow, huge, redirecting and lying ones."""

import contextlib
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import http
from core.http import Forbidden, RequestFailed

LOOPBACK = ["127.0.0.0/8", "::1/128"]
BOMB = gzip.compress(b"", compresslevel=1) + gzip.compress(b"0" * 1_000_000) * 200  # 200 kB that unfold to 200 MB


class Receiver(BaseHTTPRequestHandler):
    """Remembers requests; the path says how to answer."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        self.seen.append((self.command, self.path, dict(self.headers), body))
        getattr(self, "answer_" + self.path.strip("/").split("?")[0], self.answer_plain)()

    def answer_plain(self) -> None:
        self._send(200, b"fine \xf0\x9f\x8d\x8b \xff", {"Retry-After": "7"})

    def answer_redirect(self) -> None:
        self._send(302, b"over there", {"Location": f"http://127.0.0.1:{self.server.server_port}/plain"})

    def answer_huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(1000):
                self.wfile.write(b"x" * 100_000)
        self.close_connection = True

    def answer_bomb(self) -> None:
        self._send(200, BOMB, {"Content-Encoding": "gzip"})

    def answer_zipped(self) -> None:
        self._send(200, gzip.compress(b"small and fine"), {"Content-Encoding": "gzip"})

    def answer_truncated(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"short")
        self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list]]:
    handler = type("OwnReceiver", (Receiver,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"{server.server_port}", handler.seen
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


@pytest.fixture
def loopback(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = LOOPBACK


@contextlib.contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does whatever ``talk`` does with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                talk(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.close()


def names(monkeypatch, *answers: list[str]) -> list[str]:
    """Have the resolver give one answer after the other; return the names it was asked for."""
    asked: list[str] = []
    waiting = list(answers)

    def getaddrinfo(host, port, **_):
        asked.append(host)
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (
                families[ip_address(text).version],
                socket.SOCK_STREAM,
                6,
                "",
                (text, port, 0, 0)[: 2 if "." in text else 4],
            )
            for text in answer
        ]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *rest, **more: (
            real(host, port, *rest, **more) if _is_literal(host) else getaddrinfo(host, port)
        ),
    )
    return asked


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@pytest.mark.usefixtures("loopback")
class TestAnswers:
    def test_a_post_arrives_as_it_was_given(self, receiver):
        port, seen = receiver

        reply = http.post(
            f"http://127.0.0.1:{port}/hook?a=1",
            body=b'{"a":1}',
            headers={"Content-Type": "application/json", "X-Signature": "abc"},
            timeout=5,
        )

        assert (reply.status, reply.body) == (200, "fine 🍋 \ufffd")
        assert reply.headers["retry-after"] == "7"
        assert 0 <= reply.elapsed_ms < 5000
        ((method, path, headers, body),) = seen
        assert (method, path, body) == ("POST", "/hook?a=1", b'{"a":1}')
        assert headers["Host"] == f"127.0.0.1:{port}"
        assert headers["Content-Type"] == "application/json"
        assert headers["X-Signature"] == "abc"
        assert headers["User-Agent"] == "CryptoCheckout/1.0"
        assert headers["Accept-Encoding"] == "identity"

    def test_a_get_sends_no_body(self, receiver):
        port, seen = receiver

        reply = http.get(f"http://127.0.0.1:{port}/price", headers={"Accept": "application/json"}, timeout=5)

        assert reply.status == 200
        assert [(method, path, body) for method, path, _, body in seen] == [("GET", "/price", b"")]

    def test_redirects_are_answers_and_not_followed(self, receiver):
        port, seen = receiver

        reply = http.post(f"http://127.0.0.1:{port}/redirect", body=b"", headers={}, timeout=5)

        assert (reply.status, reply.body) == (302, "over there")
        assert len(seen) == 1

    def test_only_the_first_64_kilobytes_are_kept(self, receiver):
        port, _ = receiver

        reply = http.get(f"http://127.0.0.1:{port}/huge", headers={}, timeout=5)

        assert reply.body == "x" * 65536

    def test_compressed_answers_are_read(self, receiver):
        port, _ = receiver

        assert http.get(f"http://127.0.0.1:{port}/zipped", headers={}, timeout=5).body == "small and fine"

    def test_a_compression_bomb_does_not_unfold(self, receiver):
        port, _ = receiver
        tracemalloc.start()

        reply = http.get(f"http://127.0.0.1:{port}/bomb", headers={}, timeout=5)

        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert reply.body == "0" * 65536
        assert peak < 5_000_000

    def test_an_answer_cut_short_is_no_answer(self, receiver):
        port, _ = receiver

        with pytest.raises(RequestFailed, match="not valid HTTP"):
            http.get(f"http://127.0.0.1:{port}/truncated", headers={}, timeout=5)

    def test_proxies_of_the_environment_are_not_used(self, receiver, monkeypatch):
        port, seen = receiver
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")

        http.get(f"http://127.0.0.1:{port}/plain", headers={}, timeout=5)

        assert len(seen) == 1

    @pytest.mark.parametrize("headers", [{"X-A": "b\r\nX-Evil: 1"}, {"X-A\r\nX-Evil": "1"}, {"X-A": "🍋"}])
    def test_headers_cannot_be_smuggled_in(self, receiver, headers):
        port, seen = receiver

        with pytest.raises(RequestFailed, match="not valid HTTP"):
            http.get(f"http://127.0.0.1:{port}/plain", headers=headers, timeout=5)

        assert seen == []


@pytest.mark.usefixtures("loopback")
class TestFailures:
    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

        with pytest.raises(RequestFailed, match="refused"):
            http.get(f"http://127.0.0.1:{port}/", headers={}, timeout=5)

    @pytest.mark.parametrize(
        ("_case", "talk"),
        [
            ("says nothing", lambda connection: time.sleep(8)),
            ("drips its status line", lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\n" * 9)),
            ("drips its headers", lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 99)),
            (
                "drips its body",
                lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x" * 999),
            ),
            ("only says continue", lambda connection: drip(connection, b"HTTP/1.1 100 Continue\r\n\r\n" * 99)),
        ],
    )
    def test_a_slow_server_cannot_exceed_the_deadline(self, _case, talk):
        with raw_server(talk) as port:
            started = time.monotonic()

            with pytest.raises(RequestFailed, match="within 1 s"):
                http.get(f"http://127.0.0.1:{port}/", headers={}, timeout=1)

            assert 0.9 < time.monotonic() - started < 4

    def test_a_server_that_does_not_take_the_request_cannot_exceed_the_deadline(self):
        with raw_server(lambda connection: time.sleep(8)) as port:
            started = time.monotonic()

            with pytest.raises(RequestFailed, match="within 1 s"):
                http.post(f"http://127.0.0.1:{port}/", body=b"x" * 30_000_000, headers={}, timeout=1)

            assert 0.9 < time.monotonic() - started < 4

    def test_a_slow_handshake_cannot_exceed_the_deadline(self):
        with raw_server(lambda connection: drip(connection, b"\x16\x03\x03\x40\x00" + b"\0" * 99)) as port:
            started = time.monotonic()

            with pytest.raises(RequestFailed):
                http.get(f"https://127.0.0.1:{port}/", headers={}, timeout=1)

            assert time.monotonic() - started < 4

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"hello\r\n\r\n",
            b"HTTP/1.1 two hundred\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        ],
    )
    def test_nonsense_is_no_answer(self, answer):
        def talk(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(answer)

        with raw_server(talk) as port, pytest.raises(RequestFailed):
            http.get(f"http://127.0.0.1:{port}/", headers={}, timeout=2)


def drip(connection: socket.socket, *parts: bytes) -> None:
    *at_once, slowly = parts
    for part in at_once:
        connection.sendall(part)
    for position in range(len(slowly)):
        connection.sendall(slowly[position : position + 1])
        time.sleep(0.05)


class TestWhereItGoes:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
    def test_this_machine_is_refused_and_sees_nothing(self, receiver, host):
        port, seen = receiver

        with pytest.raises(Forbidden, match="private or special"):
            http.get(f"http://{host}:{port}/", headers={}, timeout=5)

        assert seen == []

    def test_an_unsafe_url_is_refused_with_its_reason(self):
        with pytest.raises(Forbidden, match="user name"):
            http.get("http://user:pass@example.com/", headers={}, timeout=5)

    def test_a_name_that_leads_inside_is_refused(self, receiver, monkeypatch):
        port, seen = receiver
        names(monkeypatch, ["127.0.0.1"])

        with pytest.raises(Forbidden, match="private or special"):
            http.get(f"http://innocent.example:{port}/", headers={}, timeout=5)

        assert seen == []

    def test_a_name_with_one_private_address_is_refused(self, receiver, monkeypatch):
        port, seen = receiver
        names(monkeypatch, ["8.8.8.8", "127.0.0.1"])

        with pytest.raises(Forbidden):
            http.get(f"http://innocent.example:{port}/", headers={}, timeout=5)

        assert seen == []

    def test_a_name_is_asked_for_once_so_that_a_second_answer_cannot_lead_elsewhere(
        self, receiver, monkeypatch, settings
    ):
        settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
        port, seen = receiver
        asked = names(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])

        http.get(f"http://rebinding.example:{port}/", headers={}, timeout=5)

        assert asked == ["rebinding.example"]
        assert [headers["Host"] for _, _, headers, _ in seen] == [f"rebinding.example:{port}"]

    def test_the_next_address_is_tried_when_one_does_not_answer(self, receiver, monkeypatch, loopback):
        port, seen = receiver
        names(monkeypatch, ["127.0.0.9", "127.0.0.1"])

        assert http.get(f"http://two.example:{port}/", headers={}, timeout=5).status == 200
        assert len(seen) == 1

    def test_an_address_outside_the_given_list_is_refused(self, receiver, loopback):
        port, seen = receiver

        with pytest.raises(Forbidden, match="not in the list"):
            http.post(f"http://127.0.0.1:{port}/", body=b"", headers={}, timeout=5, allowed_ips=["203.0.113.0/24"])
        assert seen == []

        http.post(f"http://127.0.0.1:{port}/", body=b"", headers={}, timeout=5, allowed_ips=["127.0.0.0/24"])
        assert len(seen) == 1

    def test_an_unknown_name_fails_without_a_forbidden(self, monkeypatch):
        names(monkeypatch, [])

        with pytest.raises(RequestFailed, match="does not exist") as failure:
            http.get("http://nowhere.example/", headers={}, timeout=5)

        assert not isinstance(failure.value, Forbidden)


class TestTLS:
    @pytest.fixture
    def secure(self, tmp_path, monkeypatch, loopback):
        certificate, key = _certificate("shop.example")
        (tmp_path / "cert.pem").write_bytes(certificate)
        (tmp_path / "key.pem").write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        asked: list[str] = []
        context.sni_callback = lambda _, name, __: asked.append(name)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        http._tls.cache_clear()
        with receiving(context) as (port, seen):
            yield port, seen, asked
        http._tls.cache_clear()

    def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(self, secure, monkeypatch):
        port, seen, asked = secure
        names(monkeypatch, ["127.0.0.1"])

        reply = http.post(f"https://shop.example:{port}/hook", body=b"{}", headers={}, timeout=5)

        assert reply.status == 200
        assert asked == ["shop.example"]
        assert [headers["Host"] for _, _, headers, _ in seen] == [f"shop.example:{port}"]

    @pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
    def test_a_certificate_of_another_name_is_refused(self, secure, monkeypatch, host):
        port, seen, _ = secure
        names(monkeypatch, ["127.0.0.1"])

        with pytest.raises(RequestFailed, match="certificate is not valid"):
            http.get(f"https://{host}:{port}/", headers={}, timeout=5)

        assert seen == []

    def test_a_certificate_nobody_vouches_for_is_refused(self, secure, monkeypatch):
        port, seen, _ = secure
        names(monkeypatch, ["127.0.0.1"])
        monkeypatch.delenv("SSL_CERT_FILE")
        http._tls.cache_clear()

        with pytest.raises(RequestFailed, match="certificate is not valid"):
            http.get(f"https://shop.example:{port}/", headers={}, timeout=5)

        assert seen == []


def _certificate(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
