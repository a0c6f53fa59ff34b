"""`drain`: what would happen to the VMs of a node. Nothing is drained."""

import click

from webhook.engine.wording import quoted
from webhook.foresight.drain import Drain, drain
from webhook.foresight.survey import Survey, machines_in, survey
from webhook.plugin.choosing import suggestion
from webhook.plugin.completion import complete_nodes
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.opening import View, open_cluster
from webhook.plugin.options import with_cluster, with_output
from webhook.plugin.output import note, say, write
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
    found = survey(view.snapshot, view.policy, there, view.incomplete)
    for each in found.incomplete:
        note(each)
    foretold = drain(found, node)
    _tell(foretold, found, output)
    return Exit.NOT_MIGRATABLE if foretold.blocked else Exit.FINE


def _known(node: str, view: View) -> None:
    nodes = view.snapshot.nodes
    if nodes.all and not nodes.named(node):
        near = suggestion(node, nodes.names(nodes.all))
        raise Failure(f"there is no node {quoted(node)}{near or '; kubectl get nodes lists them'}")


def _tell(foretold: Drain, found: Survey, output: str) -> None:
    if output == "table":
        from webhook.report.tables import drain_table  # noqa: PLC0415 - documents need no tables

        say(drain_table(foretold, found))
        return
    from webhook.report.document import drain_document  # noqa: PLC0415
    from webhook.report.forms import serialized  # noqa: PLC0415

    write(serialized(drain_document(foretold, found), output))
