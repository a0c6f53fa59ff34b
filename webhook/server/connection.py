"""One connection, served by one thread, from handshake to close.

Sockets block without a time limit of their own: `deadline` says until when the present phase may last, and the
worker's main thread shuts the socket of a connection that is overdue. So a limit holds for the whole of a handshake or
a request, however slowly its bytes drip.
"""

import io
import math
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import structlog

from webhook import metrics
from webhook.server.answer import Answer, refused
from webhook.server.http1 import CONTINUE, BadRequest, Request, RequestParser, response

Environment = dict[str, Any]
WsgiApp = Callable[[Environment, Any], Iterable[bytes]]
Headers = list[tuple[str, str]]

_CHUNK: Final = 16 * 1024
"""Bytes to read at once: TLS gives no more than that, and a larger buffer would be mapped and unmapped each time."""
LARGE: Final = 256 * 1024
"""Bytes of a body above which it counts as large: what the API server sends is a tenth of that."""
_ROOMS: Final = 8
_NEW: Final = 1.0
"""Seconds after which a connection that has asked nothing yet is idle like any other."""
_FAILED: Final = refused(500, "internal error; it is explained in the log")
_OVERLOADED: Final = refused(503, "too many requests at once; try again")
_OVERFULL: Final = refused(503, "too many connections; try again")

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Port:
    """What the connections to one listening socket share.

    `tls` gives the present SSL context (None: no certificate yet); a port without it is plain. `slots` holds one entry
    for each request that may yet be judged at the same time, `rooms` for each body that may yet be large. Durations are
    in seconds.
    """

    app: WsgiApp
    environ: Mapping[str, Any]
    tls: Callable[[], ssl.SSLContext | None] | None
    slots: deque[None]
    rooms: deque[None] = field(default_factory=lambda: deque([None] * _ROOMS))
    read_timeout: float
    keepalive: float
    draining: bool = False
    date: str = ""


class Connection:
    """A connection; `idle` tells that nothing of a request has arrived, `overfull` that it is one too many."""

    def __init__(self, sock: socket.socket, peer: tuple[Any, ...], port: Port, *, overfull: bool) -> None:
        self.sock = sock
        self.peer = peer
        self.port = port
        self.overfull = overfull
        self.idle = False
        now = time.monotonic()
        self.deadline = now + port.read_timeout
        self.new_until = now + _NEW
        self._parser = RequestParser()
        self._has_room = False

    def serve(self) -> None:
        """Serve requests until either side ends it."""
        # The client went away, was too slow, or isn't one of ours: nobody is left to tell.
        try:
            with suppress(OSError):
                if self._secured():
                    self._serve_requests()
        finally:
            self._give_back_room()

    def shut(self) -> None:
        """End it from another thread: reading and writing fail from now on."""
        with suppress(OSError):
            # An SSLSocket's own shutdown would take the TLS state away from under the thread that uses it.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _secured(self) -> bool:
        if self.port.tls is None:
            return True
        context = self.port.tls()
        if context is None:
            return False
        self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        try:
            self.sock.do_handshake()
        except ssl.SSLEOFError:
            return False
        except ssl.SSLError as error:
            # What an operator looks for when the API server doesn't trust us.
            log.info("handshake failed", peer=self.peer[0], error=error.reason or str(error))
            return False
        return True

    def _serve_requests(self) -> None:
        try:
            while self._serve_request():
                pass
        except BadRequest as error:
            log.info("bad request", peer=self.peer[0], error=str(error), status=error.status)
            self._send_last(refused(error.status, str(error)))
            self._linger()

    def _serve_request(self) -> bool:
        """Serve one request and keep nothing of it; tell whether the connection stays open."""
        request = self._next_request()
        if request is None:
            return False
        try:
            return self._respond(request)
        finally:
            self._give_back_room()

    def _next_request(self) -> Request | None:
        """Read until a request is whole; None when the client has closed."""
        parser = self._parser
        self._wait(self.port.keepalive, idle=not parser.started)
        while not parser.requests:
            if parser.broken:
                raise parser.broken
            data = self.sock.recv(_CHUNK)
            if not data:
                return None
            if self.idle:
                self._wait(self.port.read_timeout, idle=False)
            parser.feed(data)
            if parser.body_size > LARGE and not self._has_room:
                self._take_room()
            if parser.awaits_continue:
                parser.awaits_continue = False
                self.sock.sendall(CONTINUE)
        self.idle, self.new_until = False, 0.0
        return parser.requests.popleft()

    def _take_room(self) -> None:
        """Take one of the few places for large bodies, so that memory has a bound."""
        try:
            self.port.rooms.pop()
        except IndexError:
            metrics.SHED.labels("large").inc()
            raise BadRequest(503, "too many large requests at once; try again") from None
        self._has_room = True

    def _give_back_room(self) -> None:
        if self._has_room:
            self._has_room = False
            self.port.rooms.append(None)

    def _wait(self, seconds: float, *, idle: bool) -> None:
        self.deadline = time.monotonic() + seconds
        self.idle = idle

    def _respond(self, request: Request) -> bool:
        """Answer a request; tell whether the connection stays open."""
        if self.overfull:
            metrics.SHED.labels("connections").inc()
            return self._send_last(_OVERFULL)
        try:
            self.port.slots.pop()
        except IndexError:
            metrics.SHED.labels("in_flight").inc()
            return self._send_last(_OVERLOADED)
        self.deadline = math.inf
        try:
            status, headers, body = self._run(request)
        finally:
            self.port.slots.append(None)
        close = self.port.draining or not request.keep_alive
        return self._send(status, headers, b"" if request.method == "HEAD" else body, close=close)

    def _run(self, request: Request) -> tuple[str, Headers, bytes]:
        """Ask the application."""
        started: list[tuple[str, Headers]] = []
        environ = environment(request, self.port.environ, str(self.peer[0]))
        try:
            result = self.port.app(environ, lambda status, headers, *_: started.append((status, headers)))
            body = b"".join(result)
            return (*started[-1], body)
        except Exception:
            log.exception("the application failed", path=environ["PATH_INFO"])
            return _FAILED.status_line, _FAILED.header_list, _FAILED.body

    def _send_last(self, reply: Answer) -> bool:
        return self._send(reply.status_line, reply.header_list, reply.body, close=True)

    def _send(self, status: str, headers: Headers, body: bytes, *, close: bool) -> bool:
        self._wait(self.port.read_timeout, idle=False)
        self.sock.sendall(response(status, headers, body, date=self.port.date, close=close))
        return not close

    def _linger(self) -> None:
        """Read what the client still sends: closing before it has been read would destroy the answer on its way."""
        socket.socket.shutdown(self.sock, socket.SHUT_WR)
        while self.sock.recv(_CHUNK):
            pass


def environment(request: Request, base: Mapping[str, Any], peer: str) -> Environment:
    """Return a request as WSGI has it (PEP 3333)."""
    environ: Environment = {
        **base,
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "REMOTE_ADDR": peer,
        "wsgi.input": io.BytesIO(request.body),
    }
    for name, value in request.headers:
        key = _variable(name)
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    # The body is whole by now, whether it came in chunks or not.
    environ["CONTENT_LENGTH"] = str(len(request.body))
    return environ


@lru_cache(maxsize=256)
def _variable(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
