"""A certificate and its private key, as objects and as PEM."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from msgspec import Struct

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""Private keys that can be read; those made here are ECDSA P-256."""


class UnreadablePairError(ValueError):
    """A certificate and a key that can't be used together; the message says why."""


class Pair(Struct, frozen=True, kw_only=True):
    """A certificate and the private key that belongs to it."""

    certificate: x509.Certificate
    key: Key

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key as unencrypted PKCS #8 in PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_pair(certificate: bytes, key: bytes) -> Pair:
    """Read a pair from PEM; of several certificates the first counts. Raises UnreadablePairError."""
    try:
        first = read_certificate(certificate)
    except ValueError as error:
        raise UnreadablePairError("the certificate is no readable PEM") from error
    pair = Pair(certificate=first, key=_read_key(key))
    if pair.key.public_key() != first.public_key():
        raise UnreadablePairError("the key does not belong to the certificate")
    return pair


def found_pair(certificate: bytes, key: bytes, place: str, problems: list[str]) -> Pair | None:
    """Return the pair at a place; None when there is none, or it can't be read, which is added to the problems."""
    if not certificate and not key:
        return None
    try:
        return read_pair(certificate, key)
    except UnreadablePairError as error:
        problems.append(f"{place}: {error}")
        return None


def read_certificate(pem: bytes) -> x509.Certificate:
    """Read the first certificate; raises ValueError. Extensions are decoded now: some are broken."""
    certificate = x509.load_pem_x509_certificate(pem)
    _ = (certificate.extensions, certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    return certificate


def _read_key(pem: bytes) -> Key:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise UnreadablePairError("the key is no readable PEM") from error
    if not isinstance(key, Key):
        raise UnreadablePairError("the key is neither ECDSA nor RSA")
    return key
