"""The commands: `certs ensure`, `certs run` and `certs show`, each loaded when it is asked for.

Exit codes: 0 fine, 1 no (something doesn't verify), 2 wrong usage or unreadable input, 3 API server not reachable.
Standard output carries the product alone; whatever else there is to say goes to standard error.
"""

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = ("ensure", "run", "show")
"""Each is a module of this package with a `command`."""


class Commands(click.Group):
    """A group whose commands are modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        return import_module(f"certs.{cmd_name}").command if cmd_name in COMMANDS else None


@click.group(
    cls=Commands,
    context_settings={"auto_envvar_prefix": "LIVE_MIGRATION_WEBHOOK_CERTS", "help_option_names": ["-h", "--help"]},
)
def certs() -> None:
    """Certificates that look after themselves."""
