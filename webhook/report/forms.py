"""The forms in which answers are written, and the function that makes each.

A function is loaded when its form is asked for: each form has libraries of its own.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import orjson
import yaml

_FOR_TOOLS: Final = {"junit": "junit:junit", "sarif": "sarif:sarif", "openreports": "openreports:openreports"}
FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "check": {
        "table": "tables:check_table",
        "lines": "tables:check_lines",
        "explained": "tables:check_explained",
        "json": "document:check_document",
        "markdown": "markdown:check_markdown",
        **_FOR_TOOLS,
    },
    "nodes": {"table": "tables:nodes_table", "json": "document:nodes_document"},
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
FOR_TERMINALS: Final = frozenset({"table", "lines", "explained"})
_YAML: Final = frozenset({"yaml", "openreports"})


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """YAML that repeats what is there twice, as JSON does."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - none is wanted
        """Return true."""
        return True


def written(answer: str, form: str, *found: Any) -> bytes:
    """Return what was found in a form for files and programs."""
    made = _load(FORMS[answer]["json" if form == "yaml" else form])(*found)
    return made.encode() if isinstance(made, str) else _serialized(made, form)


def shown(answer: str, form: str, *found: Any, width: int, colours: bool) -> str:
    """Return what was found in a form for terminals of this width; without colours there is no escape sequence."""
    parts = _load(FORMS[answer][form])(*found)
    text: str = _load("tables:rendered")(parts, width=width, colours=colours)
    return text


def _load(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(f"webhook.report.{module}"), function)


def _serialized(document: Mapping[str, Any], form: str) -> bytes:
    if form not in _YAML:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text.encode()
