"""Where a field stands in a file."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from webhook.objects.vmi import VirtualMachineInstance


class Position(Struct, frozen=True, kw_only=True):
    """A file, as it was named, and a position in it; both numbers begin at 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return it as compilers write it."""
        return f"{self.file}:{self.line}:{self.column}"


Locate: TypeAlias = Callable[[VirtualMachineInstance, str], Position | None]
"""Where a field of a virtual machine was written; None for what comes from a cluster."""


def in_no_file(machine: VirtualMachineInstance, field: str) -> Position | None:  # noqa: ARG001 - it fits Locate
    """Return None: objects of a cluster stand in no file."""
    return None
