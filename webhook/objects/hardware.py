"""What a virtual machine asks of the hardware of its node: CPU, machine type, enlightenments, memory encryption.

Source: `DomainSpec` of kubevirt.io/v1.
"""

from typing import Final

from msgspec import Struct

from webhook.objects.fields import Fields

HYPERV: Final = (
    "vpindex", "runtime", "reset", "synic", "synictimer", "frequencies", "reenlightenment", "tlbflush", "ipi",
)  # fmt: skip
"""The enlightenments that need the node's kernel."""


class CpuFeature(Struct, frozen=True, kw_only=True):
    """A CPU feature and what is to become of it; without a policy it is required."""

    name: str
    policy: str = ""

    @property
    def required(self) -> bool:
        """Tell whether the node must have it."""
        return self.policy in {"", "require"}


class Hardware(Struct, frozen=True, kw_only=True):
    """What is asked for; "" and empty where nothing is said.

    `hyperv` are the enabled enlightenments that need the node's kernel, `nested_hyperv` (eVMCS) needs an Intel CPU.
    `confidential` names the kinds of launch security: `sev`, `sev-es`, `sev-snp`, `tdx`, `s390-pv`.
    """

    architecture: str = ""
    cpu_model: str = ""
    cpu_features: tuple[CpuFeature, ...] = ()
    dedicated_cpus: bool = False
    realtime: bool = False
    machine_type: str = ""
    hyperv: frozenset[str] = frozenset()
    nested_hyperv: bool = False
    confidential: frozenset[str] = frozenset()
    hyperv_passthrough: bool = False

    @property
    def has_invariant_tsc(self) -> bool:
        """Tell whether the guest's clock never changes its pace."""
        return any(f.name == "invtsc" and f.policy in {"require", "force"} for f in self.cpu_features)

    @property
    def needs_tsc_frequency(self) -> bool:
        """Tell whether the guest's clock ties it to nodes of one time-stamp frequency."""
        return self.has_invariant_tsc or "reenlightenment" in self.hyperv


def read_hardware(spec: Fields) -> Hardware:
    """Read it from a VMI's `spec` (or a VM template's)."""
    domain = spec.object("domain")
    cpu, hyperv = domain.object("cpu"), domain.object("features").object("hyperv")
    return Hardware(
        architecture=spec.text("architecture"),
        cpu_model=cpu.text("model"),
        cpu_features=tuple(
            CpuFeature(name=feature.text("name"), policy=feature.text("policy"))
            for _, feature in cpu.objects("features")
        ),
        dedicated_cpus=cpu.flag("dedicatedCpuPlacement") is True,
        realtime=cpu.has("realtime"),
        machine_type=domain.object("machine").text("type"),
        hyperv=frozenset(name for name in HYPERV if hyperv.object(name).flag("enabled")),
        nested_hyperv=_is_enabled(hyperv, "evmcs"),
        confidential=frozenset(_confidential(spec.text("architecture"), domain)),
        hyperv_passthrough=_is_enabled(domain.object("features"), "hypervPassthrough"),
    )


def _is_enabled(features: Fields, name: str) -> bool:
    """Tell whether a feature is on; one that says nothing more is."""
    return features.has(name) and features.object(name).flag("enabled") is not False


def _confidential(architecture: str, domain: Fields) -> set[str]:
    if not domain.has("launchSecurity"):
        return set()
    security = domain.object("launchSecurity")
    encrypted_state = security.object("sev").object("policy").flag("encryptedState")
    found = {
        "sev": security.has("sev") or security.has("snp"),
        "sev-es": encrypted_state is True,
        "sev-snp": security.has("snp"),
        "tdx": security.has("tdx"),
        "s390-pv": architecture == "s390x",
    }
    return {kind for kind, wanted in found.items() if wanted}
