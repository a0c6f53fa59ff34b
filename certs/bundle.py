"""Bundles: trusted authorities as PEM, one after the other."""

import base64
import datetime as dt
import re
from collections.abc import Iterable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import issued_by
from certs.lifetime import expired, valid
from certs.pair import read_certificate

Certificates = tuple[x509.Certificate, ...]

_BLOCK: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def read_bundle(pem: bytes) -> Certificates:
    """Return the certificates in a bundle, each once; what can't be read is left out."""
    return distinct(found for block in _BLOCK.findall(pem) if (found := _certificate(block)))


def distinct(certificates: Iterable[x509.Certificate]) -> Certificates:
    """Return each certificate once, in the given order."""
    return tuple(dict.fromkeys(certificates))


def unexpired(certificates: Iterable[x509.Certificate], now: dt.datetime) -> Certificates:
    """Return those whose end has not come, each once."""
    return tuple(certificate for certificate in distinct(certificates) if not expired(certificate, now))


def to_pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """Return the certificates as PEM; nothing for none."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def ca_bundle(pem: bytes) -> str:
    """Return a bundle as it belongs into `clientConfig.caBundle`: base64 of PEM."""
    return base64.b64encode(pem).decode()


def verifiers(leaf: x509.Certificate, authorities: Iterable[x509.Certificate], now: dt.datetime) -> Certificates:
    """Return those of the authorities that make a client accept the leaf now; none when the leaf isn't valid."""
    if not valid(leaf, now):
        return ()
    return tuple(a for a in distinct(authorities) if valid(a, now) and issued_by(leaf, a))


def _certificate(pem: bytes) -> x509.Certificate | None:
    try:
        return read_certificate(pem)
    except ValueError:
        return None
