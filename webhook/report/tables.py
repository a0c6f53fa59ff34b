"""Tables and explanations for a terminal."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from webhook.engine.explanation import enumerated
from webhook.engine.wording import named
from webhook.foresight.cpu_models import CpuModels
from webhook.foresight.drain import Drain, conclusion
from webhook.foresight.eviction import Eviction, Outcome
from webhook.foresight.survey import Finding, Survey
from webhook.report.document import reasons_by_node
from webhook.report.wording import cpu_said, refused, remedy, sentence, some_nodes, timeouts_said, verdict

GOOD, BAD, DIM, HEAD = "green", "red", "dim", "bold"
_COLOURS: Final = {Outcome.MOVES: GOOD, Outcome.STAYS: BAD, Outcome.SHUT_DOWN: "yellow"}
INDENT: Final = 2
WORD: Final = 16
"""Columns that a restriction's name needs."""


def rendered(parts: Iterable[RenderableType], *, width: int, colours: bool) -> str:
    """Return the text of tables and lines; without colours there is no escape sequence in it at all."""
    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def check_table(survey: Survey) -> Iterator[RenderableType]:
    """Yield one line for each virtual machine."""
    # On a narrow terminal the last ones go first.
    table = _table(
        "NAMESPACE", "NAME", "NODE", "MOVES", "RESTRICTIONS", "TARGETS", "TIMEOUT", wrapped={"RESTRICTIONS", "TARGETS"}
    )
    for finding in survey.findings:
        table.add_row(
            named(finding.vmi.metadata.namespace),
            named(finding.vmi.metadata.name),
            named(finding.vmi.status.node) or Text(f"({finding.state})", DIM),
            _verdict(finding),
            _restrictions(finding),
            _targets(finding, survey),
            f"{completion}s" if (completion := finding.assessment.timeouts.completion) else "none",
        )
    yield table


def check_explained(survey: Survey) -> Iterator[RenderableType]:
    """Yield an explanation of each virtual machine."""
    for finding in survey.findings:
        yield _headline(finding)
        yield Padding(_explanation(finding, survey), (0, 0, 1, INDENT), expand=False)


def check_lines(survey: Survey) -> Iterator[RenderableType]:
    """Yield one line for each fault, with file, line and column, as compilers write them, and how many there are."""
    for finding in survey.findings:
        for violation in finding.denied + finding.warned:
            place = survey.locate(finding.vmi, violation.field)
            level = Text("warning", "yellow") if violation in finding.warned else Text("error", BAD)
            title = named(finding.vmi.title)
            head = f"{place or title}: "
            yield Text.assemble(head, level, f": {title}: {violation.message}", overflow="fold")
    total, stuck = len(survey.findings), len(survey.not_migratable)
    machines = "1 VM" if total == 1 else f"{total} VMs"
    yield f"{stuck} of {machines} cannot move." if stuck else f"{machines} can move."


def nodes_table(finding: Finding, survey: Survey) -> Iterator[RenderableType]:
    """Yield one line for each node."""
    table = _table("NODE", "ELIGIBLE", "REASONS")
    for name, reasons in reasons_by_node(finding, survey):
        word = Text("no", BAD) if reasons else Text("yes", GOOD)
        table.add_row(named(name), word, "; ".join(dict.fromkeys(reason for _, reason in reasons)))
    yield table


def drain_table(drain: Drain, survey: Survey) -> Iterator[RenderableType]:
    """Yield what happens to each virtual machine, in an order that works, and the conclusion."""
    if drain.evictions:
        table = _table(
            "", "NAMESPACE", "NAME", "OUTCOME", "TARGET", "COULD GO TO", "WHY", wrapped={"COULD GO TO", "WHY"}
        )
        for number, eviction in enumerate(drain.evictions, start=1):
            table.add_row(str(number), *_eviction(eviction, survey))
        yield table
        yield ""
    yield Text(conclusion(drain), BAD if drain.blocked else GOOD)


def cpu_models_table(models: CpuModels, survey: Survey) -> Iterator[RenderableType]:
    """Yield the models and their nodes, the virtual machines that would gain, and the two remedies."""
    total = survey.snapshot.nodes.all.bit_count()
    table = _table(
        "MODEL", "NODES", "OWN MODEL OF", "TAKES MIGRATIONS ON", wrapped={"OWN MODEL OF", "TAKES MIGRATIONS ON"}
    )
    for row in models.models:
        count = f"{row.supported.bit_count()} of {total}"
        table.add_row(
            named(row.name),
            count,
            *(enumerated(nodes, survey.snapshot.nodes) for nodes in (row.primary, row.migration)),
        )
    yield table
    if not models.best:
        yield ""
        yield "No node publishes a CPU model that could be chosen."
        return
    yield from _switches(models)


def notes(survey: Survey) -> Iterator[RenderableType]:
    """Yield what could not be read."""
    for each in survey.incomplete:
        yield Text(f"note: {each}", "yellow")


def _table(*headers: str, wrapped: Collection[str] = ()) -> Table:
    """Return a table; the `wrapped` columns, else the last one, take several lines where the terminal is narrow."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=HEAD)
    for header in headers:
        wraps = header in (wrapped or headers[-1:])
        table.add_column(
            header, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis", min_width=WORD if wraps else None
        )
    return table


def _verdict(finding: Finding) -> Text:
    return Text("yes", GOOD) if finding.migratable else Text("no", BAD)


def _targets(finding: Finding, survey: Survey) -> str:
    if not finding.placement:
        return "-"
    return enumerated(finding.eligible, survey.snapshot.nodes) or "none"


def _restrictions(finding: Finding) -> str:
    warned = (f"{violation.restriction} (warning)" for violation in finding.warned)
    return ", ".join([*finding.restrictions, *dict.fromkeys(warned)])


def _headline(finding: Finding) -> Text:
    place = f" on {named(finding.vmi.status.node)}" if finding.vmi.status.node else f" ({finding.state})"
    colour = GOOD if finding.migratable else BAD
    return Text.assemble((named(finding.vmi.title), HEAD), place, ": ", (verdict(finding), colour))


def _explanation(finding: Finding, survey: Survey) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    table.add_column(no_wrap=True, style=DIM)
    table.add_column(overflow="fold")
    for violation in finding.denied + finding.warned:
        table.add_row(violation.restriction, f"{sentence(violation)} {remedy(violation)}")
        table.add_row("", Text(violation.field, DIM))
        if violation.details:
            table.add_row("", violation.details)
    if finding.placement:
        table.add_row("can go to", some_nodes(finding.eligible, survey) or "no node")
        for names, reasons in refused(finding, survey):
            table.add_row("", f"{names}: {reasons}")
    table.add_row("CPU", cpu_said(finding))
    table.add_row("timeouts", timeouts_said(finding.assessment.timeouts))
    for warning in finding.assessment.warnings:
        table.add_row("warning", Text(warning, "yellow"))
    return table


def _eviction(eviction: Eviction, survey: Survey) -> Sequence[RenderableType]:
    metadata = eviction.finding.vmi.metadata
    return (
        named(metadata.namespace),
        named(metadata.name),
        Text(eviction.outcome.value, _COLOURS[eviction.outcome]),
        named(eviction.target) or "-",
        enumerated(eviction.finding.eligible, survey.snapshot.nodes) or "-",
        eviction.why,
    )


def _switches(models: CpuModels) -> Iterator[RenderableType]:
    if models.switches:
        yield ""
        yield f"VMs on host-model, with {models.best} in its place:"
        yield ""
        table = _table("NAMESPACE", "NAME", "NODES NOW", "NODES THEN")
        for switch in models.switches:
            metadata = switch.finding.vmi.metadata
            counts = (str(nodes.bit_count()) for nodes in (switch.now, switch.then))
            table.add_row(named(metadata.namespace), named(metadata.name), *counts)
        yield table
    yield ""
    yield "For the whole cluster (new VMs too), then restart the VMs:"
    yield f"  {models.cluster_command}"
    for switch in models.switches[:1]:
        if switch.command:
            yield "For one VM, then restart it:"
            yield f"  {switch.command}"
