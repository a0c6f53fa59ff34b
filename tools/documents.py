"""Writes the parts of README.md and docs/ that are made from the code; `--check` only compares.

Such a part stands between two comments that carry its name, in any document: `<!-- restrictions: generated -->` and
`<!-- end of restrictions -->`.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tools import judged, reference
from tools.architecture import PICTURE, picture
from tools.examples import ROOT
from webhook.engine.catalogue import PREDICATE, RESTRICTION

PART: Final = re.compile(r"<!-- (?P<name>[\w ]+): generated -->\n.*?<!-- end of (?P=name) -->", re.DOTALL)
PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "restrictions": partial(reference.overview, RESTRICTION),
    "restrictions in full": partial(reference.in_full, RESTRICTION),
    "target predicates in full": partial(reference.in_full, PREDICATE),
    "settings": reference.settings,
    "metrics": reference.metrics,
    "annotations": reference.annotations,
    "hooks": reference.hooks,
    "commands": reference.commands,
    "runbook": reference.runbook,
    "speed": reference.speed,
    "versions": judged.versions,
    "check": partial(reference.example, "check"),
    "nodes": partial(reference.example, "nodes"),
    "drain": partial(reference.example, "drain"),
}


def documents() -> Iterator[Path]:
    """Yield every document that may hold a part."""
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").rglob("*.md"))


def written(text: str) -> str:
    """Return a document with its parts as the code has them now."""

    def part(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- {name}: generated -->\n{PARTS[name]().rstrip()}\n<!-- end of {name} -->"

    return PART.sub(part, text)


def main() -> int:
    """Write or compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a document is not up to date")
    check = parser.parse_args().check
    texts = {path: written(path.read_text()) for path in documents()} | {PICTURE: picture()}
    stale = {path: text for path, text in texts.items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is not up to date: run `make generate`", file=sys.stderr)
        else:
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
