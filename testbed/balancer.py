"""One address in front of several replicas, as a Service is: new connections go to the ready ones, open ones stay."""

import itertools
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Protocol, Self

from testbed.processes import LOOPBACK

LOOK: Final = 0.1
"""Seconds between two looks at who is ready; a kubelet looks every few seconds."""


class Backend(Protocol):
    """A replica: where it listens, and whether it is ready."""

    @property
    def port(self) -> int:
        """Where it listens on the loopback interface."""

    def is_ready(self) -> bool:
        """Tell whether it is ready."""


class Balancer:
    """Listens on a free port of the loopback interface while it is entered."""

    def __init__(self, backends: Sequence[Backend]) -> None:
        """Take the replicas."""
        self._backends = backends
        self._ready: Sequence[Backend] = backends
        self._listener = socket.create_server((LOOPBACK, 0), backlog=128)
        self._turn = itertools.count()
        self._ending = threading.Event()
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        _start(self._look)
        _start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _look(self) -> None:
        while not self._ending.wait(LOOK):
            self._ready = [backend for backend in self._backends if backend.is_ready()]

    def _accept(self) -> None:
        while not self._ending.is_set():
            with suppress(OSError):
                client, _ = self._listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        """Join the client to the next replica that is ready; turn it away where none is."""
        ready = self._ready
        if not ready:
            client.close()
            return
        backend = ready[next(self._turn) % len(ready)]
        try:
            server = socket.create_connection((LOOPBACK, backend.port))
        except OSError:
            client.close()
            return
        _start(lambda: _pump(client, server))
        _start(lambda: _pump(server, client))


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until one side ends; then end the other."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()
