"""Compares many random machines with a KubeVirt: the pods that it creates, and the condition that it gives."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from msgspec import Struct

from fidelity import conditions, pods
from fidelity.kubevirts import ConditionJudge, PodJudge
from fidelity.machines.stories import random_stories
from fidelity.selectors import Json
from fidelity.shrinking import shrink


class Judged(Struct, frozen=True, kw_only=True):
    """A question to a PodJudge and its answer; the condition is that of a virtual machine that runs, else None."""

    question: Json
    answer: Json
    condition: Json | None = None


class Judges:
    """The judges of one version; a context manager that ends them."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._pods, self._conditions = PodJudge(version), ConditionJudge(version)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pods.close()
        self._conditions.close()

    def judged(self, seeds: Sequence[int]) -> list[Judged]:
        """Return the random machines of these seeds as KubeVirt judges them."""
        stories = random_stories(seeds, self._version, self._pods.make)
        running = [story.question for story in stories if "migration" in story.question]
        answers = self._conditions.judge(map(conditions.asked, running))
        by_seed = {answer["id"]: answer for answer in answers}
        return [
            Judged(question=story.question, answer=story.answer, condition=by_seed.get(story.seed)) for story in stories
        ]

    def shrunk(self, judged: Judged, kind: str) -> Json:
        """Return a smallest part of the question about which we still differ in this way."""

        def disagrees(smaller: Json) -> bool:
            [answer] = self._pods.make([smaller])
            if not answer.get("pod") and kind != "no pod":
                return False
            [condition] = self._conditions.ask([conditions.asked(smaller)])
            running = judged.condition is not None and not condition.get("error")
            again = Judged(question=smaller, answer=answer, condition=condition if running else None)
            return kind in differences(again)

        return shrink(judged.question, disagrees)


def differences(judged: Judged) -> Iterator[str]:
    """Yield the kinds of differences between us and KubeVirt."""
    step = "target pod" if "migration" in judged.question else "first pod"
    ours, theirs = pods.foretold(judged.question), pods.made(judged.question, judged.answer)
    yield from (f"{step}: {kind}" for kind in pods.differences(ours, theirs))
    if judged.condition is not None:
        restrictions = conditions.restricted_by(judged.question)
        if (judged.condition["status"] == "False") != bool(restrictions):
            yield f"condition: {judged.condition['reason'] or ' and '.join(restrictions)}"


def by_kind(cases: Sequence[Judged]) -> Mapping[str, list[Judged]]:
    """Return the cases on which we differ by the kinds of their differences, the most frequent first."""
    found: dict[str, list[Judged]] = defaultdict(list)
    for case in cases:
        for kind in differences(case):
            found[kind].append(case)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def report(version: str, machines: int, keep: Callable[[str, Sequence[Judged]], None]) -> Iterator[str]:
    """Yield a line about a version, then one for each kind of difference with an example; `keep` is given the cases."""
    with Judges(version) as judges:
        cases = judges.judged(range(machines))
        keep(version, cases)
        kinds = by_kind(cases)
        differing = {case.question["id"] for found in kinds.values() for case in found}
        yield f"KubeVirt {version.removeprefix('v')}: {machines} machines, {len(differing)} disagreements"
        for kind, found in kinds.items():
            yield f"{len(found):5} {kind}, e.g. {_filled(judges.shrunk(found[0], kind))}"


def _filled(part: Any) -> Any:
    """Return a part of a question without what is empty."""
    if isinstance(part, dict):
        return {key: filled for key, value in part.items() if (filled := _filled(value)) not in ({}, [], "")}
    return [_filled(value) for value in part] if isinstance(part, list) else part
