"""Pod: the virt-launcher pods in which virtual machines run, and what other pods say about who may be near them.

Sources: `Pod` of k8s.io/api/core/v1; KubeVirt `pkg/virt-controller/services/template.go` for the labels.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from webhook.objects.amount import NOTHING, Amount, read_amount
from webhook.objects.fields import NO_STRINGS, Fields
from webhook.objects.labels import CREATED_BY, LAUNCHER, MIGRATION_JOB, PROVISIONING
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.phases import FINAL_PHASES
from webhook.objects.scheduling import PodTerm, read_affinity

VMI_KIND: Final = ("kubevirt.io", "VirtualMachineInstance")
"""Group and kind of a launcher's owner."""


class Pod(Struct, frozen=True, kw_only=True):
    """A pod; `node` is "" before it has one, `requests` what its containers ask for together.

    `without_digest` are the containers of a launcher's container disks whose image nobody can tell for certain.
    `anti_affinity` leaves out the term that only keeps pods of the same virtual machine away, which all targets of
    migrations have: the newcomer's own term says the same.
    """

    metadata: Metadata
    node: str = ""
    phase: str = ""
    node_selector: Mapping[str, str]
    anti_affinity: tuple[PodTerm, ...] = ()
    requests: Amount = NOTHING
    without_digest: frozenset[str] = frozenset()

    @property
    def vmi(self) -> str:
        """The UID of the VMI whose launcher this is; "" for what only looks like one.

        Pods that attach hot-plugged disks belong to a launcher pod, those that only make a volume be provisioned
        are marked.
        """
        owner = self.metadata.owner
        if owner is None or (owner.group, owner.kind) != VMI_KIND or PROVISIONING in self.metadata.annotations:
            return ""
        return owner.uid if self.metadata.labels.get(LAUNCHER[0]) == LAUNCHER[1] else ""

    def is_launcher_of(self, vmi: Metadata) -> bool:
        """Tell whether a VMI runs in it: whoever may make pods elsewhere can write the same owner into them."""
        owner = self.metadata.owner
        own = owner is not None and self.vmi == vmi.uid and owner.name == vmi.name
        return own and self.metadata.namespace == vmi.namespace

    @property
    def is_migration_target(self) -> bool:
        """Tell whether a migration made it; true for ever after the migration."""
        return MIGRATION_JOB in self.metadata.labels

    @property
    def occupies(self) -> bool:
        """Tell whether it counts for the scheduler: it is on a node and has not ended."""
        return bool(self.node) and self.phase not in FINAL_PHASES


def read_pod(document: Fields, namespace: str = "") -> Pod:
    """Read a pod; `namespace` is the request's, for an object that names none."""
    spec = document.object("spec")
    metadata = read_metadata(document, namespace)
    status = document.object("status")
    launcher = metadata.labels.get(LAUNCHER[0]) == LAUNCHER[1]
    own = {(CREATED_BY, metadata.labels.get(CREATED_BY))}
    return Pod(
        metadata=metadata if launcher else _neighbour(metadata),
        node=spec.text("nodeName"),
        phase=status.text("phase"),
        node_selector=spec.string_map("nodeSelector") if launcher else NO_STRINGS,
        anti_affinity=tuple(t for t in read_affinity(spec).anti_pods if t.selector is None or t.selector.pairs != own),
        requests=read_requests(spec, status),
        without_digest=frozenset(_without_digest(status)) if launcher else frozenset(),
    )


def _neighbour(metadata: Metadata) -> Metadata:
    """Return what matters of a pod that is no launcher: who is near whom goes by labels and namespaces."""
    return replace(metadata, uid="", created="", annotations=NO_STRINGS, owner=None)


def _without_digest(status: Fields) -> Iterator[str]:
    for _, container in status.objects("containerStatuses"):
        if container.text("name").startswith("volume") and "sha256:" not in container.text("imageID"):
            yield container.text("name")


def read_requests(spec: Fields, status: Fields) -> Amount:
    """Return what a pod asks for: an init container runs with the sidecars before it, and with nothing else.

    What is asked for the pod as a whole stands for what its containers ask. While one is resized, it may still have
    what it had before.
    Source: `PodRequests` in k8s.io/component-helpers/resource.
    """
    held = dict((*_held(status, "initContainerStatuses"), *_held(status, "containerStatuses")))
    sidecars, starting, running = NOTHING, NOTHING, NOTHING
    for _, container in spec.objects("initContainers"):
        asked, restarts = _asked(container), container.text("restartPolicy") == "Always"
        if restarts and held:
            asked = asked.most(held.get(container.text("name"), NOTHING))
        starting = starting.most(sidecars + asked)
        if restarts:
            sidecars += asked
    for _, container in spec.objects("containers"):
        asked = _asked(container)
        running += asked.most(held.get(container.text("name"), NOTHING)) if held else asked
    amount = (running + sidecars).most(starting)
    if spec.has("resources"):
        amount = amount.replaced_by(_asked(spec))
    return amount + read_amount(spec.object("overhead")) if spec.has("overhead") else amount


def _held(status: Fields, key: str) -> Iterator[tuple[str, Amount]]:
    """Yield the name of each container and what it has; only CPU and memory can be resized."""
    for _, container in status.objects(key):
        has = read_amount(container.object("resources").object("requests"))
        has = has.most(read_amount(container.object("allocatedResources")))
        if has.cpu or has.memory:
            yield container.text("name"), Amount(cpu=has.cpu, memory=has.memory)


def _asked(container: Fields) -> Amount:
    """Return a container's requests; a limit is one where there is no other, as the API server has it."""
    resources = container.object("resources")
    requests, limits = resources.object("requests"), resources.object("limits")
    if not limits.value:
        return read_amount(requests)
    return read_amount(Fields({**limits.value, **requests.value}, requests.notes, resources, "requests"))
