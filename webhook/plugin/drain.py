"""`drain`: what would happen to the VMs of a node. Nothing is drained."""

import click

from webhook.engine.wording import quoted
from webhook.foresight.drain import drain
from webhook.foresight.survey import machines_in
from webhook.plugin.choosing import suggestion, surveyed
from webhook.plugin.cluster_options import with_cluster
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.opening import View, open_cluster
from webhook.plugin.options import with_output
from webhook.plugin.output import answer
from webhook.plugin.proposals import complete_nodes
from webhook.settings.settings import Settings


@click.command("drain")
@click.argument("node", shell_complete=complete_nodes)
@with_output("table", "json", "yaml")
@with_cluster
def command(*, settings: Settings, node: str, output: str) -> int:
    """Tell what would happen to the VMs of a node that is drained: who moves where, who stays, who is shut down.

    This is a preview; nothing is drained. VMs are listed in an order that works. Whether all fit at once is judged by
    the CPU and memory that virt-launcher pods ask for.

    Exit codes: 0 the drain would end; 1 something would stay; 2 wrong usage; 3 cluster not reachable.
    """
    view = open_cluster(settings)
    _known(node, view)
    there = [machine for machine in machines_in(view.snapshot) if machine.status.node == node]
    found = surveyed(view, there)
    preview = drain(found, node)
    answer("drain", output, preview, found)
    return Exit.NOT_MIGRATABLE if preview.blocked else Exit.FINE


def _known(node: str, view: View) -> None:
    nodes = view.snapshot.nodes
    if nodes.all and not nodes.named(node):
        near = suggestion(node, nodes.names(nodes.all))
        raise Failure(f"there is no node {quoted(node)}{near or '; kubectl get nodes lists them'}")
