"""The same cases for every contestant: nobody is measured who doesn't give the right answers."""

import json
import time
from collections.abc import Iterable, Sequence

from bench.cases import ALLOWED, DENIED, Case, body, review
from bench.contestants import Running, ask


class WrongAnswerError(Exception):
    """A contestant answers a case wrongly; the message says which and how."""


def check(running: Running, cases: Iterable[Case] = (*ALLOWED, *DENIED)) -> None:
    """Ask every case. Raises WrongAnswerError."""
    for case in cases:
        if fault := judge(case, ask(running, body(case)), explained=True):
            raise WrongAnswerError(f"{running.name}, case {case.name!r}: {fault}")


def judge(case: Case, answer: bytes, *, explained: bool) -> str:
    """Say what is wrong with an answer, "" for nothing; `explained`: each broken restriction must be named."""
    response = json.loads(answer)["response"]
    if response["uid"] != review(case)["request"]["uid"]:
        return f"it answers another request: {response['uid']}"
    expected = case.allowed if explained else case.allowed_by_kubevirt
    if response["allowed"] is not expected:
        return f"allowed is {response['allowed']}: {response.get('status')}"
    return _unexplained(case.broken, response) if explained else ""


def _unexplained(broken: Iterable[str], response: object) -> str:
    said = json.dumps(response)
    missing = [restriction for restriction in broken if f"{restriction}: " not in said]
    return f"it doesn't tell of {', '.join(missing)}: {said}" if missing else ""


def wait_until_right(
    running: Running, cases: Sequence[Case] = (ALLOWED[-1], DENIED[-1]), *, seconds: float = 300
) -> float:
    """Return how long it takes until a contestant says that it is ready and answers these cases rightly.

    A cache that is still being filled lets things pass, or misses claims.
    Raises TimeoutError, and WrongAnswerError when the contestant has ended.
    """
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if running.process.pid is None:
            raise WrongAnswerError(f"{running.name} has ended:\n{running.process.last_lines()}")
        try:
            if running.ready() and not any(judge(case, ask(running, body(case)), explained=True) for case in cases):
                return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"{running.name} isn't ready after {seconds:.0f} s:\n{running.process.last_lines()}")
