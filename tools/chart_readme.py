"""Writes the table of values in the chart's README from the comments in values.yaml; `--check` only compares."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

CHART = Path(__file__).parents[1] / "charts" / "live-migration-webhook"
START = "<!-- values: written from values.yaml by charts/document.py -->\n"
END = "<!-- end of values -->\n"


class UndocumentedError(Exception):
    """A value has no comment above it; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value that an operator may set: its path with dots, its default as JSON, and its comment."""

    path: str
    default: str
    comment: str

    def row(self) -> str:
        """Return its row of the table."""
        cells = (f"`{self.path}`", f"`{self.default}`", self.comment)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def documented(text: str) -> list[Value]:
    """Return the values of a values.yaml; raise UndocumentedError when one has no comment."""
    return list(_walk(yaml.compose(text), yaml.safe_load(text), text.splitlines(), ()))


def table(text: str) -> str:
    """Return the table of all values, as Markdown."""
    rows = [value.row() for value in documented(text)]
    return "\n".join(["| Value | Default | What it is |", "| --- | --- | --- |", *rows]) + "\n"


def with_table(readme: str, values: str) -> str:
    """Return the README with the table as values.yaml has it now."""
    before, _, rest = readme.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table(values)}\n{END}{after}"


def main() -> None:
    """Write the README, or compare it; exit with an error when it isn't up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the README isn't up to date")
    check = parser.parse_args().check
    readme = CHART / "README.md"
    present = readme.read_text()
    wanted = with_table(present, (CHART / "values.yaml").read_text())
    if check and present != wanted:
        raise SystemExit(f"{readme}: the table of values isn't up to date; run python charts/document.py")
    if not check:
        readme.write_text(wanted)


def _walk(node: yaml.Node | None, data: object, lines: Sequence[str], path: tuple[str, ...]) -> Iterator[Value]:
    """Yield commented keys; go into those without a comment, which have to be groups."""
    if not isinstance(node, yaml.MappingNode) or not isinstance(data, dict) or not data:
        raise UndocumentedError(f"{'.'.join(path)} has no comment")
    for key, value in node.value:
        here = (*path, str(key.value))
        default = data[key.value]
        if comment := _comment_above(lines, key.start_mark.line):
            yield Value(path=".".join(here), default=json.dumps(default, ensure_ascii=False), comment=comment)
        else:
            yield from _walk(value, default, lines, here)


def _comment_above(lines: Sequence[str], line: int) -> str:
    """Return the comment lines right above a line as one text."""
    start = line
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return " ".join(each.strip().removeprefix("#").strip() for each in lines[start:line])


if __name__ == "__main__":
    main()
