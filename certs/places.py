"""Where certificates can be found, and who has to accept them: a folder, objects in a cluster, a listening server."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cryptography import x509

from certs.bundle import read_bundle
from certs.configurations import Configuration, read_configuration
from certs.inspection import Client, Found, authorities
from certs.objects import Objects, authority_name, leaf_name
from certs.stored import content_of

DIAL_SECONDS: Final = 5
_AUTHORITIES: Final = ("ca.crt", "next.crt", "old.crt")
"""Keys of the CA Secret; the first is there in any case."""


def in_folder(folder: Path) -> Iterator[Found | Client]:
    """Yield what is in `ca.crt` and `tls.crt` of a folder. Raises OSError."""
    bundle = (folder / "ca.crt").read_bytes()
    yield from authorities(str(folder / "ca.crt"), bundle)
    yield _leaf(str(folder / "tls.crt"), (folder / "tls.crt").read_bytes())
    yield Client(who=str(folder / "ca.crt"), authorities=read_bundle(bundle))


def in_objects(objects: Objects, namespace: str, name: str) -> Iterator[Found | Client]:
    """Yield what is in both Secrets and in the webhook configurations."""
    place = f"Secret {namespace}/{authority_name(name)}"
    if objects.authority is None:
        # There is none where leaves come from elsewhere, such as cert-manager.
        yield Found(place=place, kind="ca", fault="it is missing: no keeper looks after the leaf", optional=True)
    else:
        yield from _on_record(place, content_of(objects.authority))
    place = f"Secret {namespace}/{leaf_name(name)}"
    if objects.leaf is None:
        yield Found(place=place, kind="leaf", fault="it is missing")
    else:
        yield _leaf(f"{place} tls.crt", content_of(objects.leaf).get("tls.crt", b""))
    for configuration, found in objects.configurations.items():
        if found is None:
            yield Found(place=str(configuration), kind="ca", fault="it is missing")
        else:
            yield from _in_configuration(read_configuration(configuration, found))


def served(host: str, port: int, server_name: str) -> Found:
    """Return what a server shows when it is asked for the name."""
    place = f"{host}:{port}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # whatever is served shall be shown; it is inspected afterwards
    try:
        with (
            socket.create_connection((host, port), timeout=DIAL_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=server_name) as tls,
        ):
            certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError) as error:
        return Found(place=place, kind="leaf", fault=f"it can't be asked: {error}")
    return Found(place=place, kind="leaf", certificate=certificate, asked_for=server_name)


def _on_record(place: str, content: Mapping[str, bytes]) -> Iterator[Found | Client]:
    there = [key for key in _AUTHORITIES if key == _AUTHORITIES[0] or content.get(key)]
    for key in there:
        yield from authorities(f"{place} {key}", content.get(key, b""))
    yield Client(who=place, authorities=read_bundle(b"\n".join(content.get(key, b"") for key in there)))


def _in_configuration(configuration: Configuration) -> Iterator[Found | Client]:
    place = str(configuration.name)
    yield from dict.fromkeys(
        found for webhook in configuration.webhooks for found in authorities(place, webhook.bundle)
    )
    for webhook in configuration.webhooks:
        who, trusted = f"{place} {webhook.name}", read_bundle(webhook.bundle)
        yield Client(who=who, authorities=trusted, server_name=webhook.server_name)


def _leaf(place: str, pem: bytes) -> Found:
    leaf = read_bundle(pem)[:1]
    if not leaf:
        return Found(place=place, kind="leaf", fault="no certificate can be read" if pem else "it is empty")
    return Found(place=place, kind="leaf", certificate=leaf[0])
