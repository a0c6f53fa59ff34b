"""A VM on node-a, the cluster around it, and where it can go."""

from collections.abc import Mapping
from typing import Any

from testbed.builders import a_cluster, a_launcher, a_node, a_spec, a_vmi
from webhook.engine.placement import Placement, place

SOURCE = a_node("node-a")
LAUNCHER = a_launcher("node-a")


def placed(
    *documents: Any, spec: Any = None, status: Any = None, added: Mapping[str, str] | None = None, **metadata: Any
) -> Placement:
    """Return where the VM `default/web` on node-a can go in a cluster."""
    vmi = a_vmi(a_spec(**(spec or {})), status=status, uid="u-web", **metadata)
    return place(vmi, a_cluster(SOURCE, LAUNCHER, *documents), added or {})


def reasons(placement: Placement, node: str = "node-b") -> list[tuple[str, str]]:
    """Return the predicates that refuse a node, and their words."""
    return [(r.predicate, r.reason) for r in placement.reasons(placement.nodes.named(node))]


def affinity(*expressions: Any, fields: Any = ()) -> Any:
    """Return a node affinity with one term."""
    return node_terms({"matchExpressions": list(expressions), "matchFields": list(fields)})


def node_terms(*terms: Any) -> Any:
    """Return a node affinity with alternatives."""
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": required}}


def expression(key: str, operator: str, *values: str) -> Any:
    """Return one expression."""
    return {"key": key, "operator": operator, "values": list(values)}
