"""CPU, memory and whatever else can be counted: what a pod asks for, and what a node has to give."""

from collections.abc import Callable, Mapping
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

    def fits(self, other: "Amount") -> bool:
        """Tell whether this is at most the other, in CPU and in memory."""
        return self.cpu <= other.cpu and self.memory <= other.memory

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


def _joined(
    one: Mapping[str, int], other: Mapping[str, int], joined: Callable[[int, int], int]
) -> tuple[tuple[str, int], ...]:
    amounts = ((name, joined(one.get(name, 0), other.get(name, 0))) for name in sorted({*one, *other}))
    return tuple((name, amount) for name, amount in amounts if amount)
