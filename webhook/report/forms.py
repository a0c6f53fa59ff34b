"""The forms in which answers are written, and the function that makes each.

A function is loaded when its form is asked for: each form has libraries of its own.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import orjson
import yaml
from msgspec import structs

from webhook.report.layout import Screen, rendered

_FOR_TOOLS: Final = {"junit": "junit:junit", "sarif": "sarif:sarif", "openreports": "openreports:openreports"}
FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "check": {
        "table": "tables:check_table",
        "name": "tables:check_names",
        "lines": "tables:check_lines",
        "explained": "tables:check_explained",
        "json": "document:check_document",
        "markdown": "markdown:check_markdown",
        **_FOR_TOOLS,
    },
    "nodes": {"table": "tables:nodes_table", "name": "tables:nodes_names", "json": "document:nodes_document"},
    "drain": {"table": "tables:drain_table", "json": "document:drain_document"},
    "cpu-models": {"table": "tables:cpu_models_table", "json": "document:cpu_models_document"},
    "report": {
        "html": "page:page",
        "json": "document:report_document",
        "markdown": "markdown:report_markdown",
        **_FOR_TOOLS,
    },
}
"""By answer and form: the function below `webhook.report` that takes what was found; YAML is made like JSON."""
FOR_TERMINALS: Final = frozenset({"table", "wide", "name", "lines", "explained"})
_LIKE: Final = {"yaml": "json", "wide": "table"}
"""Forms that are made as another one, and then written or shown in another way."""
_YAML: Final = frozenset({"yaml", "openreports"})


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """YAML that repeats what is there twice, as JSON does."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - none is wanted
        """Return true."""
        return True


def written(answer: str, form: str, *found: Any) -> bytes:
    """Return what was found in a form for files and programs."""
    made = _made(answer, form, *found)
    return made.encode() if isinstance(made, str) else _serialized(made, form)


def shown(answer: str, form: str, *found: Any, screen: Screen) -> str:
    """Return what was found in a form for terminals."""
    return rendered(_made(answer, form, *found), structs.replace(screen, wide=form == "wide"))


def _made(answer: str, form: str, *found: Any) -> Any:
    return _load(FORMS[answer][_LIKE.get(form, form)])(*found)


def _load(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(f"webhook.report.{module}"), function)


def _serialized(document: Mapping[str, Any], form: str) -> bytes:
    if form not in _YAML:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text.encode()
