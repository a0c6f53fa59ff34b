"""Programs that end when their owner, this Python process, ends: stopped, interrupted or killed."""

import functools
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OWNER_VARIABLE = "CONTROLPLANE_OWNER_FD"
"""Names the descriptor of the pipe that tells a program of ours that its owner is gone."""

LOOPBACK = "127.0.0.1"

PORTS = range(15000, 32000)
"""Below the ports that systems give to outgoing connections: a program stopped and started again
finds its port free, and no client that knocks meanwhile can be connected to itself."""


class StartFailedError(Exception):
    """A program ended, or wasn't ready in time; the message ends with the last lines of its log."""


def free_ports(number: int) -> list[int]:
    """Ports on which nothing listens on the loopback interface."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        found.append(port)
        if len(found) == number:
            return found
    raise StartFailedError(f"there are no {number} free ports between {PORTS.start} and {PORTS.stop}")


@functools.cache
def owner_pipe() -> int:
    """Return the reading end of a pipe that reports its end when this process is gone.

    A forked child must not keep the pipe open; a started program doesn't inherit the writing end.
    """
    reading, writing = os.pipe()
    os.register_at_fork(after_in_child=lambda: os.close(writing))
    return reading


@dataclass(slots=True, kw_only=True)
class Process:
    """One program with fixed arguments, which can be started, stopped and started again."""

    name: str
    command: Sequence[str | Path]
    """A program that watches its owner; another one goes behind `leash --`."""
    folder: Path
    """Where its log `NAME.log` is written."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to this process's environment."""
    _running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """File with what the program printed, since its first start."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Number of the running process."""
        return self._running.pid if self._running and self._running.poll() is None else None

    def start(self) -> None:
        """Start the program in a process group of its own: an interrupt at the terminal is the owner's to handle."""
        pipe = owner_pipe()
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [str(part) for part in self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.environment | {OWNER_VARIABLE: str(pipe)},
                pass_fds=[pipe],
                process_group=0,
            )

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Return when `ready()`; raise StartFailedError with the log when the program ends or time runs out."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.pid is None:
                raise StartFailedError(f"{self.name} ended instead of getting ready:\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise StartFailedError(f"{self.name} was not ready after {seconds:.0f} s:\n{self.last_lines()}")
            time.sleep(0.05)

    def stop(self, *, seconds: float = 10) -> None:
        """Ask the program to end, and kill it when it takes longer than `seconds`; fine when it has ended."""
        if self._running is None:
            return
        self._running.send_signal(signal.SIGTERM)
        try:
            self._running.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the program at once; fine when it has ended."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def last_lines(self, number: int = 20) -> str:
        """End of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-number:])


def listens(port: int) -> bool:
    """Whether a program accepts connections on the port of the loopback interface."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
