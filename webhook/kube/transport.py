"""Connections to the API server: verified, authenticated anew for each request, kept for the next one."""

import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import urllib3
from urllib3.exceptions import HTTPError, InsecureRequestWarning, ProtocolError

from webhook.kube.credentials import Credentials, NoCredentials, Tls
from webhook.kube.refusals import Unreachable

Response: TypeAlias = urllib3.BaseHTTPResponse

_CONNECT_SECONDS: Final = 3.0
_KEPT: Final = 32
_UNVERIFIED: Final = "the API server's certificate is not verified (insecure-skip-tls-verify)"


def discard(warning: str) -> None:
    """Ignore a warning."""


class Transport:
    """Requests with one identity; may be used from any thread. Nothing is connected before the first one."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        agent: str = "live-migration-webhook",
        warn: Callable[[str], None] = discard,
        user: str = "",
        timeout: float = 0,
    ) -> None:
        """Take the identity, the name by which the API server knows the program, and what its warnings are given to.

        `user` is whom to act as, "" for oneself; a `timeout` holds for each request, whatever it says, 0 for none.
        """
        self._credentials = credentials
        self._user = user
        self._timeout = timeout
        self.agent = agent
        self._warn = warn
        self._lock = threading.Lock()
        self._tls: Tls | None = None
        self._pool = urllib3.PoolManager()

    @property
    def namespace(self) -> str:
        """The namespace of the credentials."""
        return self._credentials.namespace

    @property
    def place(self) -> str:
        """The context of the credentials, if there is one, and the server."""
        context = self._credentials.context
        return f"context {context}, {self._credentials.server}" if context else self._credentials.server

    def request(
        self, method: str, path: str, body: bytes | None, content_type: str, *, timeout: float, stream: bool
    ) -> Response:
        """Send a request; with `stream` the response's body is still to be read.

        `timeout` is how long the server may be silent, in seconds.

        Raises:
            Unreachable: when there is no answer.
        """
        server = self._credentials.server
        timeout = self._timeout or timeout
        options: Mapping[str, Any] = {
            "body": body,
            "timeout": urllib3.Timeout(connect=min(_CONNECT_SECONDS, timeout), read=timeout),
            "retries": False,
            "preload_content": not stream,
        }
        try:
            response = self._sent(method, server + path, content_type, options)
        except (HTTPError, NoCredentials, OSError) as error:
            raise Unreachable(f"{server} can't be reached: {_reason(error)}") from error
        for header in response.headers.getlist("Warning"):
            self._warn(_warning_text(header))
        return response

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pool.clear()

    def _sent(self, method: str, url: str, content_type: str, options: Mapping[str, Any]) -> Response:
        pool, headers = self._connections(), self._headers(content_type)
        try:
            return pool.request(method, url, headers=headers, **options)
        except ProtocolError:
            if method != "GET":
                raise
            # The server may close a kept connection at the moment when it is used again.
            return pool.request(method, url, headers=headers, **options)

    def _headers(self, content_type: str) -> Mapping[str, str]:
        headers = {"User-Agent": self.agent, "Accept": "application/json", "Content-Type": content_type}
        authorization = self._credentials.authorization()
        more = {"Authorization": authorization, "Impersonate-User": self._user}
        return headers | {name: value for name, value in more.items() if value}

    def _connections(self) -> urllib3.PoolManager:
        """Return the pool; a new one when the authority has changed since."""
        tls = self._credentials.tls()
        with self._lock:
            if tls != self._tls:
                self._pool = _pool(tls, self._credentials.proxy)
                if not tls.verify:
                    self._warn(_UNVERIFIED)
                self._tls = tls
            return self._pool


def _pool(tls: Tls, proxy: str) -> urllib3.PoolManager:
    context = ssl.create_default_context(cadata=tls.authority or None)
    if not tls.verify:
        # The library would warn of each request.
        urllib3.disable_warnings(InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key or None)
    options: dict[str, Any] = {"ssl_context": context, "maxsize": _KEPT}
    if tls.server_name:
        options["server_hostname"] = tls.server_name
    return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)


def _warning_text(header: str) -> str:
    """Return the text of a warning: `299 - "text"`."""
    return header.partition('"')[2].rpartition('"')[0].replace('\\"', '"') or header


def _reason(error: Exception) -> str:
    """Return what happened, without the address that urllib3 puts before it."""
    return str(error).rsplit(": ", 1)[-1] or type(error).__name__
