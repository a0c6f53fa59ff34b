"""Bytes to requests: the same ones and the same refusals, however the bytes are cut into pieces."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.server.http1 import BODY_LIMIT, FIELDS_LIMIT, HEAD_LIMIT, RequestParser

LINE = b"POST /validate/migrations?timeout=5s HTTP/1.1\r\n"
IN_CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = b"1\r\nx\r\n0\r\n\r\n"


def parsed(pieces: Iterable[bytes]) -> tuple[list[bytes], str]:
    """Return the bodies of all requests, and why there are no more, "" where there may be."""
    parser = RequestParser()
    for piece in pieces:
        parser.feed(piece)
    return [bytes(request.body) for request in parser.requests], str(parser.broken or "")


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    """Cut bytes at these positions, which may exceed them."""
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[begin:end] for begin, end in pairwise(places)]


def with_head_of(size: int) -> bytes:
    """Return a request whose head has exactly so many bytes."""
    rest = LINE + b"Content-Length: 2\r\nX: \r\n\r\n"
    return LINE + b"Content-Length: 2\r\nX: " + b"x" * (size - len(rest)) + b"\r\n\r\n{}"


def with_framing_of(size: int, *, in_trailer: bool) -> bytes:
    """Return a request in chunks, which has exactly so many bytes beside its body."""
    rest = len(LINE + IN_CHUNKS + WHOLE) - 1
    if in_trailer:
        return LINE + IN_CHUNKS + b"1\r\nx\r\n0\r\nX: " + b"x" * (size - rest - len(b"X: \r\n")) + b"\r\n\r\n"
    return LINE + IN_CHUNKS + b"1;" + b"x" * (size - rest - 1) + b"\r\nx\r\n0\r\n\r\n"


TOO_LONG = f"a request's head has at most {HEAD_LIMIT} bytes"
LONGEST = {
    "head": (with_head_of(HEAD_LIMIT), [b"{}"], ""),
    "head too long": (with_head_of(HEAD_LIMIT + 1), [], TOO_LONG),
    "chunk extension": (with_framing_of(HEAD_LIMIT, in_trailer=False), [b"x"], ""),
    "chunk extension too long": (with_framing_of(HEAD_LIMIT + 1, in_trailer=False), [], TOO_LONG),
    "trailer": (with_framing_of(HEAD_LIMIT, in_trailer=True), [b"x"], ""),
    "trailer too long": (with_framing_of(HEAD_LIMIT + 1, in_trailer=True), [], TOO_LONG),
}


@pytest.mark.parametrize(("data", "bodies", "why"), LONGEST.values(), ids=LONGEST)
@given(at=st.lists(st.integers(0, 1 << 20), max_size=9))
def test_a_limit_holds_however_a_request_is_cut(data: bytes, bodies: list[bytes], why: str, at: list[int]) -> None:
    assert parsed(cut(data, at)) == (bodies, why)


def test_a_head_of_half_the_limit_may_come_in_any_two_pieces() -> None:
    data = with_head_of(HEAD_LIMIT // 2 + 1000)

    assert {parsed([data[:at], data[at:]])[1] for at in range(0, len(data), 97)} == {""}


@given(
    bodies=st.lists(st.binary(max_size=40_000), min_size=1, max_size=4),
    size=st.integers(500, 20_000),
    at=st.lists(st.integers(0, 1 << 20), max_size=9),
)
def test_requests_are_the_same_however_they_are_cut(bodies: list[bytes], size: int, at: list[int]) -> None:
    data = b"".join(in_chunks(body, size) if number % 2 else in_one(body) for number, body in enumerate(bodies))

    assert parsed(cut(data, at)) == (bodies, "")


def in_one(body: bytes) -> bytes:
    return LINE + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def in_chunks(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return LINE + IN_CHUNKS + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("where", ["head", "trailer"])
@pytest.mark.parametrize(
    ("number", "why"), [(FIELDS_LIMIT, ""), (FIELDS_LIMIT + 1, "a request has at most 100 headers")]
)
def test_the_number_of_headers_has_a_bound(where: str, number: int, why: str) -> None:
    fields = [b"X-%d: x\r\n" % each for each in range(number)]
    if where == "head":
        data = LINE + b"".join(fields) + b"\r\n"
    else:
        data = LINE + IN_CHUNKS + b"0\r\n" + b"".join(fields) + b"\r\n"

    assert parsed([data])[1] == why


def test_what_a_trailer_says_is_left_out() -> None:
    parser = RequestParser()

    parser.feed(LINE + IN_CHUNKS + b"1\r\nx\r\n0\r\nContent-Type: application/json\r\n\r\n")

    assert b"content-type" not in parser.requests[0].headers


@pytest.mark.parametrize("size", [2, 50_000])
def test_chunks_without_end_are_refused(size: int) -> None:
    parser = RequestParser()
    parser.feed(LINE + IN_CHUNKS)
    fed = 0
    while not parser.broken:
        parser.feed(b"%x\r\n%b\r\n" % (size, b"x" * size) * 10)
        fed += size * 10

    assert parser.broken.status == (431 if size == 2 else 413)
    assert fed <= BODY_LIMIT + size * 10


def test_what_is_held_is_counted_from_the_first_byte_and_let_go_with_the_answer() -> None:
    parser = RequestParser()
    held = []
    for piece in (b"P", LINE[1:] + b"Content-Length: 40000\r\n\r\n", b"x" * 20_000, b"x" * 20_000):
        parser.feed(piece)
        held.append(parser.held)
    parser.answered()

    assert held[0] > 0
    assert held == sorted(held)
    assert held[-1] >= 40_000
    assert parser.held == 0
