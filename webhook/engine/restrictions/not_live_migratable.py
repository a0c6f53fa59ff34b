"""KubeVirt says that the virtual machine can't migrate.

KubeVirt's own judgement, for all that no restriction above explains: Secure Execution, SEV, TDX, Hyper-V
passthrough, host disks that aren't shared, and whatever a later version adds.

Restricted fields: `status.conditions[LiveMigratable]` with the status `False`.
Allowed: no such condition yet; reason `DisksNotLiveMigratable` for a decentralized migration, as in KubeVirt.
Remedy: the one that KubeVirt's message names.
Source: KubeVirt `pkg/virt-handler/vm.go`, `migration-create-admitter.go`.
Since: KubeVirt 1.0; Harvester asks for the condition from 1.7 on.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.engine.wording import printable, shortened

ID: Final = "not-live-migratable"
CONCERN: Final = Concern.STATE
REMEDY: Final = "change what KubeVirt names, then restart the VM"
MESSAGE_LIMIT: Final = 300

EXPLAINED_BY: Final[Mapping[str, str]] = {
    "DisksNotLiveMigratable": "read-write-once",
    "InterfaceNotLiveMigratable": "bridge-network",
    "HostDeviceNotLiveMigratable": "pci-device",
    "CPUModeLiveMigratable": "cpu-model",
}
"""KubeVirt's reasons, and the restriction that says the same with more to go by."""


def check(case: Case) -> Iterator[Violation]:
    """Yield KubeVirt's refusal unless a restriction has said the same already."""
    condition = case.vmi.status.live_migratable
    if condition is None or condition.status != "False" or EXPLAINED_BY.get(condition.reason) in case.found:
        return
    if case.decentralized and condition.reason == "DisksNotLiveMigratable":
        return
    said = shortened(printable(condition.message), MESSAGE_LIMIT) or "no message"
    yield Violation(
        restriction=ID,
        field="status.conditions[LiveMigratable]",
        problem=f"KubeVirt reports {printable(condition.reason) or 'no reason'}: {said.rstrip('.')}",
        remedy=REMEDY,
    )
