"""A node that treats a broadcast badly: a small proxy in front of a real one."""

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chains.codecs import keccak256


class Proxy:
    """Passes everything on, but does to ``eth_sendRawTransaction`` what ``mood`` says.

    * ``""``: passes it on like everything else;
    * ``"denies"``: passes it on and answers with an error;
    * ``"hangs up"``: passes it on and closes the connection;
    * ``"drops"``: accepts it and passes nothing on;
    * ``"refuses"``: passes nothing on and answers with an error;
    * ``"misnames"``: passes it on and answers with the id of another transaction.

    Those among ``swallowed`` it accepts and never passes on, whatever the mood. ``lies`` maps a method to the
    answer it gets instead, or to what returns one or None; ``sent`` holds every transaction that was broadcast.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.mood = ""
        self.lies: dict[str, Any] = {}
        self.sent: list[str] = []
        self.swallowed: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = outer.answer(body)
                if answer is None:
                    self.connection.close()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: bytes) -> bytes | None:
        calls = json.loads(body)
        if isinstance(calls, list):
            return json.dumps([self._one(call) for call in calls]).encode()
        one = self._one(calls)
        return None if one is None else json.dumps(one).encode()

    def _one(self, call: dict[str, Any]) -> dict[str, Any] | None:
        method, start = call["method"], {"jsonrpc": "2.0", "id": call["id"]}
        lie = self.lies.get(method)
        answer = lie(*call["params"]) if callable(lie) else lie
        if answer is not None:
            return start | {"result": answer}
        if method != "eth_sendRawTransaction":
            return self._pass_on(call)
        self.sent.append(call["params"][0])
        txid = "0x" + keccak256(bytes.fromhex(call["params"][0][2:])).hex()
        reply = {"result": txid} if self._keeps(call) else self._pass_on(call)
        if self.mood == "hangs up":
            return None
        if self.mood in {"refuses", "denies"}:
            reply = {"error": {"code": -32000, "message": "transaction underpriced"}}
        if self.mood == "misnames":
            reply = {"result": "0x" + "ab" * 32}
        return start | reply

    def _keeps(self, call: dict[str, Any]) -> bool:
        return self.mood in {"refuses", "drops"} or call["params"][0] in self.swallowed

    def _pass_on(self, call: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(self.target, json.dumps(call).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)
