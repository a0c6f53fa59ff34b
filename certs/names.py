"""The names a serving certificate is for: DNS names and IP addresses."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from cryptography import x509

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_DNS_LIMIT: Final = 253


class InvalidNameError(ValueError):
    """A name that is neither a DNS name nor an IP address."""


def canonical(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names in lower case and IP addresses in their shortest form, each once, in the given order.

    Raises InvalidNameError.
    """
    return tuple(dict.fromkeys(_canonical(name) for name in names))


def service_names(service: str, namespace: str) -> tuple[str, ...]:
    """Return the DNS names of a Service; the API server asks for `SERVICE.NAMESPACE.svc`."""
    qualified = f"{service}.{namespace}"
    return (service, qualified, f"{qualified}.svc", f"{qualified}.svc.cluster.local")


def alternative_names(names: Iterable[str]) -> x509.SubjectAlternativeName:
    """Return the certificate extension with exactly these (canonical) names."""
    return x509.SubjectAlternativeName([general_name(name) for name in names])


def general_name(name: str) -> x509.IPAddress | x509.DNSName:
    """Return one name as certificates hold it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the DNS names and IP addresses a certificate is for; those of other kinds are left out."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(str(name.value) for name in extension if isinstance(name, x509.DNSName | x509.IPAddress))


def _canonical(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        lower = name.lower()
    if len(lower) > _DNS_LIMIT or not _DNS_NAME.fullmatch(lower):
        raise InvalidNameError(f"{name!r} is neither a DNS name nor an IP address")
    return lower
