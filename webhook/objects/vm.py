"""VirtualMachine: the template of a VMI, and the claims that come with it.

Sources: `VirtualMachine` of kubevirt.io/v1; Harvester keeps the claims it makes for a VM as a JSON list in the
annotation `harvesterhci.io/volumeClaimTemplates`.
"""

from collections.abc import Iterator

import orjson
from msgspec import Struct
from msgspec.structs import replace

from webhook.objects.fields import Fields
from webhook.objects.flavour import Matcher, read_matchers
from webhook.objects.labels import CLAIM_TEMPLATES
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.vmi import VirtualMachineInstance, read_instance, with_notes


class VirtualMachine(Struct, frozen=True, kw_only=True):
    """A VM; `instance` is what its template alone would start, under the VM's own name.

    `matchers` name what it takes the rest from.
    """

    metadata: Metadata
    instance: VirtualMachineInstance
    matchers: tuple[Matcher, ...] = ()


def read_vm(document: Fields, namespace: str = "") -> VirtualMachine:
    """Read a VM; a VM without a template has an instance without devices."""
    metadata = read_metadata(document, namespace)
    spec = document.object("spec")
    template = read_instance(spec.object("template"), metadata.namespace)
    instance = replace(
        template,
        metadata=replace(template.metadata, name=metadata.name, namespace=metadata.namespace),
        root="spec.template.",
        claim_templates=dict((*_data_volume_templates(spec), *_harvester_templates(document, metadata))),
    )
    matchers = read_matchers(document)
    return VirtualMachine(metadata=metadata, instance=with_notes(instance, document), matchers=matchers)


def _data_volume_templates(spec: Fields) -> Iterator[tuple[str, tuple[str, ...]]]:
    for _, template in spec.objects("dataVolumeTemplates"):
        name = template.object("metadata").text("name")
        wanted = template.object("spec")
        yield name, wanted.object("pvc").strings("accessModes") or wanted.object("storage").strings("accessModes")


def _harvester_templates(document: Fields, metadata: Metadata) -> Iterator[tuple[str, tuple[str, ...]]]:
    text = metadata.annotations.get(CLAIM_TEMPLATES)
    if not text:
        return
    place = document.object("metadata")
    try:
        templates = {CLAIM_TEMPLATES: orjson.loads(text)}
    except orjson.JSONDecodeError:
        place.note("annotations", "is not JSON", f"[{CLAIM_TEMPLATES}]")
        return
    for _, template in Fields(templates, document.notes, place, "annotations").objects(CLAIM_TEMPLATES):
        yield template.object("metadata").text("name"), template.object("spec").strings("accessModes")
