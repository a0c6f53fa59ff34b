"""One connection, from handshake to close.

The event loop tells what has arrived. A whole request waits for its turn in the coroutine that serves the connection.
`phase` and `since` say what a connection is doing and since when, so that one look at all of them finds those whose
time is over: a limit holds for the whole of a handshake or a request, however slowly its bytes drip.
"""

import asyncio
import math
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, cast

import structlog

from webhook.kube import logs
from webhook.server import metrics
from webhook.server.http1 import CONTINUE, BadRequest, Request, RequestParser, Response, refused
from webhook.server.tls import CLIENT
from webhook.server.turns import Turns

HELD_LIMIT: Final = 32 * 1024 * 1024
"""Bytes of all requests to a port that aren't answered yet: thousands of usual ones, or four of the largest."""
_LARGE: Final = 64 * 1024
"""Bytes of a connection's requests from which on it is looked at the bound for all: fewer of each can't exceed it."""
_UNSENT_LIMIT: Final = 64 * 1024
"""Bytes of answers that a client has yet to take, above which nothing more of it is answered."""
_FAILED: Final = refused(500, "internal error; it is explained in the log")
_OVERLOADED: Final = refused(503, "too many requests at once; try again")
_OVERFULL: Final = refused(503, "too many connections; try again")
_TOO_LARGE: Final = BadRequest(503, "too many large requests at once; try again")

Respond = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


class Phase(StrEnum):
    """What a connection is doing, from the handshake to the last answer."""

    HANDSHAKE = "handshake"
    IDLE = "idle"
    RECEIVING = "receiving"
    ANSWERING = "answering"
    SENDING = "sending"
    CLOSING = "closing"


_BUSY: Final = frozenset({Phase.ANSWERING, Phase.SENDING})
"""What arrives meanwhile has to wait."""
_BUSY_OR_CLOSING: Final = _BUSY | {Phase.CLOSING}


@dataclass(slots=True, kw_only=True)
class Port:
    """What the connections to one listening address share.

    `respond` answers a request. `tls` gives the present SSL context (None: no certificate yet); without it the port is
    plain. Durations are in seconds. At most `max_in_flight` requests wait for their answer at once, `in_flight` do. Of
    more than `max_connections`, those that are in one of the phases `gives_way` are closed in favour of new ones.
    """

    respond: Respond
    tls: Callable[[], ssl.SSLContext | None] | None
    read_timeout: float
    keepalive: float
    max_in_flight: int
    max_connections: int
    gives_way: Collection[Phase]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    turns: Turns = field(default_factory=Turns)
    in_flight: int = 0
    draining: bool = False
    date: bytes = b""
    connections: "set[Connection]" = field(default_factory=set)

    def limit(self, phase: Phase) -> float:
        """Return how long a phase may last; an answer's time is bounded by what the request says."""
        return {Phase.IDLE: self.keepalive, Phase.ANSWERING: math.inf}.get(phase, self.read_timeout)

    def bound_memory(self) -> None:
        """Refuse the largest of the requests that may still be refused, when all together take too much memory."""
        if sum(each.parser.held for each in self.connections) > HELD_LIMIT:
            metrics.SHED.labels("large").inc()
            refusable = (each for each in self.connections if each.phase not in _BUSY_OR_CLOSING)
            max(refusable, key=lambda each: each.parser.held).refuse(_TOO_LARGE)


class Connection(asyncio.Protocol):
    """A connection from the address `source`; `overfull`: it is one too many, and is told so."""

    _transport: asyncio.Transport

    def __init__(self, sock: socket.socket, source: str, port: Port, *, overfull: bool) -> None:
        self.source = source
        self.phase = Phase.HANDSHAKE
        self.since = time.monotonic()
        self._sock = sock
        self._port = port
        self._overfull = overfull
        self.parser = RequestParser()
        self._paused = self._half_closed = False
        self._turn: asyncio.Future[None] = port.loop.create_future()
        self._task = port.loop.create_task(self._serve())
        port.connections.add(self)

    def end(self) -> None:
        """End it at once, wherever it is; TLS tells the client."""
        if self.phase is Phase.HANDSHAKE:
            self._task.cancel()
            self._let_go()
            return
        self._port.connections.discard(self)
        if self.phase is not Phase.CLOSING:
            self._transport.close()
        self._transport.abort()

    def refuse(self, error: BadRequest) -> None:
        """Answer for the last time, keep nothing, and read what still comes: to close would destroy the answer."""
        log.info("bad request", peer=self.source, error=str(error), status=error.status)
        self.parser.close()
        self.parser = RequestParser()
        self._send(refused(error.status, str(error)), close=True)
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request: TLS is agreed on."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(_UNSENT_LIMIT)
        self._enter(Phase.IDLE)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; while an answer is under way, no more than that."""
        if self.phase is Phase.CLOSING:
            return
        self.parser.feed(data)
        if self.phase in _BUSY:
            self._paused = True
            self._transport.pause_reading()
            return
        if self.parser.held > _LARGE:
            self._port.bound_memory()
        self._admit()

    def eof_received(self) -> bool:
        """Tell whether there is still something to answer: without TLS, a client may end sending before."""
        self._half_closed = True
        return self._port.tls is None and self.phase in _BUSY

    def pause_writing(self) -> None:
        """Answer nothing more until the client has taken what there is."""
        if self.phase is not Phase.CLOSING:
            self._enter(Phase.SENDING)

    def resume_writing(self) -> None:
        """Go on answering."""
        if self.phase is Phase.SENDING:
            self._enter(Phase.IDLE)
            self._admit()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - nobody is left to tell
        """Give back what it has."""
        self._port.in_flight -= self.phase is Phase.ANSWERING
        self._task.cancel()
        self._let_go()
        del self._transport

    async def _serve(self) -> None:
        """Answer requests until the connection is lost, which cancels this."""
        if not await self._is_connected():
            self._let_go()
            return
        port = self._port
        while True:
            await self._turn
            request = self.parser.requests[0]
            try:
                response = await port.respond(request)
            except Exception as error:  # noqa: BLE001 - the client gets an answer, whatever it is
                log.error("the application failed", bug=logs.frames(error))  # noqa: TRY400 - no traceback with contents
                response = _FAILED
            port.in_flight -= 1
            self._reply(request, response)
            self._turn = port.loop.create_future()
            self._admit()

    async def _is_connected(self) -> bool:
        """Agree on TLS, where the port has it; tell whether that went well."""
        context = self._port.tls and self._port.tls()
        if self._port.tls and not context:
            self._sock.close()
            return False
        CLIENT.set(self._sock)
        timeout = self._port.read_timeout if context else None
        try:
            await self._port.loop.connect_accepted_socket(
                lambda: self, self._sock, ssl=context, ssl_handshake_timeout=timeout, ssl_shutdown_timeout=timeout
            )
        except OSError as error:
            # What an operator looks for when the API server doesn't trust us; that somebody goes away is no news.
            if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
                log.info("handshake failed", peer=self.source, error=error.reason or str(error))
            return False
        return True

    def _admit(self) -> None:
        """Look at what has come: whole requests, a part of one, or what is none."""
        parser = self.parser
        while parser.requests and self.phase not in _BUSY_OR_CLOSING:
            self._queue(parser.requests[0])
        if self.phase in _BUSY_OR_CLOSING:
            return
        if parser.broken:
            self.refuse(parser.broken)
            return
        if parser.started is not (self.phase is Phase.RECEIVING):
            self._enter(Phase.RECEIVING if parser.started else Phase.IDLE)
        if parser.awaits_continue:
            parser.awaits_continue = False
            self._transport.write(CONTINUE)
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _queue(self, request: Request) -> None:
        """Let a request wait for its turn, or send it away when there are too many."""
        port = self._port
        if self._overfull:
            metrics.SHED.labels("connections").inc()
            self._reply(request, _OVERFULL, close=True)
        elif port.in_flight < port.max_in_flight:
            port.in_flight += 1
            self._enter(Phase.ANSWERING)
            port.turns.ask(self._turn)
        else:
            metrics.SHED.labels("in_flight").inc()
            # The connection is kept: the handshake of the next one would cost more than the review that is refused.
            self._reply(request, _OVERLOADED)

    def _reply(self, request: Request, response: Response, *, close: bool = False) -> None:
        """Answer the oldest request, which is kept no longer."""
        self.parser.answered()
        close = close or self._port.draining or self._half_closed or not request.keep_alive
        self._send(response, close=close, head_only=request.method == "HEAD")
        if close:
            self._transport.close()

    def _send(self, response: Response, *, close: bool, head_only: bool = False) -> None:
        self._enter(Phase.CLOSING if close else Phase.IDLE)
        self._transport.write(response.rendered(self._port.date, close=close, head_only=head_only))

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.since = time.monotonic()

    def _let_go(self) -> None:
        """Let go what refers to this again: many closed connections would wait long for the garbage collector."""
        self._port.connections.discard(self)
        self.parser.close()
        del self._task
