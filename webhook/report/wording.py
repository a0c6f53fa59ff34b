"""Sentences that tables, Markdown and the page have in common."""

from collections.abc import Iterator

from webhook.engine.explanation import SHOWN_NODES, told
from webhook.engine.timeouts import GIB, Timeouts
from webhook.engine.verdict import Violation
from webhook.engine.wording import named
from webhook.foresight.survey import Finding, Survey
from webhook.state.nodes import NodeSet


def some_nodes(nodes: NodeSet, survey: Survey) -> str:
    """Return names of nodes, at most five, then a count: `node-a, node-b and 7 more`."""
    names = survey.names(nodes)
    shown = ", ".join(map(named, names[:SHOWN_NODES]))
    rest = len(names) - SHOWN_NODES
    return f"{shown} and {rest} more" if rest > 0 else shown


def verdict(finding: Finding) -> str:
    """Return the verdict in two words, or that it is moving."""
    if finding.move:
        return finding.move.words
    if not finding.migratable:
        return "cannot move"
    return "can move" if finding.placement else "could move"


def summary(survey: Survey) -> str:
    """Return what a survey comes to in one line: `2,000 VMs: 1,412 can move, 588 can't: cd-rom 301, …`."""
    total, stuck = len(survey.findings), len(survey.not_migratable)
    head = f"{total:,} VMs: {total - stuck:,} can move"
    reasons = ", ".join(f"{restriction} {count:,}" for restriction, count in survey.tally)
    return f"{head}, {stuck:,} can't: {reasons}" if stuck else head


def completion_said(timeouts: Timeouts) -> str:
    """Return the completion timeout in short; that of an unknown amount of memory is unknown, too."""
    if timeouts.completion:
        return f"{timeouts.completion}s"
    return "none" if timeouts.data or not timeouts.per_gib else "unknown"


def timeouts_said(timeouts: Timeouts) -> str:
    """Return what the timeouts are and where they come from."""
    longer = (
        f"; KubeVirt waits {timeouts.completion_by_kubevirt} s"
        if timeouts.completion_by_kubevirt != timeouts.completion
        else ""
    )
    unknown = f"how much memory it has is not known; {timeouts.per_gib} s/GiB, {timeouts.source}"
    size = f"{timeouts.data / GIB:.4g} GiB at {timeouts.per_gib} s/GiB, {timeouts.source}"
    none = "no limit in all" if timeouts.data or not timeouts.per_gib else f"unknown in all ({unknown})"
    completion = f"{timeouts.completion} s in all ({size}{longer})" if timeouts.completion else none
    progress = f"{timeouts.progress} s without progress" if timeouts.progress else "no limit without progress"
    disrupts = (
        "; then it is paused, or its memory follows, and KubeVirt waits as long again" if timeouts.disrupts else ""
    )
    return f"{completion}{disrupts}; {progress}"


def cpu_said(finding: Finding) -> str:
    """Return the CPU model, who chose it, and the labels that it asks of a target."""
    cpu, selectors = finding.assessment.cpu, finding.assessment.selectors
    labels = ", ".join(f"{key}={value}" for key, value in sorted(selectors.labels.items()))
    return f"{named(cpu.name)} ({cpu.origin})" + (f"; a target needs {labels}" if labels else "")


def refused(finding: Finding, survey: Survey) -> Iterator[tuple[str, str]]:
    """Yield the nodes that can't take it and why, nodes with the same reasons together."""
    for reasons, nodes in finding.refused:
        yield some_nodes(nodes, survey), told(reasons)


def sentence(violation: Violation) -> str:
    """Return a violation's problem as a sentence."""
    return violation.problem[:1].upper() + violation.problem[1:] + "."


def remedy(violation: Violation) -> str:
    """Return a violation's remedy as a sentence."""
    return violation.remedy[:1].upper() + violation.remedy[1:] + "."
