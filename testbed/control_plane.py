"""The control plane as one thing: start it, talk to it as any of its users, stop it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from testbed import build, kubernetes_programs, kubevirt_objects, kubevirt_programs
from testbed.api import Api
from testbed.folder import OwnedFolder
from testbed.processes import OWNER_VARIABLE, Process, listens, owner_pipe
from testbed.site import Site, prepare

NAMESPACES = "/api/v1/namespaces"


class ControlPlane:
    """etcd, kube-apiserver and kube-scheduler; with KubeVirt: its CRDs, virt-api and virt-controller."""

    def __init__(self, *, kubevirt: bool = True, virt_controller: bool = True, progress: TextIO | None = None) -> None:
        """Choose what runs; nothing is built or started before `start()`.

        kubevirt: KubeVirt's CRDs, its CR and virt-api with its webhooks.
        virt_controller: virt-controller too.
        progress: where builds report, else standard error.
        """
        self._kubevirt = kubevirt
        self._virt_controller = kubevirt and virt_controller
        self._progress = progress
        self._apis: dict[str, Api] = {}
        self._site: Site
        self.processes: dict[str, Process] = {}
        """Programs by name: `processes["kube-apiserver"].stop()` and `.start()` keep port and data."""

    def start(self) -> Self:
        """Build what is missing, start everything, return when it is ready; on failure stop everything.

        Raises build.GoMissingError, build.BuildFailedError, processes.StartFailedError.
        """
        modules = [build.KUBERNETES, build.TOOLS, *([build.KUBEVIRT] if self._kubevirt else [])]
        programs = build.build(*modules, progress=self._progress)
        self._folder = OwnedFolder()
        try:
            self._site = self._prepare(self._folder.path, programs)
            self._start_kubernetes()
            if self._kubevirt:
                self._start_kubevirt()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every program at once and remove the data: none of it is needed any more."""
        for process in reversed(self.processes.values()):
            process.kill()
        for api in self._apis.values():
            api.close()
        self._folder.remove()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def folder(self) -> Path:
        """Where data, kubeconfigs and logs are."""
        return self._site.folder

    @property
    def server(self) -> str:
        """URL of the API server."""
        return self._site.server

    @property
    def programs(self) -> Mapping[str, Path]:
        """Path of each built program by its name: kubectl, helm, leash …."""
        return self._site.programs

    def port(self, program: str) -> int:
        """Return the port on which one of the programs listens."""
        return self._site.ports[program]

    def api(self, user: str = "admin") -> Api:
        """Return requests as that user."""
        if user not in self._apis:
            authority = self._site.authority.pair.certificate
            self._apis[user] = Api(server=self.server, authority=authority, token=self._site.users[user].token)
        return self._apis[user]

    def kubeconfig(self, user: str = "admin") -> Path:
        """Return the kubeconfig file of that user."""
        return self._site.kubeconfig(user)

    def kubectl(
        self, *arguments: str, user: str = "admin", namespace: str | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as that user; a failure is in the result's `returncode` and `stderr`."""
        namespaced = ["--namespace", namespace] if namespace else []
        return self.run("kubectl", *namespaced, *arguments, user=user, stdin=stdin)

    def run(
        self, program: str, *arguments: str, user: str = "admin", stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the built programs (kubectl, helm, kubeconform …) as that user to its end."""
        pipe = owner_pipe()
        return subprocess.run(
            [self.programs[program], *arguments],
            env=os.environ | self.environment(user) | {OWNER_VARIABLE: str(pipe)},
            pass_fds=[pipe],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def environment(self, user: str = "admin") -> dict[str, str]:
        """Return variables with which kubectl and helm act as that user, and leave no trace in the home folder."""
        helm = {f"HELM_{name}_HOME": str(self.folder / "helm" / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        return {"KUBECONFIG": str(self.kubeconfig(user)), "KUBECACHEDIR": str(self.folder / "kubectl"), **helm}

    def leashed(self, name: str, *command: str | Path, environment: Mapping[str, str] | None = None) -> Process:
        """Return a program that knows nothing of owners, ready to be started; it ends with the control plane."""
        leash = [self.programs["leash"], "--", *command]
        process = Process(name=name, command=leash, folder=self.folder, environment=environment or {})
        self.processes[name] = process
        return process

    def expose(self, namespace: str, service: str) -> None:
        """Make `SERVICE.NAMESPACE.svc` lead to this machine: the API server resolves the name itself.

        A webhook's `clientConfig.service.port` is then the port on which the program listens.
        """
        spec = {"type": "ExternalName", "externalName": "localhost"}
        self.api().post(f"{NAMESPACES}/{namespace}/services", {"metadata": {"name": service}, "spec": spec})

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Return a kubeconfig with a fresh token of an existing service account, as a pod would have."""
        path = f"{NAMESPACES}/{namespace}/serviceaccounts/{name}/token"
        token = self.api().post(path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        return self._site.write_kubeconfig(f"{namespace}.{name}", token["status"]["token"])

    def wait_for_api_server(self) -> None:
        """Return when the API server is ready, for the first time or after a restart."""
        self.processes["kube-apiserver"].wait_until(lambda: self.api().exists("/readyz"))

    def _prepare(self, folder: Path, programs: Mapping[str, Path]) -> Site:
        """Return where this control plane lives."""
        return prepare(folder, programs)

    def _api_server(self) -> Process:
        return kubernetes_programs.kube_apiserver(self._site)

    def _start_kubernetes(self) -> None:
        """Start etcd and the API server together, then the scheduler."""
        self._launch(kubernetes_programs.etcd(self._site))
        self._launch(self._api_server())
        self.wait_for_api_server()
        self._launch(kubernetes_programs.kube_scheduler(self._site))

    def _start_kubevirt(self) -> None:
        """Install KubeVirt as its operator would, start its programs, register virt-api."""
        site, api = self._site, self.api()
        kubevirt_objects.install(site, api)
        self.expose(kubevirt_programs.NAMESPACE, kubevirt_programs.SERVICE)
        virt_api = self._launch(kubevirt_programs.virt_api(site))
        if self._virt_controller:
            self._launch(kubevirt_programs.virt_controller(site))
        virt_api.wait_until(lambda: listens(site.ports["virt-api"]))
        kubevirt_objects.register_virt_api(site, api)

    def _launch(self, process: Process) -> Process:
        self.processes[process.name] = process
        process.start()
        return process
