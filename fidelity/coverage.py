"""Which parts of random cases decide: `python -m fidelity.coverage [CASES]` prints how often each does.

A part decides when the scheduler's verdict changes without it. So a rule that never decides isn't tested by the cases,
however often it is in them.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any, Final

from fidelity.clusters import random_case
from fidelity.judges import NOT_FOLLOWED, SchedulerJudge, Verdict
from fidelity.selectors import Json
from fidelity.shrinking import Path, at, removable, without

BATCH: Final = 500
"""Cases that are asked at once."""
TRIED: Final = 2
"""Parts of each kind in a case that are dropped, one at a time."""
NAMELESS: Final = frozenset({"affinity", "spec", "metadata", "requiredDuringSchedulingIgnoredDuringExecution"})
FREE: Final = frozenset({"labels", "matchLabels", "nodeSelector"})
"""Maps whose keys are values, not fields."""


def accepting(verdicts: Iterable[Verdict]) -> Counter[str]:
    """Count the cases by how many nodes the scheduler accepts."""
    return Counter("no node" if not v.accepted else "some nodes" if len(v.rejected) > 1 else "all" for v in verdicts)


def rejecting(verdicts: Iterable[Verdict]) -> Counter[str]:
    """Count the cases in which a plugin rejects a node."""
    return Counter(plugin for v in verdicts for plugin in {reason.plugin for reason in v.rejected.values()})


def decided(seeds: Sequence[int], scheduler: SchedulerJudge) -> list[tuple[str, int]]:
    """Return how many of the cases each plugin rejects a node in, and `quotas` the pod; the most frequent first."""
    counts: Counter[str] = Counter()
    for start in range(0, len(seeds), BATCH):
        verdicts = scheduler.judge(random_case(seed) for seed in seeds[start : start + BATCH])
        counts += rejecting(verdicts)
        counts["quotas"] += sum(1 for verdict in verdicts if verdict.quota)
    return counts.most_common()


def deciding(seeds: Sequence[int], scheduler: SchedulerJudge) -> Counter[str]:
    """Count the cases by the kinds of parts without which the scheduler accepts other nodes."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        case = random_case(seed)
        tried = list(_of_each_kind(case, Random(seed)))
        whole, *verdicts = scheduler.consider([case, *(without(case, path) for path in tried)])
        counts.update(
            {
                kind(case, path)
                for path, verdict in zip(tried, verdicts, strict=True)
                if whole and verdict and _kept(verdict, path, case) != _kept(whole, path, case)
            }
        )
    return counts


def _of_each_kind(case: Json, random: Random) -> Iterator[Path]:
    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in removable(case):
        kinds[kind(case, path)].append(path)
    for paths in kinds.values():
        yield from random.sample(paths, min(TRIED, len(paths)))


def kind(case: Json, path: Path) -> str:
    """Return the kind of a part, e.g. `pod nodeAffinity nodeSelectorTerms matchExpressions Gt`."""
    words: list[str] = []
    for step in path:
        if isinstance(step, str) and step not in NAMELESS and not (words and words[-1] in FREE):
            words.append(step)
    part: Any = at(case, path)
    if isinstance(part, dict):
        words += [str(part[field]) for field in ("operator", "effect", "whenUnsatisfiable") if field in part]
    elif path[-1] in {"nodeAffinityPolicy", "nodeTaintsPolicy"}:
        words.append(str(part))
    return " ".join(words)


def _kept(verdict: Verdict, path: Path, case: Json) -> frozenset[str]:
    """Return the accepted nodes but the dropped one."""
    dropped = {case["nodes"][path[1]]["metadata"]["name"]} if path[0] == "nodes" and len(path) == 2 else set()
    return verdict.accepted - dropped


def main(cases: int = 500) -> None:
    """Print the counts."""
    with SchedulerJudge(without=NOT_FOLLOWED) as scheduler:
        verdicts = scheduler.judge(random_case(seed) for seed in range(cases))
        for title, counts in (
            ("accepted", accepting(verdicts)),
            ("rejected by", rejecting(verdicts)),
            ("decided by", deciding(range(cases), scheduler)),
        ):
            print(f"{title}, of {cases} cases:")
            for name, count in sorted(counts.items()):
                print(f"{count:7} {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
