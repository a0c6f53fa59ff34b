"""Makes certificate authorities and serving certificates: pure but for the random source that is handed in."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from certs.lifetime import BACKDATE
from certs.names import alternative_names
from certs.pair import Pair

NAME: Final = "live-migration-webhook"
"""Common name of serving certificates, and the beginning of an authority's. Nobody verifies it; people read it."""


class RandomSource(Struct, frozen=True, kw_only=True):
    """Where keys and serial numbers come from: the operating system, unless a test wants known ones."""

    key: Callable[[], ec.EllipticCurvePrivateKey] = lambda: ec.generate_private_key(ec.SECP256R1())
    serial: Callable[[], int] = x509.random_serial_number


SYSTEM: Final = RandomSource()


def new_authority(*, now: dt.datetime, life: dt.timedelta, random: RandomSource = SYSTEM) -> Pair:
    """Make an authority that ends `life` after `now`; part of its serial number tells it from others."""
    key, serial = random.key(), random.serial()
    name = _common_name(f"{NAME} CA {serial:040x}"[: len(NAME) + 12])
    builder = (
        _builder(subject=name, issuer=name, key=key, serial=serial, now=now, end=now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return Pair(certificate=builder.sign(key, hashes.SHA256()), key=key)


def new_leaf(
    authority: Pair, names: Iterable[str], *, now: dt.datetime, life: dt.timedelta, random: RandomSource = SYSTEM
) -> Pair:
    """Make a serving certificate for exactly these names; it ends with the authority at the latest."""
    issuer = authority.certificate
    end = min(now + life, issuer.not_valid_after_utc)
    key = random.key()
    builder = (
        _builder(subject=_common_name(NAME), issuer=issuer.subject, key=key, serial=random.serial(), now=now, end=end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(alternative_names(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    return Pair(certificate=builder.sign(authority.key, hashes.SHA256()), key=key)


def issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the authority's key signed the certificate."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    *,
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    serial: int,
    now: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    """Return what all certificates have in common; X.509 times are whole seconds."""
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=serial,
        not_valid_before=min(now - BACKDATE, end).replace(microsecond=0),
        not_valid_after=end.replace(microsecond=0),
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
