"""One connection, from handshake to close.

Its way is a coroutine, which the event loop resumes whenever the connection can go on. `deadline` says until when the
present phase may last; a connection that is overdue is closed. So a limit holds for the whole of a handshake or a
request, however slowly its bytes drip.
"""

import math
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog

from webhook.server import metrics
from webhook.server.answer import refused
from webhook.server.http1 import CONTINUE, BadRequest, Request, RequestParser, response
from webhook.server.loop import Loop
from webhook.server.stream import Stream
from webhook.server.wsgi import WsgiApp, environment

Headers = list[tuple[str, str]]

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

    `app` answers from what is known; where it has to wait it returns a generator, which is run in another thread.
    `tls` gives the present SSL context (None: no certificate yet); a port without it is plain. `slots` holds one entry
    for each request that may yet wait for its answer at the same time, `rooms` for each body that may yet be large.
    Durations are in seconds.
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
    """A connection; `idle` tells that nothing of a request has arrived, `overfull` that it is one too many.

    `ended` is called when it is closed, by whichever side.
    """

    def __init__(
        self,
        sock: socket.socket,
        peer: str,
        *,
        port: Port,
        loop: Loop,
        overfull: bool,
        ended: Callable[["Connection"], object],
    ) -> None:
        self.peer = peer
        self.port = port
        self.overfull = overfull
        self.idle = False
        now = time.monotonic()
        self.deadline = now + port.read_timeout
        self.new_until = now + _NEW
        self._stream = Stream(sock, loop, self.go_on)
        self._ended = ended
        self._parser = RequestParser()
        self._has_room = False
        self._way = self._serve()

    def go_on(self) -> None:
        """Let it go on until it has to wait again."""
        try:
            arrange = self._way.send(None)
        except StopIteration:
            self.close()
        except Exception:
            log.exception("connection failed", peer=self.peer)
            self.close()
        else:
            arrange()

    def close(self) -> None:
        """End it, wherever it is."""
        self._way.close()
        self._stream.close()
        self._ended(self)

    async def _serve(self) -> None:
        """Serve requests until either side ends it."""
        # The client went away, was too slow, or isn't one of ours: nobody is left to tell.
        try:
            with suppress(OSError):
                if await self._secured():
                    await self._serve_requests()
        finally:
            self._give_back_room()

    async def _secured(self) -> bool:
        if self.port.tls is None:
            return True
        context = self.port.tls()
        if context is None:
            return False
        try:
            await self._stream.secure(context)
        except ssl.SSLEOFError:
            return False
        except ssl.SSLError as error:
            # What an operator looks for when the API server doesn't trust us.
            log.info("handshake failed", peer=self.peer, error=error.reason or str(error))
            return False
        return True

    async def _serve_requests(self) -> None:
        try:
            while await self._serve_request():
                pass
        except BadRequest as error:
            log.info("bad request", peer=self.peer, error=str(error), status=error.status)
            await self._send(*refused(error.status, str(error)).parts, close=True)
            await self._linger()

    async def _serve_request(self) -> bool:
        """Serve one request and keep nothing of it; tell whether the connection stays open."""
        request = await self._next_request()
        if request is None:
            return False
        try:
            return await self._respond(request)
        finally:
            self._give_back_room()

    async def _next_request(self) -> Request | None:
        """Read until a request is whole; None when the client has closed."""
        parser = self._parser
        self._may_take(self.port.keepalive, idle=not parser.started)
        while not parser.requests:
            if parser.broken:
                raise parser.broken
            data = await self._stream.receive()
            if not data:
                return None
            if self.idle:
                self._may_take(self.port.read_timeout, idle=False)
            parser.feed(data)
            if parser.body_size > LARGE and not self._has_room:
                self._take_room()
            if parser.awaits_continue:
                parser.awaits_continue = False
                await self._stream.send(CONTINUE)
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

    def _may_take(self, seconds: float, *, idle: bool) -> None:
        self.deadline = time.monotonic() + seconds
        self.idle = idle

    async def _respond(self, request: Request) -> bool:
        """Answer a request; tell whether the connection stays open."""
        if self.overfull:
            metrics.SHED.labels("connections").inc()
            return await self._send(*_OVERFULL.parts, close=True)
        try:
            self.port.slots.pop()
        except IndexError:
            metrics.SHED.labels("in_flight").inc()
            # The connection is kept: the handshake of the next one would cost more than the review that is refused.
            return await self._send(*_OVERLOADED.parts, close=not request.keep_alive)
        self.deadline = math.inf
        try:
            await self._stream.turn()
            status, headers, body = await self._answered(request)
        finally:
            self.port.slots.append(None)
        close = self.port.draining or not request.keep_alive
        return await self._send(status, headers, b"" if request.method == "HEAD" else body, close=close)

    async def _answered(self, request: Request) -> tuple[str, Headers, bytes]:
        """Ask the application."""
        started: list[tuple[str, Headers]] = []
        environ = environment(request, self.port.environ, self.peer)
        try:
            result = self.port.app(environ, lambda status, headers, *_: started.append((status, headers)))
            join = partial(b"".join, result)
            body = await self._stream.elsewhere(join) if isinstance(result, Generator) else join()
        except Exception:
            log.exception("the application failed", path=environ["PATH_INFO"])
            return _FAILED.parts
        return (*started[-1], body)

    async def _send(self, status: str, headers: Headers, body: bytes, *, close: bool) -> bool:
        self._may_take(self.port.read_timeout, idle=False)
        await self._stream.send(response(status, headers, body, date=self.port.date, close=close))
        return not close

    async def _linger(self) -> None:
        """Read what the client still sends: closing before it has been read would destroy the answer on its way."""
        self._stream.end_sending()
        while await self._stream.receive():
            pass
