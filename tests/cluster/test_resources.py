"""What the pods use under load, against what the chart asks for; and the autoscaler, which goes by it."""

from typing import Any

import pytest

from soak.load import Load
from testbed.chart import NAMESPACE, RELEASE, Values
from testbed.cluster import neighbours
from testbed.cluster.cluster import Cluster
from testbed.cluster.neighbours import METRICS
from testbed.cluster.release import Release
from testbed.cluster.stage import MACHINES, Stage
from testbed.waiting import until
from webhook.objects.quantity import read_quantity

SCALED: Values = {
    "autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50},
    "resources": {"requests": {"cpu": "20m", "memory": "128Mi"}},
}
"""So little CPU that a test's load is much."""
BUSY = 80
"""Migrations a second."""
PATIENCE = 180
"""Seconds: metrics are read every 15, and an autoscaler waits 30 before it takes pods away."""


@pytest.fixture(scope="module")
def measured(cluster: Cluster, bare: Release) -> Release:
    """Install the chart beside metrics-server."""
    neighbours.start_metrics_server(cluster)
    bare.install()
    return bare


def used(cluster: Cluster, resource: str) -> list[float]:
    """Return what each of the service's pods uses."""
    path = f"{METRICS}/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io/component=webhook"
    pods: list[dict[str, Any]] = cluster.api.get(path)["items"]
    return [float(read_quantity(pod["containers"][0]["usage"][resource]) or 0) for pod in pods]


def replicas(cluster: Cluster) -> int:
    """Return how many replicas are asked for."""
    return int(cluster.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}")["spec"]["replicas"])


def test_pods_need_what_the_chart_asks_for_and_no_more(cluster: Cluster, measured: Release, stage: Stage) -> None:
    [container] = measured.pods()[0]["spec"]["containers"]
    with Load(cluster.api, stage.namespace, MACHINES, rate=BUSY) as load:
        load.until(60 * BUSY)
        memory, cpu = used(cluster, "memory"), used(cluster, "cpu")

    print(f"at {BUSY} migrations a second: {[round(each / 2**20) for each in memory]} MiB, {cpu} CPUs")
    assert load.lost == []
    assert len(memory) == 2
    assert max(memory) < float(read_quantity(container["resources"]["requests"]["memory"]) or 0)


def test_replicas_follow_the_load_and_are_never_fewer_than_the_least(
    cluster: Cluster, measured: Release, stage: Stage
) -> None:
    fewest = 2
    measured.upgrade(SCALED)
    with Load(cluster.api, stage.namespace, MACHINES, rate=BUSY) as load:
        until(lambda: replicas(cluster) == 3, "a replica more", seconds=PATIENCE)

    def is_back() -> bool:
        nonlocal fewest
        fewest = min(fewest, replicas(cluster))
        return replicas(cluster) == 2

    until(is_back, "the replica is taken away again", seconds=PATIENCE)
    assert fewest == 2
    assert load.lost == []
