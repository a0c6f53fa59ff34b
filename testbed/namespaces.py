"""Namespaces of tests: made with labels, removed without waiting."""

from collections.abc import Mapping

from testbed.api import KUBEVIRT, Api

KINDS = (
    f"{KUBEVIRT}/namespaces/{{}}/virtualmachines",
    f"{KUBEVIRT}/namespaces/{{}}/virtualmachineinstancemigrations",
    f"{KUBEVIRT}/namespaces/{{}}/virtualmachineinstances",
    "/api/v1/namespaces/{}/pods",
    "/api/v1/namespaces/{}/persistentvolumeclaims",
)
"""What is worked on, or holds a node's resources, for as long as it exists."""


def create_namespace(api: Api, name: str, *, labels: Mapping[str, str] | None = None) -> None:
    """Create the namespace."""
    api.post("/api/v1/namespaces", {"metadata": {"name": name, "labels": dict(labels or {})}})


def remove_namespace(api: Api, name: str) -> None:
    """Delete the namespace, so that nothing new comes in, and what is in it.

    The namespace itself stays `Terminating`: its controller isn't here, and neither is kubelet,
    for whom finalizers and grace periods wait.
    """
    api.delete(f"/api/v1/namespaces/{name}")
    for kind in KINDS:
        collection = kind.format(name)
        if not api.exists(collection):
            continue
        for found in api.get(collection)["items"]:
            if found["metadata"].get("finalizers"):
                api.patch(f"{collection}/{found['metadata']['name']}", {"metadata": {"finalizers": None}})
        api.delete(collection, grace_seconds=0)
