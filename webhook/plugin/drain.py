"""`drain`: what would happen to the VMs of a node. Nothing is drained."""

import click

from webhook.engine.policy import Profile
from webhook.engine.wording import quoted
from webhook.foresight.drain import Drainer, drain
from webhook.foresight.survey import machines_in
from webhook.plugin.choosing import suggestion, surveyed
from webhook.plugin.cluster_options import profile_was_chosen, with_cluster
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.opening import View, open_cluster
from webhook.plugin.options import with_output
from webhook.plugin.output import answer
from webhook.plugin.proposals import complete_nodes
from webhook.settings.settings import Settings


@click.command("drain")
@click.argument("node", shell_complete=complete_nodes)
@click.option(
    "--as",
    "drainer",
    type=click.Choice([str(each) for each in Drainer]),
    help="Who drains the node: harvester-maintenance with --profile harvester, else kubectl, when not given.",
)
@with_output("table", "json", "yaml")
@with_cluster
def command(*, settings: Settings, node: str, drainer: str | None, output: str) -> int:
    """Tell what would happen to the VMs of a node that is drained: who moves where, who stays, who is shut down.

    KubeVirt goes by a VM's eviction strategy and its condition LiveMigratable alone: what can move by these is never
    shut down, and where no node can take it, the drain waits. Harvester's maintenance mode and its upgrade stop some
    VMs first, and maintenance mode may be refused.

    This is a preview; nothing is drained. VMs are listed in an order that works. Whether all fit at once is judged by
    the CPU and memory that virt-launcher pods ask for.

    Exit codes: 0 the drain would end; 1 something would stay; 2 wrong usage; 3 cluster not reachable.
    """
    view = open_cluster(settings)
    _known(node, view)
    there = [machine for machine in machines_in(view.snapshot) if machine.status.node == node]
    found = surveyed(view, there)
    preview = drain(found, node, drainer=Drainer(drainer) if drainer else _usual(settings, view))
    answer("drain", output, preview, found)
    return Exit.NOT_MIGRATABLE if preview.blocked else Exit.FINE


def _usual(settings: Settings, view: View) -> Drainer:
    """Return who drains where the profile was chosen for Harvester; by default nobody has said so."""
    chosen = profile_was_chosen() and settings.policy.resolved(view.snapshot.kubevirt).profile is Profile.HARVESTER
    return Drainer.MAINTENANCE if chosen else Drainer.KUBECTL


def _known(node: str, view: View) -> None:
    nodes = view.snapshot.nodes
    if nodes.all and not nodes.named(node):
        near = suggestion(node, nodes.names(nodes.all))
        raise Failure(f"there is no node {quoted(node)}{near or '; kubectl get nodes lists them'}")
