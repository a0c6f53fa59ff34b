"""The Flask application with the admission endpoints.

The four endpoints of the API server don't pass through Flask's routing, request and response objects: these cost five
times as much as the review itself. They are answered from the WSGI environment; all other paths are Flask's.
"""

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import durationpy
from flask import Flask
from werkzeug.exceptions import HTTPException

from webhook.admission.hooks import BY_PATH, Hook, Unsettled
from webhook.admission.review import NotAReview
from webhook.server.answer import BODY_LIMIT, JSON, TEXT, Answer, Service, answer, answer_at_once, no_review

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Environment = dict[str, Any]


class AdmissionApp(Flask):
    """Flask, with a direct way for admission reviews."""

    def __init__(self, service: Service) -> None:
        super().__init__("webhook", static_folder=None)
        self.service = service
        self.register_error_handler(HTTPException, _plain)

    def wsgi_app(self, environ: Environment, start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a review from what is known, or else in time; leave any other request to Flask.

        What has to be waited for is a generator, so that the server can run it where nobody else waits.
        """
        hook = BY_PATH.get(environ["PATH_INFO"])
        if hook is None:
            return super().wsgi_app(environ, start_response)
        try:
            body, timeout = _body(hook, environ), _timeout(environ["QUERY_STRING"])
        except NotAReview as error:
            return _begun(start_response, no_review(hook, error))
        try:
            return _begun(start_response, answer_at_once(self.service, hook, body))
        except Unsettled:
            patience = self.service.request_timeout if timeout is None else timeout
            return self._answered_until(time.monotonic() + patience, hook, body, start_response)

    def _answered_until(
        self, deadline: float, hook: Hook, body: bytes, start_response: "StartResponse"
    ) -> Iterator[bytes]:
        # It may have had to wait for a thread.
        left = max(deadline - time.monotonic(), 0)
        yield from _begun(start_response, answer(self.service, hook, body, left))


def _begun(start_response: "StartResponse", reply: Answer) -> Iterable[bytes]:
    start_response(reply.status_line, reply.header_list)
    return (reply.body,)


def _body(hook: Hook, environ: Environment) -> bytes:
    """Return the body of a request that may be a review."""
    if environ["REQUEST_METHOD"] != "POST":
        raise NotAReview(f"{hook.path} takes POST, not {environ['REQUEST_METHOD']}", status=405)
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type != JSON and content_type.partition(";")[0].strip().lower() != JSON:
        raise NotAReview(f"expected Content-Type {JSON}, not {content_type or 'none'}", status=415)
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > BODY_LIMIT:
        raise NotAReview(f"a review has at most {BODY_LIMIT} bytes, not {length}", status=413)
    body: bytes = environ["wsgi.input"].read(length)
    return body


@lru_cache(maxsize=64)
def _timeout(query: str) -> float | None:
    """Return the caller's patience in seconds: the API server sends `?timeout=5s`."""
    text = dict(parse_qsl(query)).get("timeout")
    try:
        return None if text is None else float(durationpy.from_str(text).total_seconds())
    except durationpy.DurationError as error:
        raise NotAReview(f"timeout in the query: {error}") from error


def _plain(error: HTTPException) -> tuple[str, int, dict[str, str]]:
    return f"{error.code} {error.name}\n", error.code or 500, {"Content-Type": TEXT}
