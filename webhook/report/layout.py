"""Text for terminals: tables and paragraphs that never cut a value, however narrow the terminal is.

Where a table doesn't fit, its columns of words take several lines; where that isn't enough, columns are left out and
named. What still doesn't fit makes a line longer than the terminal, which wraps it and copies it as one.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, TypeAlias

import click
from msgspec import Struct

GAP: Final = 2
"""Blanks between columns."""
LEAST: Final = 16
"""Characters that a column of words has before another column is left out for it."""
_STYLES: Final = {"good": {"fg": "green"}, "bad": {"fg": "red"}, "soft": {"fg": "yellow"}}
_BRIGHTNESS: Final = {"head": {"bold": True}, "dim": {"dim": True}}


class Cell(Struct, frozen=True):
    """A piece of text. A `whole` one, such as a command, is never wrapped."""

    text: str
    style: str = ""
    whole: bool = False


Line: TypeAlias = tuple[Cell, ...]
"""Pieces of one line, which is never wrapped."""


class Column(Struct, frozen=True):
    """A column. One of `words` may take several lines.

    The one with the highest `spare` is left out first, 0 never; `wide` ones are shown only where they are asked for.
    """

    header: str
    words: bool = False
    spare: int = 0
    wide: bool = False


class Table(Struct, frozen=True):
    """Columns and rows; without `headers` there are none even where a screen shows them."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    headers: bool = True
    indent: int = 0


Part: TypeAlias = Table | Line | Cell
"""A cell by itself is a paragraph."""


class Screen(Struct, frozen=True, kw_only=True):
    """Where it is shown. Width 0 is as wide as it needs to be; `wide` shows all columns in one line each."""

    width: int = 0
    colours: bool = False
    headers: bool = True
    wide: bool = False


def rendered(parts: Iterable[Part], screen: Screen) -> str:
    """Return the text of tables and lines; without colours there is no escape sequence in it at all.

    Of what begins with a table, a screen without headers shows the rows of that table alone.
    """
    first, *others = [*parts] or [Cell("")]
    shown = [first] if isinstance(first, Table) and not screen.headers else [first, *others]
    return "".join(f"{line}\n" for part in shown for line in _lines(part, screen))


def row_texts(table: Table, screen: Screen) -> Iterator[str]:
    """Yield the text of each row, laid out as in the whole table."""
    laid_out = _Layout(table, screen)
    return ("\n".join(laid_out.row(row)) for row in table.rows)


def _lines(part: Part, screen: Screen) -> Iterator[str]:
    if isinstance(part, Table):
        yield from _Layout(part, screen).lines()
    elif isinstance(part, Cell):
        width = len(part.text) if screen.wide else screen.width or len(part.text)
        yield from (_styled(line, part.style, screen) for line in _wrapped(part, width))
    else:
        yield "".join(_styled(cell.text, cell.style, screen) for cell in part).rstrip()


class _Layout:
    """The columns of a table that a screen shows, and their widths."""

    def __init__(self, table: Table, screen: Screen) -> None:
        self._table, self._screen = table, screen
        self._shown = [number for number, column in enumerate(table.columns) if screen.wide or not column.wide]
        self._left_out: list[str] = []
        self._natural = [self._width(number) for number in range(len(table.columns))]
        while self._least_width() > self._room() and (spare := self._most_spare()) is not None:
            self._shown.remove(spare)
            self._left_out.insert(0, table.columns[spare].header)
        self._widths = dict(zip(self._shown, self._shared(), strict=True))

    def lines(self) -> Iterator[str]:
        """Yield header, rows, and which columns were left out."""
        columns = self._table.columns
        if self._table.headers and self._screen.headers:
            yield from self.row(tuple(Cell(column.header, "head") for column in columns))
        for row in self._table.rows:
            yield from self.row(row)
        if self._left_out:
            left_out = f"left out for want of room: {', '.join(self._left_out)} (-o wide shows all)"
            yield from _lines(Cell(left_out, "dim"), self._screen)

    def row(self, cells: Sequence[Cell]) -> Iterator[str]:
        """Yield the lines of a row."""
        pieces = [_wrapped(cells[number], self._widths[number]) for number in self._shown]
        styles = [cells[number].style for number in self._shown]
        widths = list(self._widths.values())
        for line in zip_longest(*pieces, fillvalue=""):
            last = max((n for n, text in enumerate(line) if text), default=0)
            padded = (
                _styled(text, style, self._screen) + " " * (width + GAP - len(text) if n < last else 0)
                for n, (text, style, width) in enumerate(zip(line, styles, widths, strict=True))
                if n <= last
            )
            yield (" " * self._table.indent + "".join(padded)).rstrip()

    def _width(self, number: int) -> int:
        column = self._table.columns[number]
        header = len(column.header) if self._table.headers else 0
        return max([header, *(len(row[number].text) for row in self._table.rows if not row[number].whole)])

    def _least(self, number: int) -> int:
        if not self._table.columns[number].words:
            return self._natural[number]
        texts = (row[number].text for row in self._table.rows if not row[number].whole)
        longest = max((len(word) for text in texts for word in text.split()), default=0)
        return min(self._natural[number], max(LEAST, longest))

    def _room(self) -> float:
        unlimited = self._screen.wide or not self._screen.width
        return float("inf") if unlimited else self._screen.width - self._table.indent

    def _least_width(self) -> int:
        return sum(map(self._least, self._shown)) + GAP * (len(self._shown) - 1)

    def _most_spare(self) -> int | None:
        spare = [number for number in self._shown if self._table.columns[number].spare]
        return max(spare, key=lambda number: self._table.columns[number].spare, default=None)

    def _shared(self) -> list[int]:
        """Return the widths: what is left of the room goes to the columns of words, the narrowest first."""
        widths = {number: self._least(number) for number in self._shown}
        left = max(self._room() - self._least_width(), 0)
        wanting = sorted(self._shown, key=lambda number: self._natural[number] - widths[number])
        for position, number in enumerate(wanting):
            more = min(self._natural[number] - widths[number], left // (len(wanting) - position))
            widths[number] += int(more)
            left -= more
        return [widths[number] for number in self._shown]


def _wrapped(cell: Cell, width: int) -> list[str]:
    if cell.whole or len(cell.text) <= width:
        return [cell.text]
    return textwrap.wrap(cell.text, width, break_long_words=False, break_on_hyphens=False)


def _styled(text: str, style: str, screen: Screen) -> str:
    if not text or not style or not screen.colours:
        return text
    return click.style(text, **_STYLES.get(style, {}), **_BRIGHTNESS.get(style, {}))  # type: ignore[arg-type]
