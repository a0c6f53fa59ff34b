"""Our list of eligible nodes is kube-scheduler's."""

import json
from pathlib import Path
from typing import Final

import pytest

from fidelity.clusters import random_case
from fidelity.comparison import BEYOND_THE_SCHEDULER, disagreements, eligible
from fidelity.judges import SchedulerJudge
from webhook.engine import targets

MENDED: Final = sorted((Path(__file__).parent / "mended").glob("*.json"))
"""Cases on which we differed once."""


def test_the_scheduler_takes_the_same_nodes_in_five_hundred_clusters(scheduler: SchedulerJudge) -> None:
    assert list(map(str, disagreements(range(500), scheduler))) == []


@pytest.mark.parametrize("path", MENDED, ids=lambda path: path.stem)
def test_a_difference_that_was_mended_stays_mended(scheduler: SchedulerJudge, path: Path) -> None:
    case = json.loads(path.read_text())
    [verdict] = scheduler.judge([case])
    assert eligible(case) == verdict.accepted


def test_the_comparison_notices_each_predicate_that_is_missing(
    scheduler: SchedulerJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [random_case(seed) for seed in range(500)]
    verdicts = scheduler.judge(cases)
    unnoticed = []
    for predicate in targets.ALL:
        rest = tuple(other for other in targets.ALL if other is not predicate)
        monkeypatch.setattr("fidelity.comparison.ALL", rest)
        if all(eligible(case) == verdict.accepted for case, verdict in zip(cases, verdicts, strict=True)):
            unnoticed.append(predicate.ID)
    assert set(unnoticed) == BEYOND_THE_SCHEDULER | {"network", "cpu-manager", "cpu-vendor"}
