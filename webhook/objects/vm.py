"""VirtualMachine: the template of a VMI, and the claims that come with it.

Sources: `VirtualMachine` of kubevirt.io/v1; Harvester keeps the claims it makes for a VM as a JSON list in the
annotation `harvesterhci.io/volumeClaimTemplates`.
"""

from collections.abc import Iterator
from typing import Final

import orjson
from msgspec import Struct
from msgspec.structs import replace

from webhook.objects.fields import Fields
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.vmi import VirtualMachineInstance, read_vmi

CLAIM_TEMPLATES: Final = "harvesterhci.io/volumeClaimTemplates"


class VirtualMachine(Struct, frozen=True, kw_only=True):
    """A VM; `instance` is what its template would start, under the VM's own name."""

    metadata: Metadata
    instance: VirtualMachineInstance


def read_vm(document: Fields, namespace: str = "") -> VirtualMachine:
    """Read a VM; a VM without a template has an instance without devices."""
    metadata = read_metadata(document, namespace)
    spec = document.object("spec")
    template = read_vmi(spec.object("template"), metadata.namespace)
    claim_templates = dict(_claim_templates(metadata, spec))
    instance = replace(
        template,
        metadata=replace(template.metadata, name=metadata.name, namespace=metadata.namespace),
        root="spec.template.",
        claim_templates=claim_templates,
        misread=tuple(document.misread),
    )
    return VirtualMachine(metadata=metadata, instance=instance)


def _claim_templates(metadata: Metadata, spec: Fields) -> Iterator[tuple[str, tuple[str, ...]]]:
    for _, template in spec.objects("dataVolumeTemplates"):
        name = template.object("metadata").text("name")
        wanted = template.object("spec")
        yield name, wanted.object("pvc").strings("accessModes") or wanted.object("storage").strings("accessModes")
    for template in _harvester_templates(metadata, spec.misread):
        yield template.object("metadata").text("name"), template.object("spec").strings("accessModes")


def _harvester_templates(metadata: Metadata, misread: list[str]) -> Iterator[Fields]:
    text = metadata.annotations.get(CLAIM_TEMPLATES)
    if not text:
        return
    try:
        document = {CLAIM_TEMPLATES: orjson.loads(text)}
    except orjson.JSONDecodeError:
        misread.append(f"metadata.annotations[{CLAIM_TEMPLATES}] is not JSON")
        return
    for _, template in Fields(document, "metadata.annotations", misread).objects(CLAIM_TEMPLATES):
        yield template
