"""A listening socket, and the bounded number of connections that come from it."""

import selectors
import socket
from typing import Final

import structlog

from webhook.server import metrics
from webhook.server.connection import Connection, Port
from webhook.server.loop import Loop

OVERFULL: Final = 32
"""Connections above the bound that are still told so; any more are closed at once."""

log = structlog.get_logger()


class Listener:
    """A listening socket and its open connections."""

    def __init__(self, sock: socket.socket, port: Port, loop: Loop, max_connections: int) -> None:
        self.sock = sock
        self.port = port
        self.loop = loop
        self.max_connections = max_connections
        self.connections: set[Connection] = set()
        self._listens = False

    def listen(self) -> None:
        """Accept whoever comes; called again and again, for the system may have been short of files."""
        if not self._listens:
            self._listens = True
            # After what the others have sent has been read: who has just asked something must not give way.
            self.loop.watch(self.sock, selectors.EVENT_READ, lambda: self.loop.queue(self.accept))

    def accept(self) -> None:
        """Accept one connection, in place of the longest idle one when there are too many."""
        try:
            sock, (peer, *_) = self.sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            log.error("connection not accepted", error=str(error))  # noqa: TRY400 - nothing but the system's words
            # The waiting connection would be tried again at once, and again.
            self._pause()
            return
        overfull = len(self.connections) >= self.max_connections and not self._close_longest_idle()
        if len(self.connections) >= self.max_connections + OVERFULL:
            metrics.SHED.labels("connections").inc()
            sock.close()
            return
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(
            sock, str(peer), port=self.port, loop=self.loop, overfull=overfull, ended=self.connections.discard
        )
        self.connections.add(connection)
        connection.go_on()

    def close(self) -> None:
        """Accept what has come before, then no more."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            while selector.select(0):
                self.accept()
        self._pause()
        self.sock.close()

    def close_overdue(self, now: float) -> None:
        """End connections whose time is over."""
        for each in [each for each in self.connections if each.deadline < now]:
            each.close()

    def close_idle(self, now: float) -> None:
        """End connections on which nothing is being asked; a new one has a moment for its first request."""
        for each in [each for each in self.connections if each.idle and each.new_until < now]:
            each.close()

    def _pause(self) -> None:
        if self._listens:
            self._listens = False
            self.loop.forget(self.sock)

    def _close_longest_idle(self) -> bool:
        longest = min((each for each in self.connections if each.idle), key=lambda each: each.deadline, default=None)
        if longest is not None:
            longest.close()
        return longest is not None
