"""A judge as a program, one JSON line per question and answer, and kube-scheduler's filters as such a judge.

The programs are built from testbed; each answers thousands of questions in a second, and ends with its
input. What they read and print is described at the types of their Go files.
"""

import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import orjson

from fidelity.selectors import Json
from testbed.judges_programs import program, versions

SCHEDULERS: Final = versions("scheduler")
"""Versions of Kubernetes, the oldest first: the one that the test control plane runs."""

NOT_FOLLOWED: Final = (
    "NodePorts",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "DynamicResources",
)
"""Plugins whose judgement the engine doesn't follow yet."""


class JudgeError(Exception):
    """A judge refused a question as wrong, or ended before it had answered all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why kube-scheduler doesn't take a node: the first plugin that failed it (several: comma-separated)."""

    plugin: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Every node of a case by its name: accepted, or rejected with the reason."""

    accepted: frozenset[str]
    rejected: Mapping[str, Rejection]
    quota: str = ""
    """Why the API server would refuse the pod."""


class Judge:
    """A running program that answers each line with a line, in order; a context manager that ends it."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.communicate()

    def ask(self, questions: Iterable[Json]) -> list[Json]:
        """Return the answers to the questions, in their order.

        Raises JudgeError with the first question's id that was refused.
        """
        lines = [orjson.dumps(question) + b"\n" for question in questions]
        # Written beside the reading: either pipe may be full until the other one is served.
        writer = threading.Thread(target=self._write, args=(lines,))
        writer.start()
        try:
            return [self._read() for _ in lines]
        finally:
            writer.join()

    def _write(self, lines: list[bytes]) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            pipe.writelines(lines)
            pipe.flush()
        except BrokenPipeError:
            return  # the reader reports that the program has ended

    def _read(self) -> Json:
        pipe = self._process.stdout
        assert pipe is not None
        line = pipe.readline()
        if not line:
            raise JudgeError(f"{self._process.args!r} ended with {self._process.wait()}")
        answer: Json = orjson.loads(line)
        return answer


class SchedulerJudge(Judge):
    """kube-scheduler's filters of the default profile, `without` some plugins (e.g. NodeResourcesFit).

    A case is `{"id", "pod", "nodes", "pods", "namespaces"}` with v1 objects, and as far as the pods need them
    `persistentVolumes`, `persistentVolumeClaims`, `storageClasses`, `csiNodes`, `csiDrivers`, `csiStorageCapacities`,
    `deviceClasses`, `resourceClaims`, `resourceSlices` and `resourceQuotas`. The pod is judged as the API server would
    store it. Pods without a known node and finished ones don't count.
    """

    def __init__(self, version: str = SCHEDULERS[0], *, without: Iterable[str] = ()) -> None:
        options = [option for plugin in without for option in ("--without", plugin)]
        super().__init__([program("scheduler", version), *options])

    def judge(self, cases: Iterable[Json]) -> list[Verdict]:
        """Return each case's verdict; JudgeError for a case that is malformed or that the API server would refuse."""
        return [_verdict(answer) for answer in self.ask(cases)]

    def consider(self, cases: Iterable[Json]) -> list[Verdict | None]:
        """Return each case's verdict, None for a case that `judge` would complain about."""
        return [None if answer.get("error") else _verdict(answer) for answer in self.ask(cases)]


def _verdict(answer: Json) -> Verdict:
    unrefused(answer)
    return Verdict(
        accepted=frozenset(answer["accepted"]),
        rejected={node: Rejection(**reason) for node, reason in answer["rejected"].items()},
        quota=answer.get("quota", ""),
    )


def unrefused(answer: Json) -> Json:
    """Return the answer; JudgeError for a question that was refused."""
    if error := answer.get("error"):
        raise JudgeError(f"{answer['id']}: {error}")
    return answer
