"""`nodes`: every node's verdict about one VM."""

import click

from webhook.foresight.survey import Finding, Survey
from webhook.plugin.choosing import choose_one, surveyed
from webhook.plugin.cluster_options import with_cluster
from webhook.plugin.failure import Exit
from webhook.plugin.opening import open_cluster
from webhook.plugin.options import with_namespace, with_output
from webhook.plugin.output import answer, note
from webhook.plugin.proposals import complete_vms
from webhook.report.wording import remedy, sentence
from webhook.settings.settings import Settings


@click.command("nodes")
@click.argument("vm", shell_complete=complete_vms)
@with_namespace
@with_output("table", "json", "yaml")
@with_cluster
def command(*, settings: Settings, vm: str, namespace: str, output: str) -> int:
    """Tell for every node whether it can take a VM, and all reasons why not; the eligible ones first.

    Exit codes: 0 the VM can move; 1 it can't; 2 wrong usage or unreadable input; 3 cluster not reachable.
    """
    view = open_cluster(settings)
    found = surveyed(view, [choose_one(view, vm, namespace)])
    finding = found.findings[0]
    _tell(finding, found, output)
    return Exit.FINE if finding.migratable else Exit.NOT_MIGRATABLE


def _tell(finding: Finding, found: Survey, output: str) -> None:
    if finding.placement or output != "table":
        answer("nodes", output, finding, found)
    else:
        note(f"{finding.vmi.title} is {finding.state}: nodes are judged while it runs")
    for violation in finding.denied if output == "table" else ():
        note(f"{violation.restriction}: {sentence(violation)} {remedy(violation)}")
