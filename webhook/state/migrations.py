"""The migrations, and apart from them those that have not ended: objects of the others stay for ever."""

from collections.abc import Mapping
from typing import Self

from webhook.objects.migration import Migration
from webhook.objects.phases import FINAL_PHASES
from webhook.state.table import Key, Table


class MigrationTable(Table[Migration]):
    """The migrations; `unfinished` are those that wait or go on."""

    __slots__ = ("unfinished",)

    def __init__(
        self,
        namespaces: Mapping[str, Mapping[str, Migration]] | None = None,
        unfinished: Mapping[Key, Migration] | None = None,
    ) -> None:
        """Take the migrations, and the unfinished ones once more."""
        super().__init__(namespaces)
        self.unfinished = unfinished or {}

    def replaced(self, changes: Mapping[Key, Migration | None]) -> Self:
        """Make the successor."""
        unfinished = {key: each for key, each in self.unfinished.items() if key not in changes}
        unfinished |= {key: each for key, each in changes.items() if each and each.phase not in FINAL_PHASES}
        return type(self)(self._successor(changes), unfinished)
