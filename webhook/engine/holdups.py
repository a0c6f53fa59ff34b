"""What holds a migration up, or fails it later, though nothing refuses it: what is said beside a permission.

Sources: KubeVirt `pkg/virt-controller/watch/migration` (utility volumes, backups, limits), `pkg/container-disk`
(digests), `addMigrationSelectorLabel` in `pkg/virt-api/webhooks/mutating-webhook` (names).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from webhook.engine.cpu_model import HOST_PASSTHROUGH
from webhook.engine.explanation import enumerated
from webhook.engine.placement import Placement, source_pod
from webhook.engine.timeouts import Timeouts
from webhook.engine.wording import listed, named, printable, quoted
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import HOST_MODEL_LABEL, SCHEDULABLE, UTILITY_TIMEOUT, VENDOR
from webhook.objects.migration import Migration
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.snapshot import Snapshot

LABEL_LIMIT: Final = 63
"""Characters of a label's value."""
KUBERNETES_OWN: Final = frozenset({"", "default-scheduler"})
"""Names of kube-scheduler."""
WAITING: Final = frozenset({"", "Pending", "WaitingForSync", "Synchronizing"})
"""Phases of a migration that has no target pod yet."""


def holdups(
    vmi: VirtualMachineInstance, migration: Migration | None, snapshot: Snapshot, timeouts: Timeouts
) -> Iterator[str]:
    """Yield a sentence for each; of a VM's template only what its VMI will have for certain."""
    yield from from_the_start(vmi)
    if vmi.is_template:
        return
    kubevirt = snapshot.kubevirt
    if not (kubevirt and kubevirt.is_before(1, 8)):
        yield from _errands(vmi, migration, timeouts)
    if not (kubevirt and kubevirt.is_before(1, 6)):
        yield from _images_without_digest(vmi, snapshot)
    if vmi.status.hot_plugs:
        yield "CPUs or memory are being hot-plugged: KubeVirt makes a migration of its own for that"
    yield from _ailing_source(vmi, snapshot)
    if vmi.scheduler not in KUBERNETES_OWN:
        yield f"scheduler {quoted(vmi.scheduler)} places it: nodes are judged as kube-scheduler would"
    if migration is not None:
        yield from _other_migrations(vmi, migration, snapshot)


def _ailing_source(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Iterator[str]:
    """Yield what is wrong with the node where it runs: its virt-handler does the copying.

    It warns only: a virtual machine may well be saved from a node whose kubelet alone is ill.
    """
    node = snapshot.nodes.get("", vmi.status.node)
    if node is None:
        return
    signs = ["is not ready"] * (not node.ready) + ["takes no VMs"] * (node.label(SCHEDULABLE) == "false")
    if signs:
        told = listed(signs)
        yield f"{named(node.name)}, where it runs, {told}: without virt-handler there, nothing can be copied off it"


def from_the_start(vmi: VirtualMachineInstance) -> Iterator[str]:
    """Yield what is certain before it runs: a name that KubeVirt can't write into a label of the migration.

    And what could not be judged, as nobody here knows it.
    """
    for part in vmi.unknown:
        yield f"its {printable(part)} is not known here: what it brings is not judged"
    length = len(vmi.metadata.name)
    if length > LABEL_LIMIT:
        yield f"the name has {length} characters: KubeVirt can't migrate a VM whose name has more than {LABEL_LIMIT}"


def unlike_cpus(vmi: VirtualMachineInstance, placement: Placement) -> Iterator[str]:
    """Yield the nodes that may take a guest which sees the CPU of its node, though theirs is another one."""
    nodes = placement.nodes
    source = nodes.get("", vmi.status.node)
    if placement.cpu.name != HOST_PASSTHROUGH or source is None:
        return
    own = [pair for pair in source.labels if pair[0].startswith((HOST_MODEL_LABEL, VENDOR))]
    alike = nodes.all
    for pair in own:
        alike &= nodes.labelled(*pair)
    if other := placement.eligible & ~alike:
        names = enumerated(other, nodes)
        yield f"{HOST_PASSTHROUGH}: another CPU than on {named(source.name)}, the guest may fail: {names}"


def _errands(vmi: VirtualMachineInstance, migration: Migration | None, timeouts: Timeouts) -> Iterator[str]:
    """Yield the volumes and the backup that KubeVirt waits for."""
    for volume in vmi.devices.utility_volumes:
        wait = _own_wait(migration) or timeouts.utility_volumes
        yield f"utility volume {quoted(volume.name)} holds the migration up, and fails it after {wait} s if still there"
    if vmi.status.backup:
        yield f"backup {quoted(vmi.status.backup)} is running: the migration waits until it has ended"


def _own_wait(migration: Migration | None) -> int:
    """Return the seconds that a migration itself gives to utility volumes, 0 for none."""
    said = migration.metadata.annotations.get(UTILITY_TIMEOUT, "") if migration else ""
    return int(said) if re.fullmatch(r"\d{1,9}", said, re.ASCII) else 0


def _images_without_digest(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Iterator[str]:
    source = source_pod(vmi, snapshot)
    for volume in vmi.devices.volumes:
        if source and volume.source == "containerDisk" and f"volume{volume.name}" in source.without_digest:
            yield f"container disk {quoted(volume.name)} has no known digest: KubeVirt tries for ever to make a target"


def _other_migrations(vmi: VirtualMachineInstance, migration: Migration, snapshot: Snapshot) -> Iterator[str]:
    others = [each for each in snapshot.unfinished_migrations if each.metadata.key != migration.metadata.key]
    yield from _limits(vmi, others, snapshot)


def _limits(vmi: VirtualMachineInstance, others: Sequence[Migration], snapshot: Snapshot) -> Iterator[str]:
    """Yield that as many migrations run as may run at once."""
    running = [each for each in others if each.phase not in WAITING]
    outbound = [each for each in running if _leaves(each, vmi.status.node, snapshot)]
    cluster_limit, node_limit = _parallel(snapshot.kubevirt)
    waiting = len(others) - len(running)
    before = f", {waiting} wait before it" if waiting else ""
    if len(running) >= cluster_limit:
        yield f"{len(running)} migrations run, {cluster_limit} may at once: it has to wait{before}"
    elif len(outbound) >= node_limit:
        node = named(vmi.status.node)
        yield f"{len(outbound)} migrations leave {node}, {node_limit} may at once: it has to wait{before}"


def _leaves(migration: Migration, node: str, snapshot: Snapshot) -> bool:
    vmi = snapshot.vmi(migration.metadata.namespace, migration.vmi_name)
    return vmi is not None and vmi.status.node == node


def _parallel(kubevirt: KubeVirt | None) -> tuple[int, int]:
    """Return how many migrations may run at once: in the cluster, and away from one node."""
    settings = kubevirt.migrations if kubevirt else None
    cluster = settings.parallel_per_cluster if settings else None
    node = settings.parallel_per_node if settings else None
    return 5 if cluster is None else cluster, 2 if node is None else node
