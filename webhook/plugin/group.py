"""The command line: its commands, loaded by name, and how each error is reported."""

import difflib
import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from webhook.plugin.failure import Exit, Failure

NAME: Final = "kubectl livemigration"
VARIABLE: Final = "_KUBECTL_LIVEMIGRATION_COMPLETE"
"""The environment variable by which a shell asks for proposals."""
_GARBAGE: Final = 100_000
"""New objects after which Python looks for cycles: a report is made of millions that stay until it is written."""
COMMANDS: Final[Mapping[str, str]] = {
    "check": "Tell which VMs can move, where to, and why not.",
    "nodes": "Tell for every node whether it can take a VM.",
    "start": "Move a VM.",
    "abort": "Abort the move of a VM.",
    "drain": "Tell what would happen to the VMs of a node that is drained.",
    "cpu-models": "Tell which CPU models the nodes share.",
    "report": "Report on the whole cluster, as a page or for programs.",
    "doctor": "Tell whether the webhook is registered, trusted and answering.",
    "explain": "Tell what a restriction means, and what to do about it.",
    "version": "Print the version.",
    "completion": "Print the completion script of a shell.",
}
"""Each is a module of this package with a `command`; the sentence stands in the overview."""


class Commands(click.Group):
    """A group whose commands are modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order of the overview."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"webhook.plugin.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the overview without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and suggest one for a name that there isn't."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near and not args[0].startswith("-"):
            raise click.UsageError(f'there is no command "{args[0]}"; is it "{near[0]}"?', ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(package_name="live-migration-webhook", message="%(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Tell who can live-migrate, where to, and why not.

    Exit codes: 0 fine; 1 not migratable; 2 wrong usage or unreadable input; 3 cluster not reachable.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line as kubectl starts it, and exit with its code."""
    gc.set_threshold(_GARBAGE)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    try:
        return int(cli.main(list(arguments), prog_name=NAME, complete_var=VARIABLE, standalone_mode=False) or Exit.FINE)
    except click.UsageError as error:
        asked = error.ctx.command_path if error.ctx else NAME
        return _fail(f"{error.format_message()} ({asked} --help tells more)", error.exit_code)
    except Failure as error:
        return _fail(error.format_message(), error.code)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output (`head`, a pager) has seen enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FINE


def _fail(message: str, code: int) -> int:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code
