"""Presents inspected certificates: a table for people, JSON for machines."""

import datetime as dt
import json
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from certs.inspection import Inspected

FINGERPRINT_DIGITS = 16
"""Hexadecimal digits of a fingerprint that the table shows; JSON has all 64."""


def as_json(inspected: Sequence[Inspected], now: dt.datetime) -> str:
    """Return a JSON list with one object for each."""
    return json.dumps([each.row(now) for each in inspected], indent=2)


def as_table(inspected: Sequence[Inspected], now: dt.datetime) -> str:
    """Return a table with a row for each; lines are as long as they need to be."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("WHERE", "KIND", "SUBJECT", "NAMES", "SHA-256", "ENDS", "LEFT", "VERIFIES"):
        table.add_column(heading, no_wrap=heading != "NAMES")
    for each in inspected:
        table.add_row(*_cells(each, now))
    console = Console(width=10_000, color_system=None, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _cells(inspected: Inspected, now: dt.datetime) -> list[str]:
    row = inspected.row(now)
    verdict = {True: "yes", False: "no", None: "unknown"}[inspected.verifies]
    return [
        row["place"],
        row["kind"],
        row.get("subject", "-"),
        "\n".join(row.get("names", ())) or "-",
        row.get("sha256", "-")[:FINGERPRINT_DIGITS],
        row.get("ends", "-").replace("+00:00", "Z"),
        row.get("left", "-"),
        f"{verdict}: {inspected.why}" if inspected.why else verdict,
    ]
