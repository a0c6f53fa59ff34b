"""Writes the parts of README.md that are made from the code: catalogue and settings; `--check` only compares."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from bench.measures import Samples
from bench.tables import NAMES, brief
from tools.examples import EXAMPLES, OUTPUTS, ROOT
from webhook.engine.catalogue import PREDICATE, RESTRICTION, entries
from webhook.settings.settings import described

README: Final = ROOT / "README.md"
RESULTS: Final = ROOT / "bench" / "results" / "results.json"
SHOWN: Final = ("check", "nodes", "drain")
"""Examples that are shown: the command, and what it prints."""


def catalogue(kind: str) -> Iterator[str]:
    """Yield a table of all restrictions, or of all target predicates."""
    yield "| id | what | remedy |"
    yield "| --- | --- | --- |"
    for entry in entries():
        if entry.kind == kind:
            yield f"| `{entry.id}` | {entry.title} | {entry.remedy} |"


def settings() -> Iterator[str]:
    """Yield a table of all settings."""
    yield "| flag | variable | default | what |"
    yield "| --- | --- | --- | --- |"
    for setting in described():
        yield f"| `{setting.flag}` | `{setting.variable}` | {_code(setting.default)} | {setting.about} |"


def output(example: str) -> str:
    """Return a command and what it prints, as `make examples` has recorded it."""
    file = f"{example}.txt"
    return f"```console\n$ kubectl livemigration {EXAMPLES[file]}\n{(OUTPUTS / file).read_text().rstrip()}\n```"


def speed() -> str:
    """Return what `make bench` measured, in short."""
    samples = Samples()
    samples.recall(json.loads(RESULTS.read_text())["samples"], NAMES)
    return brief(samples).rstrip()


def sections() -> Mapping[str, str]:
    """Return the generated sections by their names."""
    return {
        "restrictions": "\n".join(catalogue(RESTRICTION)),
        "target predicates": "\n".join(catalogue(PREDICATE)),
        "settings": "\n".join(settings()),
        "speed": speed(),
        **{example: output(example) for example in SHOWN},
    }


def written(readme: str) -> str:
    """Return the README with its generated sections as the code has them now."""
    for name, text in sections().items():
        start, end = f"<!-- {name}: written by tools/readme.py -->", f"<!-- end of {name} -->"
        before, _, rest = readme.partition(start)
        _, _, after = rest.partition(end)
        readme = f"{before}{start}\n{text}\n{end}{after}"
    return readme


def main() -> int:
    """Write or compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the README is not up to date")
    present = README.read_text()
    wanted = written(present)
    if not parser.parse_args().check:
        README.write_text(wanted)
    elif present != wanted:
        print("README.md is not up to date: run `make generate`", file=sys.stderr)
        return 1
    return 0


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.exit(main())
