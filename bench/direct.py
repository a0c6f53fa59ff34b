"""Contestants asked directly, without an API server between: in turn, several rounds, the same reviews for each."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import correctness
from bench.cases import ALLOWED, DENIED, body
from bench.contestants import HOST, Contestant, Running, contestants, running
from bench.loading import Load, Seen
from bench.machine import cpu_seconds, memory
from bench.measures import Samples
from bench.plan import USUAL, Plan, in_turn
from bench.programs import Programs
from bench.stand_in import Size, StandIn, running_stand_in
from testbed.pki import Authority, Pair
from testbed.processes import LOOPBACK

ALLOWED_BODIES: Final = tuple(map(body, ALLOWED))
TWICE_BODIES: Final = tuple(each for each in ALLOWED_BODIES for _ in range(2))
DENIED_BODIES: Final = tuple(map(body, DENIED))
API_SERVERS_LIMIT: Final = 400
"""Writes that two API servers have under way at once (200 each, `--max-mutating-requests-inflight`): what exceeds it
never comes."""
SETTLING: Final = 1.0
"""Seconds for what goes on after an answer: events, garbage collection."""
ALL_SETTLING: Final = 6.0
"""Seconds for what goes on after all have started: in the first ones each answers half as many as later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A cluster, and what is needed to start contestants in it."""

    programs: Programs
    stand_in: StandIn
    serving: Pair
    authority: Path
    folder: Path

    @contextmanager
    def running(self, contestant: Contestant) -> Iterator[Running]:
        """Run a contestant; it needn't be ready yet."""
        with running(
            contestant,
            programs=self.programs,
            kubeconfig=self.stand_in.kubeconfig,
            serving=self.serving,
            authority=self.authority,
            folder=self.folder,
        ) as started:
            yield started

    def load(self, target: Running) -> Load:
        """Return the load generator against a contestant."""
        return Load(program=self.programs["load"], url=target.url, authority=self.authority, folder=self.folder)


@contextmanager
def arena(programs: Programs, folder: Path, size: Size) -> Iterator[Arena]:
    """Start a cluster of this size."""
    with ExitStack() as stack:
        folder.mkdir()
        serving = folder / "serving"
        serving.mkdir()
        authority = Authority(serving)
        yield Arena(
            programs=programs,
            stand_in=stack.enter_context(running_stand_in(size, programs, folder / "stand-in")),
            serving=authority.issue("tls", HOST, LOOPBACK),
            authority=authority.pair.certificate,
            folder=folder,
        )


def saturate(programs: Programs, folder: Path, plan: Plan, samples: Samples) -> None:
    """Measure how many requests each answers at most: all of them run, and take short turns.

    The speed of a machine that others use, too, changes within seconds; so it changes for all of them alike.
    """
    with ExitStack() as stack:
        place = stack.enter_context(arena(programs, folder, USUAL))
        targets = [stack.enter_context(place.running(contestant)) for contestant in contestants(programs)]
        for target in targets:
            correctness.wait_until_right(target)
            place.load(target).expect("allowed", ALLOWED_BODIES, seconds=plan.turn)
        time.sleep(ALL_SETTLING)
        for number in range(plan.turns):
            print(f"saturated, turn {number + 1} of {plan.turns}", file=sys.stderr, flush=True)
            for target in in_turn(number, targets):
                _saturated(place, target, plan, samples)
                _twice(place, target, plan, samples)


def compare(programs: Programs, folder: Path, plan: Plan, samples: Samples) -> None:
    """Measure everything else that can be measured without an API server."""
    with arena(programs, folder, USUAL) as place:
        for number in range(plan.rounds):
            for contestant in in_turn(number, contestants(programs)):
                print(f"round {number + 1} of {plan.rounds}: {contestant.name}", file=sys.stderr, flush=True)
                with place.running(contestant) as target:
                    _round(place, target, plan, samples)


def _round(place: Arena, target: Running, plan: Plan, samples: Samples) -> None:
    samples.add(target.name, start=correctness.wait_until_right(target))
    correctness.check(target)
    time.sleep(SETTLING)
    load = place.load(target)
    capacity = load.expect("allowed", ALLOWED_BODIES, seconds=plan.saturated).rate("allowed")
    samples.add(target.name, denied=load.expect("denied", DENIED_BODIES, seconds=plan.saturated).rate("denied"))
    time.sleep(SETTLING)
    steady = load.expect("allowed", ALLOWED_BODIES, seconds=plan.steady, rate=100).of("allowed")
    samples.add(target.name, steady_p50=steady.p50, steady_p99=steady.p99, steady_p999=steady.p999)
    fresh = load.expect("allowed", ALLOWED_BODIES, seconds=plan.fresh, connections=4, fresh=True)
    samples.add(target.name, fresh=fresh.rate("allowed"), fresh_p99=fresh.of("allowed").p99)
    held = memory(target.pid)
    samples.add(target.name, memory=held.resident, charged=held.charged)
    _overload(load, capacity, target.name, plan, samples)


def _saturated(place: Arena, target: Running, plan: Plan, samples: Samples) -> None:
    """Measure how many requests it answers at most."""
    calls = place.stand_in.calls()
    seen, cpu = saturated(place.load(target), target, ALLOWED_BODIES, seconds=plan.turn)
    answers = seen.of("allowed")
    samples.add(
        target.name,
        throughput=seen.rate("allowed"),
        saturated_p50=answers.p50,
        saturated_p99=answers.p99,
        cpu=cpu * 1e6,
        calls=(place.stand_in.calls() - calls) / answers.count,
    )


def _twice(place: Arena, target: Running, plan: Plan, samples: Samples) -> None:
    """Measure what it gains where each migration is asked about by a mutating and then by a validating hook."""
    seen, cpu = saturated(place.load(target), target, TWICE_BODIES, seconds=plan.turn)
    samples.add(target.name, twice=seen.rate("allowed"), twice_cpu=cpu * 1e6)


def saturated(load: Load, target: Running, bodies: Iterable[bytes], *, seconds: float) -> tuple[Seen, float]:
    """Ask as fast as it answers; return what was seen, and the CPU time that each answer took, in seconds."""
    used = cpu_seconds(target.pid)
    seen = load.expect("allowed", bodies, seconds=seconds, warm_up=0)
    return seen, (cpu_seconds(target.pid) - used) / seen.of("allowed").count


def _overload(load: Load, capacity: float, name: str, plan: Plan, samples: Samples) -> None:
    seen: Seen = load.run(
        ALLOWED_BODIES, seconds=plan.overload, rate=2 * capacity, connections=API_SERVERS_LIMIT, drop=True
    )
    failed = sum(seen.others("allowed", "shed").values())
    samples.add(
        name,
        overload_accepted=seen.rate("allowed"),
        overload_accepted_p99=seen.of("allowed").p99,
        overload_shed=seen.rate("shed"),
        **({"overload_shed_p99": seen.of("shed").p99} if seen.of("shed").count else {}),
        overload_unsent=seen.dropped / seen.seconds,
        overload_failed=failed / seen.seconds,
    )
