"""One admission request's way from bytes to bytes. The server and the `review` command both go it.

Three channels keep errors apart: what is no review is answered with 4xx, what we could not do with 5xx, so that the
operator's failurePolicy decides, and only what breaks a rule is denied.
"""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import structlog
from msgspec import Struct

from webhook.admission.hooks import Hook, Unsettled, decide
from webhook.admission.review import AdmissionRequest, NotAReview, read, write
from webhook.engine.policy import Policy
from webhook.engine.verdict import Verdict
from webhook.engine.wording import printable, shortened
from webhook.kube.source import Cluster, ClusterUnavailable
from webhook.server import metrics

BODY_LIMIT: Final = 7 * 1024 * 1024
"""Bytes of one review: old and new object of the API server's 3 MiB each, and what surrounds them."""
ANSWER_MARGIN: Final = 0.3
"""Seconds of the caller's patience that are kept for the way back."""
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
_RETRY: Final = (("Retry-After", "1"),)
"""The API server repeats a call that failed with 429 or 5xx only when this header tells it to."""
_HEADERS: Final[Mapping[int, tuple[tuple[str, str], ...]]] = {500: _RETRY, 503: _RETRY, 405: (("Allow", "POST"),)}
_LINE_LIMIT: Final = 300
_NAME_LIMIT: Final = 253
"""Characters of a name in the log: what Kubernetes allows; strangers may send more."""
_STATUS_LINES: Final[Mapping[int, str]] = {status: f"{status.value} {status.phrase}" for status in HTTPStatus}

Recorder = Callable[[AdmissionRequest, Verdict], None]

log = structlog.get_logger()


class Answer(Struct, frozen=True):
    """An HTTP response: `headers` are those beside Content-Type and Content-Length."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def status_line(self) -> str:
        """Code and phrase."""
        return _STATUS_LINES[self.status]

    @property
    def header_list(self) -> list[tuple[str, str]]:
        """All headers, as WSGI takes them."""
        return [("Content-Type", self.content_type), ("Content-Length", str(len(self.body))), *self.headers]

    @property
    def parts(self) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status line, headers and body."""
        return self.status_line, self.header_list, self.body


class Service(Struct, frozen=True, kw_only=True):
    """What judging needs.

    `request_timeout` (seconds) holds where a request doesn't say how long it may take; `record`, if there is one,
    hears of each verdict and must not wait.
    """

    cluster: Cluster
    policy: Policy
    request_timeout: float
    record: Recorder | None = None


def refused(status: int, sentence: str) -> Answer:
    """Answer what gets no verdict, in one line of text."""
    line = shortened(printable(sentence[:1000]), _LINE_LIMIT)
    return Answer(status, f"{line}\n".encode(), TEXT, _HEADERS.get(status, ()))


def no_review(hook: Hook, error: NotAReview) -> Answer:
    """Answer what is no review."""
    metrics.REQUESTS.labels(hook.name, str(error.status), "none", "none", "false").inc()
    reply = refused(error.status, str(error))
    log.warning("not a review", hook=hook.name, error=reply.body.decode().strip(), status=error.status)
    return reply


def answer(service: Service, hook: Hook, body: bytes, timeout: float | None = None) -> Answer:
    """Answer a review sent to a hook, within `timeout` seconds of the caller's."""
    patience = service.request_timeout if timeout is None else timeout
    return _answer(service, hook, body, patience - ANSWER_MARGIN)


def answer_at_once(service: Service, hook: Hook, body: bytes) -> Answer:
    """Answer a review from what is known.

    Raises:
        Unsettled: when something must be read first.
    """
    return _answer(service, hook, body, None)


def _answer(service: Service, hook: Hook, body: bytes, timeout: float | None) -> Answer:
    began = time.perf_counter()
    try:
        request = read(body)
    except NotAReview as error:
        return no_review(hook, error)
    try:
        verdict = decide(hook, request, service.cluster, service.policy, timeout)
        written = write(request, verdict)
    except Unsettled:
        raise
    except NotAReview as error:
        return no_review(hook, error)
    except ClusterUnavailable as error:
        return _failed(hook, request, "cluster", 503, f"the cluster could not be read: {error}")
    except Exception:  # noqa: BLE001 - a bug of ours must reach the API server as one, whatever it is
        return _failed(hook, request, "bug", 500, f"internal error; request {request.uid} is explained in the log")
    _record(hook, request, verdict, time.perf_counter() - began)
    if service.record:
        service.record(request, verdict)
    return Answer(200, written)


def _failed(hook: Hook, request: AdmissionRequest, reason: str, status: int, sentence: str) -> Answer:
    metrics.REQUESTS.labels(
        hook.name, str(status), "none", metrics.operation_label(request.operation), str(request.dry_run).lower()
    ).inc()
    metrics.FAILURES_TOTAL.labels(hook.name, reason).inc()
    log.error("not judged", **_identity(hook, request), error=sentence, status=status, exc_info=reason == "bug")
    return refused(status, sentence)


def _record(hook: Hook, request: AdmissionRequest, verdict: Verdict, seconds: float) -> None:
    decision = "allowed" if verdict.allowed else "denied"
    metrics.REQUESTS.labels(
        hook.name, "200", decision, metrics.operation_label(request.operation), "true" if request.dry_run else "false"
    ).inc()
    metrics.DURATION.labels(hook.name).observe(seconds)
    causes = list(dict.fromkeys(cause.restriction for cause in verdict.causes))
    for cause in causes:
        if verdict.allowed:
            metrics.TOLERATED.labels(cause, str(verdict.exempted).lower()).inc()
        else:
            metrics.DENIALS.labels(cause).inc()
    if verdict.underivable:
        metrics.UNDERIVABLE.inc()
    if verdict.warnings:
        metrics.WARNINGS.labels(hook.name).inc(len(verdict.warnings))
    log.info(
        "review",
        **_identity(hook, request),
        verdict=decision,
        causes=causes,
        warnings=len(verdict.warnings),
        **({"underivable": verdict.underivable} if verdict.underivable else {}),
        duration_ms=round(seconds * 1000, 3),
    )


def _identity(hook: Hook, request: AdmissionRequest) -> dict[str, object]:
    return {
        "uid": request.uid[:_NAME_LIMIT],
        "user": request.user[:_NAME_LIMIT],
        "hook": hook.name,
        "resource": request.resource[:_NAME_LIMIT],
        "operation": metrics.operation_label(request.operation),
        "namespace": request.namespace[:_NAME_LIMIT],
        "name": request.name[:_NAME_LIMIT],
        "dry_run": request.dry_run,
    }
