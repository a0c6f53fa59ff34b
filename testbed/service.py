"""The webhook as an operator runs it: processes with its own service account, registered by what the chart renders.

A Deployment can't run here, where no kubelet is; so each replica is started beside the API server, with the settings
that the test chooses, and everything else of the chart (account, rights, webhook configurations) is applied as it is.
"""

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testbed.balancer import Balancer
from testbed.chart import of_kind, render
from testbed.control_plane import ControlPlane
from testbed.processes import LOOPBACK, Process, free_ports

PROGRAM: Final = (Path(sys.executable).parent / "live-migration-webhook",)
GRANTS: Final = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
HOOKS: Final = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One process: `port` speaks TLS, `probe_port` doesn't."""

    process: Process
    port: int
    probe_port: int

    def get(self, path: str) -> tuple[int, str]:
        """Ask the plain port: `/readyz`, `/metrics`."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.probe_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def is_ready(self) -> bool:
        """Tell whether the replica says that it is ready."""
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def start(self) -> None:
        """Start it, and return when it is ready."""
        self.process.start()
        self.process.wait_until(self.is_ready)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running and registered webhook; `port` is where the API server calls."""

    plane: ControlPlane
    replicas: Sequence[Replica]
    port: int
    certificates: Path
    objects: Sequence[Object]

    @property
    def process(self) -> Process:
        """The process of the first, and mostly only, replica."""
        return self.replicas[0].process

    def is_ready(self) -> bool:
        """Tell whether every replica says that it is ready."""
        return all(replica.is_ready() for replica in self.replicas)

    def configurations(self) -> list[Object]:
        """Return the chart's webhook configurations, with the port and the caBundle of these processes."""
        bundle = base64.b64encode((self.certificates / "ca.crt").read_bytes()).decode()
        configurations: list[Object] = json.loads(json.dumps(of_kind(self.objects, *HOOKS)))
        for hook in (hook for configuration in configurations for hook in configuration["webhooks"]):
            hook["clientConfig"] |= {"caBundle": bundle}
            hook["clientConfig"]["service"]["port"] = self.port
        return configurations

    def register(self) -> None:
        """Apply the chart's webhook configurations."""
        _apply(self.plane, self.configurations())

    def unregister(self) -> None:
        """Remove the webhook configurations."""
        for configuration in self.configurations():
            self.plane.kubectl("delete", "--ignore-not-found", configuration["kind"], configuration["metadata"]["name"])


@contextmanager
def running_service(
    plane: ControlPlane,
    *,
    name: str = "live-migration-webhook",
    replicas: int = 1,
    program: Sequence[str | Path] = PROGRAM,
    environment: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Iterator[Service]:
    """Start a webhook and register it; `name` is its Helm release and its namespace, `values` are the chart's.

    Several replicas are behind one address, as a Service has them.
    """
    objects = render({"fullnameOverride": name, **(values or {})}, release=name, namespace=name)
    _apply(plane, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, *of_kind(objects, *GRANTS)])
    plane.expose(name, name)
    certificates = plane.folder / name
    issue(certificates, f"{name}.{name}.svc")
    flags = {
        "kubeconfig": str(plane.service_account_kubeconfig(name, _account(objects, name))),
        "tls-dir": str(certificates),
        "drain-seconds": "0",
        **(settings or {}),
    }
    with ExitStack() as stack:
        started = [_replica(plane, f"{name}-{n}", program, environment, flags) for n in range(replicas)]
        for replica in started:
            stack.callback(replica.process.stop)
            replica.start()
        port = stack.enter_context(Balancer(started)).port if replicas > 1 else started[0].port
        service = Service(plane=plane, replicas=started, port=port, certificates=certificates, objects=objects)
        service.register()
        stack.callback(service.unregister)
        yield service


def issue(folder: Path, name: str) -> None:
    """Put a certificate for a name into a folder; a valid one that is there stays."""
    command: list[str | Path] = [*PROGRAM, "certs", "ensure", "--dir", folder, "--dns", name]
    subprocess.run(command, check=True, capture_output=True)


def _account(objects: Sequence[Object], name: str) -> str:
    accounts = [account["metadata"]["name"] for account in of_kind(objects, "ServiceAccount")]
    return str(next(account for account in accounts if account == name))


def _replica(
    plane: ControlPlane,
    name: str,
    program: Sequence[str | Path],
    environment: Mapping[str, str] | None,
    settings: Mapping[str, str],
) -> Replica:
    port, probe_port = free_ports(2)
    addresses = {"listen": f"{LOOPBACK}:{port}", "probe-listen": f"{LOOPBACK}:{probe_port}"}
    flags = (f"--{flag}={value}" for flag, value in {**settings, **addresses}.items())
    process = plane.leashed(name, *program, "serve", *flags, environment=environment)
    return Replica(process=process, port=port, probe_port=probe_port)


def _apply(plane: ControlPlane, objects: Sequence[Object]) -> None:
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    result = plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest)
    if result.returncode:
        raise RuntimeError(result.stderr)
