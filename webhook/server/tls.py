"""TLS in which the client is told why its handshake fails.

asyncio closes such a connection without sending the alert that OpenSSL has prepared: an API server would then say "EOF"
instead of "certificate required".
"""

import ssl
from contextlib import suppress
from contextvars import ContextVar
from socket import socket
from typing import Any

CLIENT: ContextVar[socket] = ContextVar("CLIENT")
"""The socket of the client with which the present task is going to speak TLS."""


class _Tls(ssl.SSLObject):
    client: socket
    outgoing: ssl.MemoryBIO

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            if not isinstance(error, ssl.SSLWantReadError):
                with suppress(OSError):
                    self.client.send(self.outgoing.read())
            raise


class TlsContext(ssl.SSLContext):
    """What the TLS of all clients shares."""

    sslobject_class = _Tls

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *options: Any, **more: Any) -> Any:
        """Return the TLS of the present task's client."""
        made: Any = super().wrap_bio(incoming, outgoing, *options, **more)
        made.client, made.outgoing = CLIENT.get(), outgoing
        return made
