"""Random selectors, affinity terms, spread constraints and tolerations."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from fidelity.words import (
    EFFECTS,
    NAMESPACE_LABELS,
    NAMESPACES,
    NODE_LABELS,
    POD_LABELS,
    TAINT_KEYS,
    TAINT_VALUES,
    TOPOLOGY_KEYS,
    TRACK,
)

Json = dict[str, Any]
Vocabulary = Mapping[str, Sequence[str]]

POSITIVE: Final = ("In", "Exists")
OPERATORS: Final = (*POSITIVE, "NotIn", "DoesNotExist")


def chance(random: Random, share: float) -> bool:
    """Tell whether it happens this time."""
    return random.random() < share


def some(random: Random, choices: Sequence[str], most: int) -> list[str]:
    """Return one to `most` different choices."""
    different = list(dict.fromkeys(choices))
    return random.sample(different, random.randint(1, min(most, len(different))))


def label_selector(random: Random) -> Json | None:
    """Return a selector of pods; at times one that selects all of them, or (None) no pod at all."""
    kind = random.random()
    if kind < 0.04:
        return None
    if kind < 0.1:
        return {}
    return _selector(random, {key: POD_LABELS[key] for key in ("app", "tier")})


def _selector(random: Random, words: Vocabulary, operators: Sequence[str] = OPERATORS) -> Json:
    if chance(random, 0.5):
        key = random.choice(list(words))
        return {"matchLabels": {key: random.choice(words[key])}}
    return {"matchExpressions": [_expression(random, words, operators) for _ in range(random.choice((1, 1, 2)))]}


def _expression(random: Random, words: Vocabulary, operators: Sequence[str]) -> Json:
    key = random.choice(list(words))
    operator = random.choice(operators)
    if operator in {"In", "NotIn"}:
        return {"key": key, "operator": operator, "values": some(random, words[key], 2)}
    return {"key": key, "operator": operator}


def node_terms(random: Random, names: Sequence[str]) -> list[Json]:
    """Return one to three alternatives of conditions on nodes with these names."""
    return [_node_term(random, names) for _ in range(random.choice((1, 2, 2, 3)))]


def _node_term(random: Random, names: Sequence[str]) -> Json:
    kind = random.random()
    if kind < 0.03:
        return {}
    fields = {"matchFields": [_name_field(random, names) for _ in range(random.choice((1, 1, 1, 2)))]}
    if kind < 0.15:
        return fields
    expressions = {"matchExpressions": [_node_expression(random) for _ in range(random.choice((1, 1, 2)))]}
    return expressions | fields if kind < 0.25 else expressions


def _name_field(random: Random, names: Sequence[str]) -> Json:
    operator = random.choice(("In", "NotIn", "NotIn"))
    return {"key": "metadata.name", "operator": operator, "values": [random.choice((*names, "nobody"))]}


def _node_expression(random: Random) -> Json:
    if chance(random, 0.4):
        key = "rank" if chance(random, 0.9) else random.choice(list(NODE_LABELS))
        return {
            "key": key,
            "operator": random.choice(("Gt", "Lt")),
            "values": [random.choice(("0", "1", "4", "6", "six"))],
        }
    key = random.choice([*NODE_LABELS, "nowhere"])
    operator = random.choice(("In", "In", "NotIn", "Exists", "DoesNotExist"))
    if operator in {"In", "NotIn"}:
        return {"key": key, "operator": operator, "values": some(random, NODE_LABELS.get(key, ("x",)), 3)}
    return {"key": key, "operator": operator}


def pod_term(random: Random, *, stored: bool = False) -> Json:
    """Return a term of pod affinity or anti-affinity; a `stored` one is of a pod that exists already.

    Namespaces are selected for a new pod with positive operators alone: the scheduler of Kubernetes 1.34 and 1.35
    takes every namespace for selected by a negative one (kubernetes/kubernetes#141526).
    """
    term: Json = {"topologyKey": random.choice(TOPOLOGY_KEYS)}
    selector = label_selector(random)
    if selector is not None:
        term["labelSelector"] = selector
    if chance(random, 0.35):
        term["namespaces"] = some(random, NAMESPACES, 2)
    if chance(random, 0.45):
        operators = OPERATORS if stored else POSITIVE
        term["namespaceSelector"] = {} if chance(random, 0.3) else _selector(random, NAMESPACE_LABELS, operators)
    if selector is not None and not stored and chance(random, 0.25):
        term[random.choice(("matchLabelKeys", "mismatchLabelKeys"))] = [TRACK]
    return term


def spread_constraint(random: Random, key: str) -> Json:
    """Return a topology spread constraint on a key."""
    must = chance(random, 0.85)
    selector = label_selector(random)
    constraint: Json = {
        "maxSkew": random.choice((1, 1, 1, 2, 3)),
        "topologyKey": key,
        "whenUnsatisfiable": "DoNotSchedule" if must else "ScheduleAnyway",
    }
    if selector is not None:
        constraint["labelSelector"] = selector
    if selector is not None and chance(random, 0.25):
        constraint["matchLabelKeys"] = [TRACK]
    if must and chance(random, 0.4):
        constraint["minDomains"] = random.randint(1, 7)
    for policy, unusual in (("nodeAffinityPolicy", "Ignore"), ("nodeTaintsPolicy", "Honor")):
        if chance(random, 0.6):
            constraint[policy] = unusual if chance(random, 0.8) else random.choice(("Honor", "Ignore"))
    return constraint


def taint(random: Random, keys: Sequence[str] = TAINT_KEYS) -> Json:
    """Return a taint with one of the keys."""
    value = random.choice(TAINT_VALUES)
    effect = random.choice(EFFECTS)
    return {"key": random.choice(keys), "effect": effect} | ({"value": value} if value else {})


def toleration(random: Random, keys: Sequence[str] = TAINT_KEYS) -> Json:
    """Return a toleration of one of the keys; now and then of all taints."""
    wanted: Json = {}
    if chance(random, 0.9):
        wanted["key"] = random.choice(keys)
    if chance(random, 0.6):
        wanted["effect"] = random.choice(EFFECTS)
    if "key" not in wanted or chance(random, 0.4):
        return wanted | {"operator": "Exists"}
    if chance(random, 0.5):
        wanted["operator"] = "Equal"
    value = random.choice(TAINT_VALUES)
    return wanted | ({"value": value} if value else {})
