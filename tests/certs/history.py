"""Installations as they are found: what was put there before a keeper comes, and what has become of it."""

import base64
import datetime as dt
from typing import Any

from certs import stored
from certs.authority import new_authority, new_leaf
from certs.bundle import read_bundle
from certs.record import Phase, Record
from tests.certs.installation import Installation

UNUSED_PORT = 1
"""Of webhooks that nobody calls in the test."""


def store(installation: Installation, suffix: str, content: dict[str, Any], kind: str = "Opaque") -> None:
    """Put a Secret there as an administrator."""
    name = installation.secret(suffix).rpartition("/")[2]
    data = {key: value for key, value in content["data"].items() if value}
    metadata = {**content.get("metadata", {}), "name": name}
    path = installation.secret(suffix).rpartition("/")[0]
    installation.api.post(path, {"metadata": metadata, "type": kind, "data": data})


def install_long_ago(installation: Installation) -> Record:
    """Put an authority there that is due, and a leaf of it that is not."""
    now = dt.datetime.now(dt.UTC)
    past = now - dt.timedelta(days=600)
    authority = new_authority(now=past, life=dt.timedelta(days=730))
    names = ["webhook", f"webhook.{installation.namespace}", f"webhook.{installation.namespace}.svc"]
    leaf = new_leaf(authority, [*names, f"{names[2]}.cluster.local"], now=now, life=dt.timedelta(days=90))
    record = Record(current=authority, since=past)
    store(installation, "ca", stored.authority_secret(record))
    store(installation, "tls", stored.leaf_secret(leaf, authority), "kubernetes.io/tls")
    return record


def trusted(installation: Installation) -> list[int]:
    """Return the serial numbers of the authorities that every webhook trusts."""
    (bundle,) = installation.bundles()
    return [certificate.serial_number for certificate in read_bundle(base64.b64decode(bundle))]


def serial(record: Record | None) -> int:
    assert record
    assert record.current
    return record.current.certificate.serial_number


def is_rotated(installation: Installation, from_: Record) -> bool:
    """Whether another authority signs and is the only one that is trusted."""
    record = installation.record()
    return (
        record is not None
        and record.phase is Phase.STABLE
        and serial(record) != serial(from_)
        and installation.bundles()
        == {base64.b64encode(record.current.certificate_pem).decode() if record.current else ""}
    )
