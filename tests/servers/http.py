"""A real HTTP server on 127.0.0.1 that answers as a test says, with whatever faults the test wants."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def basic(self) -> tuple[str, str] | None:
        """Login and password, where they were sent."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return None
        login, _, password = base64.b64decode(value).decode().partition(":")
        return login, password


@dataclass(frozen=True)
class Reply:
    """One response and its faults.

    Attributes:
        body: Bytes, or pieces that may never end.
        pause: Seconds before each piece.
        reset_after: The connection is reset once so many bytes of the body were sent.
        length: ``Content-Length``, where it is to be wrong.
    """

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0
    reset_after: int | None = None
    length: int | None = None


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    """A reply of JSON; underscores in a header's name stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json", **named})


Answers = Callable[[Asked], Reply]


class HttpServer:
    """The server, as a context manager; ``asked`` is what it was asked so far; https with a certificate.

    ``answer(path, first, second)`` gives those replies in turn, the last for good; functions are called.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.asked: list[Asked] = []
        self.ended = threading.Event()
        self._answers: dict[str, list[Reply | Answers]] = {}
        self._server = ThreadingHTTPServer((HOST, 0), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self._scheme}://{HOST}:{self._server.server_address[1]}"

    def with_credentials(self, login: str, password: str) -> str:
        """Its URL as a Connection gives it."""
        return self.url.replace("//", f"//{login}:{password}@")

    def answer(self, path: str, *replies: Reply | Answers) -> None:
        """From now on these are the replies of a path."""
        self._answers[path] = list(replies)

    def reply_to(self, asked: Asked) -> Reply:
        """What a request gets."""
        self.asked.append(asked)
        replies = self._answers.get(asked.path)
        if replies is None:
            return Reply(b"nothing here", 404)
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply if isinstance(reply, Reply) else reply(asked)

    def stop(self) -> None:
        """Ends it, and whatever it is sending."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> HttpServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: HttpServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        try:
            self._send(self.owner.reply_to(Asked(self.command, parts.path, query, headers, body)))
        except OSError:  # the client has had enough
            self.close_connection = True

    do_POST = do_GET

    def _send(self, reply: Reply) -> None:
        pieces = [reply.body] if isinstance(reply.body, bytes) else reply.body
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.length is not None or isinstance(pieces, list):
            length = sum(map(len, pieces)) if reply.length is None else reply.length
            self.send_header("Content-Length", str(length))
        if reply.length is not None or not isinstance(pieces, list):
            self.send_header("Connection", "close")  # the body ends with the connection
            self.close_connection = True
        self.end_headers()
        left = reply.reset_after
        for piece in pieces:
            if reply.pause and self.owner.ended.wait(reply.pause):
                return
            self.wfile.write(piece[:left])
            if left is not None and len(piece) > left:
                self._reset()
                return
            left = None if left is None else left - len(piece)

    def _reset(self) -> None:
        self.close_connection = True
        time.sleep(0.05)  # until the client has taken what was sent, which a reset throws away
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: object) -> None:
        pass


def certificate(folder: Path) -> Path:
    """A new certificate of 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vitrine tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
