"""Strangers who connect and don't ask: they give way to each other before anybody else does."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from testbed.processes import LOOPBACK
from testbed.serving import PATIENCE, Serving, ask, closed, serving
from testbed.waiting import until
from tests.admission.answers import ALLOWED

STRANGER = "127.0.0.2"
CONNECTIONS = 16
LONG = 1.2
"""Seconds that a handshake doesn't take."""
HALF = b"GET /livez HTTP/1.1\r\nHost: w"


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Serving]:
    """Run a service for few connections, with a long patience: who gives way does so for others' sake."""
    with serving(tmp_path, max_connections=str(CONNECTIONS), read_timeout="60s") as running:
        yield running


def half_open(service: Serving, source: str) -> socket.socket:
    """Begin a handshake from an address, and leave it at that."""
    sock = socket.create_connection((LOOPBACK, service.port), PATIENCE, source_address=(source, 0))
    sock.sendall(b"\x16\x03\x01")
    return sock


def test_who_floods_us_with_handshakes_shuts_nobody_out(narrow: Serving) -> None:
    with ExitStack() as stack:
        kept = stack.enter_context(closing(narrow.client()))
        assert ask(kept).body == ALLOWED  # type: ignore[attr-defined]
        mine = stack.enter_context(half_open(narrow, LOOPBACK))
        flood = [stack.enter_context(half_open(narrow, STRANGER)) for _ in range(3 * CONNECTIONS)]

        assert narrow.ask().body == ALLOWED  # type: ignore[attr-defined]
        assert ask(kept).body == ALLOWED  # type: ignore[attr-defined]
        assert [closed(sock) for sock in flood[:CONNECTIONS]] == [True] * CONNECTIONS
        mine.settimeout(0.1)
        with pytest.raises(TimeoutError):
            mine.recv(1)


def test_handshakes_without_end_give_way_before_who_has_been_served(narrow: Serving) -> None:
    with ExitStack() as stack:
        kept = stack.enter_context(closing(narrow.client()))
        assert ask(kept).body == ALLOWED  # type: ignore[attr-defined]
        strangers = [f"127.0.1.{number}" for number in range(1, CONNECTIONS)]
        flood = [stack.enter_context(half_open(narrow, stranger)) for stranger in strangers]
        time.sleep(LONG)

        answers = [narrow.ask().body for _ in range(3)]  # type: ignore[attr-defined]

        assert answers == [ALLOWED] * 3
        assert ask(kept).body == ALLOWED  # type: ignore[attr-defined]
        assert closed(flood[0])


def test_probes_are_answered_whatever_strangers_do(narrow: Serving) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            sock = stack.enter_context(socket.create_connection((LOOPBACK, narrow.probe_port), PATIENCE))
            sock.sendall(HALF)

        assert [narrow.probe("/livez") for _ in range(3)] == [(200, "ok\n")] * 3


def test_a_client_that_has_ended_sending_still_gets_its_probe(narrow: Serving) -> None:
    with socket.create_connection((LOOPBACK, narrow.probe_port), PATIENCE) as sock:
        sock.sendall(HALF + b"\r\nConnection: close\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)

        assert sock.makefile("rb").read().endswith(b"\r\n\r\nok\n")


def test_who_asks_without_end_and_takes_no_answer_is_closed(tmp_path: Path) -> None:
    with serving(tmp_path, read_timeout="500ms") as service, service.secure() as sock:
        sock.settimeout(0)
        asked = b"OPTIONS /x HTTP/1.1\r\nHost: w\r\n\r\n" * 100

        until(lambda: not sends(sock, asked))
        assert service.ask().body == ALLOWED  # type: ignore[attr-defined]


def sends(sock: socket.socket, data: bytes) -> bool:
    """Send as much as the other side takes; tell whether it is still there."""
    try:
        while True:
            sock.send(data)
    except BlockingIOError:
        return True
    except OSError:
        return False


def allow_files(pid: int, number: int | None) -> None:
    """Let a process have files with numbers below this one; None for as many as there may be."""
    _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most if number is None else number, most))


@pytest.fixture
def short_of_files(tmp_path: Path) -> Iterator[Serving]:
    """Run a service whose worker can't open one more file."""
    with serving(tmp_path) as running:
        pid = running.worker
        used = {int(file.name) for file in Path(f"/proc/{pid}/fd").iterdir()}
        allow_files(pid, next(number for number in count() if number not in used))
        yield running


def not_accepted(service: Serving) -> int:
    return sum(line["event"] == "connection not accepted" for line in service.log)


@pytest.fixture
def waiting(short_of_files: Serving) -> Iterator[socket.socket]:
    """Connect to it, more often than it may still have had files for; the last one isn't accepted."""
    with ExitStack() as stack:
        clients = [stack.enter_context(short_of_files.connect()) for _ in range(8)]
        until(lambda: sum(line["event"] == "connection not accepted" for line in short_of_files.log) > 1)
        yield clients[-1]


def test_who_comes_while_files_are_short_is_served_later(short_of_files: Serving, waiting: socket.socket) -> None:
    allow_files(short_of_files.worker, None)

    with short_of_files.trust.wrap_socket(waiting, server_hostname=LOOPBACK) as sock:
        sock.sendall(b"OPTIONS /x HTTP/1.1\r\nHost: w\r\n\r\n")
        assert sock.recv(1000).startswith(b"HTTP/1.1 404")


@pytest.mark.usefixtures("waiting")
def test_a_service_that_is_short_of_files_ends_when_it_is_told_to(short_of_files: Serving) -> None:
    short_of_files.terminate()

    assert short_of_files.exit_code() == 0
    # It was not killed for taking too long.
    assert [line for line in short_of_files.log if str(line["event"]).startswith("Worker exiting")]
