"""What the tables and goals say of measured values; nothing here measures time."""

import pytest

from bench.cases import ALLOWED, DENIED, body, review
from bench.contestants import CONTROLLER_RUNTIME, OURS
from bench.correctness import judge
from bench.goals import Outcome, outcomes
from bench.layers import LAYERS
from bench.measures import Measure, Samples
from bench.tables import aims, comparison, layers


def measured(ours: float, theirs: float) -> Samples:
    samples = Samples()
    samples.add(OURS, throughput=ours)
    samples.add(CONTROLLER_RUNTIME, throughput=theirs)
    return samples


def test_a_row_has_the_median_and_the_spread_of_its_rounds_and_the_ratio() -> None:
    samples = measured(3000, 2000)
    for ours, theirs in ((2000, 1600), (2500, 1000)):
        samples.add(OURS, throughput=ours)
        samples.add(CONTROLLER_RUNTIME, throughput=theirs)

    assert comparison(samples).splitlines()[2] == (
        "| 16 connections, saturated: allowed | requests/s | 2,500 (2,000-3,000) | 1,600 (1,000-2,000) |  |  "
        "| 1.50 |  |  |"
    )


def test_rounds_that_do_not_belong_together_are_compared_by_their_medians() -> None:
    samples = measured(3000, 2000)
    samples.add(OURS, throughput=1000)

    assert samples.ratio(Measure.THROUGHPUT, OURS, CONTROLLER_RUNTIME) == 1


@pytest.mark.parametrize(
    ("ours", "reached"),
    [pytest.param(3000, "yes", id="as much as asked for"), pytest.param(2999, "**no**", id="a little less")],
)
def test_a_goal_is_reached_at_its_limit(ours: float, reached: str) -> None:
    row = aims(outcomes(measured(ours, 2000), ())[:1]).splitlines()[2]

    assert row == f"| requests/s per core against controller-runtime | ≥ 1.5 x | 1.5 x | {reached} |"


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    outcome = Outcome(goal="report", limit=10, measured=None, unit="s")

    assert outcome.met is None
    assert aims([outcome]).splitlines()[2] == "| report | ≤ 10 s | - s | not measured |"


def test_what_is_not_in_a_layer_is_the_rest() -> None:
    samples = Samples()
    samples.add(OURS, cpu=300)
    measured = dict.fromkeys(LAYERS, 10.0) | {"- of it JSON": 5.0}

    assert layers(measured, samples).splitlines()[-1].endswith("| 250 |")


def test_every_measure_has_a_title_of_its_own() -> None:
    assert len({measure.title for measure in Measure}) == len(Measure)


def test_reviews_are_as_large_as_those_of_a_real_cluster() -> None:
    assert all(11_000 < len(body(case)) < 14_000 for case in (*ALLOWED, *DENIED))


@pytest.mark.parametrize(
    ("response", "fault"),
    [
        pytest.param('"allowed":true', "allowed is True: None", id="lets a broken one pass"),
        pytest.param(
            '"allowed":false,"status":{"message":"no"}',
            'it doesn\'t tell of bridge-network: {"uid": "UID", "allowed": false, "status": {"message": "no"}}',
            id="doesn't say why",
        ),
        pytest.param('"allowed":false,"status":{"message":"bridge-network: x"}', "", id="right"),
    ],
)
def test_a_contestant_must_refuse_and_say_why(response: str, fault: str) -> None:
    uid = review(DENIED[0])["request"]["uid"]
    answer = f'{{"response":{{"uid":"{uid}",{response}}}}}'.encode()

    assert judge(DENIED[0], answer, explained=True) == fault.replace("UID", uid)
