"""`kubectl drain` on the real control plane does what was foretold.

virt-api's eviction admitter and virt-controller's evacuation controller decide.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from msgspec import Struct

from testbed.api import KUBEVIRT, Api
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.kubevirt_objects import CUSTOM_RESOURCES
from testbed.machines import a_running_vm, apply, cpu_labels
from testbed.service import Service
from testbed.waiting import until
from tests.e2e.foretelling import seen
from webhook.engine.policy import Policy
from webhook.foresight.drain import drain
from webhook.foresight.eviction import Outcome
from webhook.foresight.survey import machines_in, survey

Object = dict[str, Any]

MOVES, STAYS, SHUT_DOWN = Outcome.MOVES, Outcome.STAYS, Outcome.SHUT_DOWN
SEED: Final = {"name": "seed", "cloudInitNoCloud": {"userData": "#cloud-config\n{}\n"}}
CD_ROM: Final = {"disks": [{"name": "seed", "cdrom": {"bus": "sata"}}], "volumes": [SEED]}
CONTAINER_DISK: Final = {
    "disks": [{"name": "root", "disk": {"bus": "virtio"}}],
    "volumes": [{"name": "root", "containerDisk": {"image": "registry/disk:1"}}],
}
TIED: Final = {"nodeSelector": {"kubernetes.io/hostname": "node-a"}}
APART: Final = {
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": "guard"}}, "topologyKey": "kubernetes.io/hostname"}
            ]
        }
    }
}


class Story(Struct, frozen=True, kw_only=True):
    """A VM on a node that is drained, and what becomes of it.

    `migratable` is the condition LiveMigratable, None for none yet; `cluster` the KubeVirt resource's eviction
    strategy.
    """

    strategy: str | None
    migratable: bool | None
    outcome: Outcome
    spec: Mapping[str, Any] = {}
    cluster: str | None = None
    guarded: bool = False
    title: str = ""


STORIES: Final = (
    Story(strategy="LiveMigrate", migratable=True, outcome=MOVES),
    Story(strategy="LiveMigrateIfPossible", migratable=True, outcome=MOVES),
    Story(strategy="LiveMigrate", migratable=True, spec=TIED, outcome=STAYS, title="no other node fits"),
    Story(strategy="LiveMigrateIfPossible", migratable=True, spec=TIED, outcome=STAYS, title="no other node fits"),
    Story(strategy="LiveMigrateIfPossible", migratable=True, spec=APART, guarded=True, outcome=STAYS, title="repelled"),
    Story(strategy="LiveMigrate", migratable=False, outcome=STAYS),
    Story(strategy="LiveMigrateIfPossible", migratable=False, outcome=SHUT_DOWN),
    Story(strategy="LiveMigrate", migratable=None, outcome=STAYS),
    Story(strategy="LiveMigrateIfPossible", migratable=None, outcome=SHUT_DOWN),
    Story(strategy="None", migratable=True, outcome=SHUT_DOWN),
    Story(strategy="None", migratable=False, outcome=SHUT_DOWN),
    Story(strategy="External", migratable=True, outcome=STAYS),
    Story(strategy="External", migratable=False, outcome=STAYS),
    Story(strategy=None, migratable=True, outcome=SHUT_DOWN),
    Story(strategy=None, migratable=True, cluster="LiveMigrate", outcome=MOVES),
    Story(strategy=None, migratable=False, cluster="LiveMigrate", outcome=STAYS),
    Story(strategy="None", migratable=True, cluster="LiveMigrate", outcome=SHUT_DOWN),
    Story(strategy="LiveMigrateIfPossible", migratable=True, spec=CD_ROM, outcome=MOVES, title="a CD-ROM"),
    Story(strategy="LiveMigrate", migratable=True, spec=CONTAINER_DISK, outcome=MOVES, title="a container disk"),
)


def name_of(story: Story) -> str:
    """Return a story in a few words."""
    cluster = f" by the cluster's {story.cluster}" if story.cluster else ""
    return f"{story.strategy}{cluster}, LiveMigratable {story.migratable} {story.title}".strip()


@pytest.mark.parametrize("story", STORIES, ids=name_of)
def test_a_drain_does_what_was_foretold(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, story: Story
) -> None:
    assert service.is_ready()
    with by_cluster(control_plane, story.cluster):
        stage(control_plane, namespace, hypervisor, story)
        assert foretold(control_plane.api(), namespace) == story.outcome
        assert done(control_plane, namespace, hypervisor, story.outcome) == story.outcome


def stage(plane: ControlPlane, namespace: str, hypervisor: Hypervisor, story: Story) -> None:
    """Run the VM on node-a, then add another node."""
    labels = cpu_labels("Skylake-Server-IBRS")
    hypervisor.add_node("node-a", labels=labels)
    strategy = {"evictionStrategy": story.strategy} if story.strategy else {}
    assert "created" in apply(plane, namespace, a_running_vm("web", **{**story.spec, **strategy}))
    hypervisor.launch(namespace, "web", migratable=story.migratable)
    hypervisor.add_node("node-b", labels=labels)
    if story.guarded:
        guard = {
            "metadata": {"name": "guard", "labels": {"app": "guard"}},
            "spec": {"nodeName": "node-b", "containers": [{"name": "guard", "image": "guard"}]},
        }
        plane.api().post(f"/api/v1/namespaces/{namespace}/pods", guard)


@contextmanager
def by_cluster(plane: ControlPlane, strategy: str | None) -> Iterator[None]:
    """Give the KubeVirt resource an eviction strategy for a while, and wait until virt-api goes by it."""
    if strategy is None:
        yield
        return
    path = f"{CUSTOM_RESOURCES}/kubevirt"
    probe = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "probe"},
        "spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}},
    }

    def given() -> str:
        dry = plane.api().post(f"{KUBEVIRT}/namespaces/default/virtualmachineinstances?dryRun=All", probe)
        return str(dry["spec"].get("evictionStrategy"))

    plane.api().patch(path, {"spec": {"configuration": {"evictionStrategy": strategy}}})
    try:
        until(lambda: given() == strategy)
        yield
    finally:
        plane.api().patch(path, {"spec": {"configuration": {"evictionStrategy": None}}})
        until(lambda: given() != strategy)


def foretold(api: Api, namespace: str) -> Outcome:
    """Return what we foretell of the VM."""
    snapshot = seen(api, namespace)
    [eviction] = drain(survey(snapshot, Policy(), machines_in(snapshot, namespace)), "node-a").evictions
    return eviction.outcome


def done(plane: ControlPlane, namespace: str, hypervisor: Hypervisor, expected: Outcome) -> Outcome:
    """Drain node-a and do what kubelet and virt-handler would; return what became of the VM.

    A drain that never ends is left after a few of kubectl's tries, five seconds apart.
    """
    seconds = 12 if expected is STAYS else 60
    process = drained(plane, seconds)
    api, vmi = plane.api(), f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web"
    launcher = launchers(api, namespace)[0]["metadata"]["name"]
    if expected is MOVES:
        hypervisor.migrate(namespace, evacuation(api, namespace))
    if expected is SHUT_DOWN:
        path = f"/api/v1/namespaces/{namespace}/pods/{launcher}"
        api.wait(path, lambda pod: bool(pod["metadata"].get("deletionTimestamp")))
        hypervisor.end_pod(namespace, launcher)
    output, _ = process.communicate(timeout=90)
    if process.returncode:
        assert 'virt-launcher-eviction-interceptor.kubevirt.io" denied the request' in output, output
        assert api.get(vmi)["status"]["nodeName"] == "node-a"
        return STAYS
    if expected is SHUT_DOWN:
        return SHUT_DOWN
    return MOVES if api.get(vmi)["status"]["nodeName"] == "node-b" else SHUT_DOWN


def launchers(api: Api, namespace: str) -> list[Object]:
    """Return the VM's pods."""
    path = f"/api/v1/namespaces/{namespace}/pods?labelSelector=kubevirt.io=virt-launcher"
    found: list[Object] = api.get(path)["items"]
    return found


def evacuation(api: Api, namespace: str) -> str:
    """Return the name of the migration that KubeVirt makes for the drain."""
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations"
    [migration] = api.wait(path, lambda migrations: bool(migrations["items"]))["items"]
    return str(migration["metadata"]["name"])


def drained(plane: ControlPlane, seconds: int) -> "subprocess.Popen[str]":
    """Start to drain node-a."""
    arguments = ["drain", "node-a", "--pod-selector=kubevirt.io=virt-launcher", "--delete-emptydir-data"]
    return subprocess.Popen(
        [plane.programs["leash"], "--", plane.programs["kubectl"], *arguments, f"--timeout={seconds}s"],
        env=os.environ | plane.environment("admin"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
