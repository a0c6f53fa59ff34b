"""Runs the load generator, on its own core, and reads what it saw."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.machine import LOAD_CORE, on_core


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Answers of one kind, latencies in milliseconds."""

    count: int = 0
    mean: float = 0
    p50: float = 0
    p99: float = 0
    p999: float = 0
    max: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the load generator saw: by kind of answer, and how much it dropped because all connections were busy."""

    seconds: float
    dropped: int
    outcomes: Mapping[str, Latencies]

    def of(self, outcome: str) -> Latencies:
        """Return the answers of one kind."""
        return self.outcomes.get(outcome, Latencies())

    def rate(self, outcome: str) -> float:
        """Return answers of one kind per second."""
        return self.of(outcome).count / self.seconds

    def others(self, *outcomes: str) -> Mapping[str, int]:
        """Return how many answers there were of any other kind."""
        return {name: each.count for name, each in self.outcomes.items() if name not in outcomes}


class UnexpectedAnswersError(Exception):
    """There were other answers than the ones measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The load generator against one URL."""

    program: Path
    url: str
    authority: Path
    folder: Path
    name: str = ""
    header: str = ""

    def run(
        self,
        bodies: Iterable[bytes],
        *,
        seconds: float,
        connections: int = 16,
        warm_up: float = 0.5,
        rate: float = 0,
        fresh: bool = False,
        drop: bool = False,
    ) -> Seen:
        """Send the bodies in turn. With `rate` (requests per second) open loop, else closed."""
        file = self.folder / "bodies"
        file.write_bytes(b"\n".join(bodies))
        flags: Mapping[str, object] = {
            "url": self.url,
            "authority": self.authority,
            "name": self.name,
            "header": self.header,
            "bodies": file,
            "connections": connections,
            "duration": f"{seconds}s",
            "warm-up": f"{warm_up}s",
            "rate": rate,
            "fresh": fresh,
            "drop": drop,
        }
        command = [
            str(self.program),
            *(f"-{flag}={str(value).lower() if isinstance(value, bool) else value}" for flag, value in flags.items()),
        ]
        with on_core(LOAD_CORE):
            result = subprocess.run(command, capture_output=True, text=True, check=True)
        return _read(json.loads(result.stdout))

    def expect(self, outcome: str, bodies: Iterable[bytes], **plan: float) -> Seen:
        """Run, and raise UnexpectedAnswersError unless every answer is of this kind."""
        seen = self.run(bodies, **plan)  # type: ignore[arg-type] # durations and numbers
        if wrong := seen.others(outcome):
            raise UnexpectedAnswersError(f"{self.url}: expected {outcome}, but there were {dict(wrong)}")
        return seen


def _read(document: dict[str, object]) -> Seen:
    outcomes = document["outcomes"]
    assert isinstance(outcomes, dict)
    return Seen(
        seconds=float(str(document["seconds"])),
        dropped=int(str(document["dropped"])),
        outcomes={
            name: Latencies(**{key.replace("99.9", "999"): value for key, value in each.items()})
            for name, each in outcomes.items()
        },
    )
