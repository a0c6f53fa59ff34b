"""The command `certs show`: what is stored, trusted and served, and whether it fits together."""

import datetime as dt
from pathlib import Path

import click

from certs import options, places, presentation
from certs.configurations import ConfigurationName
from certs.inspection import Client, Found, inspect
from certs.objects import read_objects


@click.command("show")
@click.option("--dir", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder.")
@options.namespace(required=False)
@options.name
@options.configurations
@options.kubeconfig
@click.option("--address", metavar="HOST:PORT", callback=options.address, help="A server to ask for its certificate.")
@click.option("--server-name", help="The name to ask it for.  [default: the host of --address]")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    *,
    folder: Path | None,
    namespace: str | None,
    name: str,
    validating: tuple[ConfigurationName, ...],
    mutating: tuple[ConfigurationName, ...],
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
    seen: list[Found | Client] = []
    if folder:
        seen += _in_folder(folder)
    if namespace:
        with options.connected(kubeconfig, context) as api:
            objects = read_objects(api, namespace=namespace, name=name, configurations=(*validating, *mutating))
        seen += places.in_objects(objects, namespace, name)
    if address:
        seen.append(places.served(*address, server_name or address[0]))
    now, clients = dt.datetime.now(dt.UTC), [each for each in seen if isinstance(each, Client)]
    inspected = [inspect(each, clients, now) for each in seen if isinstance(each, Found)]
    present = presentation.as_json if output == "json" else presentation.as_table
    click.echo(present(inspected, now))
    if any(each.verifies is False for each in inspected):
        raise SystemExit(1)


def _in_folder(folder: Path) -> list[Found | Client]:
    try:
        return list(places.in_folder(folder))
    except OSError as error:
        raise click.UsageError(f"{folder} can't be read: {error}") from error
