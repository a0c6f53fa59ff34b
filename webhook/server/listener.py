"""A listening socket: who connects, and who gives way when there are too many."""

import socket
import time
from collections import Counter
from typing import Final

import structlog

from webhook.server import metrics
from webhook.server.connection import Connection, Phase, Port

OVERFULL: Final = 32
"""Connections above the bound that are still told so; any more are closed at once."""
_SHARE: Final = 8
"""One in so many of all connections may be in its handshake from one address, before it gives way to others."""
_MOMENT: Final = 1.0
"""Seconds that a handshake has while others wait, and an idle connection for its next request when the service ends."""

log = structlog.get_logger()


class Listener:
    """A listening socket, and the bounded number of connections that come from it."""

    def __init__(self, sock: socket.socket, port: Port) -> None:
        self.sock = sock
        self.port = port
        self._listens = False

    def listen(self) -> None:
        """Accept whoever comes; called again and again, for the system may have been short of files."""
        if not self._listens:
            self._listens = True
            # After what the others have sent has been read: who has just asked something must not give way.
            self.port.loop.add_reader(self.sock, lambda: self.port.loop.call_soon(self.accept))

    def accept(self) -> bool:
        """Accept one connection, in place of another one when there are too many; tell whether one was waiting."""
        if not self._listens:
            return False
        try:
            sock, (source, *_) = self.sock.accept()
        except (BlockingIOError, ConnectionAbortedError) as error:
            return isinstance(error, ConnectionAbortedError)
        except OSError as error:
            log.error("connection not accepted", error=str(error))  # noqa: TRY400 - nothing but the system's words
            # The waiting connection would be tried again at once, and again.
            self._pause()
            return False
        connections, most = self.port.connections, self.port.max_connections
        overfull = len(connections) >= most and not self._make_room()
        if len(connections) >= most + OVERFULL:
            metrics.SHED.labels("connections").inc()
            sock.close()
            return True
        sock.settimeout(0)
        Connection(sock, str(source), self.port, overfull=overfull)
        return True

    def close(self) -> None:
        """Accept what has come before, then no more."""
        for _ in range(self.port.max_connections):
            if not self.accept():
                break
        self._pause()
        self.sock.close()

    def end_overdue(self, now: float) -> None:
        """End connections whose time is over."""
        for each in [each for each in self.port.connections if now - each.since > self.port.limit(each.phase)]:
            each.end()

    def end_idle(self, now: float) -> None:
        """End connections on which nothing has been asked for a moment."""
        for each in [each for each in self.port.connections if each.phase is Phase.IDLE]:
            if now - each.since > _MOMENT:
                each.end()

    def _pause(self) -> None:
        if self._listens:
            self._listens = False
            self.port.loop.remove_reader(self.sock)

    def _make_room(self) -> bool:
        """Let a connection give way; tell whether there is one that may.

        First of all one whose handshake takes long, or from an address that has more than its share in the handshake;
        then the longest idle one; then one in the handshake, from the address that has the most of these.
        """
        connections, now = self.port.connections, time.monotonic()
        unfinished = [each for each in connections if each.phase is Phase.HANDSHAKE]
        crowd, number = next(iter(Counter(each.source for each in unfinished).most_common(1)), ("", 0))
        crowding = [each for each in unfinished if each.source == crowd]
        first = crowding if number > self.port.max_connections // _SHARE else []
        slow = [each for each in unfinished if now - each.since > _MOMENT]
        waiting = [each for each in connections if each.phase in self.port.gives_way]
        longest = min(first or slow or waiting or crowding, key=lambda each: each.since, default=None)
        if longest is not None:
            longest.end()
        return longest is not None
