"""Which writes of VMs and VMIs the API server asks about.

The chart's hook is registered with `failurePolicy: Fail`, without the Service that it names: a write fails when the
hook is asked about it, and says so. A condition that can't be evaluated fails the write too.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from testbed.control_plane import ControlPlane
from tests.chart.registration import unanswered

ASKED = 'failed calling webhook "vm.validate.live-migration-webhook"'

PERSON = "alice"
CONTROLLER = "system:serviceaccount:kubevirt:kubevirt-controller"
HANDLER = "system:serviceaccount:kubevirt:kubevirt-handler"
API = "system:serviceaccount:kubevirt:kubevirt-apiserver"
HARVESTERS_CONTROLLER = "system:serviceaccount:harvester-system:kubevirt-controller"
NAMESAKE = "system:serviceaccount:default:kubevirt-controller"

TEMPLATE = {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}
SPECS = {
    "VirtualMachine": {"runStrategy": "Halted", "template": {"metadata": {}, "spec": TEMPLATE}},
    "VirtualMachineInstance": TEMPLATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A creation, or with a `patch` the change of an object that exists with that metadata."""

    kind: str
    by: str
    patch: dict[str, Any] | None = None
    subresource: str = ""
    metadata: dict[str, Any] | None = None
    after_delete: bool = False


def annotated(annotations: dict[str, str | None] | None) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}}


def target(node: str) -> dict[str, str | None]:
    return {"harvesterhci.io/migrationTargetNodeName": node}


VM, VMI = SPECS
NEW_TEMPLATE = {"spec": {"template": {"spec": {"evictionStrategy": "LiveMigrate"}}}}
HELD = {"finalizers": ["tests/held"]}

JUDGED = {
    "a person makes a VM": Write(kind=VM, by=PERSON),
    "a person makes a VMI": Write(kind=VMI, by=PERSON),
    "a namesake of virt-controller makes a VMI": Write(kind=VMI, by=NAMESAKE),
    "a person changes a VM's spec": Write(kind=VM, by=PERSON, patch=NEW_TEMPLATE),
    "Harvester chooses the target": Write(kind=VMI, by=CONTROLLER, patch=annotated(target("b"))),
    "Harvester's own virt-controller does": Write(kind=VMI, by=HARVESTERS_CONTROLLER, patch=annotated(target("b"))),
    "a person chooses the target": Write(kind=VMI, by=PERSON, patch=annotated(target("b"))),
    "Harvester chooses another target": Write(
        kind=VMI, by=CONTROLLER, metadata={"annotations": target("a")}, patch=annotated(target("b"))
    ),
}
UNJUDGED = {
    "virt-controller makes a VMI": Write(kind=VMI, by=CONTROLLER),
    "Harvester's virt-controller makes a VMI": Write(kind=VMI, by=HARVESTERS_CONTROLLER),
    "virt-controller makes a VMI with a target": Write(
        kind=VMI, by=CONTROLLER, metadata={"annotations": target("a")}
    ),
    "a person writes the same spec": Write(kind=VM, by=PERSON, patch={"spec": SPECS[VM]}),
    "a person labels a VM": Write(kind=VM, by=PERSON, patch={"metadata": {"labels": {"a": "b"}}}),
    "a target is noted on a VM": Write(kind=VM, by=PERSON, patch=annotated(target("b"))),
    "a VM's status changes": Write(kind=VM, by=CONTROLLER, subresource="status", patch={"status": {"ready": False}}),
    "virt-api changes a VM's spec": Write(kind=VM, by=API, patch=NEW_TEMPLATE),
    "a finalizer is added": Write(kind=VM, by=PERSON, patch={"metadata": HELD}),
    "a VM on its way out changes": Write(kind=VM, by=PERSON, metadata=HELD, after_delete=True, patch=NEW_TEMPLATE),
    "the last finalizer goes": Write(
        kind=VM, by=PERSON, metadata=HELD, after_delete=True, patch={"metadata": {"finalizers": None}}
    ),
    "a VMI's status changes": Write(kind=VMI, by=HANDLER, patch={"status": {"phase": "Scheduling"}}),
    "a VMI is annotated": Write(kind=VMI, by=PERSON, patch=annotated({"a": "b"})),
    "virt-controller changes a VMI's spec": Write(kind=VMI, by=CONTROLLER, patch={"spec": {"hostname": "web"}}),
    "an earlier target is still there": Write(
        kind=VMI, by=CONTROLLER, metadata={"annotations": target("b")}, patch=annotated({"a": "b"})
    ),
    "the target is forgotten": Write(
        kind=VMI, by=CONTROLLER, metadata={"annotations": target("b")}, patch=annotated(None)
    ),
    "the target is empty": Write(kind=VMI, by=CONTROLLER, patch=annotated(target(""))),
}  # fmt: skip


@pytest.fixture(scope="module")
def judged_namespace(control_plane: ControlPlane) -> Iterator[str]:
    """Make a namespace in which the hook is asked, and nobody answers."""
    with unanswered(control_plane, failure_policy="Fail") as namespace:
        for _ in range(100):
            first = _create(control_plane, namespace, Write(kind=VM, by=PERSON), PERSON, "first", "--dry-run=server")
            if ASKED in first:
                break
        yield namespace


@pytest.mark.parametrize("write", JUDGED.values(), ids=JUDGED)
def test_a_write_that_matters_is_judged(control_plane: ControlPlane, judged_namespace: str, write: Write) -> None:
    assert ASKED in complaint(control_plane, judged_namespace, write)


@pytest.mark.parametrize("write", UNJUDGED.values(), ids=UNJUDGED)
def test_a_write_that_changes_nothing_here_costs_no_call(
    control_plane: ControlPlane, judged_namespace: str, write: Write
) -> None:
    assert complaint(control_plane, judged_namespace, write) == ""


def complaint(control_plane: ControlPlane, namespace: str, write: Write) -> str:
    """Make the write in its user's name; return what kubectl complains about."""
    name = f"{write.kind.lower()}-{uuid.uuid4().hex[:6]}"
    if write.patch is None:
        return _create(control_plane, namespace, write, write.by, name)
    assert _create(control_plane, namespace, write, API, name) == ""
    if write.after_delete:
        _kubectl(control_plane, namespace, PERSON, "delete", write.kind, name, "--wait=false")
    subresource = [f"--subresource={write.subresource}"] if write.subresource else []
    patch = ["--type=merge", "--patch", json.dumps(write.patch), *subresource]
    return _kubectl(control_plane, namespace, write.by, "patch", write.kind, name, *patch)


def _create(control_plane: ControlPlane, namespace: str, write: Write, by: str, name: str, *options: str) -> str:
    manifest = {
        "apiVersion": "kubevirt.io/v1",
        "kind": write.kind,
        "metadata": {"name": name, **(write.metadata or {})},
        "spec": SPECS[write.kind],
    }
    return _kubectl(control_plane, namespace, by, "create", "-f", "-", *options, stdin=json.dumps(manifest))


def _kubectl(control_plane: ControlPlane, namespace: str, by: str, *arguments: str, stdin: str = "") -> str:
    """Run kubectl in the user's name, with all rights; return its standard error."""
    impersonation = ["--as", by, "--as-group", "system:masters"]
    return control_plane.kubectl(*impersonation, *arguments, namespace=namespace, stdin=stdin).stderr
