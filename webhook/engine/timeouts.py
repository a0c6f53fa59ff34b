"""How long a migration may take: the timeouts that apply to one virtual machine here and now.

Each value comes from the MigrationPolicy that matches, else from the KubeVirt resource, else from the default of the
KubeVirt version that is installed. A migration that isn't complete after `completion`, or that copied nothing for
`progress`, is aborted (or the guest paused, where workload disruption is allowed). 0 means no timeout.

Sources: Harvester's live-migration page; KubeVirt `migrationpolicy.go` (which policy matches) and
`getVMIMigrationDataSize` (what is counted: memory, and the volumes whose data are moved; KubeVirt rounds up to whole
10^9 bytes, so it may wait longer than the documentation's reckoning in GiB).
"""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from webhook.objects.kubevirt import KubeVirt
from webhook.objects.migration_policy import MigrationPolicy
from webhook.objects.migration_settings import UNSET, MigrationSettings
from webhook.objects.vmi import VirtualMachineInstance

GIB: Final = 1024**3
GB: Final = 1000**3
PROGRESS_DEFAULT: Final = 150
UTILITY_VOLUMES_DEFAULT: Final = 150
COMPLETION_DEFAULT: Final = 150
COMPLETION_DEFAULT_BEFORE_1_4: Final = 800


class Timeouts(Struct, frozen=True, kw_only=True):
    """Seconds, 0 for none. `data` is what has to be copied, in bytes; `bandwidth` in bytes per second, 0 for no limit.

    `source` names who set the completion timeout. `utility_volumes` is how long a migration waits for them.
    `disrupts` tells that a guest which doesn't arrive in time is not left where it is: it is paused, or the rest of its
    memory follows, and KubeVirt waits as long again.
    """

    per_gib: int
    progress: int
    data: int
    bandwidth: int
    source: str
    utility_volumes: int = UTILITY_VOLUMES_DEFAULT
    disrupts: bool = False

    @property
    def completion(self) -> int:
        """Seconds for the whole migration, as documented: per GiB of data."""
        return math.ceil(self.per_gib * self.data / GIB)

    @property
    def completion_by_kubevirt(self) -> int:
        """Seconds that KubeVirt really waits: it counts whole decimal gigabytes."""
        return self.per_gib * math.ceil(self.data / GB)

    @property
    def warning(self) -> str:
        """Say that the data can't be copied in time at the configured bandwidth; "" when they can."""
        if not self.bandwidth or not self.completion:
            return ""
        needed = math.ceil(self.data / self.bandwidth)
        if needed <= self.completion_by_kubevirt:
            return ""
        return (
            f"{self.data / GIB:.1f} GiB at {self.bandwidth / 1024**2:.1f} MiB/s take {needed} s, "
            f"the completion timeout is {self.completion_by_kubevirt} s"
        )


def effective_timeouts(
    vmi: VirtualMachineInstance,
    kubevirt: KubeVirt | None,
    policies: Iterable[MigrationPolicy],
    namespace_labels: Mapping[str, str],
) -> Timeouts:
    """Return the timeouts that apply to a migration of this virtual machine."""
    policy = matching_policy(policies, vmi.metadata.labels, namespace_labels)
    cluster = kubevirt.migrations if kubevirt else UNSET
    per_gib, source = _completion_default(kubevirt)
    if cluster.completion_timeout_per_gib is not None:
        per_gib, source = cluster.completion_timeout_per_gib, "KubeVirt resource"
    if policy and policy.settings.completion_timeout_per_gib is not None:
        per_gib, source = policy.settings.completion_timeout_per_gib, f"MigrationPolicy {policy.metadata.name}"
    bandwidth = policy.settings.bandwidth if policy and policy.settings.bandwidth is not None else cluster.bandwidth
    return Timeouts(
        per_gib=per_gib,
        progress=_first(cluster.progress_timeout, PROGRESS_DEFAULT),
        data=vmi.memory + vmi.status.moved_bytes,
        bandwidth=bandwidth or 0,
        source=source,
        disrupts=_disrupts(policy.settings if policy else UNSET, cluster),
        utility_volumes=_first(cluster.utility_volumes_timeout, UTILITY_VOLUMES_DEFAULT),
    )


def _disrupts(policy: MigrationSettings, cluster: MigrationSettings) -> bool:
    """Return whether the workload may be disrupted: who says nothing of that, and allows post-copy, allows it."""
    for settings in (policy, cluster):
        if settings.disruption is not None:
            return settings.disruption
        if settings.post_copy is not None:
            return settings.post_copy
    return False


def _first(configured: int | None, default: int) -> int:
    return default if configured is None else configured


def matching_policy(
    policies: Iterable[MigrationPolicy], vmi_labels: Mapping[str, str], namespace_labels: Mapping[str, str]
) -> MigrationPolicy | None:
    """Return the policy that KubeVirt would choose.

    The one with the most matching labels; of equal ones the one with more of the VMI's, then the first by name. A VMI
    without any label matches every policy that has selectors: KubeVirt asks neither selector then.
    """
    matches = [
        ((-score[0] - score[1], -score[0], policy.metadata.name), policy)
        for policy in policies
        if (score := _score(policy, vmi_labels, namespace_labels)) is not None
    ]
    return min(matches, key=lambda match: match[0])[1] if matches else None


def _score(
    policy: MigrationPolicy, vmi_labels: Mapping[str, str], namespace_labels: Mapping[str, str]
) -> tuple[int, int] | None:
    if not policy.has_selectors:
        return None
    if not vmi_labels:
        return 0, 0
    if not policy.vmi_selector.items() <= vmi_labels.items():
        return None
    if not policy.namespace_selector.items() <= namespace_labels.items():
        return None
    return len(policy.vmi_selector), len(policy.namespace_selector)


def _completion_default(kubevirt: KubeVirt | None) -> tuple[int, str]:
    if kubevirt is None or not kubevirt.release:
        return COMPLETION_DEFAULT, "KubeVirt's default"
    default = COMPLETION_DEFAULT if kubevirt.is_at_least(1, 4) else COMPLETION_DEFAULT_BEFORE_1_4
    return default, f"default of KubeVirt {kubevirt.version}"
