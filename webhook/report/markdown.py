"""Markdown: for a wiki, a pull request or a ticket."""

from collections.abc import Iterable, Iterator, Sequence

from webhook.engine.wording import printable
from webhook.foresight.cpu_models import CpuModels, cpu_models
from webhook.foresight.drain import conclusion, drains
from webhook.foresight.survey import Finding, Survey
from webhook.report.wording import refused, remedy, sentence, some_nodes, timeouts_said, verdict


def check_markdown(survey: Survey) -> str:
    """Return what `check` found."""
    return _joined(("# Live migration", *_summary(survey), *_machines(survey)))


def report_markdown(survey: Survey) -> str:
    """Return everything."""
    return _joined(
        (
            "# Live migration of the cluster",
            *_summary(survey),
            "## Virtual machines",
            *_machines(survey),
            "## Drains",
            "\n".join(f"- {_cell(conclusion(drain))}" for drain in drains(survey)),
            "## CPU models",
            *_models(cpu_models(survey), survey),
        )
    )


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _summary(survey: Survey) -> Iterator[str]:
    total, stuck = len(survey.findings), len(survey.not_migratable)
    yield f"{total - stuck} of {total} VMs can move. Profile: {survey.policy.profile}."
    if survey.incomplete:
        yield "\n".join(f"> {_cell(each)}" for each in survey.incomplete)


def _machines(survey: Survey) -> Iterator[str]:
    yield _table(
        ("VM", "Node", "Verdict", "Targets", "Restrictions"),
        [
            (
                finding.vmi.title,
                finding.vmi.status.node or finding.state,
                verdict(finding),
                some_nodes(finding.eligible, survey) or "-",
                ", ".join(finding.restrictions) or "-",
            )
            for finding in survey.findings
        ],
    )
    for finding in survey.findings:
        if finding.denied or finding.warned:
            yield from _machine(finding, survey)


def _machine(finding: Finding, survey: Survey) -> Iterator[str]:
    yield f"### {_cell(finding.vmi.title)}"
    lines = []
    for violation in finding.denied + finding.warned:
        place = survey.locate(finding.vmi, violation.field)
        where = f"`{_code(violation.field)}`" + (f", {_cell(str(place))}" if place else "")
        lines.append(
            f"- **{violation.restriction}** ({where}): {_cell(sentence(violation))} {_cell(remedy(violation))}"
        )
        if violation.details:
            lines.append(f"  {_cell(violation.details)}")
    lines += [f"- {command.purpose}: `{_code(command.text)}`" for command in finding.commands]
    yield "\n".join(lines)
    yield "\n".join(f"- {_cell(names)}: {_cell(reasons)}" for names, reasons in refused(finding, survey))
    yield f"Timeouts: {_cell(timeouts_said(finding.assessment.timeouts))}."


def _models(models: CpuModels, survey: Survey) -> Iterator[str]:
    rows = [
        (row.name, str(row.supported.bit_count()), some_nodes(row.primary, survey), some_nodes(row.migration, survey))
        for row in models.models
    ]
    yield _table(("Model", "Nodes", "Own model of", "Takes migrations on"), rows)
    if models.best:
        yield f"Most nodes share {_cell(models.best)}. For the whole cluster, then restart the VMs:"
        yield f"```sh\n{models.cluster_command}\n```"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return text that Markdown shows as it is."""
    escaped = "".join(f"\\{c}" if c in "\\|*_`<>[]#" else c for c in text)
    return printable(escaped)


def _code(text: str) -> str:
    return printable(text).replace("`", "'").replace("|", "\\|")
