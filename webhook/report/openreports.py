"""OpenReports: one Report for each namespace, as report viewers in a cluster read it.

Source: the CustomResourceDefinition `reports.openreports.io`, v1alpha1.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from webhook.engine.verdict import Violation
from webhook.foresight.survey import Finding, Survey

SOURCE: Final = "live-migration-webhook"
API_VERSION: Final = "openreports.io/v1alpha1"
POLICY: Final = "live-migration"


def openreports(survey: Survey) -> dict[str, Any]:
    """Return the Reports in one List, for `kubectl apply`."""
    by_namespace = groupby(survey.findings, key=lambda finding: finding.vmi.metadata.namespace)
    items = [_report(namespace, list(findings)) for namespace, findings in by_namespace]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _report(namespace: str, findings: Iterable[Finding]) -> dict[str, Any]:
    results = [result for finding in findings for result in _results(finding)]
    count = {word: sum(result["result"] == word for result in results) for word in ("pass", "fail", "warn")}
    return {
        "apiVersion": API_VERSION,
        "kind": "Report",
        "metadata": {
            "name": SOURCE,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": SOURCE},
        },
        "source": SOURCE,
        "summary": {**count, "error": 0, "skip": 0},
        "results": results,
    }


def _results(finding: Finding) -> Iterator[dict[str, Any]]:
    for violation in finding.denied:
        yield {**_broken(finding, violation), "result": "fail", "severity": "high"}
    for violation in finding.warned:
        yield {**_broken(finding, violation), "result": "warn", "severity": "low"}
    if not finding.denied:
        yield {**_head(finding), "result": "pass", "message": "can live-migrate"}


def _broken(finding: Finding, violation: Violation) -> dict[str, Any]:
    properties = {"field": violation.field, "remedy": violation.remedy}
    return {**_head(finding), "rule": violation.restriction, "message": violation.message, "properties": properties}


def _head(finding: Finding) -> dict[str, Any]:
    vmi = finding.vmi
    subject = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine" if vmi.is_template else "VirtualMachineInstance",
        "namespace": vmi.metadata.namespace,
        "name": vmi.metadata.name,
        **({"uid": vmi.metadata.uid} if vmi.metadata.uid else {}),
    }
    return {"source": SOURCE, "policy": POLICY, "category": "Live migration", "scored": True, "resources": [subject]}
