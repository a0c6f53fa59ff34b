"""The errors of the API server's client, by what happened."""
# ruff: noqa: N818 - they are named for what happened

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson

from webhook.engine.wording import printable, shortened
from webhook.objects.fields import Fields
from webhook.state.resource import Resource

_MESSAGE_LIMIT: Final = 300
_READING: Final = frozenset({"get", "list", "watch"})


class ApiError(Exception):
    """Raised when the API server can't be asked, or answers with a refusal; the message is a sentence for people."""


class Unreachable(ApiError):
    """Raised when there is no answer, no usable one, or one that asks for a retry (429, 5xx)."""


class Gone(ApiError):
    """Raised when a version is asked for that the API server has forgotten: the list must be read anew."""


class Rejected(ApiError):
    """Raised when the API server refuses a request for what it asks, as an admission webhook may; in its own words."""


class Conflict(Rejected):
    """Raised when the object has been changed by somebody else meanwhile, or exists already."""


class NotFound(ApiError):
    """Raised when there is no such object."""


class KindMissing(ApiError):
    """Raised when the cluster doesn't know the kind: its CustomResourceDefinition is not installed."""

    def __init__(self, resource: Resource) -> None:
        missing = f"{resource.plural}.{resource.group} is not installed"
        super().__init__(f"{resource.name} is not a kind of this cluster: {missing}")
        self.resource = resource


class Forbidden(ApiError):
    """Raised when a right is missing; the message says which rule a role must have for it."""

    def __init__(self, resource: Resource, verb: str) -> None:
        self.resource = resource
        self.verb = verb
        super().__init__(
            f'no right to {verb} {resource.plural}: a role needs apiGroups ["{resource.group}"], '
            f'resources ["{resource.plural}"], verbs ["{verb}"]'
        )


_BY_STATUS: Final[Mapping[int, type[ApiError]]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.GONE: Gone,
}


def refusal(resource: Resource, verb: str, status: int, body: bytes) -> ApiError:
    """Return the error for an answer that isn't a success; `body` is a Status object, or whatever a proxy wrote."""
    message, about_an_object = _read_status(body)
    said = shortened(printable(message), _MESSAGE_LIMIT)
    if status == HTTPStatus.UNAUTHORIZED:
        return Unreachable(f"the API server does not accept the credentials: {said}")
    if status == HTTPStatus.FORBIDDEN and (verb in _READING or f"cannot {verb} resource" in message):
        return Forbidden(resource, verb)
    if status == HTTPStatus.NOT_FOUND and not about_an_object:
        return KindMissing(resource)
    if status in _BY_STATUS:
        return _BY_STATUS[status](said)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.TOO_MANY_REQUESTS:
        return Rejected(message)
    return Unreachable(f"the API server answers {status} to {verb} {resource.plural}: {said}")


def _read_status(body: bytes) -> tuple[str, bool]:
    """Return a Status object's message, and whether it is about an object: not about a path that is unknown."""
    try:
        status = Fields(orjson.loads(body))
        return status.text("message"), bool(status.object("details").text("name"))
    except (orjson.JSONDecodeError, AttributeError):
        return body.decode(errors="replace"), False
