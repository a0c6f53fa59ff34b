"""HTTP/1.1 without any I/O: bytes to requests, responses to bytes.

The parser is llhttp, through httptools: strict about lengths and framing.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import httptools
from msgspec import Struct

from webhook.server.answer import BODY_LIMIT

HEAD_LIMIT: Final = 32 * 1024
"""Bytes of a request line and all headers."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class BadRequest(Exception):  # noqa: N818 - it is named for what arrived
    """Raised for bytes that are no request, or one too large; `status` is the HTTP status to answer with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Request(Struct, frozen=True):
    """One request; `headers` with names in small letters, in their order."""

    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    keep_alive: bool


class RequestParser:
    """Takes bytes as they come and collects whole requests, pipelined ones too, in `requests`.

    `started` tells whether a request has begun and isn't whole yet; `awaits_continue` whether its sender waits for
    `100 Continue` before it sends the body; `body_size` how many bytes of a body are there; `broken` why nothing more
    can be read after the requests so far.
    """

    def __init__(self) -> None:
        self.requests: deque[Request] = deque()
        self.started = False
        self.awaits_continue = False
        self._parser = httptools.HttpRequestParser(self)
        self._in_head = True
        self._head_size = 0
        self.body_size = 0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self.broken: BadRequest | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes; look at `broken` when they give no request."""
        try:
            self._parser.feed_data(data)
            if self._in_head and self.started:
                self._count_head(len(data))
        except (BadRequest, httptools.HttpParserUpgrade):
            pass
        except httptools.HttpParserCallbackError:
            self.broken = self.broken or BadRequest(400, "not an HTTP request")
        except httptools.HttpParserError as error:
            self.broken = BadRequest(400, f"not an HTTP request: {error}")

    def on_message_begin(self) -> None:
        """Start anew."""
        self.started = self._in_head = True
        self._head_size = self.body_size = 0
        self._url = b""
        self._headers = []
        self._body = []

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's target."""
        self._count_head(len(url))
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers are left out."""
        if self._in_head:
            self._count_head(len(name) + len(value))
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Refuse a body that is announced as too large before it is sent."""
        self._in_head = False
        headers = dict(self._headers)
        length = headers.get(b"content-length", b"0")
        if int(length) > BODY_LIMIT:
            raise self._failure(413, f"a review has at most {BODY_LIMIT} bytes, not {int(length)}")
        self.awaits_continue = headers.get(b"expect", b"").lower() == b"100-continue"

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self.awaits_continue = False
        self.body_size += len(body)
        if self.body_size > BODY_LIMIT:
            raise self._failure(413, f"a review has at most {BODY_LIMIT} bytes")
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Put the request among the whole ones."""
        self.started = self.awaits_continue = False
        if self._parser.should_upgrade():
            raise self._failure(400, "this server speaks HTTP/1.1 and nothing else")
        try:
            url = httptools.parse_url(self._url)
        except httptools.HttpParserInvalidURLError:
            raise self._failure(400, "not an HTTP request: invalid target") from None
        self.requests.append(
            Request(
                method=self._parser.get_method().decode(),
                path=url.path or b"/",
                query=url.query or b"",
                headers=tuple(self._headers),
                body=b"".join(self._body),
                keep_alive=self._parser.should_keep_alive(),
            )
        )

        self._body = []

    def _count_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > HEAD_LIMIT:
            raise self._failure(431, f"a request's head has at most {HEAD_LIMIT} bytes")

    def _failure(self, status: int, sentence: str) -> BadRequest:
        self.broken = BadRequest(status, sentence)
        return self.broken


def response(status: str, headers: Iterable[tuple[str, str]], body: bytes, *, date: str, close: bool) -> bytes:
    """Return a response as bytes; `status` is code and phrase."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), f"Date: {date}"]
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
