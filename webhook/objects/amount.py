"""CPU and memory: what a pod asks for, and what a node has to give."""

from typing import Final

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.quantity import read_whole


class Amount(Struct, frozen=True, kw_only=True):
    """CPU in thousandths of a core and memory in bytes; 0 where nothing is said."""

    cpu: int = 0
    memory: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        """Return the sum."""
        return Amount(cpu=self.cpu + other.cpu, memory=self.memory + other.memory)

    def __sub__(self, other: "Amount") -> "Amount":
        """Return the difference, negative where the other is more."""
        return Amount(cpu=self.cpu - other.cpu, memory=self.memory - other.memory)

    def most(self, other: "Amount") -> "Amount":
        """Return the larger of each."""
        return Amount(cpu=max(self.cpu, other.cpu), memory=max(self.memory, other.memory))

    def fits(self, other: "Amount") -> bool:
        """Tell whether this is at most the other, in CPU and in memory."""
        return self.cpu <= other.cpu and self.memory <= other.memory


NOTHING: Final = Amount()


def read_amount(resources: Fields) -> Amount:
    """Read `cpu` and `memory` of a list of resources; what is no quantity is noted and counts as absent."""
    return Amount(cpu=read_whole(resources, "cpu", 1000) or 0, memory=read_whole(resources, "memory") or 0)
