"""Clients that are many, slow, or want too much at once: nobody else has to wait for them."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from testbed.serving import (
    BODY,
    HEAD,
    JSON,
    MIGRATIONS,
    REFUSED_BODY,
    Serving,
    ask,
    closed,
    received,
    response_of,
    serving,
)
from testbed.waiting import until
from tests.admission.answers import ALLOWED, REFUSED


def test_idle_connections_keep_nobody_waiting(service: Serving) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(service.secure())
        until(lambda: service.metric("live_migration_webhook_connections") >= 200)

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
        until(lambda: not drips(sock))


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
            until(lambda: service.metric("live_migration_webhook_connections") == len(idle))
        stack.enter_context(service.secure())

        assert closed(idle[0])
        idle[1].sendall(b"OPTIONS /x HTTP/1.1\r\nHost: w\r\n\r\n")
        assert idle[1].recv(1000).startswith(b"HTTP/1.1 404")
    until(lambda: service.metric("live_migration_webhook_connections") == 0)


def test_more_requests_than_can_be_judged_are_sent_away_to_try_again(narrow: tuple[Serving, Path]) -> None:
    service, gate = narrow
    gate.unlink(missing_ok=True)
    before = service.metric('live_migration_webhook_shed_total{reason="in_flight"}')
    waiting = [service.client() for _ in range(2)]
    for client in waiting:
        client.request("POST", MIGRATIONS, REFUSED_BODY, JSON)
    until(lambda: service.metric("live_migration_webhook_requests_in_flight") == 2)

    response = service.ask()

    assert (response.status, response.getheader("Retry-After"), response.getheader("Connection")) == (503, "1", None)
    assert response.body == b"too many requests at once; try again\n"  # type: ignore[attr-defined]
    assert service.metric('live_migration_webhook_shed_total{reason="in_flight"}') == before + 1
    gate.touch()
    assert [client.getresponse().read() for client in waiting] == [REFUSED, REFUSED]
    for client in waiting:
        client.close()
    until(lambda: service.metric("live_migration_webhook_connections") == 0)


def test_who_waits_for_the_api_server_keeps_nobody_waiting(narrow: tuple[Serving, Path]) -> None:
    service, gate = narrow
    gate.unlink(missing_ok=True)
    with closing(service.client()) as waiting, closing(service.client()) as other:
        waiting.request("POST", MIGRATIONS, REFUSED_BODY, JSON)
        until(lambda: service.metric("live_migration_webhook_requests_in_flight") == 1)

        assert [ask(other).body for _ in range(3)] == [ALLOWED] * 3  # type: ignore[attr-defined]
        gate.touch()
        assert waiting.getresponse().read() == REFUSED


def test_a_connection_too_many_is_told_so(narrow: tuple[Serving, Path]) -> None:
    service, _ = narrow
    with ExitStack() as stack:
        busy = [stack.enter_context(service.secure()) for _ in range(8)]
        for sock in busy:
            sock.sendall(HEAD)
        until(lambda: service.metric("live_migration_webhook_connections") == 8)

        response = service.ask()

        assert (response.status, response.getheader("Retry-After")) == (503, "1")
        assert response.body == b"too many connections; try again\n"  # type: ignore[attr-defined]
    until(lambda: service.metric("live_migration_webhook_connections") == 0)


def test_large_bodies_are_taken_a_few_at_a_time(narrow: tuple[Serving, Path]) -> None:
    service, _ = narrow
    shed = 'live_migration_webhook_shed_total{reason="large"}'
    before = service.metric(shed)
    with ExitStack() as stack:
        senders = [stack.enter_context(service.secure()) for _ in range(5)]
        for sock in senders:
            sock.sendall(HEAD + b"Content-Length: 7000000\r\n\r\n" + b" " * 6_800_000)
        until(lambda: service.metric(shed) > before)

        assert service.ask().body == ALLOWED  # type: ignore[attr-defined]
        answers = [answer for sock in senders if (answer := received(sock))]

    status, headers, body = response_of(answers[0])
    assert (len(answers), status, headers["Retry-After"]) == (1, "HTTP/1.1 503 Service Unavailable", "1")
    assert body == b"too many large requests at once; try again\n"


def test_a_crowd_leaves_no_memory_behind(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        service.ask()
        before = memory(service.worker)
        for _ in range(3):
            with ExitStack() as stack:
                crowd = [stack.enter_context(service.secure()) for _ in range(300)]
                for sock in crowd:
                    sock.sendall(HEAD + b"Content-Length: 12000\r\n\r\n".ljust(12_000))
                until(lambda: service.metric("live_migration_webhook_connections") >= 300)
            until(lambda: service.metric("live_migration_webhook_connections") == 0)

        until(lambda: memory(service.worker) < before + 12)


def memory(pid: int) -> float:
    """Return how many MiB of memory a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def test_large_bodies_give_their_place_to_the_next(service: Serving) -> None:
    body = BODY.rjust(1_000_000)

    assert [service.ask(body).body for _ in range(20)] == [ALLOWED] * 20  # type: ignore[attr-defined]
