"""The API server: plain requests on paths and JSON, each with a deadline, through the kubernetes client's connection.

Nothing of the client's models is used: they refuse what they don't know, and a Secret somebody garbled must be read.
"""

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final

import urllib3
from kubernetes import client, config

MANAGER: Final = "live-migration-webhook-certs"
"""Field manager of everything written here."""

ABSENT: Final = "1"
"""A resourceVersion that no object of ours can have: an apply with it creates, and conflicts when there is one."""

_MERGE: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"
_APPLY: Final = "application/apply-patch+yaml"
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409


class ClusterError(Exception):
    """A request failed; the message names it."""


class UnreachableError(ClusterError):
    """The API server did not answer, or not in time."""


class RefusedError(ClusterError):
    """The API server refused; `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class ConflictError(RefusedError):
    """The object has been changed by somebody else meanwhile, or exists already."""


class ConfigurationError(Exception):
    """Neither a kubeconfig nor the service account of a pod can be read."""


class Cluster:
    """Requests to one API server through a `kubernetes.client.ApiClient`. `deadline`: seconds for each."""

    def __init__(self, connection: Any, *, deadline: float = 5) -> None:
        self._connection = connection
        self._deadline = deadline
        self.now = dt.datetime.now(dt.UTC)
        """The API server's time at its latest answer: it verifies certificates by this clock, not by ours."""

    def get(self, path: str) -> dict[str, Any] | None:
        """Read an object; None when there is none."""
        return self._request("GET", path)

    def create(self, path: str, body: Mapping[str, Any]) -> None:
        """Create an object of that path, or raise ConflictError when there is one.

        By server-side apply, since this is authorised by name: a POST needs the right to create any object of the kind.
        """
        metadata = {**body.get("metadata", {}), "name": path.rpartition("/")[2], "resourceVersion": ABSENT}
        self._request("PATCH", f"{path}?fieldManager={MANAGER}", {**body, "metadata": metadata}, _APPLY)

    def merge(self, path: str, version: str, body: Mapping[str, Any]) -> None:
        """Change an object that still has this resourceVersion; None removes a field, whoever wrote it."""
        metadata = {**body.get("metadata", {}), "resourceVersion": version}
        self._request("PATCH", f"{path}?fieldManager={MANAGER}", {**body, "metadata": metadata}, _MERGE)

    def patch(self, path: str, operations: Sequence[Mapping[str, Any]]) -> None:
        """Change an object by a JSON patch."""
        self._request("PATCH", f"{path}?fieldManager={MANAGER}", list(operations), _JSON_PATCH)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def _request(self, method: str, path: str, body: object = None, kind: str = "") -> dict[str, Any] | None:
        headers = {"Accept": "application/json"} | ({"Content-Type": kind} if kind else {})
        what = f"{method} {path.partition('?')[0]}"
        request = self._connection.param_serialize(
            method, path, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        try:
            response = self._connection.call_api(*request, _request_timeout=self._deadline)
            content = response.read()
        except (urllib3.exceptions.HTTPError, client.ApiException) as error:
            raise UnreachableError(f"{what}: {error}") from error
        self.now = _date(response.getheader("Date"))
        return _answer(what, response.status, content)


def connect(kubeconfig: str | None = None, context: str | None = None) -> Cluster:
    """Connect as the kubeconfig says, else as the pod's service account; raises ConfigurationError."""
    settings = client.Configuration()
    settings.retries = False  # what failed is asked again at the next tick, not until its deadline has tripled
    try:
        if kubeconfig is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(kubeconfig, context, settings)  # type: ignore[no-untyped-call]
    except (config.ConfigException, OSError, ValueError) as error:
        raise ConfigurationError(str(error)) from error
    connection = client.ApiClient(settings)
    connection.user_agent = MANAGER
    return Cluster(connection)


def _answer(what: str, status: int, content: bytes) -> dict[str, Any] | None:
    if status == _NOT_FOUND and what.startswith("GET"):
        return None
    if status >= 300:  # noqa: PLR2004  # whatever is not a success
        refusal = ConflictError if status == _CONFLICT else RefusedError
        raise refusal(f"{what}: {status} {_message(content)}", status=status)
    try:
        found: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise UnreachableError(f"{what}: the answer is no JSON") from error
    return found


def _message(content: bytes) -> str:
    """Return what the API server says in its Status object."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, TypeError, KeyError):
        return content[:200].decode(errors="replace")


def _date(header: str | None) -> dt.datetime:
    """Return the time in an answer's Date header, else our own."""
    try:
        return parsedate_to_datetime(header or "").astimezone(dt.UTC)
    except ValueError:
        return dt.datetime.now(dt.UTC)
