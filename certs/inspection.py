"""Certificates that were found somewhere: who accepts them, and until when."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from msgspec import Struct

from certs.bundle import Certificates, read_bundle
from certs.durations import spoken
from certs.lifetime import expired, valid
from certs.names import general_name, names_of


class Found(Struct, frozen=True, kw_only=True):
    """A certificate found at a place; `fault` says why there is none that can be read.

    optional: there need not be one. asked_for: the name that a server was asked for.
    """

    place: str
    kind: str
    certificate: x509.Certificate | None = None
    fault: str = ""
    optional: bool = False
    asked_for: str = ""


class Client(Struct, frozen=True, kw_only=True):
    """Who has to accept the leaves: what it trusts, and the server name it asks for ("": each that the leaf has)."""

    who: str
    authorities: Certificates
    server_name: str = ""


class Inspected(Struct, frozen=True, kw_only=True):
    """A certificate and the result. `verifies`: None when there is no client to ask; `why` says what is wrong."""

    found: Found
    verifies: bool | None
    why: str

    def row(self, now: dt.datetime) -> dict[str, Any]:
        """Return it as plain values."""
        certificate = self.found.certificate
        return {
            "place": self.found.place,
            "kind": self.found.kind,
            **(_facts(certificate, now) if certificate else {}),
            "verifies": self.verifies,
            "why": self.why,
        }


def authorities(place: str, pem: bytes) -> list[Found]:
    """Return the authorities in a bundle, or the fault that there are none."""
    found = [Found(place=place, kind="ca", certificate=certificate) for certificate in read_bundle(pem)]
    return found or [Found(place=place, kind="ca", fault="no certificate can be read" if pem else "it is empty")]


def inspect(found: Found, clients: Sequence[Client], now: dt.datetime) -> Inspected:
    """Inspect one: an authority by itself, a leaf by all clients."""
    certificate = found.certificate
    if certificate is None:
        return Inspected(found=found, verifies=None if found.optional else False, why=found.fault)
    if not valid(certificate, now):
        why = "it has ended" if expired(certificate, now) else "it is not valid yet"
        return Inspected(found=found, verifies=False, why=why)
    if found.kind == "ca":
        fault = "" if _may_sign(certificate) else "it is no authority"
    elif not clients:
        return Inspected(found=found, verifies=None, why="there is nothing to verify it with")
    else:
        fault = "; ".join(filter(None, (_refusal(certificate, client, found.asked_for, now) for client in clients)))
    return Inspected(found=found, verifies=not fault, why=fault)


def _refusal(leaf: x509.Certificate, client: Client, asked_for: str, now: dt.datetime) -> str:
    """Return why a client would refuse the leaf; nothing when it accepts it."""
    server_name = client.server_name or asked_for
    if not client.authorities:
        return f"{client.who} trusts no authority"
    builder = PolicyBuilder().store(Store(list(client.authorities))).time(now)
    for name in [server_name] if server_name else names_of(leaf) or [""]:
        try:
            builder.build_server_verifier(general_name(name)).verify(leaf, [])
        except (VerificationError, ValueError) as error:
            return f"{client.who} refuses it as {name or 'a server'}: {error}"
    return ""


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _facts(certificate: x509.Certificate, now: dt.datetime) -> dict[str, Any]:
    ends = certificate.not_valid_after_utc
    return {
        "subject": certificate.subject.rfc4514_string(),
        "names": list(names_of(certificate)),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "ends": ends.isoformat(),
        "left": f"{'' if ends > now else '-'}{spoken(ends - now)}",
    }
