"""What a request to one of our ports is answered with: reviews by the hooks, all else by Flask.

Reviews don't pass through Flask and WSGI: these cost more than the review itself.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import parse_qsl

import durationpy
from msgspec import Struct

from webhook.admission.hooks import BY_PATH, Hook
from webhook.admission.review import NotAReview
from webhook.admission.reviewer import Outcome, Reviewer
from webhook.server.http1 import JSON, Request, Response, refused
from webhook.server.pages import Pages


class Endpoints(Struct, frozen=True, kw_only=True):
    """Answers requests to the admission port.

    `timeout` (seconds) holds where a request doesn't say how long it may take; `record` is told of every review, and
    how many seconds it took.
    """

    reviewer: Reviewer
    timeout: float
    record: Callable[[Outcome, float], None]
    pages: Pages

    async def respond(self, request: Request) -> Response:
        """Answer a request."""
        hook = BY_PATH.get(request.path)
        if hook is None:
            return await self.pages.respond(request)
        began = time.perf_counter()
        outcome = await self._review(hook, request)
        self.record(outcome, time.perf_counter() - began)
        if outcome.verdict is None:
            return refused(outcome.status, outcome.error)
        return Response(body=outcome.answer, content_type=JSON)

    async def _review(self, hook: Hook, request: Request) -> Outcome:
        try:
            _check(hook, request)
            timeout = _timeout(request.query)
        except NotAReview as error:
            return Outcome(hook=hook, status=error.status, error=str(error))
        return await self.reviewer.review(hook, request.body, self.timeout if timeout is None else timeout)


def _check(hook: Hook, request: Request) -> None:
    """Raise NotAReview unless a request may be a review."""
    if request.method != "POST":
        raise NotAReview(f"{hook.path} takes POST, not {request.method}", status=405)
    content_type = request.headers.get(b"content-type", b"").decode("latin-1")
    if content_type != JSON and content_type.partition(";")[0].strip().lower() != JSON:
        raise NotAReview(f"expected Content-Type {JSON}, not {content_type or 'none'}", status=415)


@lru_cache(maxsize=64)
def _timeout(query: str) -> float | None:
    """Return the caller's timeout in seconds, None where it isn't said: the API server sends `?timeout=5s`."""
    text = dict(parse_qsl(query)).get("timeout")
    try:
        return None if text is None else float(durationpy.from_str(text).total_seconds())
    except durationpy.DurationError as error:
        raise NotAReview(f"timeout in the query: {error}") from error
