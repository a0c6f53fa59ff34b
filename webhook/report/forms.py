"""The forms in which answers are written: one function for each kind of answer."""

from collections.abc import Mapping
from typing import Any

import orjson

from webhook.foresight.cpu_models import CpuModels, cpu_models
from webhook.foresight.survey import Survey
from webhook.report.document import check_document, plain, report_document


def check(survey: Survey, form: str) -> bytes:
    """Return what `check` found: json, yaml, markdown, junit, sarif or openreports."""
    match form:
        case "markdown":
            from webhook.report.markdown import check_markdown  # noqa: PLC0415 - each form brings what only it needs

            return check_markdown(survey).encode()
        case "json" | "yaml":
            return serialized(check_document(survey), form)
    return _for_tools(survey, form)


def report(survey: Survey, form: str, made: str = "") -> bytes:
    """Return everything: html, json, yaml, markdown, junit, sarif or openreports; `made` is the page's date."""
    match form:
        case "html":
            from webhook.report.page import page  # noqa: PLC0415

            return page(survey, _models(survey), made).encode()
        case "markdown":
            from webhook.report.markdown import report_markdown  # noqa: PLC0415

            return report_markdown(survey, _models(survey)).encode()
        case "json" | "yaml":
            return serialized(report_document(survey, _models(survey)), form)
    return _for_tools(survey, form)


def serialized(document: Mapping[str, Any], form: str = "json") -> bytes:
    """Return a document as JSON or YAML."""
    if form == "json":
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    import yaml  # noqa: PLC0415

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(plain(document), Dumper=dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text.encode()


def _models(survey: Survey) -> CpuModels:
    return cpu_models(survey)


def _for_tools(survey: Survey, form: str) -> bytes:
    match form:
        case "junit":
            from webhook.report.junit import junit  # noqa: PLC0415

            return junit(survey)
        case "sarif":
            from webhook.report.sarif import sarif  # noqa: PLC0415

            return serialized(sarif(survey))
        case "openreports":
            from webhook.report.openreports import openreports  # noqa: PLC0415

            return serialized(openreports(survey), "yaml")
    raise ValueError(f"there is no form {form}")
