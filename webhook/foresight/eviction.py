"""What an eviction does to a virtual machine, which its eviction strategy decides.

`LiveMigrate` moves the virtual machine or holds the drain, `LiveMigrateIfPossible` moves it or shuts it down, `None`
(the default) shuts it down though it could move, `External` leaves it to somebody else.
Source: KubeVirt `pkg/virt-api/webhooks/validating-webhook/admitters/pod-eviction-admitter.go`.
"""

from enum import StrEnum

from msgspec import Struct

from webhook.foresight.survey import Finding
from webhook.objects.amount import NOTHING, Amount
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.vmi import VirtualMachineInstance


class Outcome(StrEnum):
    """What an eviction does to a virtual machine."""

    MOVES = "moves"
    STAYS = "stays"
    SHUT_DOWN = "shut down"


class Eviction(Struct, frozen=True, kw_only=True):
    """One virtual machine: `target` is the node that was found for it, "" for none; `why` is "" where it moves."""

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


def eviction(finding: Finding, kubevirt: KubeVirt | None) -> Eviction:
    """Preview the eviction of one virtual machine, without a target."""
    movable = finding.migratable and bool(finding.eligible)
    obstacle = ", ".join(finding.restrictions) or "no node can take it"
    match strategy(finding.vmi, kubevirt), movable:
        case (("LiveMigrate" | "LiveMigrateIfPossible"), True):
            return Eviction(finding=finding, outcome=Outcome.MOVES)
        case "LiveMigrate", False:
            return Eviction(finding=finding, outcome=Outcome.STAYS, why=obstacle)
        case "External", _:
            return Eviction(finding=finding, outcome=Outcome.STAYS, why="its eviction strategy is External")
        case "LiveMigrateIfPossible", False:
            return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=obstacle)
        case _:
            needless = "no eviction strategy, though it could move"
            return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=needless if movable else obstacle)


def hanging_drain(vmi: VirtualMachineInstance) -> str:
    """Say that a virtual machine that can't migrate will hold a drain; "" where its own strategy lets it go."""
    if vmi.eviction_strategy != "LiveMigrate":
        return ""
    return f"{vmi.field('evictionStrategy')} is LiveMigrate, but it can't migrate: a drain of its node will hang"
