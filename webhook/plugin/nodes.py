"""`nodes`: every node's verdict about one VM."""

import click

from webhook.foresight.survey import Finding, Survey
from webhook.plugin.access import Access
from webhook.plugin.choosing import choose_one, surveyed
from webhook.plugin.cluster_options import with_cluster
from webhook.plugin.failure import Exit
from webhook.plugin.opening import open_cluster
from webhook.plugin.options import TABLES, with_headers, with_namespace, with_output
from webhook.plugin.output import answer, note
from webhook.plugin.proposals import complete_vms
from webhook.report.wording import remedy, sentence


@click.command("nodes")
@click.argument("vm", metavar="VM|NAMESPACE/VM", shell_complete=complete_vms)
@with_namespace
@with_output("table", "wide", "name", "json", "yaml")
@with_headers
@with_cluster
def command(*, access: Access, vm: str, namespace: str, output: str, headers: bool) -> int:
    """Tell for every node whether it can take a VM, and all reasons why not; the eligible ones first.

    Exit codes: 0 the VM can move; 1 it can't; 2 wrong usage or unreadable input; 3 cluster not reachable.
    """
    view = open_cluster(access, namespace=namespace)
    found = surveyed(view, [choose_one(view, vm, namespace)])
    finding = found.findings[0]
    _tell(finding, found, output, headers=headers)
    return Exit.FINE if finding.migratable else Exit.NOT_MIGRATABLE


def _tell(finding: Finding, found: Survey, output: str, *, headers: bool) -> None:
    if finding.placement or output not in TABLES:
        answer("nodes", output, finding, found, headers=headers)
    else:
        note(f"{finding.vmi.title} is {finding.state}: nodes are judged while it runs")
    if finding.move and output in TABLES:
        note(f"{finding.vmi.title} {finding.move.words}")
    for violation in finding.denied if output in TABLES else ():
        note(f"{violation.restriction}: {sentence(violation)} {remedy(violation)}")
