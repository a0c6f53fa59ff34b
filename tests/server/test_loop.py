"""The event loop: who is called back, and in which order."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from webhook.server.loop import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Return a loop of the test's own."""
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def talkative() -> Iterator[socket.socket]:
    """Return a socket that always has something to read."""
    one, other = socket.socketpair()
    with one, other:
        other.send(b"x")
        yield one


def test_who_queues_is_called_once_in_order(loop: Loop) -> None:
    called: list[int] = []
    for number in range(3):
        loop.queue(lambda number=number: called.append(number))  # type: ignore[misc]
    for _ in range(5):
        loop.turn(0)

    assert called == [0, 1, 2]


def test_what_is_sent_is_read_before_the_queue_moves_on(loop: Loop, talkative: socket.socket) -> None:
    called: list[str] = []
    loop.watch(talkative, selectors.EVENT_READ, lambda: called.append("read"))
    loop.queue(lambda: called.append("first"))
    loop.queue(lambda: called.append("second"))
    loop.turn(10)

    assert called == ["read", "first", "second"]


def test_neither_those_who_send_without_end_nor_a_slow_queue_hold_up_the_other(
    loop: Loop, talkative: socket.socket
) -> None:
    called: list[str] = []

    def takes_long() -> None:
        called.append("queued")
        time.sleep(0.006)

    loop.watch(talkative, selectors.EVENT_READ, lambda: called.append("read"))
    for _ in range(3):
        loop.queue(takes_long)
    for _ in range(3):
        loop.turn(10)

    assert called == ["read", "queued"] * 3


def test_what_is_done_elsewhere_comes_back_to_the_loop(loop: Loop) -> None:
    threads: list[int] = []
    doing = loop.elsewhere(threading.get_ident, lambda: threads.append(threading.get_ident()))
    while not threads:
        loop.turn(10)

    assert threads == [threading.get_ident()]
    assert doing.result() != threading.get_ident()
