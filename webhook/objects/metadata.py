"""The metadata that every Kubernetes object has, as far as rules read it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from webhook.objects.fields import Fields


class Owner(Struct, frozen=True, kw_only=True):
    """The controlling owner of an object: `controller: true` in `metadata.ownerReferences`; `group` is its kind's."""

    kind: str
    name: str
    uid: str
    group: str = ""


class Metadata(Struct, frozen=True, kw_only=True):
    """Name, namespace, labels and annotations; `namespace` is "" for cluster-scoped objects."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    created: str = ""
    deleting: bool = False
    owner: Owner | None = None

    @property
    def vm(self) -> Owner | None:
        """The VM that owns the object, None for none."""
        return self.owner if self.owner and self.owner.kind == "VirtualMachine" else None

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name: what identifies the object within its kind."""
        return self.namespace, self.name


def metadata_of(view: Any) -> Metadata:
    """Return the metadata of a view; that of a namespace is nothing else."""
    metadata: Metadata = view if isinstance(view, Metadata) else view.metadata
    return metadata


def read_metadata(document: Fields, namespace: str = "") -> Metadata:
    """Read `metadata`; `namespace` stands in where the object, as in a template, names none."""
    fields = document.object("metadata")
    return Metadata(
        name=fields.text("name"),
        namespace=fields.text("namespace") or namespace,
        uid=fields.text("uid"),
        labels=fields.string_map("labels"),
        annotations=fields.string_map("annotations"),
        created=fields.text("creationTimestamp"),
        deleting=fields.has("deletionTimestamp"),
        owner=_controller(fields),
    )


def _controller(metadata: Fields) -> Owner | None:
    for _, reference in metadata.objects("ownerReferences"):
        if reference.flag("controller"):
            group, slash, _ = reference.text("apiVersion").partition("/")
            return Owner(
                kind=reference.text("kind"),
                name=reference.text("name"),
                uid=reference.text("uid"),
                group=group if slash else "",
            )
    return None
