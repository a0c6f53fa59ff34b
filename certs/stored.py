"""The two Secrets: `NAME-ca` with the authorities, which no pod mounts, and `NAME-tls` with the leaf, which pods serve.

What can't be read is reported in words and treated as missing, piece by piece: of a pair with a broken key the
certificate stays trusted.
"""

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from certs.bundle import Certificates, distinct, read_bundle, to_pem
from certs.pair import Pair, found_pair
from certs.record import Phase, Record

Object = Mapping[str, Any]
"""A Kubernetes object as JSON."""

PHASE: Final = "live-migration-webhook/rotation-phase"
SINCE: Final = "live-migration-webhook/rotation-since"
"""Annotations of the CA Secret: how far a rotation has come, and since when (RFC 3339)."""


class Stored(Struct, frozen=True, kw_only=True):
    """What the Secrets hold; `problems` says what could not be read."""

    record: Record | None = None
    leaf: Pair | None = None
    leaf_authorities: Certificates = ()
    problems: tuple[str, ...] = ()


def read(authority: Object | None, leaf: Object | None) -> Stored:
    """Read both Secrets; None is a missing one. A placeholder with empty values is no problem, only missing."""
    problems: list[str] = []
    record = _record(authority, problems) if authority else None
    return Stored(
        record=record,
        leaf=_pair(content_of(leaf), "tls", problems) if leaf else None,
        leaf_authorities=read_bundle(content_of(leaf).get("ca.crt", b"")) if leaf else (),
        problems=tuple(problems),
    )


def authority_secret(record: Record) -> dict[str, Any]:
    """Return data and annotations of the CA Secret; None for what must not be there."""
    since = record.since.isoformat() if record.since else None
    return {
        "metadata": {"annotations": {PHASE: record.phase.value, SINCE: since}},
        "data": _encoded(
            {**_files("ca", record.current), **_files("next", record.next), "old.crt": to_pem(record.old)}
        ),
    }


def leaf_secret(pair: Pair, authority: Pair) -> dict[str, Any]:
    """Return data of the leaf's Secret, with the authority that signed it."""
    return {"data": _encoded({**_files("tls", pair), "ca.crt": authority.certificate_pem})}


def _record(secret: Object, problems: list[str]) -> Record | None:
    content = content_of(secret)
    annotations: Object = secret["metadata"].get("annotations") or {}
    record = Record(
        current=_pair(content, "ca", problems),
        next=_pair(content, "next", problems),
        published=annotations.get(PHASE) == Phase.PUBLISHED,
        since=_time(annotations.get(SINCE)),
    )
    if not record.current and not record.next:
        return None
    if content.get("old.crt") and not read_bundle(content["old.crt"]):
        problems.append("old.crt: there is no readable certificate")
    everything = read_bundle(b"\n".join(content.get(key, b"") for key in ("old.crt", "ca.crt", "next.crt")))
    signing = {pair.certificate for pair in (record.current, record.next) if pair}
    old = distinct(found for found in everything if found not in signing)
    return replace(record, old=old, incomplete=bool(problems))


def _pair(content: Mapping[str, bytes], prefix: str, problems: list[str]) -> Pair | None:
    certificate, key = f"{prefix}.crt", f"{prefix}.key"
    return found_pair(content.get(certificate, b""), content.get(key, b""), f"{certificate} and {key}", problems)


def _time(text: object) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _files(prefix: str, pair: Pair | None) -> dict[str, bytes]:
    certificate, key = (pair.certificate_pem, pair.key_pem) if pair else (b"", b"")
    return {f"{prefix}.crt": certificate, f"{prefix}.key": key}


def content_of(secret: Object) -> dict[str, bytes]:
    """Return the data of a Secret."""
    return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}


def _encoded(content: Mapping[str, bytes]) -> dict[str, str | None]:
    return {key: base64.b64encode(value).decode() if value else None for key, value in content.items()}
