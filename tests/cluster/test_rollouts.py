"""No migration is lost while pods are replaced, and the new ones are on different nodes."""

import pytest

from testbed.cluster.cluster import Cluster
from testbed.cluster.release import Release
from testbed.cluster.stage import Stage
from testbed.cluster.under_load import MUST_ANSWER, under_load


@pytest.fixture(scope="module")
def strict(bare: Release) -> Release:
    """Install the chart so that the API server refuses what we don't answer."""
    bare.install(MUST_ANSWER)
    return bare


def nodes(release: Release) -> set[str]:
    """Return the nodes that the service's pods are on."""
    return {pod["spec"]["nodeName"] for pod in release.pods()}


@pytest.mark.core
def test_a_rollout_under_load_loses_nothing_and_keeps_replicas_apart(
    cluster: Cluster, strict: Release, stage: Stage
) -> None:
    with under_load(cluster, stage) as account:
        strict.roll()

    assert (account.lost, account.left_out) == ([], [])
    assert nodes(strict) == set(cluster.nodes)


def test_ten_rollouts_under_load_lose_nothing_and_keep_replicas_apart(
    cluster: Cluster, strict: Release, stage: Stage
) -> None:
    apart = []
    with under_load(cluster, stage) as account:
        for _ in range(10):
            strict.roll()
            apart.append(nodes(strict))

    assert (account.lost, account.left_out) == ([], [])
    assert apart == 10 * [set(cluster.nodes)]
