"""The drains that Harvester makes: maintenance mode of a node, and the upgrade.

Maintenance mode evicts as `kubectl drain` does, after it has stopped what carries the label
`harvesterhci.io/maintain-mode-strategy`. From 1.7 on it is refused, unless it is forced, where a virtual machine can't
migrate. The upgrade evicts nothing: it stops what it holds to be not live-migratable, taints the node, by which
KubeVirt moves what it can, and waits until nothing is left; from 1.7 on it stops, too, what failed to move.

Which Harvester it is shows by its KubeVirt: 1.7 brings KubeVirt 1.6, 1.8 brings 1.7.
Sources: Harvester `pkg/controller/master/nodedrain`, `pkg/util/drainhelper`, `package/upgrade/upgrade_node.sh`,
`pkg/util/virtualmachineinstance`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from webhook.engine.wording import listed, named
from webhook.foresight.eviction import MOVING, NO_NODE, Eviction, Outcome, evacuation, eviction, strategy
from webhook.foresight.survey import Finding, Survey
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import CONTROL_PLANE, MAINTAIN_STRATEGY, WITNESS
from webhook.objects.scheduling import Requirement
from webhook.state.nodes import NodeSet

_STOPS: Final = frozenset({"Shutdown", "ShutdownAndRestartAfterEnable", "ShutdownAndRestartAfterDisable"})
_BY_AFFINITY: Final = frozenset({"node-affinity", "network"})
_BY_NODE: Final = frozenset({"not-ready", "unschedulable"})
_CONTROL_PLANES: Final = 3
_SHOWN: Final = 3


def maintenance(survey: Survey, node: str) -> tuple[Sequence[Eviction], str]:
    """Preview maintenance mode, not forced: what becomes of each, and why Harvester refuses it, "" where it doesn't."""
    findings, kubevirt = survey.by_node.get(node, ()), survey.snapshot.kubevirt
    refused = _refused_by_nodes(survey, node) or ("" if _is_before(kubevirt, 1, 6) else _refused_by_machines(findings))
    if refused:
        return [Eviction(finding=finding, outcome=Outcome.STAYS, why=refused) for finding in findings], refused
    return [_maintained(finding, survey) for finding in findings], ""


def upgrade(survey: Survey, node: str) -> Sequence[Eviction]:
    """Preview what the upgrade does to each virtual machine of a node."""
    alone = _others(survey).bit_count() == 1
    return [_upgraded(finding, survey, alone=alone) for finding in survey.by_node.get(node, ())]


def _maintained(finding: Finding, survey: Survey) -> Eviction:
    wanted = finding.vmi.metadata.labels.get(MAINTAIN_STRATEGY, "")
    if wanted in _STOPS:
        return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=f"its label asks for it: {wanted}")
    return eviction(finding, survey.snapshot.kubevirt, survey.policy)


def _refused_by_machines(findings: Sequence[Finding]) -> str:
    stuck = [named(finding.vmi.metadata.name) for finding in findings if _is_stuck(finding)]
    if not stuck:
        return ""
    rest = len(stuck) - _SHOWN
    names = listed(stuck if rest <= 0 else [*stuck[:_SHOWN], f"{rest} more"])
    return f"Harvester refuses maintenance mode unless it is forced: {names} can't migrate"


def _is_stuck(finding: Finding) -> bool:
    """Tell whether Harvester finds that it can't migrate: by KubeVirt's condition, node selector and affinity alone."""
    condition, placement = finding.vmi.status.live_migratable, finding.placement
    if condition is not None and condition.status == "False":
        return True
    return placement is not None and not placement.passing({*_BY_AFFINITY, *_BY_NODE, "node-selector"})


def _refused_by_nodes(survey: Survey, name: str) -> str:
    nodes = tuple(survey.snapshot.nodes)
    if not any(node.name != name and not (node.unschedulable or node.maintenance) for node in nodes):
        return "Harvester refuses maintenance mode of the last node that takes VMs"
    planes = [node for node in nodes if any(node.label(key) is not None for key in CONTROL_PLANE)]
    if name not in {node.name for node in planes}:
        return ""
    if len(planes) == 1:
        return "Harvester refuses maintenance mode of the only control plane"
    if sum(node.name == name or not node.maintenance for node in planes) != _CONTROL_PLANES:
        return f"Harvester refuses maintenance mode unless {_CONTROL_PLANES} control planes are out of it"
    return ""


def _upgraded(finding: Finding, survey: Survey, *, alone: bool) -> Eviction:
    kubevirt = survey.snapshot.kubevirt
    if why := next(_stopped(finding, survey, alone=alone), ""):
        return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=f"stopped by the upgrade: {why}")
    chosen = strategy(finding.vmi, kubevirt)
    if chosen not in MOVING:
        return Eviction(finding=finding, outcome=Outcome.STAYS, why=f"its eviction strategy is {chosen}")
    if not finding.is_live_migratable:
        return Eviction(finding=finding, outcome=Outcome.STAYS, why="KubeVirt doesn't hold it to be live-migratable")
    moved = evacuation(finding, survey.policy)
    if moved.why == NO_NODE and not _is_before(kubevirt, 1, 6):
        failed = f"{NO_NODE}: stopped by the upgrade once its migration has failed"
        return replace(moved, outcome=Outcome.SHUT_DOWN, why=failed)
    return moved


def _stopped(finding: Finding, survey: Survey, *, alone: bool) -> Iterator[str]:
    """Yield why the upgrade stops a virtual machine before it taints the node."""
    vmi = finding.vmi
    if alone:
        yield "there is no other node"
    if vmi.scheduling.node_selector:
        yield "it has a node selector"
    if any(not device.is_gpu for device in vmi.devices.host_devices):
        yield "it has a device of the node"
    if finding.placement and not finding.placement.passing({*_BY_AFFINITY, "unschedulable"}) & _others(survey):
        yield "its node affinity fits no other node"
    if _is_before(survey.snapshot.kubevirt, 1, 7):
        if any(disk.cdrom for disk in vmi.devices.disks):
            yield "it has a CD-ROM"
        if any(volume.source == "containerDisk" for volume in vmi.devices.volumes):
            yield "it has a container disk"


def _others(survey: Survey) -> NodeSet:
    """Return the nodes that may run virtual machines at all."""
    nodes = survey.snapshot.nodes
    return nodes.all & ~nodes.having(Requirement(key=WITNESS, operator="Exists"))


def _is_before(kubevirt: KubeVirt | None, *version: int) -> bool:
    return kubevirt is not None and kubevirt.is_before(*version)
