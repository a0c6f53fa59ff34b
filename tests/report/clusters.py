"""Small clusters for the tests of presentations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from testbed.builders import a_claim, a_spec, a_vmi_document
from webhook.engine.policy import Policy
from webhook.foresight.survey import Survey, machines_in, survey
from webhook.kube.files import objects_in
from webhook.state.snapshot import snapshot_of

EXAMPLE: Final = Path(__file__).resolve().parents[2] / "examples" / "cluster"

Document = dict[str, Any]


def surveyed(*documents: Document, policy: Policy | None = None) -> Survey:
    """Survey a cluster of these objects."""
    snapshot = snapshot_of(documents)
    return survey(snapshot, policy or Policy(), machines_in(snapshot))


def the_example() -> Survey:
    """Survey the sample cluster."""
    snapshot = snapshot_of(objects_in(str(EXAMPLE)))
    return survey(snapshot, Policy(), machines_in(snapshot))


def a_node(name: str, *, memory: str = "64Gi", cpu: str = "16", labels: Mapping[str, str] | None = None) -> Document:
    """Return a node that takes virtual machines with any CPU."""
    usual = {
        "kubernetes.io/hostname": name,
        "kubevirt.io/schedulable": "true",
        "host-model-cpu.node.kubevirt.io/M": "true",
        "cpu-model-migration.node.kubevirt.io/M": "true",
        "cpu-model.node.kubevirt.io/M": "true",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**usual, **(labels or {})}},
        "status": {"allocatable": {"cpu": cpu, "memory": memory}},
    }


def a_machine(
    name: str,
    *,
    node: str = "node-a",
    requests: str = "8Gi",
    stuck: bool = False,
    condition: str | None = "",
    namespace: str = "default",
    **spec: Any,
) -> list[Document]:
    """Return a running virtual machine with its launcher pod; a stuck one has a volume of its own node.

    `condition` is the status of LiveMigratable, "" for what KubeVirt would say, None for no condition yet.
    """
    said = {"type": "LiveMigratable", "status": condition or str(not stuck)}
    if stuck and not condition:
        said["reason"] = "DisksNotLiveMigratable"
    volumes = [{"name": "root", "persistentVolumeClaim": {"claimName": "own"}}] if stuck else []
    vmi = a_vmi_document(
        a_spec(volumes=volumes, **spec),
        status={"nodeName": node, "conditions": [] if condition is None else [said]},
        name=name,
        namespace=namespace,
        uid=f"uid-{name}",
        labels={"app": name},
    )
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"virt-launcher-{name}",
            "namespace": namespace,
            "labels": {"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": f"uid-{name}"},
            "ownerReferences": [
                {
                    "apiVersion": "kubevirt.io/v1",
                    "kind": "VirtualMachineInstance",
                    "name": name,
                    "uid": f"uid-{name}",
                    "controller": True,
                }
            ],
        },
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": {"memory": requests}}}]},
        "status": {"phase": "Running"},
    }
    return [vmi, pod, a_claim("own", "ReadWriteOnce")]
