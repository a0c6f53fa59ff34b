"""Reading untrusted JSON: typed getters that never raise.

What has the wrong type reads as absent, and a note is taken, so that the person can be told. `bool` is no integer,
a string is no list.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

from msgspec import Struct, field

T = TypeVar("T")

NO_STRINGS: Final[Mapping[str, str]] = {}
FIRST_NOTES: Final = 8
"""Notes about one field that are kept as they are; the others are counted."""
NOTE_LIMIT: Final = 256
"""Characters of a note: keys are untrusted, too."""
ENTRIES: Final = 20_000
"""What is read of one document: entries of lists and maps, an object counting as much as twenty strings. No object that
anybody means to use has a tenth of it; without a bound one of 3 MiB would take seconds."""
_OBJECT: Final = 20


class Notes(Struct):
    """What could not be read of one document; bounded, however large the document is.

    `first` are notes as they are, each once, for a part of a document may be read again; `counts` tells how many there
    are about each field. `left` is how many entries may still be read, `unread` are the fields of which entries had to
    be left out.
    """

    first: dict[str, None] = {}
    counts: dict[str, int] = {}
    left: int = ENTRIES
    unread: dict[str, None] = {}

    def add(self, about: str, note: str) -> None:
        """Take a note about a field."""
        note = note[:NOTE_LIMIT]
        if note in self.first:
            return
        count = self.counts[about] = self.counts.get(about, 0) + 1
        if count <= FIRST_NOTES:
            self.first[note] = None

    def count(self, about: str, more: int) -> None:
        """Count notes about a field that are not kept."""
        if more:
            self.counts[about] = self.counts.get(about, 0) + more

    def spend(self, cost: int, count: int) -> int:
        """Return how many of so many entries may be read, each at this cost; what is read is spent."""
        affordable = min(count, self.left // cost)
        self.left -= affordable * cost
        return affordable

    def all(self) -> tuple[str, ...]:
        """Return the first notes of each field, then how many more there are of it."""
        if not self.first:
            return ()
        more = ((about, count - FIRST_NOTES) for about, count in self.counts.items() if count > FIRST_NOTES)
        return (
            *dict.fromkeys(self.first),
            *(f"{about}: {count:,} more entries can't be read" for about, count in more),
        )


class Fields(Struct):
    """A reader of one JSON object in a document: `value` is the object, `notes` belong to the whole document.

    `above`, `key` and (in a list) `index` say where the object stands. A hundred are made for each document: a Struct
    is made in half the time of a class.
    """

    value: Mapping[str, Any]
    notes: Notes = field(default_factory=Notes)
    above: "Fields | None" = None
    key: str = ""
    index: int | None = None

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
            self._note_type(key, self.value[key], "a whole number")
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
        return Fields(self._typed(key, dict, "an object") or {}, self.notes, self, key)

    def objects(self, key: str) -> Iterator[tuple[int, "Fields"]]:
        """Yield the objects of a list with their positions; entries of another type are noted and left out."""
        entries: list[Any] = self._typed(key, list, "a list") or []
        for index, value in enumerate(islice(entries, self._readable(key, len(entries), _OBJECT))):
            if isinstance(value, dict):
                yield index, Fields(value, self.notes, self, key, index)
            else:
                self._note_type(key, value, "an object", f"[{index}]")

    def strings(self, key: str) -> tuple[str, ...]:
        """Return the strings of a list; entries of another type are noted and left out."""
        entries: list[Any] = self._typed(key, list, "a list") or []
        entries = entries[: self._readable(key, len(entries))]
        if set(map(type, entries)) - {str}:
            self._note_entries(key, enumerate(entries))
        return tuple(value for value in entries if isinstance(value, str))

    def string_map(self, key: str) -> Mapping[str, str]:
        """Return an object of strings such as labels; values of another type are noted and left out."""
        entries: dict[str, Any] | None = self._typed(key, dict, "an object")
        if not entries:
            return NO_STRINGS
        if (readable := self._readable(key, len(entries))) < len(entries):
            entries = dict(islice(entries.items(), readable))
        if set(map(type, entries.values())) == {str}:
            return dict(entries)
        self._note_entries(key, entries.items())
        return {name: value for name, value in entries.items() if isinstance(value, str)}

    def note(self, key: str, problem: str, entry: str = "") -> None:
        """Take a note about a key, or about an entry (`[3]`) under it: `problem` goes on after its path."""
        self.notes.add(self._path(key, indexes=False), f"{self._path(key)}{entry} {problem}")

    def _readable(self, key: str, count: int, cost: int = 1) -> int:
        """Return how many entries of a list or map may be read; it is noted when that isn't all."""
        readable = self.notes.spend(cost, count)
        if readable < count:
            path = self._path(key, indexes=False)[:NOTE_LIMIT]
            self.notes.unread[path] = None
            self.notes.add(path, f"{path} has {count:,} entries, of which only {readable:,} are read")
        return readable

    def _typed(self, key: str, wanted: type[T], words: str) -> T | None:
        value = self.value.get(key)
        if value is None or isinstance(value, wanted):
            return value
        self._note_type(key, value, words)
        return None

    def _note_type(self, key: str, value: Any, wanted: str, entry: str = "") -> None:
        self.note(key, f"is {kind_of(value)}, not {wanted}", entry)

    def _note_entries(self, key: str, entries: Iterable[tuple[Any, Any]]) -> None:
        """Take a note about each entry that is no string; beyond the first ones they are only counted."""
        wrong = [(name, value) for name, value in entries if not isinstance(value, str)]
        for name, value in wrong[:FIRST_NOTES]:
            self._note_type(key, value, "a string", f"[{name}]")
        self.notes.count(self._path(key, indexes=False), len(wrong[FIRST_NOTES:]))

    def _path(self, key: str, *, indexes: bool = True) -> str:
        """Return the dotted path of a key as kubectl prints it: `spec.domain.devices.disks[1].name`."""
        if self.above is None:
            return key
        place = "" if self.index is None else f"[{self.index if indexes else ''}]"
        return f"{self.above._path(self.key, indexes=indexes)}{place}.{key}"  # noqa: SLF001 - another of the same class


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
