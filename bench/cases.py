"""What is asked: AdmissionReviews of about 12 KB, and the answers that every contestant must give."""

import json
from dataclasses import dataclass
from typing import Final

from bench.objects import Object

FIVE: Final = ("bridge-network", "cd-rom", "container-disk", "pci-device", "read-write-once")
"""The restrictions that every contestant knows."""
HEALTHY: Final = 300
"""Virtual machines whose migrations are asked for in turn, the first ones of the cluster: more than a webhook that
remembers what it has found would keep."""
TEAMS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A migration of one VMI: the restrictions it breaks, and whether KubeVirt itself refuses it.

    `reason` is what virt-handler would say of the VMI; KubeVirt goes by it.
    """

    name: str
    namespace: str
    vmi: str
    broken: tuple[str, ...] = ()
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Whether a webhook that knows the restrictions lets it pass."""
        return not self.broken

    @property
    def allowed_by_kubevirt(self) -> bool:
        """Whether KubeVirt lets it pass: CD-ROMs and container disks don't trouble it."""
        return not self.reason


ALLOWED: Final = tuple(
    Case(name=f"allowed {number}", namespace=f"team-{number % TEAMS}", vmi=f"vm-{number}") for number in range(HEALTHY)
)
DENIED: Final = (
    Case(
        name="bridge", namespace="team-0", vmi="bridge", broken=("bridge-network",),
        reason="cannot migrate VMI which does not use masquerade to connect to the pod network",
    ),
    Case(name="CD-ROM", namespace="team-0", vmi="installing", broken=("cd-rom",)),
    Case(name="container disk", namespace="team-0", vmi="tools", broken=("container-disk",)),
    Case(
        name="PCI device", namespace="team-0", vmi="card", broken=("pci-device",),
        reason="VMI uses a PCI host devices",
    ),
    Case(
        name="ReadWriteOnce", namespace="team-0", vmi="unshared", broken=("read-write-once",),
        reason="cannot migrate VMI: PVC unshared-data is not shared",
    ),
    Case(
        name="all five", namespace="team-0", vmi="everything", broken=FIVE,
        reason="cannot migrate VMI with non-shared PVCs",
    ),
)  # fmt: skip


def migration(case: Case) -> Object:
    """Return the VMIM as somebody writes it in Rancher: with what kubectl and the API server add to it."""
    spec = {"vmiName": case.vmi}
    applied = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceMigration", "spec": spec}
    labels = {f"shop.example/label-{number}": f"value-{number}" for number in range(24)}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {
            "generateName": f"{case.vmi}-",
            "namespace": case.namespace,
            "labels": labels,
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                    applied | {"metadata": {"namespace": case.namespace, "labels": labels}}
                ),
                "field.cattle.io/description": "moved before the node gets its new firmware",
            },
        },
        "spec": spec,
    }


def review(case: Case) -> Object:
    """Return what the API server sends: managedFields, and a user with the groups of a large company."""
    kind = {"group": "kubevirt.io", "version": "v1", "kind": "VirtualMachineInstanceMigration"}
    resource = {"group": "kubevirt.io", "version": "v1", "resource": "virtualmachineinstancemigrations"}
    document = migration(case)
    document["metadata"] |= {"name": f"{case.vmi}-x7k2p", "creationTimestamp": "2026-11-23T20:00:00Z"}
    document["metadata"]["managedFields"] = [_managed(document, manager) for manager in ("kubectl", "rancher", "virt")]
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": f"705ab4f5-6393-11e8-b7cc-{case.vmi:0>12}",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": document["metadata"]["name"],
            "namespace": case.namespace,
            "operation": "CREATE",
            "userInfo": _user(),
            "object": document,
            "oldObject": None,
            "dryRun": False,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl"},
        },
    }


def body(case: Case) -> bytes:
    """Return the review as it goes over the wire."""
    return json.dumps(review(case), separators=(",", ":")).encode()


def _managed(document: Object, manager: str) -> Object:
    labels: Object = {f"f:{label}": {} for label in document["metadata"]["labels"]}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "kubevirt.io/v1",
        "time": "2026-11-23T20:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:generateName": {}, "f:labels": {".": {}, **labels}, "f:annotations": {".": {}}},
            "f:spec": {".": {}, "f:vmiName": {}},
        },
    }


def _user() -> Object:
    groups = [f"openldap_group://cn=team-{number:03},ou=groups,dc=example,dc=com" for number in range(100)]
    return {
        "username": "u-mo773yttt4",
        "groups": [*groups, "system:authenticated"],
        "extra": {"principalid": ["openldap_user://uid=alice,ou=people,dc=example,dc=com"], "username": ["alice"]},
    }
