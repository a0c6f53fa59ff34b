"""A listening socket, and the bounded number of connections that come from it, each with a thread of its own."""

import selectors
import socket
import threading
import time
from typing import Final

import structlog

from webhook import metrics
from webhook.server.connection import Connection, Port

OVERFULL: Final = 32
"""Connections above the bound that are still told so; any more are closed at once."""
_BREATH: Final = 0.1

log = structlog.get_logger()


class Listener:
    """A listening socket and its open connections."""

    def __init__(self, sock: socket.socket, port: Port, max_connections: int) -> None:
        self.sock = sock
        self.port = port
        self.max_connections = max_connections
        self.connections: set[Connection] = set()
        self._lock = threading.Lock()

    def accept(self) -> None:
        """Accept one connection, in place of the longest idle one when there are too many."""
        try:
            sock, peer = self.sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            log.error("connection not accepted", error=str(error))  # noqa: TRY400 - nothing but the system's words
            # Out of files: the waiting connection would be tried again at once, and again.
            time.sleep(_BREATH)
            return
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        overfull = len(self.connections) >= self.max_connections and not self._shut_longest_idle()
        if len(self.connections) >= self.max_connections + OVERFULL:
            metrics.SHED.labels("connections").inc()
            sock.close()
            return
        connection = Connection(sock, peer, self.port, overfull=overfull)
        self.connections.add(connection)
        try:
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except RuntimeError as error:
            log.error("connection not served", error=str(error))  # noqa: TRY400 - the system has no thread left
            self.connections.discard(connection)
            sock.close()

    def accept_waiting(self) -> None:
        """Accept what has come before the listening socket is closed, then close it."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            while selector.select(0):
                self.accept()
        self.sock.close()

    def shut_overdue(self, now: float) -> None:
        """End connections whose time is over."""
        self._shut([each for each in tuple(self.connections) if each.deadline < now])

    def shut_idle(self, now: float) -> None:
        """End connections on which nothing is being asked; a new one has a moment for its first request."""
        self._shut([each for each in tuple(self.connections) if each.idle and each.new_until < now])

    def _shut_longest_idle(self) -> bool:
        idle = [each for each in tuple(self.connections) if each.idle]
        if idle:
            longest = min(idle, key=lambda each: each.deadline)
            # Not counted any more: its thread may need a moment to notice.
            self.connections.discard(longest)
            self._shut([longest])
        return bool(idle)

    def _shut(self, connections: list[Connection]) -> None:
        # The lock keeps a socket from being closed, and its number reused, between the look and the deed.
        with self._lock:
            for each in connections:
                each.shut()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        except Exception:
            log.exception("connection failed", peer=connection.peer[0])
        finally:
            self.connections.discard(connection)
            with self._lock:
                connection.sock.close()
