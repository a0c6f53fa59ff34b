"""`drain`: what would happen to the VMs of a node. Nothing is drained."""

import click
from msgspec.structs import replace

from webhook.engine.policy import Profile
from webhook.engine.wording import quoted
from webhook.foresight.drain import Drainer, drain
from webhook.foresight.survey import machines_in
from webhook.plugin.access import Access
from webhook.plugin.choosing import suggestion, surveyed
from webhook.plugin.cluster_options import profile_was_chosen, with_cluster
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.opening import View, open_cluster
from webhook.plugin.options import with_headers, with_output
from webhook.plugin.output import answer
from webhook.plugin.proposals import complete_nodes
from webhook.settings.settings import Settings


@click.command("drain")
@click.argument("node", shell_complete=complete_nodes)
@with_output("table", "wide", "json", "yaml")
@with_headers
@with_cluster
def command(*, access: Access, node: str, output: str, headers: bool) -> int:
    """Tell what would happen to the VMs of a node that is drained: who moves where, who stays, who is shut down.

    KubeVirt goes by a VM's eviction strategy and its condition LiveMigratable alone: what can move by these is never
    shut down, and where no node can take it, the drain waits. Harvester's maintenance mode and its upgrade stop some
    VMs first, and maintenance mode may be refused. --as kubectl, harvester-maintenance or harvester-upgrade says who
    drains: by default maintenance mode with --profile harvester, else kubectl. Any other word is the user to act as.

    This is a preview; nothing is drained. VMs are listed in an order that works. Whether all fit at once is judged by
    the CPU and memory that virt-launcher pods ask for.

    Exit codes: 0 all VMs move; 1 one stays, or would be shut down; 2 wrong usage; 3 cluster not reachable.
    """
    drainer = next((each for each in Drainer if each == access.user), None)
    view = open_cluster(replace(access, user="") if drainer else access)
    _known(node, view)
    there = [machine for machine in machines_in(view.snapshot) if machine.status.node == node]
    found = surveyed(view, there)
    preview = drain(found, node, drainer=drainer or _usual(access.settings, view))
    answer("drain", output, preview, found, headers=headers)
    return Exit.FINE if preview.harmless else Exit.NOT_MIGRATABLE


def _usual(settings: Settings, view: View) -> Drainer:
    """Return who drains where the profile was chosen for Harvester; by default nobody has said so."""
    chosen = profile_was_chosen() and settings.policy.resolved(view.snapshot.kubevirt).profile is Profile.HARVESTER
    return Drainer.MAINTENANCE if chosen else Drainer.KUBECTL


def _known(node: str, view: View) -> None:
    nodes = view.snapshot.nodes
    if nodes.all and not nodes.named(node):
        near = suggestion(node, nodes.names(nodes.all))
        raise Failure(f"there is no node {quoted(node)}{near or '; kubectl get nodes lists them'}")
