"""The plain port: whether we live, whether we are ready and if not what is missing, and metrics."""

from collections.abc import Callable, Iterable

from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from webhook.server.http1 import TEXT
from webhook.server.metrics import REGISTRY


def probes_app(missing: Callable[[], Iterable[str]]) -> Flask:
    """Return the application; `missing` says, in one line each, what keeps us from being ready."""
    app = Flask("probes", static_folder=None)

    @app.get("/livez")
    def livez() -> Response:
        return Response("ok\n", content_type=TEXT)

    @app.get("/readyz")
    def readyz() -> Response:
        lines = list(missing())
        return Response("\n".join([*(lines or ["ok"]), ""]), status=503 if lines else 200, content_type=TEXT)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)

    return app
