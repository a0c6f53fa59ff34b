"""What a pod asks of a node, as kube-scheduler counts it: containers, sidecars, other init containers, overhead."""

from collections.abc import Mapping
from decimal import Decimal

from fidelity.selectors import Json
from webhook.objects.quantity import read_quantity

Requests = Mapping[str, Decimal]
"""Amounts by resource; one that isn't asked for is missing."""


def requested(pod: Json) -> Requests:
    """Return what the pod asks for.

    An init container runs beside the sidecars that were started before it, and beside nothing else.
    """
    spec = pod["spec"]
    sidecars: Requests = {}
    starting: Requests = {}
    for container in spec.get("initContainers", ()):
        if container.get("restartPolicy") == "Always":
            sidecars = _sum(sidecars, _of(container))
            starting = _most(starting, sidecars)
        else:
            starting = _most(starting, _sum(sidecars, _of(container)))
    running = _sum(sidecars, *map(_of, spec.get("containers", ())))
    whole = _sum(_most(running, starting), _amounts(spec.get("overhead", {})))
    return {name: amount for name, amount in whole.items() if amount}


def _of(container: Json) -> Requests:
    """Return what a container asks for; a limit is a request where there is no other, as the API server has it."""
    resources = container.get("resources", {})
    return _amounts({**resources.get("limits", {}), **resources.get("requests", {})})


def _amounts(quantities: Mapping[str, str]) -> Requests:
    return {name: read_quantity(quantity) or Decimal(0) for name, quantity in quantities.items()}


def _sum(*parts: Requests) -> Requests:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: sum((part.get(name, Decimal(0)) for part in parts), start=Decimal(0)) for name in names}


def _most(one: Requests, other: Requests) -> Requests:
    return {name: max(one.get(name, Decimal(0)), other.get(name, Decimal(0))) for name in (*one, *other)}
