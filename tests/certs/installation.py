"""Everything around a keeper on the real API server: rights, webhook configurations, callers, and its process."""

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import urllib3
from click.testing import CliRunner

from certs import stored
from certs.bundle import ca_bundle, to_pem
from certs.cli import certs
from certs.record import Phase, Record
from testbed.api import JSON_PATCH, Api, ApiError, Object
from testbed.control_plane import ControlPlane
from testbed.processes import LOOPBACK, Process, free_ports
from tests.certs.rights import grant, revoke
from webhook.kube.resources import SECRET, WEBHOOK_CONFIGURATIONS

NAME = "webhook"
COMMAND = (sys.executable, "-m", "certs")


class Installation:
    """The objects of one keeper; its two webhook configurations are named as the namespace."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane = plane
        self.api: Api = plane.api()
        self.namespace = namespace
        grant(self.api, namespace, NAME)
        self.kubeconfig: Path = plane.service_account_kubeconfig(namespace, NAME)
        plane.expose(namespace, NAME)

    def remove(self) -> None:
        """Remove what does not go with the namespace."""
        revoke(self.api, self.namespace)
        for phase in WEBHOOK_CONFIGURATIONS:
            if self.api.exists(self.configuration(phase)):
                self.api.delete(self.configuration(phase))

    def configuration(self, phase: str) -> str:
        """Path of a webhook configuration."""
        return WEBHOOK_CONFIGURATIONS[phase].path(name=self.namespace)

    def secret(self, suffix: str) -> str:
        """Path of a Secret."""
        return SECRET.path(self.namespace, f"{NAME}-{suffix}")

    def register(self, *, port: int, webhooks: int = 1) -> None:
        """Register webhooks for config maps of the namespace, trusting nobody yet."""
        for kind in WEBHOOK_CONFIGURATIONS.values():
            hooks = [self.webhook(number, port) for number in range(webhooks)]
            self.api.post(kind.path(), {"kind": kind.name, "metadata": {"name": self.namespace}, "webhooks": hooks})

    def webhook(self, number: int, port: int) -> Object:
        """Return one entry of a webhook configuration."""
        service = {"name": NAME, "namespace": self.namespace, "port": port, "path": "/"}
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
        return {
            "name": f"hook{number}.validate.live-migration-webhook",
            "clientConfig": {"service": service},
            "rules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "failurePolicy": "Fail",
            "timeoutSeconds": 5,
        }

    def publish(self, record: Record) -> None:
        """Let the one webhook of each configuration trust the authorities, as an administrator."""
        bundle = ca_bundle(to_pem(record.certificates))
        operation = {"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}
        for phase in WEBHOOK_CONFIGURATIONS:
            self.api.patch(self.configuration(phase), [operation], kind=JSON_PATCH)

    def bundle_of_each(self) -> dict[str, str]:
        """Return the caBundle of the first webhook of each configuration, base64."""
        found = {phase: self.api.get(self.configuration(phase)) for phase in WEBHOOK_CONFIGURATIONS}
        return {phase: each["webhooks"][0]["clientConfig"].get("caBundle", "") for phase, each in found.items()}

    def bundles(self) -> set[str]:
        """Return the different caBundles of all webhooks, base64."""
        found = [self.api.get(self.configuration(phase)) for phase in WEBHOOK_CONFIGURATIONS]
        return {hook["clientConfig"].get("caBundle", "") for each in found for hook in each["webhooks"]}

    def record(self) -> Record | None:
        """Return what the CA Secret says."""
        try:
            return stored.read(self.api.get(self.secret("ca")), None).record
        except ApiError:
            return None

    def phase(self) -> Phase | None:
        """How far the rotation has come."""
        record = self.record()
        return record.phase if record else None

    def arguments(self, *further: str) -> list[str]:
        """Return the arguments of `certs run` with delays that suit a test."""
        named = {
            "--namespace": self.namespace,
            "--name": NAME,
            "--kubeconfig": str(self.kubeconfig),
            "--validating": self.namespace,
            "--mutating": self.namespace,
            "--propagation": "1s",
            "--settle": "3s",
            "--tick": "200ms",
        }
        return ["run", *(part for pair in named.items() for part in pair), *further]

    def once(self, *further: str) -> subprocess.CompletedProcess[str]:
        """Run `certs run --once` to its end."""
        return run(*self.arguments("--once", *further))

    @contextmanager
    def keeper(self, *further: str) -> Iterator["KeeperProcess"]:
        """Run a keeper that goes on."""
        keeper = KeeperProcess(self, *further)
        keeper.process.start()
        try:
            yield keeper
        finally:
            keeper.process.stop()


class KeeperProcess:
    """A `certs run` process, its probes and metrics."""

    def __init__(self, installation: Installation, *further: str) -> None:
        (self.port,) = free_ports(1)
        arguments = installation.arguments("--listen", f"{LOOPBACK}:{self.port}", *further)
        name = f"keeper-{uuid.uuid4().hex[:6]}"
        self.process: Process = installation.plane.leashed(name, *COMMAND, *arguments)

    def get(self, path: str) -> tuple[int, str]:
        """Ask the plain port."""
        answer = urllib3.request("GET", f"http://{LOOPBACK}:{self.port}{path}", retries=False, timeout=5)
        return answer.status, answer.data.decode()

    def is_ready(self) -> bool:
        """Whether it says so."""
        try:
            return self.get("/readyz")[0] == 200
        except urllib3.exceptions.HTTPError:
            return False

    def metric(self, line: str) -> float:
        """Return the value of a metric with labels, written as in the exposition."""
        values = [
            each.rpartition(" ")[2] for each in self.get("/metrics")[1].splitlines() if each.startswith(f"{line} ")
        ]
        return float(values[0])


class Callers:
    """Creates config maps (dry run) one after the other while entered; each has to pass two webhooks."""

    def __init__(self, installation: Installation) -> None:
        self._api = installation.api
        self._path = f"/api/v1/namespaces/{installation.namespace}/configmaps?dryRun=All"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.passed = 0
        self.lost: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def call(self) -> str:
        """Create one; return what went wrong, or nothing."""
        try:
            self._api.post(self._path, {"metadata": {"generateName": "c"}})
        except ApiError as error:
            return error.message
        return ""

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            if error := self.call():
                self.lost.append(error)
            else:
                self.passed += 1


def asked_wrongly(*arguments: str) -> str:
    """Run a command that is not to get further than its usage; return what it says."""
    result = CliRunner().invoke(certs, arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    return result.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this package to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
