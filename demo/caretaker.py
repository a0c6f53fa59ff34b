"""What kubelet and virt-handler do for virtual machines while the demonstration is kept open.

They start what is scheduled, move what is to be moved, and let end what is deleted: so a remedy can be followed to its
end.
"""

import threading
from collections.abc import Callable
from typing import Final

from testbed.api import KUBEVIRT, Api, ApiError, Object
from testbed.hypervisor import Hypervisor

BEAT: Final = 0.5
"""Seconds between two looks."""
FINAL_PHASES: Final = frozenset({"Succeeded", "Failed"})


class Caretaker:
    """Looks after one namespace, until it is stopped."""

    def __init__(self, api: Api, hypervisor: Hypervisor, namespace: str) -> None:
        """Take the API server as an administrator, who stands in for the nodes, and the namespace."""
        self._api = api
        self._hypervisor = hypervisor
        self._namespace = namespace
        self._begun: set[str] = set()
        self._stopped = threading.Event()

    def work(self) -> None:
        """Look after everything, again and again, until `stop` is called."""
        while not self._stopped.wait(BEAT):
            for vmi in self._items(KUBEVIRT, "virtualmachineinstances"):
                self._attend(vmi)
            for migration in self._items(KUBEVIRT, "virtualmachineinstancemigrations"):
                if migration.get("status", {}).get("phase") not in FINAL_PHASES:
                    self._once(migration, self._hypervisor.migrate)
            for pod in self._items("/api/v1", "pods"):
                if "deletionTimestamp" in pod["metadata"]:
                    self._once(pod, self._hypervisor.end_pod)

    def stop(self) -> None:
        """Let `work` return."""
        self._stopped.set()

    def _attend(self, vmi: Object) -> None:
        phase = vmi.get("status", {}).get("phase")
        if "deletionTimestamp" in vmi["metadata"]:
            if phase not in FINAL_PHASES:
                self._once(vmi, self._hypervisor.shut_down, "end")
        elif phase in {"Scheduling", "Scheduled"}:
            self._once(vmi, self._hypervisor.launch)

    def _once(self, found: Object, act: Callable[[str, str], object], what: str = "begin") -> None:
        """Act on an object beside everything else; what comes to nothing is tried again at the next look."""
        metadata = found["metadata"]
        key = f"{what} {metadata['uid']}"
        if key in self._begun:
            return
        self._begun.add(key)

        def run() -> None:
            try:
                act(metadata["namespace"], metadata["name"])
            except (ApiError, TimeoutError, KeyError):
                self._begun.discard(key)

        threading.Thread(target=run, daemon=True).start()

    def _items(self, group: str, plural: str) -> list[Object]:
        items: list[Object] = self._api.get(f"{group}/namespaces/{self._namespace}/{plural}")["items"]
        return items
