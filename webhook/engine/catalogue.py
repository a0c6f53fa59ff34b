"""Everything that can forbid a move, with its documentation: what `explain` prints and the README lists.

The documentation of a restriction or target predicate is its module's docstring; it is written nowhere else.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from webhook.engine import restrictions, targets

RESTRICTION: Final = "restriction"
PREDICATE: Final = "target predicate"


class Entry(Struct, frozen=True, kw_only=True):
    """One restriction, or one reason why a node can't take a virtual machine."""

    id: str
    kind: str
    text: str

    @property
    def title(self) -> str:
        """The first sentence."""
        return self.text.partition("\n")[0].rstrip(".")

    @property
    def remedy(self) -> str:
        """What to do about it, in one line."""
        found = re.search(r"^Remedy: (.*?)\.?$(?=\n\w+: |\Z)", self.text, re.MULTILINE | re.DOTALL)
        return " ".join(found[1].split()) if found else ""


def entries() -> Iterator[Entry]:
    """Yield everything, in the order in which it is judged."""
    for restriction in restrictions.ALL:
        yield Entry(id=restriction.ID, kind=RESTRICTION, text=inspect.cleandoc(restriction.__doc__ or ""))
    for predicate in targets.ALL:
        yield Entry(id=predicate.ID, kind=PREDICATE, text=inspect.cleandoc(predicate.__doc__ or ""))


def named(entry_id: str) -> tuple[Entry, ...]:
    """Return what has this id: a restriction and a target predicate may share one."""
    return tuple(entry for entry in entries() if entry.id == entry_id)
