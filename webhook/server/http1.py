"""HTTP/1.1 without any I/O: bytes to requests, responses to bytes.

The parser is llhttp, through httptools: strict about lengths and framing.
"""

from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import httptools
from msgspec import Struct

from webhook.engine.wording import one_line

BODY_LIMIT: Final = 7 * 1024 * 1024
"""Bytes of a request's body: old and new object of the API server's 3 MiB each, and what surrounds them."""
HEAD_LIMIT: Final = 32 * 1024
"""Bytes of a request's head, with what else isn't its body: sizes and extensions of chunks, trailers."""
FIELDS_LIMIT: Final = 100
"""Different headers of a request, and as many trailers."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"

_PIECE: Final = 16 * 1024
"""Bytes that are parsed before they are counted."""
_OVERHEAD: Final = 1024
"""Bytes of memory that a request takes beside its body, about."""
_RETRY: Final = (("Retry-After", "1"),)
"""The API server repeats a call that failed with 429 or 5xx only when this header tells it to."""
_HEADERS: Final[Mapping[int, tuple[tuple[str, str], ...]]] = {500: _RETRY, 503: _RETRY, 405: (("Allow", "POST"),)}


class BadRequest(Exception):  # noqa: N818 - it is named for what arrived
    """Raised for bytes that are no request, or one too large; `status` is the HTTP status to answer with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Request(Struct, frozen=True):
    """One request. Names of headers are in small letters; of several with one name, the last one counts."""

    method: str
    path: str
    query: str
    headers: Mapping[bytes, bytes]
    body: bytes | bytearray
    keep_alive: bool


class Response(Struct, frozen=True, kw_only=True):
    """One response; `headers` are those beside Content-Type, Content-Length, Date and Connection."""

    status: int = HTTPStatus.OK
    body: bytes
    content_type: str = TEXT
    headers: tuple[tuple[str, str], ...] = ()

    def rendered(self, date: bytes, *, close: bool, head_only: bool = False) -> bytes:
        """Return it as bytes; `head_only` without its body, as HEAD wants it."""
        head = _head(self.status, self.content_type, self.headers, close)
        body = b"" if head_only else self.body
        return b"%bDate: %b\r\nContent-Length: %d\r\n\r\n%b" % (head, date, len(self.body), body)


def refused(status: int, sentence: str) -> Response:
    """Return the response to what gets no other one: a line of text."""
    return Response(status=status, body=f"{one_line(sentence)}\n".encode(), headers=_HEADERS.get(status, ()))


class RequestParser:
    """Takes bytes as they come and collects whole requests, pipelined ones too, in `requests`.

    `started` tells whether a request has begun and isn't whole yet; `awaits_continue` whether its sender waits for
    `100 Continue` before it sends the body; `broken` why nothing more can be read after the requests so far. `held` is
    how many bytes of memory the requests here take, about.
    """

    def __init__(self) -> None:
        self.requests: deque[Request] = deque()
        self.started = self.awaits_continue = False
        self.broken: BadRequest | None = None
        self.held = 0
        self._parser = httptools.HttpRequestParser(self)
        self._framing = self._body_bytes = self._completed = 0
        self._target = b""
        self._fields: dict[bytes, bytes] = {}
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        for at in range(0, len(data), _PIECE):
            if not self.broken:
                self._feed(data[at : at + _PIECE])

    def answered(self) -> None:
        """Let the oldest whole request go."""
        self.held -= _OVERHEAD + len(self.requests.popleft().body)

    def close(self) -> None:
        """Take no more bytes: the parser in C, which calls back, is let go."""
        del self._parser

    def on_message_begin(self) -> None:
        """Start anew."""
        self.started = True
        self.held += _OVERHEAD
        self._framing = 0
        self._target = self._body = b""
        self._fields = {}

    def on_url(self, target: bytes) -> None:
        """Take a part of the request's target."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or a trailer."""
        self._fields[name.lower()] = value
        if len(self._fields) > FIELDS_LIMIT:
            raise self._failure(431, f"a request has at most {FIELDS_LIMIT} headers")

    def on_headers_complete(self) -> None:
        """Refuse a body that is announced as too large before it is sent. What follows are trailers, to be left out."""
        self._headers, self._fields = self._fields, {}
        length = int(self._headers.get(b"content-length", 0))
        if length > BODY_LIMIT:
            raise self._failure(413, f"a review has at most {BODY_LIMIT} bytes, not {length}")
        self.awaits_continue = self._headers.get(b"expect", b"").lower() == b"100-continue"

    def on_body(self, body: bytes) -> None:
        """Take a part of the body: the first as it is, for mostly it is all; more are put together in one buffer."""
        self.awaits_continue = False
        self.held += len(body)
        self._body_bytes += len(body)
        if not self._body:
            self._body = body
            return
        if isinstance(self._body, bytes):
            self._body = bytearray(self._body)
        self._body += body
        if len(self._body) > BODY_LIMIT:
            raise self._failure(413, f"a review has at most {BODY_LIMIT} bytes")

    def on_message_complete(self) -> None:
        """Put the request among the whole ones."""
        self.started = self.awaits_continue = False
        self._completed += 1
        if self._parser.should_upgrade():
            raise self._failure(400, "this server speaks HTTP/1.1 and nothing else")
        try:
            path, query = _path_and_query(self._target)
        except httptools.HttpParserInvalidURLError:
            raise self._failure(400, "not an HTTP request: invalid target") from None
        method, keep_alive = self._parser.get_method().decode(), self._parser.should_keep_alive()
        self.requests.append(Request(method, path, query, self._headers, self._body, keep_alive))
        self._body = b""

    def _feed(self, piece: bytes) -> None:
        self._body_bytes = self._completed = 0
        try:
            self._parser.feed_data(piece)
        except (BadRequest, httptools.HttpParserUpgrade):
            pass
        except httptools.HttpParserCallbackError:
            self.broken = self.broken or BadRequest(400, "not an HTTP request")
        except httptools.HttpParserError as error:
            self.broken = BadRequest(400, f"not an HTTP request: {error}")
        else:
            self._count(len(piece) - self._body_bytes)

    def _count(self, framing: int) -> None:
        """Count the bytes of a piece that aren't body, so that a limit holds however a request is cut into pieces.

        Where one request ends and another begins within a piece, they can't be told apart: it isn't counted.
        """
        if self._completed and (self.started or self._completed > 1):
            return
        self._framing += framing
        if self._framing > HEAD_LIMIT:
            if self._completed:
                self.answered()
            self._failure(431, f"a request's head has at most {HEAD_LIMIT} bytes")

    def _failure(self, status: int, sentence: str) -> BadRequest:
        self.broken = BadRequest(status, sentence)
        return self.broken


@lru_cache(maxsize=64)
def _path_and_query(target: bytes) -> tuple[str, str]:
    """Return the decoded path and the query of a target; those of strangers take 64 times HEAD_LIMIT at most."""
    url = httptools.parse_url(target)
    return unquote((url.path or b"/").decode("latin-1")), (url.query or b"").decode("latin-1")


@lru_cache(maxsize=64)
def _head(status: int, content_type: str, headers: tuple[tuple[str, str], ...], close: bool) -> bytes:  # noqa: FBT001
    """Return the beginning of a response, which is the same for most."""
    fields = (("Content-Type", content_type), *headers, *((("Connection", "close"),) if close else ()))
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in fields), ""]
    return "\r\n".join(lines).encode("latin-1")
