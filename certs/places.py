"""Where certificates can be found: a folder, the Secrets, the webhook configurations, a listening server."""

import base64
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509

from certs.bundle import read_bundle
from certs.cluster import Cluster
from certs.configurations import Configuration, Reference, read_configuration
from certs.sightings import Found, Trust, authorities

DIAL_SECONDS = 5


@dataclass(slots=True)
class Survey:
    """All that was found, and all who have to accept the leaves among it."""

    found: list[Found] = field(default_factory=list)
    trusts: list[Trust] = field(default_factory=list)


def in_folder(survey: Survey, folder: Path) -> None:
    """Add `ca.crt` and `tls.crt` of a folder. Raises OSError."""
    bundle = (folder / "ca.crt").read_bytes()
    survey.found += authorities(str(folder / "ca.crt"), bundle)
    survey.found += _leaf(str(folder / "tls.crt"), (folder / "tls.crt").read_bytes())
    survey.trusts.append(Trust(who=str(folder / "ca.crt"), authorities=read_bundle(bundle)))


def in_cluster(survey: Survey, cluster: Cluster, *, namespace: str, name: str, among: Sequence[Reference]) -> None:
    """Add both Secrets and the webhook configurations. Raises ClusterError."""
    for suffix, add in (("ca", _authority_secret), ("tls", _leaf_secret)):
        secret = cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{name}-{suffix}")
        add(survey, f"Secret {namespace}/{name}-{suffix}", secret)
    for reference in among:
        found = cluster.get(reference.path)
        if found is None:
            survey.found.append(Found(place=str(reference), kind="ca", fault="it is missing"))
        else:
            _in_configuration(survey, read_configuration(reference, found))


def served(survey: Survey, host: str, port: int, server_name: str) -> None:
    """Add what a server shows when it is asked for the name."""
    place = f"{host}:{port}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # whatever is served shall be shown; it is judged afterwards
    try:
        with (
            socket.create_connection((host, port), timeout=DIAL_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=server_name) as tls,
        ):
            certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError) as error:
        survey.found.append(Found(place=place, kind="leaf", fault=f"it can't be asked: {error}"))
    else:
        survey.found.append(Found(place=place, kind="leaf", certificate=certificate, asked_for=server_name))


def _authority_secret(survey: Survey, place: str, secret: Mapping[str, Any] | None) -> None:
    """Add the authorities on record. There are none where leaves come from elsewhere, such as cert-manager."""
    if secret is None:
        found = Found(place=place, kind="ca", fault="it is missing: no keeper looks after the leaf", optional=True)
        survey.found.append(found)
        return
    content = _content(secret)
    there = [key for key in ("ca.crt", "next.crt", "old.crt") if key == "ca.crt" or content.get(key)]
    survey.found += [found for key in there for found in authorities(f"{place} {key}", content.get(key, b""))]
    known = read_bundle(b"\n".join(content.get(key, b"") for key in there))
    survey.trusts.append(Trust(who=place, authorities=known))


def _leaf_secret(survey: Survey, place: str, secret: Mapping[str, Any] | None) -> None:
    if secret is None:
        survey.found.append(Found(place=place, kind="leaf", fault="it is missing"))
    else:
        survey.found += _leaf(f"{place} tls.crt", _content(secret).get("tls.crt", b""))


def _content(secret: Mapping[str, Any]) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}


def _in_configuration(survey: Survey, configuration: Configuration) -> None:
    place = str(configuration.reference)
    bundles = [webhook.bundle for webhook in configuration.webhooks]
    survey.found += dict.fromkeys(found for bundle in bundles for found in authorities(place, bundle))
    survey.trusts += [
        Trust(who=f"{place} {webhook.name}", authorities=read_bundle(webhook.bundle), server_name=webhook.server_name)
        for webhook in configuration.webhooks
    ]


def _leaf(place: str, pem: bytes) -> list[Found]:
    leaf = read_bundle(pem)[:1]
    if not leaf:
        return [Found(place=place, kind="leaf", fault="no certificate can be read" if pem else "it is empty")]
    return [Found(place=place, kind="leaf", certificate=leaf[0])]
