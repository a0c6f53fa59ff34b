"""`version`: which version this is."""

from importlib.metadata import version

import click


@click.command("version")
def command() -> None:
    """Print the version of this program.

    Exit codes: 0 fine.
    """
    click.echo(version("live-migration-webhook"))
