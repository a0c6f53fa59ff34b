"""What an eviction does to a virtual machine, as KubeVirt decides it: by eviction strategy and condition alone.

With `LiveMigrate` and `LiveMigrateIfPossible` a virtual machine whose condition LiveMigratable is True is marked for
evacuation, and every eviction is refused until it has moved: where no node can take it, the drain waits for ever.
Where the condition isn't True, `LiveMigrate` refuses the eviction and `LiveMigrateIfPossible` lets the virtual machine
be shut down. `None` (the default) shuts it down though it could move, `External` leaves it to somebody else.
Source: KubeVirt `pkg/virt-api/webhooks/validating-webhook/admitters/pod-eviction-admitter.go`, alike from 1.3 to 1.9.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from webhook.engine.policy import Policy
from webhook.foresight.survey import Finding
from webhook.objects.amount import NOTHING, Amount
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.vmi import VirtualMachineInstance

LIVE_MIGRATE: Final = "LiveMigrate"
MOVING: Final = frozenset({LIVE_MIGRATE, "LiveMigrateIfPossible"})
"""Eviction strategies by which KubeVirt moves what it holds to be live-migratable."""
NO_NODE: Final = "no node can take it"


class Outcome(StrEnum):
    """What an eviction does to a virtual machine."""

    MOVES = "moves"
    STAYS = "stays"
    SHUT_DOWN = "shut down"


class Eviction(Struct, frozen=True, kw_only=True):
    """One virtual machine: `target` is the node that was found for it, "" for none; `why` is a remark."""

    finding: Finding
    outcome: Outcome
    target: str = ""
    why: str = ""

    @property
    def requests(self) -> Amount:
        """The CPU and memory that the target pod asks for."""
        return self.finding.placement.pod.requests if self.finding.placement else NOTHING


def strategy(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> str:
    """Return the eviction strategy that holds: the virtual machine's, else the cluster's, else `None`."""
    return vmi.eviction_strategy or (kubevirt.eviction_strategy if kubevirt else "") or "None"


def eviction(finding: Finding, kubevirt: KubeVirt | None, policy: Policy) -> Eviction:
    """Preview the eviction of one virtual machine, without a target."""
    if finding.move:
        return Eviction(finding=finding, outcome=Outcome.MOVES, target=finding.move.target, why=finding.move.words)
    chosen = strategy(finding.vmi, kubevirt)
    if chosen == "External":
        return Eviction(finding=finding, outcome=Outcome.STAYS, why="its eviction strategy is External")
    if chosen not in MOVING:
        needless = "no eviction strategy, though it could move"
        movable = finding.migratable and bool(finding.eligible)
        return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=needless if movable else obstacle(finding))
    if finding.is_live_migratable:
        return evacuation(finding, policy)
    if chosen == LIVE_MIGRATE:
        now = "refused for now: " if finding.vmi.status.live_migratable is None else ""
        return Eviction(finding=finding, outcome=Outcome.STAYS, why=now + _unmet(finding))
    return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=_unmet(finding))


def evacuation(finding: Finding, policy: Policy) -> Eviction:
    """Preview the migration that KubeVirt makes for what it holds to be live-migratable.

    What the operator alone restricts holds nothing up, as KubeVirt's controllers are only warned, unless `policy` has
    it otherwise.
    """
    if denied := policy.refused_to_controllers(finding.assessment.violations):
        ids = ", ".join(dict.fromkeys(violation.restriction for violation in denied))
        return Eviction(finding=finding, outcome=Outcome.STAYS, why=f"{ids}: refused to KubeVirt's controllers, too")
    if not finding.eligible:
        return Eviction(finding=finding, outcome=Outcome.STAYS, why=NO_NODE)
    if finding.placement and not finding.placement.made:
        return Eviction(finding=finding, outcome=Outcome.STAYS, why="KubeVirt can't make its target pod")
    return Eviction(finding=finding, outcome=Outcome.MOVES)


def obstacle(finding: Finding) -> str:
    """Say what keeps a virtual machine where it is: the restrictions, else that there is nowhere to go."""
    return ", ".join(finding.restrictions) or NO_NODE


def _unmet(finding: Finding) -> str:
    """Say why KubeVirt doesn't hold it to be live-migratable."""
    if finding.vmi.status.live_migratable is None:
        return "KubeVirt hasn't said yet whether it can migrate"
    return ", ".join(finding.restrictions) or "KubeVirt holds it to be not live-migratable"


def foretold_drain(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None, *, held: bool) -> str:
    """Say what a drain does to a virtual machine that breaks restrictions; "" where its strategy lets it go.

    `held` tells that KubeVirt can't migrate it either, so that the drain will hang.
    """
    if strategy(vmi, kubevirt) != LIVE_MIGRATE:
        return ""
    whose = vmi.field("evictionStrategy") if vmi.eviction_strategy else "the cluster's evictionStrategy"
    end = ", but it can't migrate: a drain of its node will hang" if held else ": a drain moves it all the same"
    return f"{whose} is {LIVE_MIGRATE}{end}"
