"""`start`: move a VM."""

import click

from webhook.objects.fields import Fields
from webhook.plugin.access import Access
from webhook.plugin.cluster_options import with_api_server
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.live import api_server
from webhook.plugin.moving import already_moving, in_flight, phase, running, start, why_failed
from webhook.plugin.options import with_namespace
from webhook.plugin.output import note
from webhook.plugin.proposals import complete_nodes, complete_vms

SUCCEEDED = "Succeeded"


@click.command("start")
@click.argument("asked", metavar="VM|NAMESPACE/VM", shell_complete=complete_vms)
@click.option("--to", "node", default="", metavar="NODE", shell_complete=complete_nodes, help="Only to this node.")
@click.option("--wait", is_flag=True, help="Follow the move until it ends.")
@click.option(
    "--dry-run",
    type=click.Choice(["none", "server"]),
    default="none",
    show_default=True,
    help="server: ask the API server and its webhooks, and change nothing.",
)
@with_namespace
@with_api_server
def command(*, access: Access, asked: str, node: str, wait: bool, dry_run: str, namespace: str) -> int:
    """Move a running VM to another node. Ctrl-C while waiting leaves the move running.

    Exit codes: 0 asked for, or with --wait moved; 1 refused, or failed; 2 wrong usage; 3 cluster not reachable.
    """
    if wait and dry_run == "server":
        raise Failure("--wait has nothing to wait for in a dry run; leave out one of them")
    with api_server(access, asked, namespace) as (api, place, vm):
        found = running(api, place, vm)
        for going_on in in_flight(api, place, vm):
            raise Failure(already_moving(found, going_on, place, vm), Exit.NOT_MIGRATABLE)
        source = Fields(found).object("status").text("nodeName")
        migration = start(api, place, vm, node, dry_run=dry_run == "server")
        name = Fields(migration).object("metadata").text("name")
        if dry_run == "server":
            click.echo(f"VM {place}/{vm} may move: nothing refuses it (dry run)")
            return Exit.FINE
        click.echo(f"VM {place}/{vm} leaves {source}: migration {name} created")
        if not wait:
            note(f"kubectl livemigration abort {vm} -n {place} aborts it")
            return Exit.FINE
        from webhook.plugin.following import follow  # noqa: PLC0415 - only --wait needs rich, which takes 50 ms

        try:
            migration = follow(api, place, migration)
        except KeyboardInterrupt:
            note(f"{vm} keeps moving; kubectl livemigration abort {vm} -n {place} aborts it")
            return Exit.INTERRUPTED
        if phase(migration) == SUCCEEDED:
            target = Fields(running(api, place, vm)).object("status").text("nodeName")
            click.echo(f"VM {place}/{vm} runs on {target}")
            return Exit.FINE
        reasons = list(why_failed(api, place, vm, migration)) or ["KubeVirt gives no reason"]
        raise Failure(f"VM {place}/{vm} did not move. {'. '.join(reasons)}", Exit.NOT_MIGRATABLE)
