"""A webhook that allows everything, and serves the leaf of a Secret as late as a pod does; nothing is kept alive.

Each answer ends its connection, so that the API server verifies the leaf anew for each call.
"""

import json
import ssl
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from certs import stored
from certs.pair import Pair
from testbed.api import Api, ApiError


class LeafServer:
    """Listens on a free loopback port while it is entered. `lag`: seconds until a new leaf is served."""

    def __init__(self, api: Api, secret: str, *, lag: float) -> None:
        self._api = api
        self._secret = secret
        self._lag = lag
        self._context: ssl.SSLContext | None = None
        self._stop = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}),
            threading.Thread(target=self._follow),
        ]
        self.calls = 0
        """Reviews answered."""
        self.serials: list[int] = []
        """Serial numbers of the leaves served, in order."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def context(self) -> ssl.SSLContext | None:
        """What the next connection is served with."""
        return self._context

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()

    def _follow(self) -> None:
        """Serve what is in the Secret, late; what was served last stays when the Secret is gone."""
        coming: list[tuple[float, Pair]] = []
        while not self._stop.wait(0.05):
            found = self._read()
            latest = coming[-1][1].certificate.serial_number if coming else next(reversed(self.serials), None)
            if found and found.certificate.serial_number != latest:
                coming.append((time.monotonic() + (self._lag if self.serials else 0), found))
            while coming and coming[0][0] <= time.monotonic():
                self._serve(coming.pop(0)[1])

    def _read(self) -> Pair | None:
        try:
            return stored.read(None, self._api.get(self._secret)).leaf
        except ApiError:
            return None

    def _serve(self, pair: Pair) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            both = Path(folder) / "both.pem"
            both.write_bytes(pair.certificate_pem + pair.key_pem)
            context.load_cert_chain(both)
        self._context = context
        self.serials.append(pair.certificate.serial_number)


class _Server(ThreadingHTTPServer):
    """Wraps each connection with the context of its moment."""

    owner: LeafServer
    daemon_threads = True

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then answer; who gives up meanwhile is nobody's loss here."""
        if self.owner.context is None:
            return
        request.settimeout(5)
        try:
            with self.owner.context.wrap_socket(request, server_side=True) as tls:
                _Handler(tls, client_address, self)
        except OSError:
            return


class _Handler(BaseHTTPRequestHandler):
    """Allows."""

    server: _Server

    def do_POST(self) -> None:
        """Answer a review."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        review["response"] = {"uid": review.pop("request")["uid"], "allowed": True}
        body = json.dumps(review).encode()
        self.server.owner.calls += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Say nothing."""
