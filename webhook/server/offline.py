"""Judging one AdmissionReview from a file: the `review` command, without a server."""

from typing import Any, Final

import orjson

from webhook.admission.hooks import BY_PATH, HOOKS, Hook
from webhook.kube import logs
from webhook.kube.files import documents_in
from webhook.kube.refusals import ApiError
from webhook.server.answer import Service, answer
from webhook.server.clusters import cluster_now
from webhook.settings.settings import Settings
from webhook.state.manifests import UnreadableManifest

_ALLOWED: Final = 0
_DENIED: Final = 1
_UNREADABLE: Final = 2
_UNREACHABLE: Final = 3
_BUG: Final = 70
_EXIT_CODES: Final = {503: _UNREACHABLE, 500: _BUG}


class Unusable(Exception):  # noqa: N818 - it is named for what was given
    """Raised when there is nothing to print; `code` is the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def review_file(file: str, path: str | None, settings: Settings) -> tuple[str, int]:
    """Judge the AdmissionReview in a file (`-`: standard input); return the answer and the exit code.

    Raises:
        Unusable: when the file, the path or the cluster can't be used.
    """
    logs.configure("console", "error")
    body = _review_in(file)
    hook = _hook(path, body)
    try:
        cluster = cluster_now(settings)
    except UnreadableManifest as error:
        raise Unusable(str(error), _UNREADABLE) from error
    except ApiError as error:
        raise Unusable(str(error), _UNREACHABLE) from error
    service = Service(cluster=cluster, policy=settings.policy, request_timeout=settings.request_timeout)
    reply = answer(service, hook, body)
    if reply.status != 200:  # noqa: PLR2004 - OK
        raise Unusable(reply.body.decode().strip(), _EXIT_CODES.get(reply.status, _UNREADABLE))
    allowed = orjson.loads(reply.body)["response"]["allowed"]
    return reply.body.decode(), _ALLOWED if allowed else _DENIED


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
