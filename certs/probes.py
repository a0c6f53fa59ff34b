"""The plain port: `/livez`, `/readyz` and `/metrics`."""

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.exposition import ThreadingWSGIServer

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Health:
    """When the keeper last did what it is there for. `patience`: seconds without a look until it counts as failed."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._beat = time.monotonic()
        self._success: float | None = None
        self._error = "nothing has been read from the API server yet"

    def succeeded(self) -> None:
        """Everything was read, and the step, if any, was done."""
        self._beat = self._success = time.monotonic()

    def failed(self, error: Exception) -> None:
        """Something was not, for this reason; the next look follows."""
        self._beat = time.monotonic()
        self._error = str(error)

    def live(self) -> str:
        """Return why the process should be restarted; nothing when it is fine."""
        return "" if time.monotonic() - self._beat < self._patience else "the keeper looks no more"

    def ready(self) -> str:
        """Return why the keeper doesn't keep anything just now; nothing when it does."""
        recent = self._success is not None and time.monotonic() - self._success < self._patience
        return self.live() or ("" if recent else self._error)


class Application:
    """The three pages."""

    def __init__(self, health: Health, metrics: Callable[[], bytes]) -> None:
        self._health = health
        self._metrics = metrics

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        match environ["PATH_INFO"]:
            case "/livez":
                return _answer(start, self._health.live())
            case "/readyz":
                return _answer(start, self._health.ready())
            case "/metrics":
                start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
                return [self._metrics()]
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b"there are /livez, /readyz and /metrics\n"]


class _Handler(WSGIRequestHandler):
    """One connection: silent, and with an end for those who don't ask."""

    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Say nothing: probes come every few seconds."""


class _Server6(ThreadingWSGIServer):
    """The server on an IPv6 address."""

    address_family = socket.AF_INET6


class Probes:
    """Serves the pages from a thread of its own, from `start()` to `stop()`."""

    def __init__(self, host: str, port: int, application: Application) -> None:
        """Listen; raises OSError."""
        kind = _Server6 if ":" in host else ThreadingWSGIServer
        self._server = make_server(host, port, application, kind, handler_class=_Handler)
        self.host, self.port = host, int(self._server.server_port)
        self._thread = threading.Thread(target=self._server.serve_forever, name="probes", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _answer(start: StartResponse, complaint: str) -> Iterable[bytes]:
    start("503 Service Unavailable" if complaint else "200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{complaint or 'ok'}\n".encode()]
