"""What a keeper may do, and nothing else: objects by name."""

from collections.abc import Sequence

from testbed.api import Api, Object

RBAC = "/apis/rbac.authorization.k8s.io/v1"
CONFIGURATIONS = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"]


def grant(api: Api, namespace: str, name: str) -> None:
    """Make a service account and let it keep the certificates of `name`; its configurations are named as the namespace.

    Creating needs the name too, since the keeper creates by server-side apply.
    """
    api.post(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
    for kind, scope in (("Role", f"{RBAC}/namespaces/{namespace}"), ("ClusterRole", RBAC)):
        api.post(f"{scope}/{kind.lower()}s", {"metadata": {"name": namespace}, "rules": []})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": namespace}
        binding = {"metadata": {"name": namespace}, "roleRef": reference, "subjects": subjects}
        api.post(f"{scope}/{kind.lower()}bindings", binding)
    let_write(api, namespace, name)


def let_write(
    api: Api,
    namespace: str,
    name: str,
    *,
    secrets: Sequence[str] = ("ca", "tls"),
    configurations: Sequence[str] = ("validating", "mutating"),
) -> None:
    """Let the keeper read everything that is its own, and write these of it."""
    readable = [f"{name}-ca", f"{name}-tls"]
    writable = [f"{name}-{suffix}" for suffix in secrets]
    hooks = "admissionregistration.k8s.io"
    writable_hooks = [f"{phase}webhookconfigurations" for phase in configurations]
    in_the_namespace = [
        _rule("", ["secrets"], readable, "get"),
        *([_rule("", ["secrets"], writable, "create", "patch")] if writable else []),
    ]
    in_the_cluster = [
        _rule(hooks, CONFIGURATIONS, [namespace], "get"),
        *([_rule(hooks, writable_hooks, [namespace], "patch")] if writable_hooks else []),
    ]
    api.patch(f"{RBAC}/namespaces/{namespace}/roles/{namespace}", {"rules": in_the_namespace})
    api.patch(f"{RBAC}/clusterroles/{namespace}", {"rules": in_the_cluster})


def revoke(api: Api, namespace: str) -> None:
    """Remove what does not go with the namespace."""
    for kind in ("clusterroles", "clusterrolebindings"):
        api.delete(f"{RBAC}/{kind}/{namespace}")


def _rule(group: str, resources: Sequence[str], names: Sequence[str], *verbs: str) -> Object:
    return {
        "apiGroups": [group],
        "resources": list(resources),
        "resourceNames": list(names),
        "verbs": list(verbs),
    }
