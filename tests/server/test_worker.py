"""HTTP over TLS: what the worker makes of good, odd and bad clients."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.server.serving import (
    JSON,
    MIGRATIONS,
    Serving,
    a_migration,
    answered,
    ask,
    closed,
    eventually,
    received,
    response_of,
    serving,
)

BODY = a_migration()
ALLOWED = answered(BODY)
REFUSED_BODY = a_migration("with-cd")
REFUSED = answered(REFUSED_BODY)
HEAD = f"POST {MIGRATIONS} HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\n".encode()
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


def test_an_unknown_path_is_said_to_be_unknown(service: Serving) -> None:
    response = service.ask(path="/validate/pods")

    assert (response.status, response.body) == (404, b"404 Not Found\n")  # type: ignore[attr-defined]


def test_idle_connections_keep_nobody_waiting(service: Serving) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(service.secure())
        eventually(lambda: service.metric("live_migration_webhook_connections") >= 200)

        assert service.ask().body == ALLOWED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(None, id="in the handshake"),
        pytest.param(b"POST /validate/mi", id="in the head"),
        pytest.param(HEAD + b"Content-Length: 400\r\n\r\n{", id="in the body"),
    ],
)
def test_stalled_clients_keep_nobody_waiting_and_are_closed(service: Serving, said: bytes | None) -> None:
    with ExitStack() as stack:
        stalled = [stack.enter_context(service.connect() if said is None else service.secure()) for _ in range(64)]
        for sock in stalled:
            sock.sendall(said or b"\x16\x03\x01")

        assert service.ask().body == ALLOWED  # type: ignore[attr-defined]
        assert [closed(sock) for sock in stalled] == [True] * 64


def test_a_client_that_drips_is_closed_in_time(service: Serving) -> None:
    with service.secure() as sock:
        eventually(lambda: not drips(sock))


def drips(sock: socket.socket) -> bool:
    """Send one byte; tell whether the other side still takes it."""
    sock.settimeout(0.1)
    try:
        sock.sendall(b"x")
        return sock.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Path]]:
    """Run a service with small bounds, whose API server waits until the file appears: it is asked before a refusal."""
    folder = tmp_path_factory.mktemp("narrow")
    gate = folder / "gate"
    with serving(folder, injected=str(gate), max_in_flight="2", max_connections="8") as running:
        yield running, gate


def test_the_longest_idle_connection_gives_way_to_a_new_one(narrow: tuple[Serving, Path]) -> None:
    service, _ = narrow
    with ExitStack() as stack:
        idle = []
        for _ in range(8):
            idle.append(stack.enter_context(service.secure()))
            # Not idle before its handshake has ended.
            eventually(lambda: service.metric("live_migration_webhook_connections") == len(idle))
        stack.enter_context(service.secure())

        assert closed(idle[0])
        idle[1].sendall(b"OPTIONS /x HTTP/1.1\r\nHost: w\r\n\r\n")
        assert idle[1].recv(1000).startswith(b"HTTP/1.1 404")
    eventually(lambda: service.metric("live_migration_webhook_connections") == 0)


def test_more_requests_than_can_be_judged_are_sent_away_to_try_again(narrow: tuple[Serving, Path]) -> None:
    service, gate = narrow
    gate.unlink(missing_ok=True)
    before = service.metric('live_migration_webhook_shed_total{reason="in_flight"}')
    waiting = [service.client() for _ in range(2)]
    for client in waiting:
        client.request("POST", MIGRATIONS, REFUSED_BODY, JSON)
    eventually(lambda: service.metric("live_migration_webhook_requests_in_flight") == 2)

    response = service.ask()

    assert (response.status, response.getheader("Retry-After"), response.getheader("Connection")) == (503, "1", None)
    assert response.body == b"too many requests at once; try again\n"  # type: ignore[attr-defined]
    assert service.metric('live_migration_webhook_shed_total{reason="in_flight"}') == before + 1
    gate.touch()
    assert [client.getresponse().read() for client in waiting] == [REFUSED, REFUSED]
    for client in waiting:
        client.close()
    eventually(lambda: service.metric("live_migration_webhook_connections") == 0)


def test_who_waits_for_the_api_server_keeps_nobody_waiting(narrow: tuple[Serving, Path]) -> None:
    service, gate = narrow
    gate.unlink(missing_ok=True)
    with closing(service.client()) as waiting, closing(service.client()) as other:
        waiting.request("POST", MIGRATIONS, REFUSED_BODY, JSON)
        eventually(lambda: service.metric("live_migration_webhook_requests_in_flight") == 1)

        assert [ask(other).body for _ in range(3)] == [ALLOWED] * 3  # type: ignore[attr-defined]
        gate.touch()
        assert waiting.getresponse().read() == REFUSED


def test_a_connection_too_many_is_told_so(narrow: tuple[Serving, Path]) -> None:
    service, _ = narrow
    with ExitStack() as stack:
        busy = [stack.enter_context(service.secure()) for _ in range(8)]
        for sock in busy:
            sock.sendall(HEAD)
        eventually(lambda: service.metric("live_migration_webhook_connections") == 8)

        response = service.ask()

        assert (response.status, response.getheader("Retry-After")) == (503, "1")
        assert response.body == b"too many connections; try again\n"  # type: ignore[attr-defined]
    eventually(lambda: service.metric("live_migration_webhook_connections") == 0)


def test_large_bodies_are_taken_a_few_at_a_time(service: Serving) -> None:
    shed = 'live_migration_webhook_shed_total{reason="large"}'
    before = service.metric(shed)
    with ExitStack() as stack:
        senders = [stack.enter_context(service.secure()) for _ in range(9)]
        for sock in senders:
            sock.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n" + b" " * 500_000)
        eventually(lambda: service.metric(shed) > before)

        assert service.ask().body == ALLOWED  # type: ignore[attr-defined]
        answers = [answer for sock in senders if (answer := received(sock))]

    status, headers, body = response_of(answers[0])
    assert (len(answers), status, headers["Retry-After"]) == (1, "HTTP/1.1 503 Service Unavailable", "1")
    assert body == b"too many large requests at once; try again\n"


def test_large_bodies_give_their_place_to_the_next(service: Serving) -> None:
    body = BODY.rjust(1_000_000)

    assert [service.ask(body).body for _ in range(20)] == [ALLOWED] * 20  # type: ignore[attr-defined]


def test_plain_text_on_the_tls_port_is_no_news(service: Serving) -> None:
    with service.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert closed(sock)

    eventually(lambda: [line["error"] for line in service.log if line["event"] == "handshake failed"])
    assert service.ask().body == ALLOWED  # type: ignore[attr-defined]


def test_old_tls_is_refused(service: Serving) -> None:
    context = service.trust
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    with service.connect() as sock, pytest.raises(ssl.SSLError):
        context.wrap_socket(sock, server_hostname="127.0.0.1")


def test_http_1_1_is_agreed_on(service: Serving) -> None:
    context = service.trust
    context.set_alpn_protocols(["h2", "http/1.1"])

    with context.wrap_socket(service.connect(), server_hostname="127.0.0.1") as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"


def test_tls_sessions_are_resumed(service: Serving) -> None:
    context = service.trust
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with context.wrap_socket(service.connect(), server_hostname="127.0.0.1") as sock:
        session = sock.session

    with context.wrap_socket(service.connect(), server_hostname="127.0.0.1", session=session) as sock:
        assert sock.session_reused
