"""`cpu-models`: which CPU models the nodes share."""

import click

from webhook.foresight.cpu_models import cpu_models
from webhook.foresight.survey import machines_in
from webhook.plugin.access import Access
from webhook.plugin.choosing import surveyed
from webhook.plugin.cluster_options import with_cluster
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.opening import open_cluster
from webhook.plugin.options import with_headers, with_output
from webhook.plugin.output import answer


@click.command("cpu-models")
@with_output("table", "wide", "json", "yaml")
@with_headers
@with_cluster
def command(*, access: Access, output: str, headers: bool) -> int:
    """Tell which CPU models the nodes share, and what choosing one would open to the VMs on host-model.

    The two documented remedies are printed as commands; both need the VMs to be restarted.

    Exit codes: 0 fine; 2 wrong usage or unreadable input; 3 cluster not reachable.
    """
    view = open_cluster(access)
    if not view.snapshot.nodes.all:
        raise Failure("no nodes are known" + "".join(f"; {each}" for each in view.incomplete))
    found = surveyed(view, machines_in(view.snapshot))
    answer("cpu-models", output, cpu_models(found), found, headers=headers)
    return Exit.FINE
