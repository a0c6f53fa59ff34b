"""HTTP: what the worker makes of good, odd and bad requests."""

import pytest

from testbed.serving import BODY, HEAD, MIGRATIONS, Serving, ask, received, response_of
from tests.admission.answers import ALLOWED

REQUEST = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
LAST = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_connection_is_kept_for_the_next_review(service: Serving) -> None:
    client = service.client()
    for _ in range(3):
        response = ask(client)
        assert (response.status, response.body, response.will_close) == (200, ALLOWED, False)  # type: ignore[attr-defined]
    client.close()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(LAST, id="as it comes"),
        pytest.param(
            HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(BODY, 50), id="in chunks"
        ),
        pytest.param(LAST.replace(b"HTTP/1.1", b"HTTP/1.0"), id="HTTP/1.0"),
        pytest.param(LAST.replace(b"Content-Type", b"content-TYPE"), id="header names in any case"),
        pytest.param(LAST.replace(b"application/json", b"application/json; charset=utf-8"), id="with a charset"),
        pytest.param(LAST.replace(MIGRATIONS.encode(), b"/validate/%6digrations?timeout=3s"), id="escaped path"),
        pytest.param(LAST.replace(MIGRATIONS.encode(), b"https://webhook/validate/migrations"), id="absolute target"),
    ],
)
def test_a_review_is_understood(service: Serving, data: bytes) -> None:
    status, headers, body = response_of(service.talk(data))

    assert (status, body) == ("HTTP/1.1 200 OK", ALLOWED)
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Length"] == str(len(ALLOWED))
    assert headers["Connection"] == "close"
    assert headers["Date"].endswith(" GMT")


def test_a_review_may_come_byte_by_byte(service: Serving) -> None:
    with service.secure() as sock:
        for byte in LAST:
            sock.sendall(bytes([byte]))

        assert response_of(received(sock))[2] == ALLOWED


def test_requests_sent_at_once_are_answered_in_their_order(service: Serving) -> None:
    second = LAST.replace(b'"u-1"', b'"u-2"')

    answers = service.talk(REQUEST + second)

    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.index(b'"uid":"u-1"') < answers.index(b'"uid":"u-2"')


def test_a_good_request_before_rubbish_is_answered(service: Serving) -> None:
    answers = service.talk(REQUEST + b"\x00rubbish\r\n\r\n")

    assert answers.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 400 Bad Request" in answers


def test_who_waits_for_leave_to_send_the_body_gets_it(service: Serving) -> None:
    with service.secure() as sock:
        sock.sendall(
            HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY),
        )
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(BODY)

        assert response_of(received(sock))[2] == ALLOWED


def test_a_body_that_is_announced_as_too_large_is_refused_before_it_is_sent(service: Serving) -> None:
    with service.secure() as sock:
        sock.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 8388608\r\n\r\n")
        status, headers, body = response_of(sock.recv(10000))

    assert status == "HTTP/1.1 413 Request Entity Too Large"
    assert headers["Connection"] == "close"
    assert body == b"a review has at most 7340032 bytes, not 8388608\n"


def test_the_answer_to_head_has_no_body(service: Serving) -> None:
    status, headers, body = response_of(
        service.talk(b"HEAD /validate/migrations HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n")
    )

    assert (status, headers["Allow"], body) == ("HTTP/1.1 405 Method Not Allowed", "POST", b"")


@pytest.mark.parametrize(
    ("data", "status", "text"),
    [
        pytest.param(
            b"rubbish\r\n\r\n", "400 Bad Request", "not an HTTP request: Invalid method encountered", id="rubbish"
        ),
        pytest.param(
            HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "400 Bad Request",
            "not an HTTP request: Duplicate Content-Length",
            id="two lengths",
        ),
        pytest.param(
            HEAD + b"Content-Length: -1\r\n\r\n",
            "400 Bad Request",
            "not an HTTP request: Invalid character in Content-Length",
            id="a negative length",
        ),
        pytest.param(
            HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400 Bad Request",
            "not an HTTP request: Transfer-Encoding can't be present with Content-Length",
            id="a length and chunks",
        ),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "400 Bad Request",
            "not an HTTP request: Invalid character in chunk size",
            id="a chunk of no size",
        ),
        pytest.param(
            HEAD + b"X: " + b"x" * 40000 + b"\r\n\r\n",
            "431 Request Header Fields Too Large",
            "a request's head has at most 32768 bytes",
            id="a long header",
        ),
        pytest.param(
            b"POST /" + b"x" * 40000,
            "431 Request Header Fields Too Large",
            "a request's head has at most 32768 bytes",
            id="a target without end",
        ),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"x" * 7_400_000, 100_000),
            "413 Request Entity Too Large",
            "a review has at most 7340032 bytes",
            id="chunks without end",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: w\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            "400 Bad Request",
            "this server speaks HTTP/1.1 and nothing else",
            id="an upgrade",
        ),
        pytest.param(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "400 Bad Request",
            "not an HTTP request: Pause on PRI/Upgrade",
            id="HTTP/2 unasked",
        ),
    ],
)
def test_what_is_no_request_is_answered_once_and_closed(service: Serving, data: bytes, status: str, text: str) -> None:
    with service.secure() as sock:
        sock.sendall(data)
        answer = received(sock)

    line, headers, body = response_of(answer)
    assert line == f"HTTP/1.1 {status}"
    assert headers["Connection"] == "close"
    assert body.decode() == f"{text}\n"


def test_a_body_shorter_than_announced_gets_no_verdict(service: Serving) -> None:
    with service.secure() as sock:
        sock.sendall(HEAD + b"Content-Length: 9999\r\n\r\n" + BODY)
        # The service gives up after its read timeout.
        assert received(sock) == b""


def test_people_are_told_what_this_is(service: Serving) -> None:
    response = service.ask(b"", path="/", method="GET", headers={})

    assert (response.status, response.getheader("Content-Type")) == (200, "text/plain; charset=utf-8")
    page = response.body.decode()  # type: ignore[attr-defined]
    assert page.startswith("live-migration-webhook 0.1.0, ")
    assert "POST /validate/migrations  migration.validate.live-migration-webhook" in page


def test_a_page_is_not_to_be_posted_to(service: Serving) -> None:
    response = service.ask(path="/")

    assert (response.status, response.body) == (405, b"405 Method Not Allowed\n")  # type: ignore[attr-defined]
    assert "GET" in str(response.getheader("Allow"))


def test_an_unknown_path_is_said_to_be_unknown(service: Serving) -> None:
    response = service.ask(path="/validate/pods")

    assert (response.status, response.body) == (404, b"404 Not Found\n")  # type: ignore[attr-defined]
