"""The client of the API server: read one object, list in pages, watch, create, patch, delete.

Documents are plain JSON, and every refusal has a type.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

import orjson
from msgspec import Struct

from webhook.kube.credentials import credentials
from webhook.kube.refusals import NotFound, Unreachable, refusal
from webhook.kube.transport import Response, Transport, discard
from webhook.kube.watch import Watch
from webhook.objects.fields import Fields
from webhook.state.resource import Resource

PAGE: Final = 100
"""Objects of one page. Larger ones (kubectl asks for 500) are hardly faster, and leave holes in the memory."""

_ABSENT: Final = "1"
"""A resourceVersion that no object can have: an apply with it creates, and conflicts where there is an object."""

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""A name that an object can have (RFC 1123); names found in objects go into paths."""

_METHODS: Final[Mapping[str, str]] = {"create": "POST", "patch": "PATCH", "delete": "DELETE"}
"""By the verb as roles have it; any other one is a GET."""

_JSON: Final = "application/json"
_APPLY: Final = "application/apply-patch+yaml"
_MERGE_PATCH: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"

Document: TypeAlias = dict[str, Any]
"""An object as JSON."""


class Page(Struct, frozen=True, kw_only=True):
    """Some of the objects of a list, and the version after which a watch goes on."""

    items: list[Document]
    version: str


class Api:
    """Requests by resource and name. Timeouts are in seconds; every method may be called from any thread.

    Each method raises Unreachable, Forbidden or KindMissing, and what else it names.
    """

    def __init__(self, transport: Transport) -> None:
        """Take the transport of the requests."""
        self._transport = transport
        self._date = ""

    @property
    def now(self) -> dt.datetime:
        """The API server's time at its latest response; ours when there was none in it."""
        try:
            return parsedate_to_datetime(self._date).astimezone(dt.UTC)
        except ValueError:
            return dt.datetime.now(dt.UTC)

    @property
    def namespace(self) -> str:
        """The default namespace of the credentials."""
        return self._transport.namespace or "default"

    @property
    def place(self) -> str:
        """Where it is: the context, if there is one, and the server."""
        return self._transport.place

    def get(self, resource: Resource, namespace: str, name: str, *, timeout: float) -> Document:
        """Read one object.

        Raises:
            NotFound: when there is none. What can't be a name isn't asked for.
        """
        return _document(self._send(resource, "get", _path(resource, namespace, name), timeout=timeout))

    def find(self, resource: Resource, namespace: str, name: str, *, timeout: float) -> Document | None:
        """Read one object, None when there is none."""
        try:
            return self.get(resource, namespace, name, timeout=timeout)
        except NotFound:
            return None

    def pages(
        self, resource: Resource, *, namespace: str = "", selector: str = "", fields: str = "", timeout: float
    ) -> Iterator[Page]:
        """Yield the pages of a list; `selector` is `label=value,…`, `fields` the same, `timeout` is for each page.

        Raises:
            Gone: when it took so long that the API server has forgotten the list.
        """
        token = ""
        while True:
            query = {"limit": str(PAGE), "labelSelector": selector, "fieldSelector": fields, "continue": token}
            found = _document(self._send(resource, "list", resource.path(namespace), query, timeout=timeout))
            metadata = found.get("metadata") or {}
            yield Page(items=found.get("items") or [], version=metadata.get("resourceVersion", ""))
            token = metadata.get("continue", "")
            if not token:
                return

    def version(self, resource: Resource, *, timeout: float) -> str:
        """Return the version that the list of a kind has at this moment; one object is read for it."""
        query = {"limit": "1"}
        found = _document(self._send(resource, "list", resource.path(), query, timeout=timeout))
        return Fields(found).object("metadata").text("resourceVersion")

    def watch(self, resource: Resource, version: str, *, selector: str = "", seconds: int, silence: float) -> Watch:
        """Watch what happens after a version, until the server ends it after `seconds`.

        It raises Unreachable when nothing arrives for `silence` seconds, not even a bookmark.

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
        response = self._send(resource, "watch", resource.path(), query, timeout=silence, stream=True)
        return Watch(resource, response)

    def create(
        self, resource: Resource, namespace: str, document: Mapping[str, Any], *, dry_run: bool = False, timeout: float
    ) -> Document:
        """Create an object, and return it as the API server has it; nothing is kept of a dry run.

        A field that the API server doesn't know is refused: left out, the object would mean something else.

        Raises:
            Rejected: when the API server, or an admission webhook, refuses it; Conflict when there is one already.
        """
        query = {"fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
        return _document(
            self._send(resource, "create", resource.path(namespace), query, body=document, timeout=timeout)
        )

    def create_named(
        self, resource: Resource, namespace: str, name: str, document: Mapping[str, Any], *, timeout: float
    ) -> Document:
        """Create an object with the right to create this one alone: by server-side apply, which has its name in it.

        Raises:
            Conflict: when there is one already.
        """
        kind = {"apiVersion": resource.api_version, "kind": resource.name}
        metadata = {**document.get("metadata", {}), "name": name, "resourceVersion": _ABSENT}
        body = {**kind, **document, "metadata": metadata}
        return self._patch(resource, _path(resource, namespace, name), body, _APPLY, timeout)

    def merge(
        self, resource: Resource, namespace: str, name: str, version: str, change: Mapping[str, Any], *, timeout: float
    ) -> Document:
        """Change an object that still has this resourceVersion; None removes a field, whichever manager owns it.

        Raises:
            Conflict: when it has another one.
            NotFound: when it is gone.
        """
        body = {**change, "metadata": {**change.get("metadata", {}), "resourceVersion": version}}
        return self._patch(resource, _path(resource, namespace, name), body, _MERGE_PATCH, timeout)

    def patch(
        self, resource: Resource, namespace: str, name: str, operations: Sequence[Mapping[str, Any]], *, timeout: float
    ) -> Document:
        """Change an object by a JSON patch (RFC 6902).

        Raises:
            Rejected: when a test in it fails; Conflict when it replaces the resourceVersion by another one.
            NotFound: when it is gone.
        """
        return self._patch(resource, _path(resource, namespace, name), operations, _JSON_PATCH, timeout)

    def delete(self, resource: Resource, namespace: str, name: str, *, timeout: float) -> None:
        """Delete an object.

        Raises:
            NotFound: when there is none.
        """
        self._send(resource, "delete", _path(resource, namespace, name), timeout=timeout)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._transport.close()

    def _patch(self, resource: Resource, path: str, body: object, content_type: str, timeout: float) -> Document:
        query = {"fieldManager": self._transport.agent}
        response = self._send(resource, "patch", path, query, body=body, content_type=content_type, timeout=timeout)
        return _document(response)

    def _send(
        self,
        resource: Resource,
        verb: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: object = None,
        content_type: str = _JSON,
        timeout: float,
        stream: bool = False,
    ) -> Response:
        parameters = urlencode({key: value for key, value in (query or {}).items() if value})
        target = f"{path}?{parameters}" if parameters else path
        content = None if body is None else orjson.dumps(body)
        response = self._transport.request(
            _METHODS.get(verb, "GET"), target, content, content_type, timeout=timeout, stream=stream
        )
        self._date = response.headers.get("Date") or ""
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(resource, verb, response.status, response.data)
        return response


def connect(
    kubeconfig: str = "",
    context: str = "",
    *,
    agent: str = "live-migration-webhook",
    warn: Callable[[str], None] = discard,
    user: str = "",
    timeout: float = 0,
) -> Api:
    """Return the API server that kubectl would talk to, with its credentials; nothing is connected yet.

    `agent` names the program in the API server's log, and as the manager of fields; `warn` is called with each warning
    that the API server and its webhooks send along. `user` is whom to act as, `timeout` the one of each request in
    seconds, 0 for what each of them says.

    Raises:
        NoCredentials: when there are none.
    """
    return Api(Transport(credentials(kubeconfig, context), agent=agent, warn=warn, user=user, timeout=timeout))


def _path(resource: Resource, namespace: str, name: str) -> str:
    """Return the path of one object; raise NotFound for what can't be a name."""
    if not all(map(_NAME.fullmatch, (namespace, name) if resource.namespaced else (name,))):
        raise NotFound(f"{resource.name} {namespace}/{name} can't exist")
    return resource.path(namespace, name)


def _document(response: Response) -> Document:
    try:
        document = orjson.loads(response.data)
    except orjson.JSONDecodeError as error:
        raise Unreachable(f"the API server answers with something that isn't JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unreachable("the API server answers with something that isn't an object")
    return document
