"""PersistentVolumeClaim: whether a volume can be reached from two nodes at once."""

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.metadata import Metadata, read_metadata


class Claim(Struct, frozen=True, kw_only=True):
    """A PersistentVolumeClaim; `access_modes` are those of its specification, which KubeVirt goes by."""

    metadata: Metadata
    access_modes: tuple[str, ...]
    uid: str = ""


def read_claim(document: Fields, namespace: str = "") -> Claim:
    """Read a claim."""
    metadata = read_metadata(document, namespace)
    return Claim(metadata=metadata, access_modes=document.object("spec").strings("accessModes"), uid=metadata.uid)
