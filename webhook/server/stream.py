"""A socket, plain or with TLS, as something that a coroutine can wait for."""

import socket
import ssl
from collections.abc import Callable, Generator
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from types import coroutine
from typing import Final, TypeVar

from webhook.server.loop import Loop, Resume

T = TypeVar("T")

Arrange = Callable[[], object]
"""Sees to it that a coroutine is resumed."""

_CHUNK: Final = 16 * 1024
"""Bytes to read at once: TLS gives no more than that, and a larger buffer would be mapped and unmapped each time."""
_WOULD_BLOCK: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


class Stream:
    """Bytes from and to one client. A coroutine that awaits it yields what arranges that it is resumed.

    All methods raise OSError when the client is gone.
    """

    def __init__(self, sock: socket.socket, loop: Loop, resume: Resume) -> None:
        self._sock = sock
        self._loop = loop
        self._resume = resume
        self._watched = 0
        self._waits = False

    async def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._sock = sock = context.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
        while True:
            try:
                return sock.do_handshake()
            except _WOULD_BLOCK as error:
                await _until(self._possible(error, self._readable))

    async def receive(self) -> bytes:
        """Return what comes next, nothing when the client has closed."""
        # Asking a socket that has nothing costs more than waiting for it; only TLS may have something put by.
        if not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            await _until(self._readable)
        while True:
            try:
                return self._sock.recv(_CHUNK)
            except _WOULD_BLOCK as error:
                await _until(self._possible(error, self._readable))

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        while data:
            try:
                data = data[self._sock.send(data) :]
            except _WOULD_BLOCK as error:
                await _until(self._possible(error, self._writable))

    async def turn(self) -> None:
        """Wait until all who have queued before have had their turn."""
        await _until(partial(self._loop.queue, self._resume))

    async def elsewhere(self, work: Callable[[], T]) -> T:
        """Let another thread do what has to wait; what the client sends meanwhile waits, too."""
        self._watch(0)
        doing = self._loop.elsewhere(work, self._resume)
        await _until(_nothing)
        return doing.result()

    def end_sending(self) -> None:
        """Tell the client that nothing more will come."""
        # An SSLSocket's own shutdown would take the TLS state away, which reading still needs.
        socket.socket.shutdown(self._sock, socket.SHUT_WR)

    def close(self) -> None:
        """Close it, whoever waits for it."""
        self._watch(0)
        self._waits = False
        self._sock.close()

    def _possible(self, error: OSError, plain: Arrange) -> Arrange:
        """Return what to wait for: with TLS, to read may take writing first, and the other way round."""
        if isinstance(error, ssl.SSLWantReadError):
            return self._readable
        return self._writable if isinstance(error, ssl.SSLWantWriteError) else plain

    def _readable(self) -> None:
        self._watch(EVENT_READ)
        self._waits = True

    def _writable(self) -> None:
        self._watch(EVENT_WRITE)
        self._waits = True

    def _watch(self, events: int) -> None:
        """Watch the socket for these events, which mostly are the same as before."""
        if events == self._watched:
            return
        if not events:
            self._loop.forget(self._sock)
        elif self._watched:
            self._loop.change(self._sock, events, self._ready)
        else:
            self._loop.watch(self._sock, events, self._ready)
        self._watched = events

    def _ready(self) -> None:
        """Go on, unless it isn't the socket that is waited for: what is sent early has to wait."""
        if self._waits:
            self._waits = False
            self._resume()


@coroutine
def _until(arrange: Arrange) -> Generator[Arrange, None, None]:
    """Give way, until what is arranged resumes the coroutine."""
    yield arrange


def _nothing() -> None:
    pass
