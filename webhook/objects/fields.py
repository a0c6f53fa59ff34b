"""Reading untrusted JSON: typed getters that never raise.

What has the wrong type reads as absent, and the path is noted, so that the person can be told. `bool` is no integer,
a string is no list.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct

T = TypeVar("T")

NO_STRINGS: Final[Mapping[str, str]] = {}


class Fields(Struct, frozen=True):
    """One JSON object, where it stands in its document, and the notes about what could not be read.

    `path` is the dotted path as kubectl prints it (`spec.domain.devices.disks[1]`), "" for the document itself.
    `misread` is shared by everything read from one document.
    """

    value: Mapping[str, Any]
    path: str = ""
    misread: list[str] = []

    def has(self, key: str) -> bool:
        """Tell whether the key is there with any value but null."""
        return self.value.get(key) is not None

    def text(self, key: str) -> str:
        """Return a string, "" when absent."""
        return self._typed(key, str, "a string") or ""

    def flag(self, key: str) -> bool | None:
        """Return a boolean, None when absent."""
        return self._typed(key, bool, "true or false")

    def number(self, key: str) -> int | None:
        """Return an integer, None when absent; a boolean is none."""
        if isinstance(self.value.get(key), bool):
            self._note(key, "a whole number")
            return None
        return self._typed(key, int, "a whole number")

    def scalar(self, key: str) -> str:
        """Return a quantity or an int-or-string as text, "" when absent."""
        value = self.value.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        return self.text(key)

    def object(self, key: str) -> "Fields":
        """Return the object under the key; an empty one when absent."""
        return Fields(self._typed(key, dict, "an object") or {}, self._at(key), self.misread)

    def objects(self, key: str) -> Iterator[tuple[int, "Fields"]]:
        """Yield the objects of a list with their positions; entries of another type are noted and left out."""
        for index, value in enumerate(self._typed(key, list, "a list") or ()):
            path = f"{self._at(key)}[{index}]"
            if isinstance(value, dict):
                yield index, Fields(value, path, self.misread)
            else:
                self.misread.append(f"{path} is {kind_of(value)}, not an object")

    def strings(self, key: str) -> tuple[str, ...]:
        """Return the strings of a list; entries of another type are noted and left out."""
        entries: list[Any] = self._typed(key, list, "a list") or []
        for index, value in enumerate(entries):
            if not isinstance(value, str):
                self.misread.append(f"{self._at(key)}[{index}] is {kind_of(value)}, not a string")
        return tuple(value for value in entries if isinstance(value, str))

    def string_map(self, key: str) -> Mapping[str, str]:
        """Return an object of strings such as labels; values of another type are noted and left out."""
        entries: dict[str, Any] | None = self._typed(key, dict, "an object")
        if not entries:
            return NO_STRINGS
        if set(map(type, entries.values())) == {str}:
            return dict(entries)
        for name, value in entries.items():
            if not isinstance(value, str):
                self.misread.append(f"{self._at(key)}[{name}] is {kind_of(value)}, not a string")
        return {name: value for name, value in entries.items() if isinstance(value, str)}

    def _typed(self, key: str, wanted: type[T], words: str) -> T | None:
        value = self.value.get(key)
        if value is None or isinstance(value, wanted):
            return value
        self._note(key, words)
        return None

    def _note(self, key: str, words: str) -> None:
        self.misread.append(f"{self._at(key)} is {kind_of(self.value[key])}, not {words}")

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def kind_of(value: object) -> str:
    """Name a JSON value's type in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"
