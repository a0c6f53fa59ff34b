"""SARIF 2.1.0: for code scanning. Each broken restriction is a result, where it was written if that is known.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from webhook.engine.catalogue import Entry, entries
from webhook.engine.verdict import Violation
from webhook.foresight.survey import Finding, Survey

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(survey: Survey) -> dict[str, Any]:
    """Return the log."""
    results = [result for finding in survey.findings for result in _results(finding, survey)]
    broken = {result["ruleId"] for result in results}
    rules = {entry.id: _rule(entry) for entry in reversed(list(entries())) if entry.id in broken}
    driver = {
        "name": "live-migration-webhook",
        "semanticVersion": version("live-migration-webhook"),
        "rules": list(rules.values()),
    }
    index = {rule: number for number, rule in enumerate(rules)}
    located = [result | {"ruleIndex": index[result["ruleId"]]} for result in results]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": located}]}


def _rule(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "shortDescription": {"text": f"{entry.title}."},
        "fullDescription": {"text": entry.text},
        "help": {"text": f"Remedy: {entry.remedy}." if entry.remedy else entry.text},
    }


def _results(finding: Finding, survey: Survey) -> Iterator[dict[str, Any]]:
    levels: Iterable[tuple[str, tuple[Violation, ...]]] = (("error", finding.denied), ("warning", finding.warned))
    for level, violations in levels:
        for violation in violations:
            yield {
                "ruleId": violation.restriction,
                "level": level,
                "message": {"text": f"{finding.vmi.title}: {violation.message}"},
                "locations": [_location(finding, violation, survey)],
            }


def _location(finding: Finding, violation: Violation, survey: Survey) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [
            {"name": violation.field, "fullyQualifiedName": f"{finding.vmi.title}/{violation.field}", "kind": "member"}
        ]
    }
    if place := survey.locate(finding.vmi, violation.field):
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(PurePath(place.file).as_posix())},
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    return location
