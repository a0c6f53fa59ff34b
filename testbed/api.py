"""Plain requests to the API server, as one user: paths and JSON, nothing hidden."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import urllib3

Object = dict[str, Any]
"""A Kubernetes object as JSON."""

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

KUBEVIRT = "/apis/kubevirt.io/v1"
"""Path of KubeVirt's API group."""


NOT_YET = {404, 429, 503}
"""What the API server answers before an object or its kind is there."""


class ApiError(Exception):
    """The API server refused; `status` is the HTTP status, the message is the server's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Api:
    """Requests as one user. Raises ApiError for an answer that isn't a success."""

    def __init__(self, *, server: str, authority: Path, token: str) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._pool = urllib3.PoolManager(ca_certs=str(authority), maxsize=8, retries=False, timeout=30)

    def get(self, path: str) -> Object:
        """Read an object or a list."""
        return self._request("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Object:
        """Create an object; `path` is its collection."""
        return self._request("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Object:
        """Replace an object."""
        return self._request("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, Any] | list[Any], *, kind: str = MERGE_PATCH) -> Object:
        """Change an object: a merge patch, or what `kind` says."""
        return self._request("PATCH", path, body, kind)

    def delete(self, path: str, *, grace_seconds: int | None = None) -> Object:
        """Delete an object or a collection."""
        body = {} if grace_seconds is None else {"gracePeriodSeconds": grace_seconds}
        return self._request("DELETE", path, body)

    def exists(self, path: str) -> bool:
        """Whether the API server answers the path with a success."""
        try:
            self._raw("GET", path)
        except (ApiError, urllib3.exceptions.HTTPError):
            return False
        return True

    def wait(self, path: str, until: Callable[[Object], bool], *, seconds: float = 30) -> Object:
        """Read the path until the predicate holds; return what it held for. It may not be there yet."""
        deadline = time.monotonic() + seconds
        seen: Object = {}
        while time.monotonic() < deadline:
            try:
                seen = self.get(path)
            except ApiError as error:
                if error.status not in NOT_YET:
                    raise
            else:
                if until(seen):
                    return seen
            time.sleep(0.05)
        raise TimeoutError(f"{path} isn't as expected after {seconds:.0f} s; it is {json.dumps(seen)}")

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _request(self, method: str, path: str, body: object = None, kind: str = "application/json") -> Object:
        answer: Object = json.loads(self._raw(method, path, body, kind))
        return answer

    def _raw(self, method: str, path: str, body: object = None, kind: str = "application/json") -> bytes:
        headers = self._headers | ({} if body is None else {"Content-Type": kind})
        content = None if body is None else json.dumps(body).encode()
        response = self._pool.request(method, f"{self._server}{path}", body=content, headers=headers)
        if response.status >= 300:
            raise ApiError(response.status, _message(response.data))
        return response.data


def _message(body: bytes) -> str:
    """Return the message of a Status object, else the body."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return body.decode(errors="replace")
