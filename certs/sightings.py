"""Certificates as they are found somewhere, judged: who accepts them, and until when."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from certs.bundle import Certificates, read_bundle
from certs.durations import spoken
from certs.lifetime import expired, valid
from certs.names import general_name, names_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A certificate found at a place, not yet judged; `fault` says why there is none that can be read.

    optional: there need not be one. asked_for: the name that a server was asked for.
    """

    place: str
    kind: str
    certificate: x509.Certificate | None = None
    fault: str = ""
    optional: bool = False
    asked_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Who trusts which authorities, and the server name it asks for (empty: each that the certificate has)."""

    who: str
    authorities: Certificates
    server_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A judged certificate. `verifies`: None when there is nobody to ask; `why` says what is wrong."""

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


def judge(found: Found, trusts: Sequence[Trust], now: dt.datetime) -> Sighting:
    """Judge one: an authority by itself, a leaf by everyone who has to accept it."""
    certificate = found.certificate
    if certificate is None:
        return Sighting(found=found, verifies=None if found.optional else False, why=found.fault)
    if not valid(certificate, now):
        why = "it has ended" if expired(certificate, now) else "it is not valid yet"
        return Sighting(found=found, verifies=False, why=why)
    if found.kind == "ca":
        fault = "" if _may_sign(certificate) else "it is no authority"
    elif not trusts:
        return Sighting(found=found, verifies=None, why="there is nothing to verify it with")
    else:
        fault = "; ".join(filter(None, (_refusal(certificate, trust, found.asked_for, now) for trust in trusts)))
    return Sighting(found=found, verifies=not fault, why=fault)


def _refusal(leaf: x509.Certificate, trust: Trust, asked_for: str, now: dt.datetime) -> str:
    """Return why a client would refuse the leaf; nothing when it accepts it."""
    server_name = trust.server_name or asked_for
    if not trust.authorities:
        return f"{trust.who} trusts no authority"
    builder = PolicyBuilder().store(Store(list(trust.authorities))).time(now)
    for name in [server_name] if server_name else names_of(leaf) or [""]:
        try:
            builder.build_server_verifier(general_name(name)).verify(leaf, [])
        except (VerificationError, ValueError) as error:
            return f"{trust.who} refuses it as {name or 'a server'}: {error}"
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
