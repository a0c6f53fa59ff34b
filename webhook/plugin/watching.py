"""`check --watch`: the table, and then each row that changes, until it is interrupted."""

import time
from collections.abc import Callable
from typing import Final

import click
from msgspec.structs import replace

from webhook.foresight.survey import Survey
from webhook.plugin.output import note, screen
from webhook.report.layout import rendered, row_texts
from webhook.report.tables import check_rows

PAUSE: Final = 5.0
"""Seconds between two looks; each reads the cluster."""


def follow(survey: Survey, look: Callable[[], Survey], *, wide: bool, headers: bool) -> int:
    """Show a survey, and what `look` returns every `PAUSE` seconds: the rows that have changed."""
    shown = replace(screen(headers=headers), wide=wide)
    click.echo(rendered([check_rows(survey)], shown), nl=False)
    known = _rows(survey)
    while True:
        time.sleep(PAUSE)
        survey = look()
        seen, texts = _rows(survey), row_texts(check_rows(survey), shown)
        for (key, row), text in zip(seen.items(), texts, strict=True):
            if known.get(key) != row:
                click.echo(text)
        for namespace, name in known.keys() - seen.keys():
            note(f"VM {namespace}/{name} is gone")
        known = seen


def _rows(survey: Survey) -> dict[tuple[str, str], object]:
    rows = zip(survey.findings, check_rows(survey).rows, strict=True)
    return {finding.vmi.metadata.key: row for finding, row in rows}
