"""The KubeVirt custom resource: what holds for all virtual machines of the cluster."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.migration_settings import UNSET, MigrationSettings, read_migration_settings


class KubeVirt(Struct, frozen=True, kw_only=True):
    """KubeVirt's configuration.

    `default_interface` is the binding of a VM that lists no interface, `version` the one that is installed as KubeVirt
    reports it (`v1.7.0`), "" when it doesn't. `node_selectors` hold for every virtual machine. `eviction_strategy` is
    that of virtual machines that have none of their own, "" where nothing is said. `movable_gpus` are the resource
    names of permitted mediated devices, `movable_bindings` the network binding plugins that take part in migrations.
    `cpu_ratio` is how many virtual CPUs share one of the node, 0 where nothing is said; a guest costs
    `memory_overhead_ratio` times what KubeVirt reckons beside its memory.
    """

    metadata: Metadata
    default_interface: str = "bridge"
    cpu_model: str = ""
    version: str = ""
    migrations: MigrationSettings = UNSET
    node_selectors: Mapping[str, str] = {}
    feature_gates: frozenset[str] = frozenset()
    disabled_gates: frozenset[str] = frozenset()
    eviction_strategy: str = ""
    movable_gpus: frozenset[str] = frozenset()
    movable_bindings: frozenset[str] = frozenset()
    cpu_ratio: int = 0
    memory_overhead_ratio: float = 1.0

    @property
    def release(self) -> tuple[int, ...]:
        """The version in numbers, major first; empty when unknown."""
        return _numbers(self.version)

    @property
    def controller(self) -> str:
        """The name of virt-controller as a user of the API server."""
        return controller_in(self.metadata.namespace)

    def is_at_least(self, *version: int) -> bool:
        """Tell whether this version or a later one is installed: `is_at_least(1, 6, 4)`; False when unknown."""
        return self.release >= version

    def is_before(self, *version: int) -> bool:
        """Tell whether an earlier version than this one is installed; False when unknown."""
        return bool(self.release) and self.release < version

    def has_gate(self, gate: str) -> bool:
        """Tell whether a feature gate is open that is closed unless somebody opens it.

        Where it is both opened and disabled, it is open.
        """
        return gate in self.feature_gates

    def has_default_gate(self, gate: str) -> bool:
        """Tell whether a feature gate is open that is open (from KubeVirt 1.9) unless somebody disables it."""
        return self.has_gate(gate) or (self.is_at_least(1, 9) and gate not in self.disabled_gates)


def controller_in(namespace: str) -> str:
    """Return the name of virt-controller as a user of the API server, where KubeVirt is in this namespace."""
    return f"system:serviceaccount:{namespace}:kubevirt-controller"


@lru_cache(maxsize=16)
def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version, re.ASCII)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def read_kubevirt(document: Fields) -> KubeVirt:
    """Read the KubeVirt custom resource; what it leaves open has KubeVirt's default."""
    configuration = document.object("spec").object("configuration")
    developer = configuration.object("developerConfiguration")
    return KubeVirt(
        metadata=read_metadata(document),
        default_interface=configuration.object("network").text("defaultNetworkInterface") or "bridge",
        cpu_model=configuration.text("cpuModel"),
        version=document.object("status").text("observedKubeVirtVersion"),
        migrations=read_migration_settings(configuration.object("migrations")),
        node_selectors=developer.string_map("nodeSelectors"),
        feature_gates=frozenset(developer.strings("featureGates")),
        disabled_gates=frozenset(developer.strings("disabledFeatureGates")),
        eviction_strategy=configuration.text("evictionStrategy"),
        movable_gpus=frozenset(
            device.text("resourceName")
            for _, device in configuration.object("permittedHostDevices").objects("mediatedDevices")
        ),
        cpu_ratio=max(developer.number("cpuAllocationRatio") or 0, 0),
        memory_overhead_ratio=_ratio(configuration.text("additionalGuestMemoryOverheadRatio")),
        movable_bindings=frozenset(_movable_bindings(configuration.object("network").object("binding"))),
    )


def _ratio(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII) else 1.0


def _movable_bindings(plugins: Fields) -> Iterator[str]:
    return (name for name in plugins.value if plugins.object(name).has("migration"))
