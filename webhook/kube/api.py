"""The edge to the API server: read one object, list in pages, watch, create, delete.

Documents are plain JSON, and every refusal has a type.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from msgspec import Struct

from webhook.kube.connection import Answer, Connection, unheard
from webhook.kube.credentials import credentials
from webhook.kube.refusals import NotFound, Unreachable, refusal
from webhook.kube.watch import Watch
from webhook.objects.fields import Fields
from webhook.state.kinds import Kind

PAGE: Final = 100
"""Objects of one page. Larger ones (kubectl asks for 500) are hardly faster, and leave holes in the memory."""

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""A name that an object can have (RFC 1123); names found in objects go into paths."""

Document = dict[str, Any]
"""An object as JSON."""


class Page(Struct, frozen=True, kw_only=True):
    """Some of the objects of a list, and the version after which a watch goes on."""

    items: list[Document]
    version: str


class Api:
    """Requests by kind and name. Timeouts are in seconds; every method may be called from any thread.

    Each method raises Unreachable, Forbidden or KindMissing, and what else it names.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to the API server."""
        self._connection = connection

    def get(self, kind: Kind, namespace: str, name: str, *, timeout: float) -> Document:
        """Read one object.

        Raises:
            NotFound: when there is none. What can't be a name isn't asked for.
        """
        if not all(map(_NAME.fullmatch, (namespace, name) if kind.namespaced else (name,))):
            raise NotFound(f"{kind.name} {namespace}/{name} can't exist")
        return _document(self._send(kind, "get", "GET", kind.path(namespace, name), timeout=timeout))

    def pages(
        self, kind: Kind, *, namespace: str = "", selector: str = "", fields: str = "", timeout: float
    ) -> Iterator[Page]:
        """Yield the pages of a list; `selector` is `label=value,…`, `fields` the same, `timeout` is for each page.

        Raises:
            Gone: when it took so long that the API server has forgotten the list.
        """
        token = ""
        while True:
            query = {"limit": str(PAGE), "labelSelector": selector, "fieldSelector": fields, "continue": token}
            found = _document(self._send(kind, "list", "GET", kind.path(namespace), query, timeout=timeout))
            metadata = found.get("metadata") or {}
            yield Page(items=found.get("items") or [], version=metadata.get("resourceVersion", ""))
            token = metadata.get("continue", "")
            if not token:
                return

    def version(self, kind: Kind, *, timeout: float) -> str:
        """Return the version that the list of a kind has at this moment; one object is read for it."""
        query = {"limit": "1"}
        found = _document(self._send(kind, "list", "GET", kind.path(), query, timeout=timeout))
        return Fields(found).object("metadata").text("resourceVersion")

    def watch(self, kind: Kind, version: str, *, selector: str = "", seconds: int, silence: float) -> Watch:
        """Watch what happens after a version, until the server ends it after `seconds`.

        A server that says nothing for `silence` seconds, not even a bookmark, isn't there any more: Unreachable.

        Raises:
            Gone: here, or from the watch, when the version is too old.
        """
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
            "labelSelector": selector,
        }
        return Watch(kind, self._send(kind, "watch", "GET", kind.path(), query, timeout=silence, stream=True))

    def create(
        self, kind: Kind, namespace: str, document: Mapping[str, Any], *, dry_run: bool = False, timeout: float
    ) -> Document:
        """Create an object, and return it as the API server has it; nothing is kept of a dry run.

        Raises:
            Rejected: when the API server, or an admission webhook, refuses it.
        """
        body = orjson.dumps(document)
        query = {"dryRun": "All"} if dry_run else None
        return _document(self._send(kind, "create", "POST", kind.path(namespace), query, body=body, timeout=timeout))

    def delete(self, kind: Kind, namespace: str, name: str, *, timeout: float) -> None:
        """Delete an object.

        Raises:
            NotFound: when there is none.
        """
        self._send(kind, "delete", "DELETE", kind.path(namespace, name), timeout=timeout)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connection.close()

    def _send(
        self,
        kind: Kind,
        verb: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: bytes | None = None,
        timeout: float,
        stream: bool = False,
    ) -> Answer:
        parameters = urlencode({key: value for key, value in (query or {}).items() if value})
        path_and_query = f"{path}?{parameters}" if parameters else path
        answer = self._connection.request(method, path_and_query, body, timeout=timeout, stream=stream)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(kind, verb, answer.status, answer.data)
        return answer


def connect(
    kubeconfig: str = "",
    context: str = "",
    *,
    agent: str = "live-migration-webhook",
    warn: Callable[[str], None] = unheard,
) -> Api:
    """Return the API server that kubectl would talk to, with its credentials; nothing is connected yet.

    `warn` hears the warnings that the API server and its webhooks send along.

    Raises:
        NoCredentials: when there are none.
    """
    return Api(Connection(credentials(kubeconfig, context), agent=agent, warn=warn))


def _document(answer: Answer) -> Document:
    try:
        document = orjson.loads(answer.data)
    except orjson.JSONDecodeError as error:
        raise Unreachable(f"the API server answers with something that isn't JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unreachable("the API server answers with something that isn't an object")
    return document
