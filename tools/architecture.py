"""The picture of the architecture, from the import contracts and the first sentence of each package."""

import importlib
import tomllib
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from tools.examples import ROOT

PICTURE: Final = ROOT / "docs" / "architecture.svg"
WIDTH, HEIGHT, GAP, MARGIN = 960, 58, 10, 8


def picture() -> str:
    """Return the layers of the service as an SVG, the highest first."""
    rows = [[f"webhook.{name.strip()}" for name in layer.split(":")] for layer in _layers()]
    boxes = "".join(_row(parts, top=MARGIN + place * (HEIGHT + GAP)) for place, parts in enumerate(rows))
    height = 2 * MARGIN + len(rows) * (HEIGHT + GAP) - GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#f5f6fa"/>\n{boxes}</svg>\n'
    )


def _layers() -> Iterator[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    yield from next(c["layers"] for c in contracts if c.get("containers") == ["webhook"])


def _row(parts: list[str], *, top: int) -> str:
    width = (WIDTH - 2 * MARGIN - GAP * (len(parts) - 1)) // len(parts)
    return "".join(_box(part, MARGIN + place * (width + GAP), top, width) for place, part in enumerate(parts))


def _box(part: str, left: int, top: int, width: int) -> str:
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{HEIGHT}" rx="6" fill="#fff" stroke="#3f51b5"/>\n'
        f'<text x="{left + 12}" y="{top + 24}" font-size="16" font-weight="bold" fill="#1a237e">{part}</text>\n'
        f'<text x="{left + 12}" y="{top + 45}" font-size="12" fill="#333">{escape(_sentence(part, width))}</text>\n'
    )


def _sentence(part: str, width: int) -> str:
    """Return what a package says of itself, as far as it fits its box."""
    documentation = importlib.import_module(part).__doc__
    assert documentation
    sentence = documentation.partition("\n")[0].replace("`", "")
    fitting = width // 7
    return sentence if len(sentence) <= fitting else sentence[:fitting].rsplit(" ", 1)[0] + " …"
