"""Which restrictions hold here, and how strictly: the operator's choice.

A profile says which restrictions hold by default; each can be set alone.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.verdict import Violation
from webhook.objects.kubevirt import KubeVirt


class Enforcement(StrEnum):
    """What a broken restriction does: refuse, warn, or nothing."""

    DENY = "deny"
    WARN = "warn"
    OFF = "off"


class Mode(StrEnum):
    """Whether what is denied is refused, or all of it only warned of."""

    ENFORCE = "enforce"
    WARN = "warn"


class Profile(StrEnum):
    """Whose rules hold: Harvester's documentation, what KubeVirt itself can move, or whichever the cluster runs."""

    HARVESTER = "harvester"
    KUBEVIRT = "kubevirt"
    AUTO = "auto"


_ORDER: Final = (Enforcement.OFF, Enforcement.WARN, Enforcement.DENY)

_USUAL: Final[Mapping[str, Enforcement]] = {"resources": Enforcement.WARN}
"""Exceptions to `deny` in every profile: other pods come and go within the five minutes that a target pod may wait."""
_BY_PROFILE: Final[Mapping[Profile, Mapping[str, Enforcement]]] = {
    Profile.HARVESTER: {},
    Profile.KUBEVIRT: {"cd-rom": Enforcement.OFF, "container-disk": Enforcement.OFF},
}
"""Exceptions to `deny`: upstream KubeVirt migrates CD-ROMs and container disks."""

HARVESTER_NAMESPACE: Final = "harvester-system"
"""The namespace of the KubeVirt resource on Harvester, and there alone."""


class Policy(Struct, frozen=True, kw_only=True):
    """The operator's choice; `controllers` holds for migrations that KubeVirt's own controllers make.

    `today` is the day until which exemptions have to hold, `YYYY-MM-DD`.
    """

    profile: Profile = Profile.HARVESTER
    enforcements: Mapping[str, Enforcement] = {}
    controllers: Enforcement = Enforcement.WARN
    mode: Mode = Mode.ENFORCE
    today: str = ""

    def __hash__(self) -> int:
        """Return the hash of the parts that have one."""
        return hash((self.profile, self.controllers, self.mode, self.today))

    def enforcement(self, restriction: str) -> Enforcement:
        """Return how strictly a restriction holds, by its id."""
        by_profile = _BY_PROFILE[self.profile].get(restriction, _USUAL.get(restriction, Enforcement.DENY))
        return self.enforcements.get(restriction, by_profile)

    def refused_to_controllers(self, violations: Iterable[Violation]) -> tuple[Violation, ...]:
        """Return the violations that refuse a migration which KubeVirt's own controllers make."""
        return self.enforced(violations, self.controllers)[0]

    def holding(self, violations: Iterable[Violation]) -> tuple[Violation, ...]:
        """Return the violations that keep a virtual machine where it is in a drain, too.

        What only others than KubeVirt restrict does so where its controllers are refused.
        """
        found = tuple(violations)
        refused, by_kubevirt = self.refused_to_controllers(found), _BY_PROFILE[Profile.KUBEVIRT]
        return tuple(each for each in found if each in refused or each.restriction not in by_kubevirt)

    def enforced(
        self, violations: Iterable[Violation], strictest: Enforcement = Enforcement.DENY
    ) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
        """Return the violations that refuse and those that warn, none taken more strictly than `strictest`."""
        bound = Enforcement.WARN if self.mode is Mode.WARN else strictest
        by_strictness: dict[Enforcement, list[Violation]] = {}
        for violation in violations:
            enforcement = min(self.enforcement(violation.restriction), bound, strictest, key=_ORDER.index)
            by_strictness.setdefault(enforcement, []).append(violation)
        return tuple(by_strictness.get(Enforcement.DENY, ())), tuple(by_strictness.get(Enforcement.WARN, ()))

    def on(self, today: str) -> "Policy":
        """Return the policy as it holds on a day."""
        return replace(self, today=today)

    def resolved(self, kubevirt: KubeVirt | None) -> "Policy":
        """Return the policy with the profile that fits the cluster, where it is left to the cluster.

        Harvester refuses CD-ROMs and container disks up to 1.7, which has KubeVirt 1.6; later ones leave it to that.
        """
        if self.profile is not Profile.AUTO:
            return self
        strict = kubevirt is None or (
            kubevirt.metadata.namespace == HARVESTER_NAMESPACE and not kubevirt.is_at_least(1, 7)
        )
        return replace(self, profile=Profile.HARVESTER if strict else Profile.KUBEVIRT)
