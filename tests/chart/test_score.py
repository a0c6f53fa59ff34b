"""What kube-score finds in the chart: nothing beyond the exceptions, each of which is needed."""

import pytest

from testbed.chart import ChartError, of_kind, render
from tools.chart_score import complaints, exceptions, verdict


def test_a_container_that_may_do_anything_is_found() -> None:
    deployment, *_ = of_kind(render(), "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True

    found = set(verdict(complaints([deployment]), exceptions()))

    assert f"Deployment/{deployment['metadata']['name']}: The container is privileged" in found


def test_an_exception_that_nothing_needs_is_found() -> None:
    allowed = exceptions()[0]

    assert list(verdict((), [allowed])) == [
        f"kube-score.toml: nothing needs the exception for {allowed.objects}: {allowed.complaint}"
    ]


def test_what_kube_score_can_not_read_is_an_error() -> None:
    with pytest.raises(ChartError):
        complaints([{"kind": "Deployment", "apiVersion": "apps/v1", "spec": []}])
