"""The reference that is made from the code: tables and texts in Markdown."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

import click

from bench.measures import Samples
from bench.tables import NAMES, brief
from tools.chart_readme import CHART
from tools.examples import EXAMPLES, OUTPUTS, ROOT
from webhook.admission.annotations import MEANINGS
from webhook.admission.hooks import HOOKS
from webhook.engine.catalogue import Entry, entries
from webhook.objects.labels import OURS
from webhook.plugin.group import COMMANDS, NAME, Commands
from webhook.server.metrics import REGISTRY
from webhook.settings.settings import described

URGENT: Final = ("## Emergency\n", "## Certificates\n", "## Runbook\n")
"""Chapters of the chart's README."""
RESULTS: Final = ROOT / "bench" / "results" / "results.json"


def overview(kind: str) -> str:
    """Return a table of all restrictions, or of all target predicates."""
    found = (entry for entry in entries() if entry.kind == kind)
    return _table(("id", "what", "remedy"), ((f"`{entry.id}`", entry.title, entry.remedy) for entry in found))


def in_full(kind: str) -> str:
    """Return the whole documentation of each restriction or target predicate, under a heading with its id."""
    return "\n\n".join(_chapter(entry) for entry in entries() if entry.kind == kind)


def settings() -> str:
    """Return a table of all settings."""
    rows = ((f"`{s.flag}`", f"`{s.variable}`", _code(s.default), s.about) for s in described())
    return _table(("flag", "variable", "default", "what"), rows)


def metrics() -> str:
    """Return a table of all metrics, in alphabetical order."""
    families = sorted(REGISTRY.collect(), key=lambda family: family.name)
    rows = ((f"`{f.name}{'_total' if f.type == 'counter' else ''}`", f.type, f.documentation) for f in families)
    return _table(("metric", "type", "what"), rows)


def annotations() -> str:
    """Return a table of the annotations of a migration that was allowed."""
    return _table(("annotation", "what"), ((f"`{OURS}{key}`", meaning) for key, meaning in MEANINGS.items()))


def hooks() -> str:
    """Return a table of the endpoints."""
    rows = (
        (f"`{hook.path}`", f"`{hook.name}`", ", ".join(sorted(hook.resources)), ", ".join(sorted(hook.operations)))
        for hook in HOOKS
    )
    return _table(("path", "webhook", "resources", "operations"), rows)


def commands() -> str:
    """Return what each command of the plugin says of itself."""
    return "\n\n".join(_help(name) for name in COMMANDS)


def runbook() -> str:
    """Return what the chart's README has for emergencies: it is the one that travels with a release."""
    chapters = re.split(r"^(?=## )", (CHART / "README.md").read_text(), flags=re.MULTILINE)
    return "\n".join(text.rstrip() + "\n" for text in chapters if text.startswith(URGENT))


def example(name: str) -> str:
    """Return a command and what it prints, as `make examples` has recorded it."""
    file = f"{name}.txt"
    return f"```console\n$ {NAME} {EXAMPLES[file]}\n{(OUTPUTS / file).read_text().rstrip()}\n```"


def speed() -> str:
    """Return what `make bench` measured, in short."""
    samples = Samples()
    samples.recall(json.loads(RESULTS.read_text())["samples"], NAMES)
    return brief(samples)


def _help(name: str) -> str:
    command = Commands().get_command(click.Context(Commands()), name)
    assert command
    context = click.Context(command, info_name=f"{NAME} {name}", max_content_width=100, terminal_width=100)
    return f"## {name}\n\n```text\n{command.get_help(context)}\n```"


def _chapter(entry: Entry) -> str:
    text = "\n".join(_paragraphs(entry))
    return f"## {entry.id}\n\n{text}"


def _paragraphs(entry: Entry) -> Iterator[str]:
    """Yield the lines of a docstring; each `Word: …` becomes a paragraph that begins in bold."""
    for line in entry.text.splitlines():
        label, colon, rest = line.partition(": ")
        if colon and label[:1].isupper() and len(label.split()) <= 2:
            yield f"\n**{label}:** {rest}"
        else:
            yield line


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
