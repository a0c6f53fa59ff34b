"""What KubeVirt's operator would have installed: CRDs, CR, rights, and the registration of virt-api."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from testbed.api import KUBEVIRT, Api, ApiError, Object
from testbed.build import KUBEVIRT as KUBEVIRT_MODULE
from testbed.kubevirt_programs import NAMESPACE, SERVICE
from testbed.processes import StartFailedError
from testbed.site import Site
from testbed.users import User

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REGISTRATIONS = "/apis/admissionregistration.k8s.io/v1"

CUSTOM_RESOURCES = f"{KUBEVIRT}/namespaces/{NAMESPACE}/kubevirts"
CUSTOM_RESOURCE: Object = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "KubeVirt",
    "metadata": {"name": "kubevirt"},
    "spec": {},
}
"""The CR named `kubevirt`, with KubeVirt's defaults; a test may patch its configuration."""


def install(site: Site, api: Api) -> None:
    """Install everything but the registration of virt-api, which needs it to listen."""
    api.post("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda crd: _install_crd(api, crd), _printed(site, "crds")))
    for grant in _printed(site, "rbac"):
        _create_grant(api, grant)
    # The controller that sums these up in `edit` isn't here.
    for role in ("kubevirt.io:edit", "kubevirt.io:migrate", "system:aggregate-to-edit", "system:aggregate-to-view"):
        _bind(api, site.users["alice"], role)
    _install_cr(api, site.authority.bundle)


def register_virt_api(site: Site, api: Api) -> None:
    """Register virt-api's webhooks as KubeVirt defines them, with our authority and port."""
    for registration in _printed(site, "webhooks"):
        for webhook in registration["webhooks"]:
            _point(webhook["clientConfig"], site.ports["virt-api"], site.authority.bundle)
        api.post(f"{REGISTRATIONS}/{registration['kind'].lower()}s", registration)
    _wait_until_refused(api)


def _printed(site: Site, what: str) -> list[Object]:
    """Return the objects that the KubeVirt program printed when it was built."""
    items: list[Object] = json.loads(site.programs["kubevirt"].with_name(f"{what}.json").read_bytes())["items"]
    return items


def _install_cr(api: Api, bundle: bytes) -> None:
    """Create the CR, said to be deployed, and the config map with virt-api's authority."""
    config_map = {"metadata": {"name": "kubevirt-ca"}, "data": {"ca-bundle": bundle.decode()}}
    api.post(f"/api/v1/namespaces/{NAMESPACE}/configmaps", config_map)
    status = {
        "phase": "Deployed",
        # Without it virt-api refuses every VMI: "unsupported architecture: ".
        "defaultArchitecture": "amd64",
        "observedKubeVirtVersion": KUBEVIRT_MODULE.version,
    }
    api.post(CUSTOM_RESOURCES, CUSTOM_RESOURCE)
    api.patch(f"{CUSTOM_RESOURCES}/kubevirt/status", {"status": status})


def _create_grant(api: Api, grant: Object) -> None:
    """Create a service account, a role or a binding."""
    group = "/api/v1" if grant["kind"] == "ServiceAccount" else RBAC
    namespace = grant["metadata"].get("namespace")
    scope = f"/namespaces/{namespace}" if namespace else ""
    api.post(f"{group}{scope}/{grant['kind'].lower()}s", grant)


def _wait_until_refused(api: Api) -> None:
    """Return when virt-api is asked: it refuses to migrate what doesn't exist. Nothing is stored."""
    collection = f"{KUBEVIRT}/namespaces/default/virtualmachineinstancemigrations?dryRun=All"
    migration = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": "readiness"},
        "spec": {"vmiName": "nothing"},
    }
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            api.post(collection, migration)
        except ApiError as error:
            if "migration-create-validator.kubevirt.io" in error.message:
                return
        time.sleep(0.05)
    raise StartFailedError("virt-api's webhooks are registered but not called")


def _point(client_config: dict[str, Any], port: int, bundle: bytes) -> None:
    client_config["caBundle"] = base64.b64encode(bundle).decode()
    client_config["service"] |= {"namespace": NAMESPACE, "name": SERVICE, "port": port}


def _install_crd(api: Api, crd: Object) -> None:
    name = crd["metadata"]["name"]
    api.post(CRDS, {field: value for field, value in crd.items() if field != "status"})
    api.wait(f"{CRDS}/{name}", _is_established)
    version = crd["spec"]["versions"][0]["name"]
    api.wait(f"/apis/{crd['spec']['group']}/{version}/{crd['spec']['names']['plural']}", lambda _: True)


def _is_established(crd: Object) -> bool:
    conditions = crd["status"].get("conditions") or []
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


def _bind(api: Api, user: User, role: str) -> None:
    api.post(
        f"{RBAC}/clusterrolebindings",
        {
            "metadata": {"generateName": "tests-"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user.name}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        },
    )
