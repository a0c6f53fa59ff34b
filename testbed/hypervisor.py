"""The only thing faked in the tests: kubelet and virt-handler, which need a hypervisor.

Written here are just the fields that these two write, as KubeVirt 1.7 does (pkg/virt-handler/vm.go,
migration-source.go, migration-target.go); everything else is the work of the real programs.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from testbed.api import KUBEVIRT, Api, ApiError, Object

NODES = "/api/v1/nodes"

MACHINE_TYPE = "pc-q35-rhel9.6.0"
"""The versioned machine type that virt-handler reports for the alias q35."""

CAPACITY = {
    "cpu": "16",
    "memory": "64Gi",
    "ephemeral-storage": "100Gi",
    "pods": "110",
    "devices.kubevirt.io/kvm": "1000",
    "devices.kubevirt.io/tun": "1000",
    "devices.kubevirt.io/vhost-net": "1000",
}


class Hypervisor:
    """Nodes, and the running of virt-launcher pods and VMIs on them. `close()` removes the nodes."""

    def __init__(self, *, admin: Api, virt_handler: Api) -> None:
        """Take one API as a user that may do everything, one as virt-handler's user, who may update VMIs."""
        self._admin = admin
        self._virt_handler = virt_handler
        self._nodes: list[str] = []

    def add_node(
        self,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        taints: Sequence[Mapping[str, str]] = (),
        unschedulable: bool = False,
        ready: bool = True,
        capacity: Mapping[str, str] | None = None,
    ) -> Object:
        """Add a node as kubelet and virt-handler's node labeller report it; `labels` go over the usual ones."""
        resources = CAPACITY | dict(capacity or {})
        condition = {"type": "Ready", "status": "True" if ready else "False", "lastHeartbeatTime": _now()}
        node = {
            "metadata": {
                "name": name,
                "labels": _usual_labels(name) | dict(labels or {}),
                # virt-controller gives up a node after five minutes: a kept cluster may stay a day.
                "annotations": {"kubevirt.io/heartbeat": _now(days=1)},
            },
            "spec": {"taints": list(taints), "unschedulable": unschedulable},
            "status": {"capacity": resources, "allocatable": resources, "conditions": [condition]},
        }
        self._nodes.append(name)
        return self._admin.post(NODES, node)

    def uncordon(self, name: str) -> Object:
        """Let the node take pods."""
        return self._admin.patch(f"{NODES}/{name}", {"spec": {"unschedulable": None}})

    def launch(
        self,
        namespace: str,
        name: str,
        *,
        migratable: bool | None = True,
        reason: str | None = None,
        message: str | None = None,
    ) -> Object:
        """Run the VMI once its virt-launcher pod is bound; return the running VMI.

        migratable, reason, message: what virt-handler says in the condition LiveMigratable; None for nothing yet.
        """
        self._run(self.wait_for_launcher(namespace, name))
        self._wait_for_vmi(namespace, name, lambda vmi: vmi["status"].get("phase") == "Scheduled")
        words = {"reason": reason, "message": message}
        said = {"type": "LiveMigratable", "status": str(migratable)} | {k: v for k, v in words.items() if v}

        def run(vmi: Object) -> None:
            status = vmi["status"]
            status["phase"] = "Running"
            status["migrationMethod"] = "LiveMigration"
            # Without it virt-controller makes no target pod: "SELinux context not set on VMI status".
            status["selinuxContext"] = "none"
            status["machine"] = {"type": MACHINE_TYPE}
            _set_conditions(status, {"type": "Ready", "status": "True"}, *(() if migratable is None else (said,)))

        return self._change_vmi(namespace, name, run)

    def wait_for_launcher(self, namespace: str, name: str) -> Object:
        """Return the VMI's first virt-launcher pod once kube-scheduler has bound it."""
        uid = self._wait_for_vmi(namespace, name, lambda _: True)["metadata"]["uid"]
        return self._bound_pod(namespace, f"kubevirt.io/created-by={uid}")

    def wait_for_target(self, namespace: str, migration: str) -> Object:
        """Return the migration's target pod once kube-scheduler has bound it."""
        uid = self._admin.get(_migration(namespace, migration))["metadata"]["uid"]
        return self._bound_pod(namespace, f"kubevirt.io/migrationJobUID={uid}")

    def migrate(self, namespace: str, migration: str) -> Object:
        """Carry the migration out from its target pod to its success; return the VMIM."""
        self.prepare_target(namespace, migration)
        self.start_transfer(namespace, migration)
        return self.finish_transfer(namespace, migration)

    def prepare_target(self, namespace: str, migration: str) -> Object:
        """Run the target pod and listen for the guest: the VMIM becomes TargetReady."""
        self._run(self.wait_for_target(namespace, migration))
        vmim = self._wait_for_phase(namespace, migration, "PreparingTarget")

        def listen(state: Object) -> None:
            state["targetNodeAddress"] = "10.1.0.1"
            state["targetDirectMigrationNodePorts"] = {"49152": 0}

        self._change_transfer(vmim, listen)
        return self._wait_for_phase(namespace, migration, "TargetReady")

    def start_transfer(self, namespace: str, migration: str) -> Object:
        """Start to move the guest: the VMIM becomes Running."""
        vmim = self._wait_for_phase(namespace, migration, "TargetReady")
        self._change_transfer(vmim, lambda state: state.update(startTimestamp=_now(), mode="PreCopy"))
        return self._wait_for_phase(namespace, migration, "Running")

    def finish_transfer(self, namespace: str, migration: str) -> Object:
        """Let the guest run on the target node and the source pod end: the VMIM becomes Succeeded."""
        vmim = self._wait_for_phase(namespace, migration, "Running")

        def arrive(vmi: Object) -> None:
            state = vmi["status"]["migrationState"]
            now = _now()
            state |= {"targetNodeDomainDetected": True, "targetNodeDomainReadyTimestamp": now, "endTimestamp": now}
            state["completed"] = True
            vmi["status"]["nodeName"] = vmi["metadata"]["labels"]["kubevirt.io/nodeName"] = state["targetNode"]
            del vmi["metadata"]["labels"]["kubevirt.io/migrationTargetNodeName"]

        state = self._change_vmi(namespace, vmim["spec"]["vmiName"], arrive)["status"]["migrationState"]
        self._admin.patch(_pod(namespace, state["sourcePod"]) + "/status", {"status": {"phase": "Succeeded"}})
        return self._wait_for_phase(namespace, migration, "Succeeded")

    def fail_transfer(self, namespace: str, migration: str, *, reason: str) -> Object:
        """Report that the guest could not be moved: the VMIM becomes Failed."""
        vmim = self._wait_for_phase(namespace, migration, "Running")
        end = {"failed": True, "completed": True, "failureReason": reason}
        self._change_transfer(vmim, lambda state: state.update(end, endTimestamp=_now()))
        return self._wait_for_phase(namespace, migration, "Failed")

    def answer_abort(self, namespace: str, vmi: str) -> Object:
        """Stop a transfer once virt-controller asks for it, as virt-handler does; return the VMI."""
        self._wait_for_vmi(namespace, vmi, lambda found: _transfer(found).get("abortRequested") is True)
        reason = "Live migration has been aborted"
        end = {"failed": True, "completed": True, "abortStatus": "Succeeded", "failureReason": reason}
        return self._change_vmi(namespace, vmi, lambda found: _transfer(found).update(end, endTimestamp=_now()))

    def shut_down(self, namespace: str, name: str) -> Object:
        """Let the guest end, as virt-handler does when its VMI is deleted."""
        return self._change_vmi(namespace, name, lambda vmi: vmi["status"].update(phase="Succeeded"))

    def end_pod(self, namespace: str, name: str) -> None:
        """Let a pod that is ending be gone, as kubelet does."""
        self._admin.delete(_pod(namespace, name), grace_seconds=0)

    def close(self) -> None:
        """Remove the nodes that were added."""
        while self._nodes:
            self._admin.delete(f"{NODES}/{self._nodes.pop()}")

    def _run(self, pod: Object) -> None:
        """Report the pod as running and ready, as kubelet does."""
        container = {"name": "compute", "ready": True, "restartCount": 0, "image": "", "imageID": ""}
        status = {
            "phase": "Running",
            "podIP": "10.1.0.1",
            "podIPs": [{"ip": "10.1.0.1"}],
            "conditions": [{"type": kind, "status": "True"} for kind in ("PodScheduled", "ContainersReady", "Ready")],
            "containerStatuses": [container | {"state": {"running": {"startedAt": _now()}}}],
        }
        metadata = pod["metadata"]
        self._admin.patch(_pod(metadata["namespace"], metadata["name"]) + "/status", {"status": status})

    def _bound_pod(self, namespace: str, selector: str) -> Object:
        """Wait for the one pod with the label to have a node."""
        path = f"/api/v1/namespaces/{namespace}/pods?labelSelector={selector}"
        pods = self._admin.wait(path, lambda found: any("nodeName" in pod["spec"] for pod in found["items"]))
        bound: Object = next(pod for pod in pods["items"] if "nodeName" in pod["spec"])
        return bound

    def _wait_for_vmi(self, namespace: str, name: str, until: Callable[[Object], bool]) -> Object:
        return self._admin.wait(_vmi(namespace, name), until)

    def _wait_for_phase(self, namespace: str, migration: str, phase: str) -> Object:
        return self._admin.wait(
            _migration(namespace, migration), lambda vmim: vmim.get("status", {}).get("phase") == phase
        )

    def _change_transfer(self, vmim: Object, change: Callable[[Object], None]) -> None:
        """Change the migration state of the VMI that the VMIM moves."""
        namespace, name = vmim["metadata"]["namespace"], vmim["spec"]["vmiName"]
        self._change_vmi(namespace, name, lambda vmi: change(vmi["status"]["migrationState"]))

    def _change_vmi(self, namespace: str, name: str, change: Callable[[Object], None]) -> Object:
        """Read, change and write the VMI (its status is no subresource), again when someone was faster."""
        while True:
            vmi = self._admin.get(_vmi(namespace, name))
            change(vmi)
            try:
                return self._virt_handler.put(_vmi(namespace, name), vmi)
            except ApiError as error:
                if error.status != 409:
                    raise


def _usual_labels(name: str) -> dict[str, str]:
    """Return the labels that every node with KubeVirt has; CPU models are a test's to say."""
    return {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "kubevirt.io/schedulable": "true",
        "machine-type.node.kubevirt.io/q35": "true",
        f"machine-type.node.kubevirt.io/{MACHINE_TYPE}": "true",
    }


def _transfer(vmi: Object) -> Object:
    """Return the state of the VMI's migration, which is in the VMI."""
    state: Object = vmi["status"].get("migrationState") or {}
    return state


def _set_conditions(status: Object, *conditions: Object) -> None:
    """Replace the conditions of the same types, keep the others.

    The times are there as Go writes them: virt-controller asks for an abort by a JSON Patch that tests all of it.
    """
    types = {condition["type"] for condition in conditions}
    others = [condition for condition in status.get("conditions", []) if condition["type"] not in types]
    times = {"lastProbeTime": None, "lastTransitionTime": _now()}
    status["conditions"] = [*others, *(dict(condition) | times for condition in conditions)]


def _vmi(namespace: str, name: str) -> str:
    return f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/{name}"


def _migration(namespace: str, name: str) -> str:
    return f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations/{name}"


def _pod(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{name}"


def _now(*, days: int = 0) -> str:
    """Return the time, or that of a later day, as the API server writes it."""
    time = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
