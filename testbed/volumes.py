"""Claims that are bound, as the controller of persistent volumes would leave them: it isn't among the programs here."""

from testbed.api import Api

VOLUMES = "/api/v1/persistentvolumes"


def bind_claim(api: Api, namespace: str, name: str) -> None:
    """Give an existing claim a volume of its own, so that the scheduler takes its pods."""
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}"
    claim = api.get(path)
    volume = f"pv-{claim['metadata']['uid']}"
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": namespace, "name": name}
    spec = {
        "accessModes": claim["spec"]["accessModes"],
        "capacity": claim["spec"]["resources"]["requests"],
        "claimRef": reference | {"uid": claim["metadata"]["uid"]},
        "hostPath": {"path": "/nowhere"},
        "persistentVolumeReclaimPolicy": "Delete",
    }
    api.post(VOLUMES, {"metadata": {"name": volume}, "spec": spec})
    api.patch(f"{VOLUMES}/{volume}/status", {"status": {"phase": "Bound"}})
    bound = {"pv.kubernetes.io/bind-completed": "yes"}
    api.patch(path, {"metadata": {"annotations": bound}, "spec": {"volumeName": volume}})
    status = {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": spec["capacity"]}
    api.patch(f"{path}/status", {"status": status})
