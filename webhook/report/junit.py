"""JUnit: each virtual machine is a test, each namespace a suite. A CI shows what can't move as failed tests."""

from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from webhook.engine.wording import printable
from webhook.foresight.survey import Finding, Survey
from webhook.report.wording import timeouts_said


def junit(survey: Survey) -> str:
    """Return the test suites."""
    root = Element("testsuites", name="live-migration")
    for namespace, findings in groupby(survey.findings, key=lambda finding: finding.vmi.metadata.namespace):
        _suite(root, namespace, list(findings), survey)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return f"{text.decode()}\n"


def _suite(root: Element, namespace: str, findings: Iterable[Finding], survey: Survey) -> None:
    found = list(findings)
    stuck = sum(not finding.migratable for finding in found)
    counts = {"tests": str(len(found)), "failures": str(stuck), "errors": "0", "skipped": "0"}
    suite = SubElement(root, "testsuite", {"name": printable(namespace), **counts})
    for finding in found:
        metadata = finding.vmi.metadata
        case = SubElement(suite, "testcase", classname=printable(namespace), name=printable(metadata.name))
        if finding.denied:
            _failure(case, finding, survey)
        else:
            SubElement(case, "system-out").text = printable(timeouts_said(finding.assessment.timeouts))


def _failure(case: Element, finding: Finding, survey: Survey) -> None:
    """Add one failure for all restrictions: some readers show only the first of several."""
    failure = SubElement(case, "failure", type=finding.restrictions[0], message=", ".join(finding.restrictions))
    lines = []
    for violation in finding.denied:
        place = survey.locate(finding.vmi, violation.field)
        lines.append(printable(f"{place}: {violation.message}" if place else violation.message))
    failure.text = "\n".join(lines)
