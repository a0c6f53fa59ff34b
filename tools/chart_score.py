"""Lints the rendered chart with kube-score; each exception is in tools/kube-score.toml, with its reason."""

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec
import orjson
import yaml

from testbed.chart import KUBE_VERSION, ChartError, Object, render
from testbed.chart_values import APIS, BUILT_IN, EVERYTHING
from tools.linters import program

EXCEPTIONS: Final = Path(__file__).with_name("kube-score.toml")
MINOR: Final = KUBE_VERSION.rpartition(".")[0]
"""The version of Kubernetes in which an API may be deprecated, as 1.35."""
FULL_MARKS: Final = 10
"""The grade of a check that has nothing to say."""


class Exempt(msgspec.Struct, frozen=True, kw_only=True):
    """What kube-score may say about some objects."""

    complaint: str
    """Its summary, in kube-score's words."""
    objects: str
    """Pattern for `KIND/NAME`."""
    reason: str

    def holds_for(self, complaint: "Complaint") -> bool:
        """Tell whether this is about the complaint."""
        return self.complaint == complaint.summary and fnmatchcase(complaint.about, self.objects)


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of kube-score."""

    about: str
    """`KIND/NAME` of the object."""
    summary: str

    def __str__(self) -> str:
        """Return both, for a person."""
        return f"{self.about}: {self.summary}"


def exceptions() -> list[Exempt]:
    """Return what is written down."""
    return msgspec.convert(tomllib.loads(EXCEPTIONS.read_text())["exception"], list[Exempt])


def complaints(objects: Iterable[Object]) -> set[Complaint]:
    """Return everything that kube-score has to say about some objects; raise ChartError when it can't read them."""
    result = subprocess.run(
        [program("kube-score"), "score", f"--kubernetes-version=v{MINOR}", "--output-format=json", "-"],
        input=yaml.safe_dump_all(objects).encode(),
        capture_output=True,
        check=False,
    )
    if not result.stdout:
        raise ChartError(result.stderr.decode().strip())
    return set(_complaints(orjson.loads(result.stdout)))


def _complaints(graded: Iterable[Object]) -> Iterator[Complaint]:
    for each in graded:
        about = f"{each['type_meta']['kind']}/{each['object_meta']['name']}"
        for check in each["checks"]:
            if not check["skipped"] and check["grade"] < FULL_MARKS:
                for comment in check["comments"]:
                    yield Complaint(about=about, summary=comment["summary"])


def verdict(found: Iterable[Complaint], allowed: Sequence[Exempt]) -> Iterator[str]:
    """Yield the complaints that no exception holds for, and the exceptions that hold for none."""
    needed = set()
    for complaint in sorted(found, key=str):
        holding = {each for each in allowed if each.holds_for(complaint)}
        needed |= holding
        if not holding:
            yield str(complaint)
    for each in allowed:
        if each not in needed:
            yield f"{EXCEPTIONS.name}: nothing needs the exception for {each.objects}: {each.complaint}"


def main() -> None:
    """Lint the defaults and all that can be switched on; exit with what is wrong."""
    found = set().union(*(complaints(render(each, apis=APIS)) for each in ({}, BUILT_IN, EVERYTHING)))
    if wrong := list(verdict(found, exceptions())):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
