"""Manifests to be checked: their virtual machines, and where each field was written."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from webhook.foresight.position import Position
from webhook.kube.files import located_documents_in
from webhook.kube.source import Change
from webhook.objects.vmi import VirtualMachineInstance
from webhook.plugin.failure import Failure
from webhook.plugin.manifest_tree import CHECK, is_helm_template, manifest_tree
from webhook.state.expansion import expanded
from webhook.state.kinds import VM, VMI
from webhook.state.manifests import UnreadableManifest, in_a_namespace
from webhook.state.snapshot import Snapshot, snapshot_of

_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class ManifestFiles(Struct, frozen=True, kw_only=True):
    """What the files hold: their objects as a snapshot, and the tree of each document by kind, namespace and name.

    `notes` say what is left out and how many files were read, `errors` which can't be.
    """

    snapshot: Snapshot
    trees: Mapping[tuple[str, str, str], tuple[str, yaml.Node]]
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def over(self, cluster: Snapshot) -> Snapshot:
        """Return the cluster as it would be with these objects."""
        return cluster.changed({kind: dict(table.items()) for kind, table in self.snapshot.tables.items()})

    def machines(self, cluster: Snapshot) -> Iterator[VirtualMachineInstance]:
        """Yield the virtual machines in the files, in a cluster; a VM stands for its VMI, too."""
        vms = self.snapshot.table(VM.name)
        yield from (expanded(vm, cluster) for vm in vms)
        yield from (vmi for vmi in self.snapshot.table(VMI.name) if vms.get(*vmi.metadata.key) is None)

    def locate(self, machine: VirtualMachineInstance, field: str) -> Position | None:
        """Return where a field was written, else the nearest place around it."""
        kind = VM.name if machine.is_template else VMI.name
        found = self.trees.get((kind, *machine.metadata.key))
        if found is None:
            return None
        file, node = found
        mark = _mark(node, field)
        return Position(file=file, line=mark.line + 1, column=mark.column + 1)


def read_manifest_files(paths: Sequence[str], change: Change, exclude: Iterable[str] = ()) -> ManifestFiles:
    """Read files and folders; each object is taken as `change` returns it. One that can't be read hides no other.

    Raises:
        Failure: when none can be read.
    """
    tree = manifest_tree(paths, exclude)
    objects: list[Mapping[str, Any]] = []
    trees: dict[tuple[str, str, str], tuple[str, yaml.Node]] = {}
    notes, errors = list(tree.notes), []
    for file in tree.files:
        try:
            documents = list(located_documents_in(file))
        except UnreadableManifest as error:
            if is_helm_template(file):
                notes.append(f"{file} is a Helm template, render it first: helm template CHART | {CHECK}")
            else:
                errors.append(str(error))
            continue
        for found, place in (pair for document, node in documents for pair in _unfolded(document, node)):
            metadata = found.get("metadata")
            if isinstance(metadata, dict):
                key = (str(found.get("kind")), str(metadata.get("namespace")), str(metadata.get("name")))
                trees[key] = (file, place)
            objects.append(change(found))
    if errors and len(errors) == len(tree.files):
        raise Failure("; ".join(errors))
    in_folders = any(Path(path).is_dir() for path in paths)
    return ManifestFiles(
        snapshot=snapshot_of(objects),
        trees=trees,
        notes=(*notes, *([f"{len(tree.files)} files read"] if in_folders or notes else [])),
        errors=tuple(errors),
    )


def _unfolded(document: Any, node: yaml.Node) -> Iterator[tuple[Mapping[str, Any], yaml.Node]]:
    if not isinstance(document, dict):
        return
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        trees = _child(node, "items")[1]
        for item, tree in zip(items, trees.value, strict=True):
            yield from _unfolded(item, tree)
        return
    yield in_a_namespace(document), node


def _mark(node: yaml.Node, field: str) -> Any:
    """Follow a path as far as it leads, and return where that begins."""
    mark = node.start_mark
    for key, index in _STEP.findall(field):
        key_node, child = _child(node, int(index) if index else key)
        if child is None:
            return mark
        mark, node = (key_node or child).start_mark, child
    return mark


def _child(node: Any, step: str | int) -> tuple[Any, Any]:
    """Return the key's node (None in a list) and the value's; twice None where the step leads nowhere."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), (None, None))
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None, None
