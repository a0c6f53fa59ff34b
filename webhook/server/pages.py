"""What Flask answers: an index page for people, and a line of text for every path that is none of ours."""

from importlib.metadata import version

from flask import Flask
from msgspec import Struct
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response as Page

from webhook.admission.hooks import HOOKS
from webhook.server.http1 import TEXT, Request, Response


class Pages(Struct, frozen=True):
    """Lets a Flask application answer requests."""

    app: Flask

    async def respond(self, request: Request) -> Response:
        """Answer a request by its method and path; no page asks for more of it."""
        environment = EnvironBuilder(path=request.path, method=request.method).get_environ()
        page = Page.from_app(self.app, environment, buffered=True)
        allow = tuple(("Allow", methods) for methods in page.headers.getlist("Allow"))
        return Response(
            status=page.status_code, body=page.get_data(), content_type=page.headers["Content-Type"], headers=allow
        )


def admission_pages() -> Flask:
    """Return the application for the admission port."""
    app = Flask("admission", static_folder=None)
    app.register_error_handler(HTTPException, _text)

    @app.get("/")
    def index() -> Page:
        lines = (f"  POST {hook.path}  {hook.name}" for hook in HOOKS)
        what = f"live-migration-webhook {version('live-migration-webhook')}, for the API server's AdmissionReviews:"
        return Page("\n".join([what, *lines, ""]), content_type=TEXT)

    return app


def _text(error: HTTPException) -> Page:
    page = error.get_response()
    page.set_data(f"{error.code} {error.name}\n")
    page.content_type = TEXT
    return page
