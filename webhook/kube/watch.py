"""One watch: the API server tells, line by line, what happens to the objects of a kind."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import orjson
from msgspec import Struct
from urllib3.exceptions import HTTPError

from webhook.kube.refusals import Unreachable, refusal
from webhook.kube.transport import Response
from webhook.state.resource import Resource

_CHUNK: Final = 1 << 16
_TYPES: Final = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK"})


class WatchEvent(Struct, frozen=True, kw_only=True):
    """What happened: `type` is ADDED, MODIFIED, DELETED or BOOKMARK."""

    type: str
    object: dict[str, Any]

    @property
    def version(self) -> str:
        """The version after which to go on."""
        version = (self.object.get("metadata") or {}).get("resourceVersion")
        return version if isinstance(version, str) else ""


class Watch:
    """Events as they come, until the server ends the watch.

    Iteration raises Gone when the version is too old, and Unreachable when the server goes silent, loses the
    connection or sends something else than events.
    """

    def __init__(self, resource: Resource, response: Response) -> None:
        """Take the response, whose body has not been read yet."""
        self._resource = resource
        self._response = response

    def __iter__(self) -> Iterator[WatchEvent]:
        rest = b""
        try:
            for chunk in self._response.stream(_CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from map(self._event, lines)
        except HTTPError as error:
            raise Unreachable(f"the watch of {self._resource.plural} broke: {error}") from error
        finally:
            self._response.close()

    def stop(self) -> None:
        """End the iteration from another thread; the connection is not used again."""
        with suppress(OSError, ValueError, RuntimeError):
            self._response.shutdown()

    def _event(self, line: bytes) -> WatchEvent:
        try:
            event = orjson.loads(line)
            if event["type"] == "ERROR":
                raise refusal(self._resource, "watch", int(event["object"]["code"]), orjson.dumps(event["object"]))
            if event["type"] in _TYPES and isinstance(event["object"], dict):
                return WatchEvent(type=event["type"], object=event["object"])
        except (orjson.JSONDecodeError, TypeError, KeyError, ValueError) as error:
            raise Unreachable(f"the watch of {self._resource.plural} sent something that isn't an event") from error
        raise Unreachable(f"the watch of {self._resource.plural} sent an event of an unknown type")
