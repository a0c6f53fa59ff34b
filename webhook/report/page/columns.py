"""The columns of the matrix: a node each in a small cluster, nodes that look alike together in a large one."""

from collections import defaultdict
from collections.abc import Hashable
from typing import Final

from msgspec import Struct

from webhook.foresight.survey import Finding, Survey
from webhook.objects.node import Node
from webhook.state.nodes import NodeSet

SINGLE: Final = 12
"""So many nodes have a column of their own."""
GROUPED: Final = 16
"""So many groups of nodes are shown; the smallest others share the last column."""
_TELLING: Final = ("kubevirt.io", "kubernetes.io/arch", "topology.kubernetes.io/zone", "network.harvesterhci.io")


class Column(Struct, frozen=True, kw_only=True):
    """One node, or a group of them; `about` names all of them."""

    title: str
    about: str
    nodes: NodeSet


def columns(survey: Survey) -> list[Column]:
    """Choose the columns."""
    nodes = survey.snapshot.nodes
    names = survey.names(nodes.all)
    if len(names) <= SINGLE:
        return [Column(title=name, about="", nodes=nodes.named(name)) for name in names]
    groups: dict[Hashable, NodeSet] = defaultdict(int)
    for name in names:
        groups[_looks(nodes.get("", name))] |= nodes.named(name)
    by_size = sorted(groups.values(), key=lambda group: (-group.bit_count(), survey.names(group)))
    shown, rest = by_size[:GROUPED], sum(by_size[GROUPED:])
    return [_group(group, survey) for group in [*shown, *([rest] if rest else [])]]


def cell(column: Column, finding: Finding, survey: Survey) -> tuple[str, str]:
    """Return a cell's word and its style: `yes`, `no`, `here`, `3/4`, or nothing for what doesn't run."""
    if not finding.placement:
        return "", ""
    able = (finding.eligible & column.nodes).bit_count()
    here = survey.snapshot.nodes.named(finding.vmi.status.node) & column.nodes
    if here == column.nodes:
        return "here", "here"
    total = (column.nodes & ~here).bit_count()
    if able in {0, total}:
        return ("yes", "yes") if able else ("no", "no")
    return f"{able}/{total}", "some"


def _looks(node: Node | None) -> Hashable:
    if node is None:
        return None
    labels = frozenset(label for label in node.labels if any(word in label[0] for word in _TELLING))
    return labels, node.taints, node.unschedulable, node.ready, node.maintenance


def _group(nodes: NodeSet, survey: Survey) -> Column:
    names = survey.names(nodes)
    if len(names) == 1:
        return Column(title=names[0], about="", nodes=nodes)
    return Column(title=f"{names[0]} +{len(names) - 1}", about=", ".join(names), nodes=nodes)
