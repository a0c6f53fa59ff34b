"""The chart's network policy, enforced: who reaches the pods, and whom they reach."""

from collections.abc import Iterator

import pytest

from testbed.api import Object
from testbed.chart import IMAGE, NAMESPACE, RELEASE
from testbed.cluster import neighbours, network
from testbed.cluster.cluster import Cluster
from testbed.cluster.plane import PORT
from testbed.cluster.release import Release
from testbed.cluster.stage import Stage
from testbed.machines import a_migration, apply
from testbed.namespaces import create_namespace, remove_namespace
from testbed.waiting import until

KNOCK = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).close()"
STRANGERS = "strangers"
PROMETHEUS = "prometheus"

VALUES = {
    "networkPolicy": {
        "enabled": True,
        "apiServerCIDRs": [f"{network.CONTROL_PLANE[0]}/32"],
        "apiServerPorts": [PORT],
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": PROMETHEUS}}}],
    }
}


@pytest.fixture(scope="module")
def enforced(cluster: Cluster, bare: Release) -> Iterator[Release]:
    """Install the chart with its policy on nodes that enforce it, beside pods of two other namespaces."""
    routers = [neighbours.kube_router(cluster, node) for node in cluster.nodes.values()]
    for router in routers:
        router.start()
    for namespace in (STRANGERS, PROMETHEUS):
        create_namespace(cluster.api, namespace)
        cluster.api.wait(f"/api/v1/namespaces/{namespace}/serviceaccounts/default", lambda _: True)
        cluster.api.post(f"/api/v1/namespaces/{namespace}/pods", a_pod())
    bare.install(VALUES)
    until(lambda: reaches(cluster, PROMETHEUS, "asking", address(bare), 8080))
    yield bare
    for namespace in (STRANGERS, PROMETHEUS):
        remove_namespace(cluster.api, namespace)
    for router in routers:
        router.kill()


def a_pod() -> Object:
    """Return a pod with Python in it that waits to be asked, and answers on a port."""
    serve = ["python", "-m", "http.server", "8000", "--directory", "/licenses"]
    return {
        "metadata": {"name": "asking"},
        "spec": {"containers": [{"name": "python", "image": IMAGE, "command": serve, "imagePullPolicy": "Never"}]},
    }


def reaches(cluster: Cluster, namespace: str, pod: str, host: str, port: int) -> bool:
    """Tell whether a connection from a pod is taken."""
    command = ["exec", pod, "--", "python", "-c", KNOCK, host, str(port)]
    return cluster.plane.kubectl(*command, namespace=namespace).returncode == 0


def address(release: Release) -> str:
    """Return the address of one of the service's pods."""
    return str(release.pods()[0]["status"]["podIP"])


def test_the_api_server_is_answered(cluster: Cluster, enforced: Release, stage: Stage) -> None:
    assert enforced.pods()

    answer = apply(cluster.plane, stage.namespace, a_migration("move", "stuck"), "--dry-run=server")

    assert 'admission webhook "migration.mutate.live-migration-webhook" denied the request' in answer


def test_a_stranger_reaches_neither_the_service_nor_its_metrics(cluster: Cluster, enforced: Release) -> None:
    service = f"{RELEASE}.{NAMESPACE}.svc"

    assert reaches(cluster, STRANGERS, "asking", network.DNS, 53)
    assert not reaches(cluster, STRANGERS, "asking", service, 443)
    assert not reaches(cluster, STRANGERS, "asking", address(enforced), 9443)
    assert not reaches(cluster, STRANGERS, "asking", address(enforced), 8080)


def test_only_whom_the_values_name_reads_metrics(cluster: Cluster, enforced: Release) -> None:
    assert reaches(cluster, PROMETHEUS, "asking", address(enforced), 8080)
    assert not reaches(cluster, PROMETHEUS, "asking", address(enforced), 9443)


def test_the_pods_reach_dns_and_the_api_server_alone(cluster: Cluster, enforced: Release) -> None:
    pod = enforced.pods()[0]["metadata"]["name"]
    stranger = cluster.api.get(f"/api/v1/namespaces/{STRANGERS}/pods/asking")["status"]["podIP"]

    assert reaches(cluster, NAMESPACE, pod, network.DNS, 53)
    assert reaches(cluster, NAMESPACE, pod, "kubernetes.default.svc", 443)
    assert reaches(cluster, PROMETHEUS, "asking", stranger, 8000)
    assert not reaches(cluster, NAMESPACE, pod, stranger, 8000)


def test_the_charts_own_test_gets_through(enforced: Release) -> None:
    assert "Phase:          Succeeded" in enforced.run("test", RELEASE)
