"""Tables and explanations for a terminal."""

from collections.abc import Iterable, Iterator
from typing import Final

from webhook.engine.explanation import enumerated
from webhook.engine.wording import printable
from webhook.foresight.cpu_models import CpuModels, Switch
from webhook.foresight.drain import Drain, conclusion
from webhook.foresight.eviction import Eviction, Outcome, strategy
from webhook.foresight.survey import Finding, Survey
from webhook.report.document import reasons_by_node
from webhook.report.layout import Cell, Column, Line, Part, Table
from webhook.report.wording import (
    completion_said,
    cpu_said,
    refused,
    remedy,
    sentence,
    some_nodes,
    summary,
    timeouts_said,
    verdict,
)

_STYLES: Final = {Outcome.MOVES: "good", Outcome.STAYS: "bad", Outcome.SHUT_DOWN: "soft"}
_INDENT: Final = 2
_CHECK: Final = (
    Column("NAMESPACE"),
    Column("NAME"),
    Column("NODE", spare=1),
    Column("MOVES"),
    Column("RESTRICTIONS", words=True),
    Column("TARGETS", words=True, spare=2),
    Column("TIMEOUT", spare=3),
    Column("EVICTION", wide=True),
    Column("CPU", wide=True),
)
_DRAIN: Final = (
    Column(""),
    Column("NAMESPACE"),
    Column("NAME"),
    Column("OUTCOME"),
    Column("TARGET"),
    Column("COULD GO TO", words=True, spare=1),
    Column("WHY", words=True),
)
_NODES: Final = (Column("NODE"), Column("ELIGIBLE"), Column("REASONS", words=True))
_MODELS: Final = (
    Column("MODEL"),
    Column("NODES"),
    Column("OWN MODEL OF", words=True, spare=1),
    Column("TAKES MIGRATIONS ON", words=True, spare=2),
)
_SWITCHES: Final = (Column("NAMESPACE"), Column("NAME"), Column("NODES NOW"), Column("NODES THEN"))
_EXPLAINED: Final = (Column(""), Column("", words=True))


def check_rows(survey: Survey) -> Table:
    """Return one row for each virtual machine."""
    return Table(_CHECK, tuple(_check_row(finding, survey) for finding in survey.findings))


def check_table(survey: Survey) -> Iterator[Part]:
    """Yield one row for each virtual machine, and what they come to."""
    yield check_rows(survey)
    if len(survey.findings) > 1:
        yield from _conclusion(summary(survey))


def check_names(survey: Survey) -> Iterator[Part]:
    """Yield the name of each virtual machine as kubectl writes it."""
    for finding in survey.findings:
        kind = "virtualmachine" if finding.vmi.title.startswith("VM ") else "virtualmachineinstance"
        yield (Cell(f"{kind}.kubevirt.io/{printable(finding.vmi.metadata.name)}"),)


def check_explained(survey: Survey) -> Iterator[Part]:
    """Yield an explanation of each virtual machine."""
    for finding in survey.findings:
        yield _headline(finding)
        yield Table(_EXPLAINED, tuple(_explanation(finding, survey)), headers=False, indent=_INDENT)
        yield Cell("")


def check_lines(survey: Survey) -> Iterator[Part]:
    """Yield one line for each fault, with file, line and column, as compilers write them, and how many there are."""
    for finding in survey.findings:
        for violation in finding.denied + finding.warned:
            place = survey.locate(finding.vmi, violation.field)
            level = Cell("warning", "soft") if violation in finding.warned else Cell("error", "bad")
            title = printable(finding.vmi.title)
            yield Cell(f"{place or title}: "), level, Cell(f": {title}: {violation.message}")
        for told in finding.assessment.warnings:
            title, place = printable(finding.vmi.title), survey.locate(finding.vmi, "spec")
            yield Cell(f"{place or title}: "), Cell("warning", "soft"), Cell(f": {title}: {told}")
    total, stuck = len(survey.findings), len(survey.not_migratable)
    machines = "1 VM" if total == 1 else f"{total} VMs"
    yield Cell(f"{stuck} of {machines} cannot move." if stuck else f"{machines} can move.")


def nodes_table(finding: Finding, survey: Survey) -> Iterator[Part]:
    """Yield one row for each node."""
    rows = (
        (Cell(printable(name)), *_eligible(dict.fromkeys(reason for _, reason in reasons)))
        for name, reasons in reasons_by_node(finding, survey)
    )
    yield Table(_NODES, tuple(rows))


def nodes_names(finding: Finding, survey: Survey) -> Iterator[Part]:
    """Yield the name of each eligible node as kubectl writes it."""
    for name in survey.names(finding.eligible):
        yield (Cell(f"node/{printable(name)}"),)


def drain_table(drain: Drain, survey: Survey) -> Iterator[Part]:
    """Yield what happens to each virtual machine, in an order that works, and the conclusion."""
    rows = (
        (Cell(str(number)), *_eviction(eviction, survey)) for number, eviction in enumerate(drain.evictions, start=1)
    )
    if drain.evictions:
        yield Table(_DRAIN, tuple(rows))
        yield from _conclusion(conclusion(drain), "bad" if drain.blocked else "good")
    else:
        yield Cell(conclusion(drain), "good")


def cpu_models_table(models: CpuModels, survey: Survey) -> Iterator[Part]:
    """Yield the models and their nodes, the virtual machines that would gain, and the two remedies."""
    total = survey.snapshot.nodes.all.bit_count()
    rows = (
        (
            Cell(printable(row.name)),
            Cell(f"{row.supported.bit_count()} of {total}"),
            *(Cell(enumerated(nodes, survey.snapshot.nodes)) for nodes in (row.primary, row.migration)),
        )
        for row in models.models
    )
    yield Table(_MODELS, tuple(rows))
    if models.best:
        yield from _switches(models)
    else:
        yield from _conclusion("No node publishes a CPU model that could be chosen.")


def notes(survey: Survey) -> Iterator[Part]:
    """Yield what could not be read."""
    for each in survey.incomplete:
        yield Cell(f"note: {each}", "soft")


def _conclusion(text: str, style: str = "") -> Iterator[Part]:
    yield Cell("")
    yield Cell(text, style)


def _check_row(finding: Finding, survey: Survey) -> tuple[Cell, ...]:
    metadata, timeouts = finding.vmi.metadata, finding.assessment.timeouts
    return (
        Cell(printable(metadata.namespace)),
        Cell(printable(metadata.name)),
        Cell(printable(finding.vmi.status.node)) if finding.vmi.status.node else Cell(f"({finding.state})", "dim"),
        _moves(finding),
        Cell(_restrictions(finding, survey.policy.today)),
        Cell(enumerated(finding.eligible, survey.snapshot.nodes) or "none" if finding.placement else "-"),
        Cell(completion_said(timeouts)),
        Cell(strategy(finding.vmi, survey.snapshot.kubevirt)),
        Cell(printable(finding.assessment.cpu.name)),
    )


def _moves(finding: Finding) -> Cell:
    if finding.move:
        return Cell("moving", "soft")
    return Cell("yes", "good") if finding.migratable else Cell("no", "bad")


def _restrictions(finding: Finding, today: str) -> str:
    how = "exempted" if finding.exemption and finding.exemption.holds(today) else "warning"
    warned = (f"{violation.restriction} ({how})" for violation in finding.warned)
    return ", ".join([*finding.restrictions, *dict.fromkeys(warned)])


def _eligible(reasons: Iterable[str]) -> Iterator[Cell]:
    yield Cell("no", "bad") if reasons else Cell("yes", "good")
    yield Cell("; ".join(reasons))


def _headline(finding: Finding) -> Line:
    place = f" on {printable(finding.vmi.status.node)}" if finding.vmi.status.node else f" ({finding.state})"
    style = "good" if finding.migratable else "bad"
    return Cell(printable(finding.vmi.title), "head"), Cell(f"{place}: "), Cell(verdict(finding), style)


def _explanation(finding: Finding, survey: Survey) -> Iterator[tuple[Cell, Cell]]:
    for violation in finding.denied + finding.warned:
        yield _explained(violation.restriction, f"{sentence(violation)} {remedy(violation)}")
        yield Cell(""), Cell(violation.owner_field or violation.field, "dim", whole=True)
        if violation.details:
            yield _explained("", violation.details)
    if finding.exemption:
        yield _explained("exemption", finding.exemption.told(survey.policy.today))
    for number, command in enumerate(finding.commands):
        yield _explained("" if number else "how", f"{command.purpose}:")
        yield Cell(""), Cell(command.text, whole=True)
    if finding.placement:
        yield _explained("can go to", some_nodes(finding.eligible, survey) or "no node")
        for names, reasons in refused(finding, survey):
            yield _explained("", f"{names}: {reasons}")
    yield _explained("CPU", cpu_said(finding))
    yield _explained("timeouts", timeouts_said(finding.assessment.timeouts))
    for warning in finding.assessment.warnings:
        yield Cell("warning", "dim"), Cell(warning, "soft")


def _explained(label: str, text: str) -> tuple[Cell, Cell]:
    return Cell(label, "dim"), Cell(text)


def _eviction(eviction: Eviction, survey: Survey) -> tuple[Cell, ...]:
    metadata = eviction.finding.vmi.metadata
    return (
        Cell(printable(metadata.namespace)),
        Cell(printable(metadata.name)),
        Cell(eviction.outcome.value, _STYLES[eviction.outcome]),
        Cell(printable(eviction.target) or "-"),
        Cell(enumerated(eviction.finding.eligible, survey.snapshot.nodes) or "-"),
        Cell(eviction.why),
    )


def _switches(models: CpuModels) -> Iterator[Part]:
    if models.switches:
        yield Cell("")
        yield Cell(f"VMs on host-model, with {models.best} in its place:")
        yield Cell("")
        yield Table(_SWITCHES, tuple(map(_switch, models.switches)))
    yield Cell("")
    yield Cell("For the whole cluster (new VMs too), then restart the VMs:")
    yield Cell(f"  {models.cluster_command}", whole=True)
    for switch in models.switches[:1]:
        if switch.command:
            yield Cell("For one VM, then restart it:")
            yield Cell(f"  {switch.command}", whole=True)


def _switch(switch: Switch) -> tuple[Cell, ...]:
    metadata = switch.finding.vmi.metadata
    counts = (str(nodes.bit_count()) for nodes in (switch.now, switch.then))
    return tuple(map(Cell, (printable(metadata.namespace), printable(metadata.name), *counts)))
