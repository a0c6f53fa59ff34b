"""`abort`: end the move of a VM."""

import click

from webhook.kube.api import Document
from webhook.kube.refusals import NotFound
from webhook.objects.fields import Fields
from webhook.objects.labels import EVACUATION
from webhook.plugin.access import Access
from webhook.plugin.cluster_options import with_api_server
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.live import api_server
from webhook.plugin.moving import TIMEOUT, in_flight, phase
from webhook.plugin.options import with_namespace
from webhook.plugin.output import note
from webhook.plugin.proposals import complete_vms
from webhook.state.kinds import MIGRATION


@click.command("abort")
@click.argument("asked", metavar="VM|NAMESPACE/VM", shell_complete=complete_vms)
@with_namespace
@with_api_server
def command(*, access: Access, asked: str, namespace: str) -> int:
    """Abort the move of a VM: it goes on running where it is.

    Exit codes: 0 aborted; 1 it doesn't move; 2 wrong usage; 3 cluster not reachable.
    """
    with api_server(access, asked, namespace) as (api, place, vm):
        migrations = in_flight(api, place, vm)
        if not migrations:
            raise Failure(f"VM {place}/{vm} is not moving: there is nothing to abort", Exit.NOT_MIGRATABLE)
        for migration in migrations:
            name = Fields(migration).object("metadata").text("name")
            try:
                api.delete(MIGRATION, place, name, timeout=TIMEOUT)
            except NotFound:
                note(f"migration {name} has ended meanwhile")
                continue
            click.echo(f"VM {place}/{vm}: migration {name} aborted in phase {phase(migration)}")
            if _of_an_evacuation(migration):
                note("it was made by an evacuation: KubeVirt makes another one as long as the node is drained")
    return Exit.FINE


def _of_an_evacuation(migration: Document) -> bool:
    return EVACUATION in Fields(migration).object("metadata").string_map("annotations")
