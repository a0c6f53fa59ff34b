"""The webhook as an operator runs it: a process with its own service account, registered by what the chart renders.

A Deployment can't run here, where no kubelet is; so the process is started beside the API server, with the settings
that the test chooses, and everything else of the chart (account, rights, webhook configurations) is applied as it is.
"""

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.chart.render import of_kind, render
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.processes import LOOPBACK, Process, free_ports

PROGRAM: Final = Path(sys.executable).parent / "live-migration-webhook"
GRANTS: Final = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
HOOKS: Final = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running and registered webhook."""

    plane: ControlPlane
    process: Process
    port: int
    probe_port: int
    certificates: Path
    objects: Sequence[Object]

    def get(self, path: str) -> tuple[int, str]:
        """Ask the plain port: `/readyz`, `/metrics`."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.probe_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def is_ready(self) -> bool:
        """Tell whether the service says that it is ready."""
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def register(self) -> None:
        """Apply the chart's webhook configurations."""
        _apply(self.plane, self.configurations())

    def configurations(self) -> list[Object]:
        """Return the chart's webhook configurations, with the port and the caBundle of this process."""
        bundle = base64.b64encode((self.certificates / "ca.crt").read_bytes()).decode()
        configurations: list[Object] = json.loads(json.dumps(of_kind(self.objects, *HOOKS)))
        for hook in (hook for configuration in configurations for hook in configuration["webhooks"]):
            hook["clientConfig"] |= {"caBundle": bundle}
            hook["clientConfig"]["service"]["port"] = self.port
        return configurations

    def unregister(self) -> None:
        """Remove the webhook configurations."""
        for configuration in self.configurations():
            self.plane.kubectl("delete", "--ignore-not-found", configuration["kind"], configuration["metadata"]["name"])


@contextmanager
def running_service(
    plane: ControlPlane,
    *,
    name: str = "live-migration-webhook",
    settings: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    register: bool = True,
) -> Iterator[Service]:
    """Start a webhook and register it; `name` is its Helm release and its namespace."""
    objects = render({"fullnameOverride": name, **(values or {})}, release=name, namespace=name)
    _apply(plane, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, *of_kind(objects, *GRANTS)])
    plane.expose(name, name)
    service = _start(plane, name, objects, settings or {})
    try:
        service.process.wait_until(service.is_ready)
        if register:
            service.register()
        yield service
    finally:
        service.unregister()
        service.process.stop()


def _start(plane: ControlPlane, name: str, objects: Sequence[Object], settings: Mapping[str, str]) -> Service:
    port, probe_port = free_ports(2)
    certificates = plane.folder / name
    subprocess.run(
        [PROGRAM, "certs", "ensure", "--dir", certificates, "--dns", f"{name}.{name}.svc"],
        check=True,
        capture_output=True,
    )
    account = next(o for o in of_kind(objects, "ServiceAccount") if o["metadata"]["name"] == name)
    flags = {
        "kubeconfig": str(plane.service_account_kubeconfig(name, account["metadata"]["name"])),
        "listen": f"{LOOPBACK}:{port}",
        "probe-listen": f"{LOOPBACK}:{probe_port}",
        "tls-dir": str(certificates),
        "drain-seconds": "0",
        **settings,
    }
    command: list[str | Path] = [
        PROGRAM,
        "serve",
        *(part for flag, value in flags.items() for part in (f"--{flag}", value)),
    ]
    process = plane.leashed(name, *command)
    process.start()
    return Service(
        plane=plane,
        process=process,
        port=port,
        probe_port=probe_port,
        certificates=certificates,
        objects=objects,
    )


def _apply(plane: ControlPlane, objects: Sequence[Object]) -> None:
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    result = plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest)
    if result.returncode:
        raise RuntimeError(result.stderr)
