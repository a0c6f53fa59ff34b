"""Judging one AdmissionReview from a file: the `review` command, without a server."""

import asyncio
from typing import Any, Final

import orjson
import structlog

from webhook.admission.hooks import BY_PATH, HOOKS, Hook
from webhook.admission.reviewer import Reviewer
from webhook.engine.wording import one_line
from webhook.kube import logs
from webhook.kube.files import documents_in
from webhook.state.manifests import UnreadableManifest

_ALLOWED: Final = 0
_DENIED: Final = 1
_UNREADABLE: Final = 2
_UNREACHABLE: Final = 3
_BUG: Final = 70
_EXIT_CODES: Final = {503: _UNREACHABLE, 500: _BUG}


log = structlog.get_logger()


class Unusable(Exception):  # noqa: N818 - it is named for what was given
    """Raised when there is nothing to print; `code` is the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def review_file(file: str, path: str | None, reviewer: Reviewer, timeout: float) -> tuple[str, int]:
    """Judge the AdmissionReview in a file (`-`: standard input); return the answer and the exit code.

    Raises:
        Unusable: when there is no answer to it.
    """
    logs.configure("console", "error")
    body = _review_in(file)
    outcome = asyncio.run(reviewer.review(_hook(path, body), body, timeout))
    if outcome.bug:
        log.error("not judged", bug=logs.frames(outcome.bug))
    if outcome.verdict is None:
        raise Unusable(one_line(outcome.error), _EXIT_CODES.get(outcome.status, _UNREADABLE))
    return outcome.answer.decode(), _ALLOWED if outcome.verdict.allowed else _DENIED


def _review_in(file: str) -> bytes:
    """Return the AdmissionReview in a file as JSON: its only document, or the one among several that is a review."""
    try:
        documents = [each for each in documents_in(file) if each is not None]
    except UnreadableManifest as error:
        raise Unusable(str(error), _UNREADABLE) from error
    reviews = [each for each in documents if isinstance(each, dict) and each.get("kind") == "AdmissionReview"]
    chosen = documents if len(documents) == 1 else reviews
    if len(chosen) != 1:
        raise Unusable(f"{file}: expected one AdmissionReview, not {len(chosen)}", _UNREADABLE)
    try:
        return orjson.dumps(chosen[0], option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError as error:
        raise Unusable(f"{file}: can't be written as JSON: {error}", _UNREADABLE) from error


def _hook(path: str | None, body: bytes) -> Hook:
    """Return the hook of a path; without one, that of the request's resource: its validation before a mutation."""
    if path is not None:
        if path not in BY_PATH:
            raise Unusable(f"--path {path}: there are {', '.join(BY_PATH)}", _UNREADABLE)
        return BY_PATH[path]
    resource = _resource(orjson.loads(body))
    by_resource = {name: hook for hook in sorted(HOOKS, key=lambda hook: hook.path) for name in hook.resources}
    if resource not in by_resource:
        raise Unusable(f"no endpoint judges the resource {resource!r}; there are {', '.join(by_resource)}", _UNREADABLE)
    return by_resource[resource]


def _resource(review: Any) -> str:
    for key in ("request", "resource", "resource"):
        review = review.get(key) if isinstance(review, dict) else None
    return str(review or "")
