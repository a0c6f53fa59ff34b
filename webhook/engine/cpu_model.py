"""Which CPU selectors a virt-launcher pod needs, so that the guest finds the CPU that it was started with.

A virtual machine's CPU model is its own (`spec.domain.cpu.model`), else the cluster's (`spec.configuration.cpuModel`
of the KubeVirt resource), else `host-model`: the CPU of the node where it starts.

A pod with a custom model `XYZ` needs a node with the label `cpu-model.node.kubevirt.io/XYZ`. The target of a
migration with `host-model` needs what its source pod needed, if the virtual machine has migrated before; else the
source node's model (`cpu-model-migration.node.kubevirt.io/M` for its label `host-model-cpu.node.kubevirt.io/M`) and
the features that this model requires there. The first pod with `host-model` needs nothing: a key there would make
virt-controller believe that the virtual machine has migrated before. So it is, too, with a source pod that asks for CPU
features only because the virtual machine does: virt-controller then leaves the model out, and it is added here.
`host-passthrough` and arm64 need nothing.

Sources: Harvester's live-migration page; KubeVirt `pkg/virt-controller/services/nodeselectorrenderer.go`,
`prepareNodeSelectorForHostCpuModel` in `pkg/virt-controller/watch/migration`.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import FEATURE, HOST_MODEL_LABEL, MIGRATION_MODEL, MODEL, REQUIRED_FEATURE_LABEL
from webhook.objects.node import Node
from webhook.objects.pod import Pod
from webhook.objects.vmi import VirtualMachineInstance

HOST_MODEL: Final = "host-model"
HOST_PASSTHROUGH: Final = "host-passthrough"
WITHOUT_MODELS: Final = frozenset({"arm64"})
"""Architectures whose nodes publish no CPU models."""


class Origin(StrEnum):
    """Who chose the CPU model."""

    VMI = "the virtual machine"
    KUBEVIRT = "the KubeVirt resource"
    DEFAULT = "the default"


class CpuModel(Struct, frozen=True, kw_only=True):
    """A CPU model and who chose it."""

    name: str
    origin: Origin

    @property
    def is_host_model(self) -> bool:
        """Tell whether it is that of the node where the virtual machine starts."""
        return self.name == HOST_MODEL

    @property
    def is_custom(self) -> bool:
        """Tell whether it is a model by name."""
        return self.name not in {HOST_MODEL, HOST_PASSTHROUGH}


class Selectors(Struct, frozen=True, kw_only=True):
    """Node labels that a pod needs; `underivable` says what is missing to know them, "" when nothing is."""

    labels: Mapping[str, str]
    underivable: str = ""


def cpu_model(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> CpuModel:
    """Return the virtual machine's CPU model."""
    if vmi.hardware.cpu_model:
        return CpuModel(name=vmi.hardware.cpu_model, origin=Origin.VMI)
    if vmi.hardware.architecture in WITHOUT_MODELS:
        return CpuModel(name=HOST_PASSTHROUGH, origin=Origin.DEFAULT)
    if kubevirt and kubevirt.cpu_model:
        return CpuModel(name=kubevirt.cpu_model, origin=Origin.KUBEVIRT)
    return CpuModel(name=HOST_MODEL, origin=Origin.DEFAULT)


def launch_selectors(vmi: VirtualMachineInstance, model: CpuModel) -> Selectors:
    """Return what every pod of the virtual machine needs, a first launch too."""
    if vmi.hardware.architecture in WITHOUT_MODELS or not model.is_custom:
        return Selectors(labels={})
    return Selectors(labels={MODEL + model.name: "true"})


def migration_selectors(
    vmi: VirtualMachineInstance, model: CpuModel, source: Pod | None, node: Node | None
) -> Selectors:
    """Return what the target of a migration needs, from the source pod and the source node as far as they are known."""
    if vmi.hardware.architecture in WITHOUT_MODELS or not model.is_host_model:
        return launch_selectors(vmi, model)
    inherited = _inherited(source) if source else {}
    if inherited and source and (source.is_migration_target or any(MIGRATION_MODEL in key for key in inherited)):
        return Selectors(labels=inherited)
    first_move = _of_the_node(node, vmi.status.node)
    return Selectors(labels={**inherited, **first_move.labels}, underivable=first_move.underivable)


def _inherited(source: Pod) -> Mapping[str, str]:
    """Return what KubeVirt copies from a source pod."""
    return {key: value for key, value in source.node_selector.items() if FEATURE in key or MIGRATION_MODEL in key}


def _of_the_node(node: Node | None, name: str) -> Selectors:
    if node is None:
        return Selectors(labels={}, underivable=f"its node {name} does not exist")
    selectors = _of_labels(node.labels)
    if not selectors:
        return Selectors(labels={}, underivable=f"its node {name} has no label {HOST_MODEL_LABEL}*")
    return Selectors(labels=selectors)


@lru_cache(maxsize=1024)
def _of_labels(labels: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Return what a node's own labels say of its CPU, as selectors; nothing where they don't name its model."""
    models = sorted((key, value) for key, value in labels if key.startswith(HOST_MODEL_LABEL))
    if not models:
        return {}
    label, value = models[-1]
    features = {
        FEATURE + key.removeprefix(REQUIRED_FEATURE_LABEL): value
        for key, value in labels
        if key.startswith(REQUIRED_FEATURE_LABEL)
    }
    return {MIGRATION_MODEL + label.removeprefix(HOST_MODEL_LABEL): value, **features}
