"""The certificate keeper beside the service, with lives of seconds; Secrets become files as kubelet makes them."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from soak.renewal import served
from testbed.api import Api, ApiError
from testbed.processes import LOOPBACK, free_ports
from testbed.service import PROGRAM, Service

LAG: Final = 1.0
"""Seconds after which a changed Secret is in the pods; a kubelet takes a minute or two."""
LIVES: Final = {
    "leaf-life": "20s",
    "ca-life": "60s",
    "propagation": "2s",
    "settle": "4s",
    "tick": "500ms",
}
CONFIGURATIONS: Final = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


class Keeper:
    """What is kept: the bundles that were trusted and the leaves that were stored, in order."""

    def __init__(self, service: Service, name: str) -> None:
        self._api: Api = service.plane.api()
        self._folder: Path = service.certificates
        self._secret = f"/api/v1/namespaces/{name}/secrets/{name}-tls"
        self._configuration = f"{CONFIGURATIONS}/{name}"
        self._ending = threading.Event()
        self.bundles: list[str] = []
        self.leaves: list[str] = []

    def look(self) -> None:
        """Follow bundle and Secret until told to end; show a new leaf to the replicas, late."""
        while not self._ending.wait(0.2):
            with suppress(ApiError):
                _append(self.bundles, self._trusted())
                data = {key: base64.b64decode(text) for key, text in self._api.get(self._secret)["data"].items()}
                if _append(self.leaves, data["tls.crt"].decode()):
                    self._ending.wait(LAG)
                    _replace(self._folder, data)

    def end(self) -> None:
        """Stop looking."""
        self._ending.set()

    def _trusted(self) -> str:
        return str(self._api.get(self._configuration)["webhooks"][0]["clientConfig"].get("caBundle", ""))


@contextmanager
def kept(service: Service, name: str) -> Iterator[Keeper]:
    """Start the keeper with the chart's rights; begin when all replicas serve what it keeps."""
    plane = service.plane
    [port] = free_ports(1)
    where = {"namespace": name, "name": name, "validating": name, "listen": f"{LOOPBACK}:{port}"}
    account = plane.service_account_kubeconfig(name, f"{name}-certs")
    flags = [f"--{flag}={value}" for flag, value in {**where, "kubeconfig": str(account), **LIVES}.items()]
    process = plane.leashed(f"{name}-certs", *PROGRAM, "certs", "run", *flags)
    keeper = Keeper(service, name)
    thread = threading.Thread(target=keeper.look)
    process.start()
    thread.start()
    try:
        _wait_until_served(service, keeper)
        yield keeper
    finally:
        keeper.end()
        thread.join()
        process.stop()


def rotate(keeper: Keeper, *, seconds: float = 180) -> None:
    """Return when the authority has been rotated once: old and new were trusted, then the new one alone."""
    before, deadline = len(keeper.bundles), time.monotonic() + seconds
    while len(keeper.bundles) < before + len(("old and new", "new alone")):
        if time.monotonic() > deadline:
            raise TimeoutError("the authority is not rotated")
        time.sleep(0.1)


def _wait_until_served(service: Service, keeper: Keeper, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not keeper.leaves or any(
        served(replica.port).strip() not in keeper.leaves[-1] for replica in service.replicas
    ):
        if time.monotonic() > deadline:
            raise TimeoutError("the keeper's leaf is not served")
        time.sleep(0.1)


def _append(seen: list[str], value: str) -> bool:
    if not value or (seen and seen[-1] == value):
        return False
    seen.append(value)
    return True


def _replace(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        new = folder / f".{name}"
        new.write_bytes(content)
        new.replace(folder / name)
