"""CPU, memory and whatever else can be counted: what a pod asks for, and what a node has to give."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from operator import add, sub
from typing import Final

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.quantity import read_whole

MOST: Final = 200
"""Resources besides CPU and memory that are read of one list: a node with a device of each kind has some ten."""
_OWN: Final = frozenset({"cpu", "memory"})


class Amount(Struct, frozen=True, kw_only=True):
    """CPU in thousandths of a core and memory in bytes; 0 where nothing is said.

    `others` are pairs of any other resource and its amount, by name: `devices.kubevirt.io/kvm`, `hugepages-2Mi`.
    """

    cpu: int = 0
    memory: int = 0
    others: tuple[tuple[str, int], ...] = ()

    def __add__(self, other: "Amount") -> "Amount":
        """Return the sum."""
        return self._with(other, add)

    def __sub__(self, other: "Amount") -> "Amount":
        """Return the difference, negative where the other is more."""
        return self._with(other, sub)

    def most(self, other: "Amount") -> "Amount":
        """Return the larger of each."""
        return self._with(other, max)

    def replaced_by(self, other: "Amount") -> "Amount":
        """Return the other's amounts, and these where the other says nothing."""
        return Amount(
            cpu=other.cpu or self.cpu,
            memory=other.memory or self.memory,
            others=tuple(sorted({**dict(self.others), **dict(other.others)}.items())),
        )

    def fits(self, other: "Amount") -> bool:
        """Tell whether this is at most the other, in everything that is asked for."""
        return all(amount <= other.of(resource) for resource, amount in self.items() if amount > 0)

    def of(self, resource: str) -> int:
        """Return how much there is of a resource, by its name."""
        if resource == "memory":
            return self.memory
        if resource == "cpu":
            return self.cpu
        return next((amount for name, amount in self.others if name == resource), 0)

    def items(self) -> Iterator[tuple[str, int]]:
        """Yield each resource with how much there is."""
        yield "cpu", self.cpu
        yield "memory", self.memory
        yield from self.others

    def _with(self, other: "Amount", joined: Callable[[int, int], int]) -> "Amount":
        return Amount(
            cpu=joined(self.cpu, other.cpu),
            memory=joined(self.memory, other.memory),
            others=_joined(dict(self.others), dict(other.others), joined) if self.others or other.others else (),
        )


NOTHING: Final = Amount()


def read_amount(resources: Fields) -> Amount:
    """Read a list of resources; what is no quantity is noted and counts as absent."""
    names = islice(resources.value.keys() - _OWN, MOST)
    others = ((name, read_whole(resources, name) or 0) for name in sorted(names))
    return Amount(
        cpu=read_whole(resources, "cpu", 1000) or 0,
        memory=read_whole(resources, "memory") or 0,
        others=tuple((name, amount) for name, amount in others if amount),
    )


def total(amounts: Iterable[Amount]) -> Amount:
    """Return the sum of many amounts."""
    cpu = memory = 0
    others: dict[str, int] = {}
    for amount in amounts:
        cpu += amount.cpu
        memory += amount.memory
        for resource, number in amount.others:
            others[resource] = others.get(resource, 0) + number
    return Amount(cpu=cpu, memory=memory, others=tuple(sorted(others.items())))


def worded(resource: str, amount: int) -> str:
    """Return an amount as people write it: `1.5` cores, `8.4Gi`, `2` devices."""
    if resource == "cpu":
        return f"{amount / 1000:.3g}"
    if resource in {"memory", "ephemeral-storage"} or resource.startswith("hugepages-"):
        unit, size = ("Gi", 1024**3) if amount >= 1024**3 else ("Mi", 1024**2)
        return f"{amount / size:.1f}".removesuffix(".0") + unit if amount else "0"
    return str(amount)


def _joined(
    one: Mapping[str, int], other: Mapping[str, int], joined: Callable[[int, int], int]
) -> tuple[tuple[str, int], ...]:
    amounts = ((name, joined(one.get(name, 0), other.get(name, 0))) for name in sorted({*one, *other}))
    return tuple((name, amount) for name, amount in amounts if amount)
