"""The pod in which a virtual machine runs: nobody else's pod is taken for it, whatever its labels and owner say."""

from typing import Any

import pytest

from testbed.builders import a_cluster, a_launcher, a_vmi
from webhook.engine.placement import source_pod

KEY = "cpu-model-migration.node.kubevirt.io/Forged"
LATER = "2026-01-02T00:00:00Z"
OWNER = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "name": "web",
    "uid": "u-web",
    "controller": True,
}


def forged(**pod: Any) -> Any:
    """Return a pod that looks like the launcher of `default/web`, and newer than it."""
    pod = {"name": "forged", "creationTimestamp": LATER, "spec": {"nodeSelector": {KEY: "true"}}} | pod
    return a_launcher(**pod)


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param({"namespace": "attacker"}, id="in another namespace"),
        pytest.param({"ownerReferences": [OWNER | {"name": "other"}]}, id="of another name"),
        pytest.param({"ownerReferences": [OWNER | {"uid": "u-other"}]}, id="of another UID"),
        pytest.param({"ownerReferences": [OWNER | {"apiVersion": "evil.example/v1"}]}, id="of another group"),
        pytest.param({"ownerReferences": [OWNER | {"apiVersion": "v1"}]}, id="of the core group"),
        pytest.param({"ownerReferences": [OWNER | {"controller": False}]}, id="not controlled by it"),
    ],
)
def test_a_pod_that_only_looks_like_it_is_not_taken_for_it(pod: Any) -> None:
    snapshot = a_cluster(a_launcher(creationTimestamp="2026-01-01T00:00:00Z"), forged(**pod))

    source = source_pod(a_vmi(uid="u-web"), snapshot)

    assert source
    assert source.metadata.name == "virt-launcher-web-node-a"


def test_a_pod_that_kubevirt_lists_comes_before_one_that_it_does_not_know() -> None:
    real = a_launcher(name="real", creationTimestamp="2026-01-01T00:00:00Z")
    real["metadata"]["uid"] = "u-pod"

    source = source_pod(a_vmi(uid="u-web", status={"activePods": {"u-pod": "node-a"}}), a_cluster(real, forged()))

    assert source
    assert source.metadata.name == "real"
