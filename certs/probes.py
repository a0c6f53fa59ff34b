"""The keeper's plain port: the pages that every process of ours has, served from a thread."""

import socket
import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import ThreadingWSGIServer

from certs.health import Health
from webhook.kube.probes import probes_app


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

    def __init__(self, host: str, port: int, health: Health, registry: CollectorRegistry) -> None:
        """Listen; raises OSError."""
        kind = _Server6 if ":" in host else ThreadingWSGIServer
        app = probes_app(health.missing, registry, health.broken)
        self._server = make_server(host, port, app, kind, handler_class=_Handler)
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
