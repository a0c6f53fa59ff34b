"""What a target predicate is: a module with a docstring, an id, and what it says of nodes."""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from webhook.engine.target_pod.demands import Demands
from webhook.engine.target_pod.pod import TargetPod
from webhook.objects.scheduling import Requirement
from webhook.state.nodes import NodeSet
from webhook.state.snapshot import Snapshot


class Refusal(Struct, frozen=True, kw_only=True):
    """A set of nodes that can't take a pod, and why: `reason` is a clause about one node (`is cordoned`).

    `temporary` is true where waiting is enough: a pod is in the way that is ending.
    """

    predicate: str
    nodes: NodeSet
    reason: str
    temporary: bool = False


class Predicate(Protocol):
    """A module of this package: its docstring is the documentation, its name the id with underscores."""

    ID: str
    __doc__: str | None


class NodePredicate(Predicate, Protocol):
    """One that looks at a node by itself: pods with the same demands are refused alike, and judged once."""

    def refusals(self, demands: Demands, snapshot: Snapshot, /) -> Iterator[Refusal]:
        """Yield the sets of nodes that can't take such a pod, each with its reason."""


class PodPredicate(Predicate, Protocol):
    """One that looks at the pods on the nodes."""

    def refusals(self, pod: TargetPod, snapshot: Snapshot, /) -> Iterator[Refusal]:
        """Yield the sets of nodes that can't take the pod, each with its reason."""


class LabelPredicate(Predicate, Protocol):
    """One that owns labels: a requirement for one of them is refused in its words."""

    @property
    def LABELS(self) -> tuple[str, ...]:  # noqa: N802 - a constant of the module
        """Keys of labels, or beginnings of keys where they end with `/` or `-`."""

    def reason(self, requirement: Requirement, /) -> str:
        """Say what is wrong with a node that doesn't meet the requirement: a clause about the node."""
