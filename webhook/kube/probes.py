"""What a process shows to Kubernetes and Prometheus: whether it lives, whether it is ready, and its metrics."""

from collections.abc import Callable, Iterable
from typing import Final

from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

TEXT: Final = "text/plain; charset=utf-8"


def probes_app(
    missing: Callable[[], Iterable[str]], registry: CollectorRegistry, broken: Callable[[], Iterable[str]] = tuple
) -> Flask:
    """Return the application with `/livez`, `/readyz` and `/metrics`.

    `missing` says, in one line each, what keeps the process from being ready, `broken` why it should be restarted.
    """
    app = Flask("probes", static_folder=None)
    app.add_url_rule("/livez", "livez", lambda: _told(broken()))
    app.add_url_rule("/readyz", "readyz", lambda: _told(missing()))

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.errorhandler(404)
    def nothing_there(_: Exception) -> Response:
        return Response("there are /livez, /readyz and /metrics\n", status=404, content_type=TEXT)

    return app


def _told(complaints: Iterable[str]) -> Response:
    """Answer what was asked for: all is well, or each complaint in a line."""
    lines = list(complaints)
    return Response("\n".join([*(lines or ["ok"]), ""]), status=503 if lines else 200, content_type=TEXT)
