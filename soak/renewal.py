"""Renewing the leaf that replicas serve, as kubelet shows it to them: new files in their folder."""

import ssl
import time

from testbed.processes import LOOPBACK
from testbed.service import Service, issue


def renew_leaf(service: Service, name: str, *, seconds: float = 30) -> None:
    """Put a new leaf of the same authority into the folder, and return when every replica serves it."""
    before = [served(replica.port) for replica in service.replicas]
    for file in ("tls.crt", "tls.key"):
        (service.certificates / file).unlink()
    issue(service.certificates, f"{name}.{name}.svc")
    deadline = time.monotonic() + seconds
    while any(served(r.port) == old for r, old in zip(service.replicas, before, strict=True)):
        if time.monotonic() > deadline:
            raise TimeoutError("a replica still serves its old leaf")
        time.sleep(0.1)


def served(port: int) -> str:
    """Return the certificate (PEM) that is served on a port."""
    return ssl.get_server_certificate((LOOPBACK, port))
