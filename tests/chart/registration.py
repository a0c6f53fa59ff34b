"""The chart's hooks on the API server, in a namespace of their own, without anybody who answers."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from testbed.chart import of_kind, render
from testbed.control_plane import ControlPlane
from testbed.namespaces import create_namespace, remove_namespace

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@contextmanager
def unanswered(control_plane: ControlPlane, *, failure_policy: str) -> Iterator[str]:
    """Register the hook for VMs in a new namespace, and give its name. The Service that it names doesn't exist."""
    namespace = f"unanswered-{uuid.uuid4().hex[:6]}"
    hook = {
        "failurePolicy": failure_policy,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
    }
    values = {"webhooks": {"validateMigrations": {"enabled": False}, "validateVirtualMachines": hook}}
    release = f"live-migration-webhook-{namespace}"
    [validating] = of_kind(render(values, release=release), "ValidatingWebhookConfiguration")
    api = control_plane.api()
    create_namespace(api, namespace)
    api.post(CONFIGURATIONS, validating)
    try:
        yield namespace
    finally:
        api.delete(f"{CONFIGURATIONS}/{validating['metadata']['name']}")
        remove_namespace(api, namespace)
