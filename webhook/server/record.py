"""What is told of a review once it is answered: metrics, a line of log, and an Event."""

from collections.abc import Callable
from functools import cache
from typing import Final

import structlog

from webhook.admission.hooks import Hook
from webhook.admission.review import AdmissionRequest
from webhook.admission.reviewer import Outcome
from webhook.engine.verdict import Verdict
from webhook.engine.wording import one_line
from webhook.kube import logs
from webhook.server import metrics

_NAME_LIMIT: Final = 253
"""Characters of a name in the log: what Kubernetes allows; strangers may send more."""

_OPERATIONS: Final = frozenset({"CREATE", "UPDATE", "DELETE", "CONNECT"})

log = structlog.get_logger()
# The series of a metric is looked up by its labels' values again and again; they are few.
_requests = cache(metrics.REQUESTS.labels)
_duration = cache(metrics.DURATION.labels)


def record(outcome: Outcome, seconds: float, tell: Callable[[Verdict], None] | None = None) -> None:
    """Record what came of a review, and how long it took; `tell` tells the cluster, but of no dry run."""
    request, verdict = outcome.request, outcome.verdict
    decision = "none" if verdict is None else "allowed" if verdict.allowed else "denied"
    operation, dry_run = (_operation(request), request.dry_run) if request else ("none", False)
    _requests(outcome.hook.name, str(outcome.status), decision, operation, str(dry_run).lower()).inc()
    if request is None:
        what, hook = one_line(outcome.error), outcome.hook.name
        log.warning("not a review", hook=hook, error=what, status=outcome.status)
    elif verdict is None:
        metrics.FAILURES.labels(outcome.hook.name, "bug" if outcome.bug else "cluster").inc()
        identity = _identity(outcome.hook, request)
        bug = logs.frames(outcome.bug) if outcome.bug else ""
        log.error("not judged", **identity, error=one_line(outcome.error), status=outcome.status, bug=bug)
    else:
        _record_verdict(outcome.hook, request, verdict, seconds)
        if tell and not dry_run:
            tell(verdict)


def _record_verdict(hook: Hook, request: AdmissionRequest, verdict: Verdict, seconds: float) -> None:
    _duration(hook.name).observe(seconds)
    causes = list(dict.fromkeys([cause.restriction for cause in verdict.causes]))
    for cause in causes:
        if verdict.allowed:
            metrics.TOLERATED.labels(cause, str(verdict.exempted).lower()).inc()
        else:
            metrics.DENIALS.labels(cause).inc()
    if verdict.underivable:
        metrics.UNDERIVABLE.inc()
    if verdict.warnings:
        metrics.WARNINGS.labels(hook.name).inc(len(verdict.warnings))
    line = _identity(hook, request)
    line["verdict"] = "allowed" if verdict.allowed else "denied"
    line["causes"] = causes
    line["warnings"] = len(verdict.warnings)
    if verdict.underivable:
        line["underivable"] = verdict.underivable
    line["duration_ms"] = round(seconds * 1000, 3)
    logs.info("review", line)


def _operation(request: AdmissionRequest) -> str:
    """Return the operation; whatever else a stranger sends is `other`."""
    return request.operation if request.operation in _OPERATIONS else "other"


def _identity(hook: Hook, request: AdmissionRequest) -> dict[str, object]:
    return {
        "uid": request.uid[:_NAME_LIMIT],
        "user": request.user[:_NAME_LIMIT],
        "hook": hook.name,
        "resource": request.resource[:_NAME_LIMIT],
        "operation": _operation(request),
        "namespace": request.namespace[:_NAME_LIMIT],
        "name": request.name[:_NAME_LIMIT],
        "dry_run": request.dry_run,
    }
