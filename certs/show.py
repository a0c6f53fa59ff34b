"""The command `certs show`: what is stored, trusted and served, and whether it fits together."""

import datetime as dt
from pathlib import Path

import click

from certs import options, places, presentation
from certs.configurations import Reference
from certs.places import Survey
from certs.sightings import judge


@click.command()
@click.option("--dir", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder.")
@options.namespace(required=False)
@options.name
@options.configurations
@options.kubeconfig
@click.option("--address", metavar="HOST:PORT", callback=options.address, help="A server to ask for its certificate.")
@click.option("--server-name", help="The name to ask it for.  [default: the host of --address]")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show(
    *,
    folder: Path | None,
    namespace: str | None,
    name: str,
    references: tuple[Reference, ...],
    kubeconfig: str | None,
    context: str | None,
    address: tuple[str, int] | None,
    server_name: str | None,
    output: str,
) -> None:
    """Tell what is stored (--namespace, --dir), trusted and served (--address), until when, and whether it verifies.

    Every leaf has to be accepted by everyone who trusts something: each webhook configuration, and ca.crt of the
    folder. Ends with exit code 1 when something does not verify.
    """
    if not folder and not namespace and not address:
        raise click.UsageError("say where to look: --namespace, --dir or --address")
    survey, now = Survey(), dt.datetime.now(dt.UTC)
    if folder:
        _look_into(survey, folder)
    if namespace:
        with options.connected(kubeconfig, context) as cluster:
            places.in_cluster(survey, cluster, namespace=namespace, name=name, among=references)
    if address:
        places.served(survey, *address, server_name or address[0])
    sightings = [judge(found, survey.trusts, now) for found in survey.found]
    present = presentation.as_json if output == "json" else presentation.as_table
    click.echo(present(sightings, now))
    if any(sighting.verifies is False for sighting in sightings):
        raise SystemExit(1)


def _look_into(survey: Survey, folder: Path) -> None:
    try:
        places.in_folder(survey, folder)
    except OSError as error:
        raise click.UsageError(f"{folder} can't be read: {error}") from error
