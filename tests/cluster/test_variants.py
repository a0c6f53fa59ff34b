"""Other ways to install: each once, and each judges."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from testbed.chart import NAMESPACE, RELEASE, Values
from testbed.cluster import neighbours
from testbed.cluster.cluster import Cluster
from testbed.cluster.release import Release
from testbed.cluster.stage import Stage
from testbed.machines import a_migration, apply
from testbed.waiting import until

OURS = 'admission webhook "migration.mutate.live-migration-webhook" denied the request'
PRIVILEGED = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "warn")}
PORTS = {"https": 19443, "http": 18080}

VARIANTS: Mapping[str, Values] = {
    "a token of the chart's own": {"serviceAccount": {"projectedToken": True}},
    "an address of each family, called by IPv6": {
        "ports": {"address": "[::]"},
        "service": {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]},
    },
    "one replica": {"replicaCount": 1},
}


@pytest.fixture
def nothing(bare: Release) -> Iterator[Release]:
    """Take away what another test has installed, and what this one will install."""
    bare.uninstall()
    yield bare
    bare.uninstall()


def judges(cluster: Cluster, stage: Stage) -> bool:
    """Tell whether a migration that can't succeed is refused in our words."""
    return OURS in apply(cluster.plane, stage.namespace, a_migration("move", "stuck"), "--dry-run=server")


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_a_variant_judges(cluster: Cluster, nothing: Release, stage: Stage, values: Values) -> None:
    nothing.install(values)

    until(lambda: judges(cluster, stage))


def test_the_nodes_network_can_be_used(cluster: Cluster, nothing: Release, stage: Stage) -> None:
    nothing.create_namespace(PRIVILEGED)
    try:
        nothing.install({"hostNetwork": True, "ports": PORTS})
        until(lambda: judges(cluster, stage))
        addresses = {pod["status"]["podIP"] for pod in nothing.pods()}
        nothing.roll()
    finally:
        nothing.create_namespace()

    assert addresses == {node.place.addresses[0] for node in cluster.nodes.values()}
    assert judges(cluster, stage)


def test_pods_can_have_a_user_namespace_of_their_own(cluster: Cluster, nothing: Release, stage: Stage) -> None:
    nodes = cluster.api.get("/api/v1/nodes")["items"]
    handlers = [each for node in nodes for each in node["status"].get("runtimeHandlers", [])]
    if not any(each.get("features", {}).get("userNamespaces") for each in handlers):
        pytest.skip("NOT TRIED: hostUsers=false, since this machine's containerd has no user namespaces (2.0 has)")

    nothing.install({"hostUsers": False})

    until(lambda: judges(cluster, stage))


def test_cert_manager_makes_the_certificate_and_the_bundle(cluster: Cluster, nothing: Release, stage: Stage) -> None:
    neighbours.start_cert_manager(cluster)

    nothing.install({"certificates": {"source": "cert-manager"}})

    until(lambda: judges(cluster, stage), seconds=120)
    assert nothing.pods("certs") == []


def test_a_secret_of_ones_own_is_served(cluster: Cluster, nothing: Release, stage: Stage) -> None:
    pair = cluster.plane.site.authority.issue("own", f"{RELEASE}.{NAMESPACE}.svc")
    data = {"tls.crt": pair.certificate, "tls.key": pair.key}
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "own", "namespace": NAMESPACE},
        "data": {name: base64.b64encode(file.read_bytes()).decode() for name, file in data.items()},
    }
    cluster.apply([secret])
    bundle = cluster.plane.site.authority.bundle.decode()

    nothing.install(
        {"certificates": {"source": "existing-secret", "existingSecret": {"name": "own", "caBundle": bundle}}}
    )

    until(lambda: judges(cluster, stage))
    assert nothing.pods("certs") == []
