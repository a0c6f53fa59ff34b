"""Which CPU models the nodes share, and what choosing one would open to the virtual machines with `host-model`."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.cpu_remedy import cluster_command, shared_models, vm_command
from webhook.engine.placement import place
from webhook.foresight.survey import Finding, Survey
from webhook.objects.labels import HOST_MODEL_LABEL, MIGRATION_MODEL, MODEL
from webhook.state.nodes import NodeSet


class ModelRow(Struct, frozen=True, kw_only=True):
    """One CPU model: the nodes that have it (`supported`), that take migrations with it, and whose own it is."""

    name: str
    supported: NodeSet
    migration: NodeSet
    primary: NodeSet


class Switch(Struct, frozen=True, kw_only=True):
    """A virtual machine with `host-model`: the nodes it can move to now, and with the best shared model.

    `command` sets that model; "" for a virtual machine without a VM.
    """

    finding: Finding
    now: NodeSet
    then: NodeSet
    command: str

    @property
    def gains(self) -> bool:
        """Tell whether the switch opens more nodes."""
        return self.then.bit_count() > self.now.bit_count()


class CpuModels(Struct, frozen=True, kw_only=True):
    """The models, the most common first; `best` is "" where nodes publish none that can be chosen."""

    models: tuple[ModelRow, ...]
    best: str
    cluster_command: str
    switches: tuple[Switch, ...]


def cpu_models(survey: Survey) -> CpuModels:
    """Compare the nodes' CPU models."""
    shared = shared_models(survey.snapshot.nodes)
    best = shared[0][0] if shared else ""
    return CpuModels(
        models=tuple(_rows(survey)),
        best=best,
        cluster_command=cluster_command(survey.snapshot.kubevirt, best) if best else "",
        switches=tuple(_switches(survey, best)) if best else (),
    )


def _rows(survey: Survey) -> list[ModelRow]:
    nodes = survey.snapshot.nodes
    names = {name for prefix in (MODEL, MIGRATION_MODEL, HOST_MODEL_LABEL) for name in nodes.keys(prefix)}
    rows = (
        ModelRow(
            name=name,
            supported=nodes.labelled(MODEL + name, "true"),
            migration=nodes.labelled(MIGRATION_MODEL + name, "true"),
            primary=nodes.labelled(HOST_MODEL_LABEL + name, "true"),
        )
        for name in names
    )
    return sorted(rows, key=lambda row: (-row.supported.bit_count(), row.name))


def _switches(survey: Survey, best: str) -> Iterator[Switch]:
    for finding in survey.findings:
        vmi, vm = finding.vmi, finding.vmi.metadata.vm
        if finding.placement and finding.assessment.cpu.is_host_model:
            switched = replace(vmi, hardware=replace(vmi.hardware, cpu_model=best))
            yield Switch(
                finding=finding,
                now=finding.eligible,
                then=place(switched, survey.snapshot, {}).eligible,
                command=vm_command(vmi.metadata.namespace, vm.name, best) if vm else "",
            )
