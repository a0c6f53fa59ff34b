"""Where a pod may run: selectors, affinity, tolerations and topology spread, as VMIs and pods write them.

Only what is *required* is read; preferences never keep a pod from a node.
Source: `PodSpec` of k8s.io/api/core/v1, whose scheduling fields a VMI's specification repeats.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from webhook.objects.fields import NO_STRINGS, Fields

NAME_FIELD: Final = "metadata.name"
OPERATORS: Final = frozenset({"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"})
_WHOLE_NUMBER: Final = re.compile(r"[+-]?0{0,60}[0-9]{1,19}")
_LARGEST: Final = 2**63
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


class Requirement(Struct, frozen=True, kw_only=True):
    """One condition on a label, or on the object's name where `field` is true.

    `operator` is one of OPERATORS; `values` are those that it compares with.
    """

    key: str
    operator: str = "In"
    values: tuple[str, ...] = ()
    field: bool = False

    def accepts(self, value: str | None) -> bool:
        """Tell whether the condition holds for a label's value, None where there is no such label."""
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        return value is not None and self._compares(value)

    def __str__(self) -> str:
        """Return it as kubectl writes selectors: `zone in (a, b)`, `!zone`, `rank>3`."""
        match self.operator:
            case "In" if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case "In" | "NotIn":
                return f"{self.key} {'in' if self.operator == 'In' else 'not in'} ({', '.join(self.values)})"
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"
        return f"{self.key}{'>' if self.operator == 'Gt' else '<'}{''.join(self.values)}"

    def _compares(self, value: str) -> bool:
        ours, *theirs = map(_whole_number, (value, *self.values))
        if ours is None or len(theirs) != 1 or theirs[0] is None:
            return False
        return ours > theirs[0] if self.operator == "Gt" else ours < theirs[0]


def _whole_number(text: str) -> int | None:
    number = int(text) if _WHOLE_NUMBER.fullmatch(text) else None
    return number if number is None or -_LARGEST <= number < _LARGEST else None


class Selector(Struct, frozen=True, kw_only=True):
    """A label selector: all requirements hold. Without any it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an object with these labels is selected."""
        return all(requirement.accepts(labels.get(requirement.key)) for requirement in self.requirements)

    def value_of(self, key: str) -> str | None:
        """Return the value of a label that every selected object carries for certain, None when there is none."""
        for requirement in self.requirements:
            if requirement.key == key and requirement.operator == "In" and len(requirement.values) == 1:
                return requirement.values[0]
        return None

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The labels that every selected object carries for certain, with their values."""
        return frozenset((r.key, r.values[0]) for r in self.requirements if r.operator == "In" and len(r.values) == 1)


class PodTerm(Struct, frozen=True, kw_only=True):
    """A required term of pod affinity or anti-affinity.

    `selector` None selects no pod. `namespaces` are those named, `namespace_selector` those selected by their labels;
    with neither the pod's own is meant. `match_label_keys` and `mismatch_label_keys` stand for requirements on the
    pod's own values of these labels; the API server resolves them when the pod is created.
    """

    selector: Selector | None
    topology_key: str
    namespaces: tuple[str, ...] = ()
    namespace_selector: Selector | None = None
    match_label_keys: tuple[str, ...] = ()
    mismatch_label_keys: tuple[str, ...] = ()


class Affinity(Struct, frozen=True, kw_only=True):
    """What is required of the node and of the pods near it.

    `node_terms` are alternatives, each a conjunction; None where nothing is required of the node. An empty
    alternative is met by no node.
    """

    node_terms: tuple[tuple[Requirement, ...], ...] | None = None
    pods: tuple[PodTerm, ...] = ()
    anti_pods: tuple[PodTerm, ...] = ()


class Taint(Struct, frozen=True, kw_only=True):
    """A node's taint."""

    key: str
    value: str = ""
    effect: str = ""

    def __str__(self) -> str:
        """Return it as kubectl writes taints: `key=value:NoSchedule`."""
        return f"{self.key}{self.value and '='}{self.value}:{self.effect}"


class Toleration(Struct, frozen=True, kw_only=True):
    """What lets a pod run in spite of taints: an empty key or effect means all of them."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        """Tell whether the pod may run in spite of the taint. `Lt` and `Gt` are off in Kubernetes by default."""
        if (self.effect and self.effect != taint.effect) or (self.key and self.key != taint.key):
            return False
        return self.operator == "Exists" or (self.operator in {"", "Equal"} and self.value == taint.value)


class SpreadConstraint(Struct, frozen=True, kw_only=True):
    """A topology spread constraint that forbids (`DoNotSchedule`).

    `selector` None selects no pod. `honors_affinity` and `honors_taints` say which nodes are counted at all.
    """

    topology_key: str
    max_skew: int
    selector: Selector | None
    min_domains: int = 1
    honors_affinity: bool = True
    honors_taints: bool = False
    match_label_keys: tuple[str, ...] = ()


class Scheduling(Struct, frozen=True, kw_only=True):
    """All scheduling fields of a specification."""

    node_selector: Mapping[str, str]
    affinity: Affinity
    tolerations: tuple[Toleration, ...] = ()
    spread: tuple[SpreadConstraint, ...] = ()


UNRESTRICTED: Final = Scheduling(node_selector=NO_STRINGS, affinity=Affinity())
"""No rule at all."""


def read_scheduling(spec: Fields) -> Scheduling:
    """Read the scheduling fields of a VMI's or a pod's `spec`."""
    scheduling = Scheduling(
        node_selector=spec.string_map("nodeSelector"),
        affinity=read_affinity(spec),
        tolerations=tuple(_toleration(toleration) for _, toleration in spec.objects("tolerations")),
        spread=tuple(_spread_constraints(spec)),
    )
    return UNRESTRICTED if scheduling == UNRESTRICTED else scheduling


def read_affinity(spec: Fields) -> Affinity:
    """Read what is required in `spec.affinity`."""
    affinity = spec.object("affinity")
    return Affinity(
        node_terms=_node_terms(affinity.object("nodeAffinity")),
        pods=tuple(_pod_terms(affinity.object("podAffinity"))),
        anti_pods=tuple(_pod_terms(affinity.object("podAntiAffinity"))),
    )


def read_taints(spec: Fields) -> tuple[Taint, ...]:
    """Read a node's `spec.taints`."""
    return tuple(
        Taint(key=taint.text("key"), value=taint.text("value"), effect=taint.text("effect"))
        for _, taint in spec.objects("taints")
    )


def _node_terms(affinity: Fields) -> tuple[tuple[Requirement, ...], ...] | None:
    if not affinity.has(_REQUIRED):
        return None
    terms = affinity.object(_REQUIRED).objects("nodeSelectorTerms")
    return tuple(
        (*_requirements(term, "matchExpressions"), *_requirements(term, "matchFields", field=True)) for _, term in terms
    )


def _requirements(holder: Fields, key: str, *, field: bool = False) -> Iterator[Requirement]:
    for _, expression in holder.objects(key):
        operator = expression.text("operator")
        if operator in OPERATORS:
            yield Requirement(
                key=expression.text("key"), operator=operator, values=expression.strings("values"), field=field
            )
        else:
            expression.note("operator", f"is none of {', '.join(sorted(OPERATORS))}")


def _pod_terms(affinity: Fields) -> Iterator[PodTerm]:
    for _, term in affinity.objects(_REQUIRED):
        yield PodTerm(
            selector=read_selector(term, "labelSelector"),
            topology_key=term.text("topologyKey"),
            namespaces=term.strings("namespaces"),
            namespace_selector=read_selector(term, "namespaceSelector"),
            match_label_keys=term.strings("matchLabelKeys"),
            mismatch_label_keys=term.strings("mismatchLabelKeys"),
        )


def read_selector(holder: Fields, key: str) -> Selector | None:
    """Read a label selector, None when there is none."""
    if not holder.has(key):
        return None
    fields = holder.object(key)
    equal = (Requirement(key=name, values=(value,)) for name, value in sorted(fields.string_map("matchLabels").items()))
    return Selector(requirements=(*equal, *_requirements(fields, "matchExpressions")))


def _toleration(toleration: Fields) -> Toleration:
    return Toleration(
        key=toleration.text("key"),
        operator=toleration.text("operator"),
        value=toleration.text("value"),
        effect=toleration.text("effect"),
    )


def _spread_constraints(spec: Fields) -> Iterator[SpreadConstraint]:
    for _, constraint in spec.objects("topologySpreadConstraints"):
        if constraint.text("whenUnsatisfiable") == "DoNotSchedule":
            yield SpreadConstraint(
                topology_key=constraint.text("topologyKey"),
                max_skew=constraint.number("maxSkew") or 1,
                selector=read_selector(constraint, "labelSelector"),
                min_domains=constraint.number("minDomains") or 1,
                honors_affinity=constraint.text("nodeAffinityPolicy") != "Ignore",
                honors_taints=constraint.text("nodeTaintsPolicy") == "Honor",
                match_label_keys=constraint.strings("matchLabelKeys"),
            )
