"""The commands: `certs ensure`, `certs run` and `certs show`.

Exit codes: 0 fine, 1 no (something doesn't verify), 2 wrong usage or unreadable input, 3 API server not reachable.
Standard output carries the product alone; whatever else there is to say goes to standard error.
"""

import datetime as dt
from functools import partial
from pathlib import Path

import click

from certs import files, options
from certs.bundle import ca_bundle
from certs.lifetime import Lives
from certs.run import run
from certs.show import show


@click.group(
    context_settings={"auto_envvar_prefix": "LIVE_MIGRATION_WEBHOOK_CERTS", "help_option_names": ["-h", "--help"]}
)
def certs() -> None:
    """Certificates that look after themselves."""


@certs.command()
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
def ensure(*, folder: Path, names: tuple[str, ...], leaf_life: dt.timedelta, ca_life: dt.timedelta) -> None:
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


certs.add_command(run)
certs.add_command(show)
