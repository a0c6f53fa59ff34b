"""VMs with an instance type or a preference: as KubeVirt expands them where these are known, and named where not."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from testbed.builders import a_cluster, a_kubevirt, a_spec, a_vm_document
from tests.admission.asking import a_request, judged
from webhook.engine.verdict import Verdict
from webhook.objects.fields import Fields
from webhook.objects.vm import read_vm
from webhook.objects.vmi import VirtualMachineInstance
from webhook.plugin.group import cli
from webhook.state.expansion import expanded

GROUP: Final = "instancetype.kubevirt.io/v1beta1"
GPU: Final = {"name": "card", "deviceName": "nvidia.com/T4"}


def a_type(kind: str = "VirtualMachineClusterInstancetype", namespace: str = "", **spec: Any) -> Any:
    """Return an instance type gn1."""
    metadata = {"name": "gn1", **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": GROUP, "kind": kind, "metadata": metadata, "spec": {"memory": {"guest": "8Gi"}, **spec}}


def a_vm(spec: Any = None, *, status: Any = None, **matchers: Any) -> Any:
    """Return a VM that refers to these."""
    document = a_vm_document(spec)
    return {**document, "spec": {**document["spec"], **matchers}, "status": status or {}}


def of(vm: Any, *documents: Any) -> VirtualMachineInstance:
    """Return what the VM would start in this cluster."""
    return expanded(read_vm(Fields(vm)), a_cluster(*documents))


def validated(vm: Any, *documents: Any) -> Verdict:
    """Judge the creation of a VM."""
    path = "/validate/virtualmachines"
    return judged(a_request(vm, resource="virtualmachines"), a_kubevirt(), *documents, path=path)


def test_an_instance_type_gives_devices_encryption_cpu_and_memory() -> None:
    spec = a_spec()
    del spec["domain"]["memory"]
    cpu = {"guest": 2, "model": "Penryn", "dedicatedCPUPlacement": True}
    given = a_type(cpu=cpu, gpus=[GPU], launchSecurity={"tdx": {}}, nodeSelector={"pool": "gpu"})
    instance = of(a_vm(spec, instancetype={"name": "gn1"}), given)

    assert instance.memory == 8 * 1024**3
    assert [device.device for device in instance.devices.host_devices] == ["nvidia.com/T4"]
    assert instance.hardware.confidential == {"tdx"}
    assert (instance.hardware.cpu_model, instance.hardware.dedicated_cpus) == ("Penryn", True)
    assert instance.scheduling.node_selector == {"pool": "gpu"}
    assert instance.unknown == ()


def test_a_preference_gives_what_the_vm_leaves_open() -> None:
    preference = {
        "apiVersion": GROUP,
        "kind": "VirtualMachinePreference",
        "metadata": {"name": "windows", "namespace": "default"},
        "spec": {
            "cpu": {"preferredCPUFeatures": [{"name": "invtsc", "policy": "require"}]},
            "features": {"preferredHyperv": {"reenlightenment": {"enabled": True}}},
            "machine": {"preferredMachineType": "pc-q35-rhel9.6.0"},
        },
    }
    matcher = {"name": "windows", "kind": "VirtualMachinePreference"}
    hardware = of(a_vm(preference=matcher), preference).hardware

    assert hardware.needs_tsc_frequency
    assert hardware.hyperv == {"reenlightenment"}
    assert hardware.machine_type == "pc-q35-rhel9.6.0"


@pytest.mark.parametrize(
    ("matcher", "status"),
    [
        ({"name": "gn1", "revisionName": "web-gn1-1"}, {}),
        ({"name": "gn1"}, {"instancetypeRef": {"controllerRevisionRef": {"name": "web-gn1-1"}}}),
    ],
)
def test_the_revision_that_a_vm_was_started_with_counts_before_the_present_one(matcher: Any, status: Any) -> None:
    revision = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"name": "web-gn1-1", "namespace": "default"},
        "data": a_type(gpus=[GPU]),
    }
    vm = a_vm(instancetype=matcher, status=status)
    assert of(vm, revision, a_type()).devices.host_devices
    assert not of(vm, a_type()).devices.host_devices


def test_a_namespaced_type_is_another_one_than_the_clusters() -> None:
    own = a_type("VirtualMachineInstancetype", "default", gpus=[GPU])
    matcher = {"name": "gn1", "kind": "VirtualMachineInstancetype"}
    assert of(a_vm(instancetype=matcher), own).devices.host_devices
    assert of(a_vm(instancetype=matcher), a_type(gpus=[GPU])).unknown == ("instance type gn1",)


def test_what_an_instance_type_brings_is_warned_of() -> None:
    assert validated(a_vm(instancetype={"name": "gn1"}), a_type(gpus=[GPU])).warnings == (
        "pci-device: spec.template.spec.domain.devices.gpus[0]: detach the device",
    )


def test_what_is_not_known_is_said() -> None:
    assert validated(a_vm(instancetype={"name": "gn1"}, preference={"name": "windows"})).warnings == (
        "its instance type gn1 is not known here: what it brings is not judged",
        "its preference windows is not known here: what it brings is not judged",
    )


def test_a_manifest_whose_instance_type_is_not_known_says_so(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(json.dumps(a_vm(instancetype={"name": "gn1"})))

    said = CliRunner().invoke(cli, ["check", "-f", str(file)]).output

    assert "warning: VM default/web: its instance type gn1 is not known here: what it brings is not judged" in said
