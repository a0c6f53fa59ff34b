"""KubeVirt says that the virtual machine can't migrate, or will say so once it runs.

KubeVirt's own judgement, for all that no restriction above explains.

Restricted fields: what KubeVirt refuses by the specification alone, by its version: `spec.domain.launchSecurity` (SEV;
from 1.7 SEV-SNP and TDX; from 1.6 Secure Execution), `spec.domain.features.hypervPassthrough`, re-enlightenment without
a TSC frequency, host disks that aren't shared, on the pod network a binding plugin without `migration`, up to 1.8 LUNs
with a reservation, up to 1.4 virtiofs. Lists and maps with more entries than anybody judges. And of a VMI that runs,
`status.conditions[LiveMigratable]` with the status `False`, whatever the reason.
Allowed: all that the condition calls live-migratable; volumes for a decentralized migration, as in KubeVirt.
Remedy: the one that is named with the field, else that of KubeVirt's message.
How: `kubectl get vmi NAME -n NAMESPACE -o jsonpath='{.status.conditions}'` shows KubeVirt's message; change the field
in Harvester's dashboard (Virtual Machines > menu of the VM > Edit Config) or by
`kubectl edit virtualmachine NAME -n NAMESPACE`, then `virtctl restart NAME -n NAMESPACE`.
Source: KubeVirt `pkg/virt-handler/vm.go`, `migration-create-admitter.go`.
Since: KubeVirt 1.0; Harvester asks for the condition from 1.7 on.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.unmovable import DISKS, unmovable
from webhook.engine.verdict import RESTART, Violation
from webhook.engine.wording import printable, shortened

ID: Final = "not-live-migratable"
CONCERN: Final = Concern.STATE
REMEDY: Final = "change what KubeVirt names, then restart the VM"
TOO_MANY: Final = "the VM has more entries here than can be judged"
FEWER: Final = "leave out what the VM doesn't need"
MESSAGE_LIMIT: Final = 300

EXPLAINED_BY: Final[Mapping[str, str]] = {
    DISKS: "read-write-once",
    "InterfaceNotLiveMigratable": "bridge-network",
    "HostDeviceNotLiveMigratable": "pci-device",
    "CPUModeLiveMigratable": "cpu-model",
}
"""KubeVirt's reasons, and the restriction that says the same with more to go by."""


def check(case: Case) -> Iterator[Violation]:
    """Yield KubeVirt's refusal unless a restriction has said the same already."""
    for field in case.vmi.unread:
        yield Violation(restriction=ID, field=field, problem=TOO_MANY, remedy=FEWER)
    condition = case.vmi.status.live_migratable
    if condition is not None and condition.status == "True":
        return
    foreseen = [each for each in unmovable(case.vmi, case.snapshot) if not _is_tolerated(case, each.reason)]
    for each in foreseen:
        yield Violation(restriction=ID, field=each.field, problem=each.problem, remedy=each.remedy, after=RESTART)
    if condition is None or condition.status != "False" or _is_tolerated(case, condition.reason):
        return
    if EXPLAINED_BY.get(condition.reason) in case.found or condition.reason in {each.reason for each in foreseen}:
        return
    said = shortened(printable(condition.message), MESSAGE_LIMIT) or "no message"
    yield Violation(
        restriction=ID,
        field="status.conditions[LiveMigratable]",
        problem=f"KubeVirt reports {printable(condition.reason) or 'no reason'}: {said.rstrip('.')}",
        remedy=REMEDY,
    )


def _is_tolerated(case: Case, reason: str) -> bool:
    """Tell whether a migration between clusters takes no notice, as it copies the volumes."""
    return case.decentralized and reason == DISKS
