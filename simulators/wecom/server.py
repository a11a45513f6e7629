"""`python -m simulators wecom`: the webhook on a socket of its own, its log, its page, its switch."""

import argparse
import contextlib
import json
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulators.wecom.webhook import RefusedError, Webhook

SEND = "/cgi-bin/webhook/send"
MOST_BODY = 1_000_000
PAGE = Path(__file__).with_name("phones.html")


class _Handler(BaseHTTPRequestHandler):
    """One request; HTTP 200 whatever the errcode, as the real one answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "WecomServer"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the log that counts is `GET /log`."""

    def do_GET(self) -> None:
        """The page and the log."""
        address = urlsplit(self.path)
        if address.path == "/":
            self._answer(PAGE.read_bytes(), "text/html; charset=utf-8")
        elif address.path == "/log":
            after = parse_qs(address.query).get("after", ["0"])[0]
            self._json(self.server.webhook.log(int(after) if after.isdecimal() else 0))
        elif address.path == SEND:
            self._json(self.server.webhook.malformed("GET"))
        else:
            self._json({"error": "not here"}, 404)

    def do_POST(self) -> None:
        """A message, or a change of what is played."""
        address = urlsplit(self.path)
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST_BODY:
            self.close_connection = True
            self._json({"error": "content-length missing or too large"}, 413)
            return
        raw = self.rfile.read(int(length))
        try:
            body: Any = json.loads(raw)
        except ValueError:
            body = None
        if address.path == "/control":
            self._control(body)
        elif address.path == SEND:
            self._send(parse_qs(address.query).get("key", [""])[0], body, raw)
        else:
            self._json({"error": "not here"}, 404)

    def _control(self, body: Any) -> None:
        try:
            self._json(self.server.webhook.control(body))
        except RefusedError as error:
            self._json({"error": str(error)}, 400)

    def _send(self, key: str, body: Any, raw: bytes) -> None:
        webhook = self.server.webhook
        if webhook.silent:
            webhook.unanswered(body)
            while webhook.silent and not self.server.stopping.wait(0.05):
                pass
            self.close_connection = True
            return
        if webhook.delay_s:
            self.server.stopping.wait(webhook.delay_s)
        self._json(webhook.judge(key, body) if body is not None else webhook.malformed(raw.decode(errors="replace")))

    def _json(self, content: object, status: int = 200) -> None:
        self._answer(json.dumps(content, ensure_ascii=False).encode(), "application/json; charset=utf-8", status)

    def _answer(self, content: bytes, kind: str, status: int = 200) -> None:
        with contextlib.suppress(ConnectionError):  # the caller gave up waiting
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.send_header("cache-control", "no-store")
            self.end_headers()
            self.wfile.write(content)


class WecomServer(ThreadingHTTPServer):
    """The server on 127.0.0.1; port 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, webhook: Webhook, port: int = 0) -> None:
        self.webhook = webhook
        self.stopping = threading.Event()
        self._sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="wecom", daemon=True).start()

    def stop(self) -> None:
        """Stop listening and cut every connection, as a killed server does."""
        self.stopping.set()
        self.shutdown()
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `stop` can cut it."""
        self._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is nothing to report."""


def main(argv: list[str]) -> int:
    """Run until SIGTERM or SIGINT; returns 0, or 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m simulators wecom", description=__doc__)
    parser.add_argument("--port", type=int, default=18080, help="port on 127.0.0.1 (0: a free one)")
    parser.add_argument("--key", default="demo-key", help="the key of the one group there is")
    parser.add_argument("--per-minute", type=int, default=20, help="messages a minute before 45009")
    options = parser.parse_args(argv)
    try:
        server = WecomServer(Webhook(options.key, options.per_minute), options.port)
    except OSError as error:
        print(f"wecom: port {options.port}: {error.strerror}; choose another with --port", flush=True)
        return 1
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    server.start()
    print(f"wecom: listening on http://127.0.0.1:{server.port} ({time.strftime('%H:%M:%S')})", flush=True)
    asked.wait()
    server.stop()
    return 0
