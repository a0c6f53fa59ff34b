"""Fixtures of the tests on the real control plane: the webhook itself, with any settings."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Final

import pytest

from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import a_running_vm, apply, cpu_labels
from testbed.service import Service, running_service

VARIANT: Final = "live-migration-webhook-test/variant"
"""Label of a namespace: the service whose settings are the ones of that name judges there."""

ServiceFor = Callable[[Mapping[str, str]], Service]


@pytest.fixture(scope="session")
def service_for(control_plane: ControlPlane) -> Iterator[ServiceFor]:
    """Return the service with these settings, started when it is asked for the first time."""
    running: dict[str, Service] = {}
    with ExitStack() as stack:

        def service(settings: Mapping[str, str]) -> Service:
            name = variant(settings)
            if name not in running:
                running[name] = stack.enter_context(
                    running_service(
                        control_plane,
                        name=f"live-migration-webhook{name and '-'}{name}",
                        settings={key.replace("_", "-"): value for key, value in settings.items()},
                        values={"webhooks": _only_for(name)},
                    )
                )
            return running[name]

        yield service


@pytest.fixture(scope="session")
def service(service_for: ServiceFor) -> Service:
    """Return the service with the settings of a fresh installation."""
    return service_for({})


@pytest.fixture
def web(control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, service: Service) -> str:
    """Run a VM `web` on one of two nodes, beside our webhook; return its node."""
    assert service.is_ready()
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    assert "created" in apply(control_plane, namespace, a_running_vm("web"))
    return str(hypervisor.launch(namespace, "web")["status"]["nodeName"])


def variant(settings: Mapping[str, str]) -> str:
    """Return the name of settings, "" for those of a fresh installation."""
    return "-".join(f"{key}-{value}" for key, value in sorted(settings.items())).replace("_", "-").replace("=", "-")


def _only_for(name: str) -> dict[str, Any]:
    selector = (
        {"matchLabels": {VARIANT: name}}
        if name
        else {"matchExpressions": [{"key": VARIANT, "operator": "DoesNotExist"}]}
    )
    hooks = ("validateMigrations", "validateVirtualMachines", "mutateMigrations", "mutatePods")
    return {hook: {"namespaceSelector": selector} for hook in hooks}
