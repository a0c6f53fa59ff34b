"""The command `certs ensure`: an authority and a certificate as files."""

import datetime as dt
from functools import partial
from pathlib import Path

import click

from certs import files, options
from certs.bundle import ca_bundle
from certs.lifetime import Lives


@click.command("ensure")
@click.option("--dir", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder.")
@click.option(
    "--dns",
    "names",
    required=True,
    multiple=True,
    callback=options.checked_names,
    metavar="NAME",
    help="A DNS name or IP address that the certificate is for; can be given again for more.",
)
@options.duration("--leaf-life", options.DEFAULTS.leaf, "Life of the certificate.")
@options.duration("--ca-life", options.DEFAULTS.authority, "Life of the authority.")
def command(*, folder: Path, names: tuple[str, ...], leaf_life: dt.timedelta, ca_life: dt.timedelta) -> None:
    """Make an authority and a certificate as files, or renew them when a third of their life is left.

    Writes ca.crt, ca.key, tls.crt and tls.key into the folder, which then looks like a mounted Secret, and prints the
    bundle for clientConfig.caBundle (base64 of PEM). Writes nothing when all is well.
    """
    lives = Lives(leaf=leaf_life, authority=ca_life)
    if leaf_life > ca_life:
        raise click.UsageError("a certificate can't outlive its authority: --leaf-life is longer than --ca-life")
    try:
        pem = files.ensure(folder, names, now=dt.datetime.now(dt.UTC), lives=lives, tell=partial(click.echo, err=True))
    except OSError as error:
        raise click.UsageError(f"{folder} can't be used: {error}") from error
    click.echo(ca_bundle(pem))
