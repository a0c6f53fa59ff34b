"""The command line: `live-migration-webhook serve`, `review`, and the commands that other packages bring."""

import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points, version
from typing import Any, Final, NoReturn, TypeVar

import click

from webhook.kube.refusals import ApiError
from webhook.settings.settings import FILE, JUDGING, PREFIX, Described, InvalidSettings, Settings, described, load
from webhook.state.manifests import UnreadableManifest

COMMANDS: Final = "live_migration_webhook.commands"
"""Entry points of this group become commands: the certs package is one, and is not imported otherwise."""

USAGE: Final = 2
"""Exit code for wrong usage and unreadable input, as click has it."""
UNREACHABLE: Final = 3
"""Exit code for a cluster that can't be reached."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Commands(click.Group):
    """A group that is joined by the commands of other packages, loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *entry_points(group=COMMANDS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of ours, or load another package's."""
        for entry_point in entry_points(group=COMMANDS, name=cmd_name):
            loaded: click.Command = entry_point.load()
            return loaded
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(version("live-migration-webhook"), message="%(version)s")
def main() -> None:
    """Make KubeVirt live migrations work, or refuse them at once in words people can act on."""


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Give a command the flags of some settings, of all when none is named; it receives them as `**flags`."""

    def decorate(command: Command) -> Command:
        chosen = [each for each in described() if not names or each.name in names]
        for each in reversed(chosen):
            command = click.option(each.flag, each.name, metavar="VALUE", help=_help(each))(command)
        about = f"Settings in YAML, one `name: value` a line.  [{PREFIX}{FILE.upper()}]"
        return click.option(f"--{FILE}", FILE, metavar="FILE", help=about)(command)

    return decorate


def _help(setting: Described) -> str:
    default = f"; default: {setting.default}" if setting.default else ""
    return f"{setting.about[:1].upper()}{setting.about[1:]}.  [{setting.variable}{default}]"


def settings_from(flags: dict[str, str | None]) -> Settings:
    """Read the settings, or end with all that is wrong with them."""
    try:
        return load({name: value for name, value in flags.items() if value is not None}, os.environ)
    except InvalidSettings as error:
        _end("\nError: ".join(error.errors), USAGE)


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


@main.command()
@with_settings()
def serve(**flags: str | None) -> None:
    """Serve the admission endpoints until SIGTERM.

    Settings come from the file, then the environment, then the flags; the later ones win.

    Exit codes: 0 after SIGTERM; 2 wrong settings, or manifests that can't be read; 3 the cluster is not reachable.
    """
    from webhook.kube import logs  # noqa: PLC0415 - `version` needs none of it, which takes 60 ms
    from webhook.server.process import run  # noqa: PLC0415 - the others need no server, which takes 250 ms
    from webhook.settings.clusters import source_of  # noqa: PLC0415 - the others need no server, which takes 250 ms

    settings = settings_from(flags)
    logs.configure(settings.log_format, settings.log_level)
    try:
        run(settings, source_of(settings))
    except UnreadableManifest as error:
        _end(str(error), USAGE)
    except ApiError as error:
        _end(str(error), UNREACHABLE)


@main.command()
@click.argument("file")
@click.option("--path", help="The endpoint to ask; the request's resource decides when it is not given.")
@with_settings(*JUDGING)
def review(file: str, path: str | None, **flags: str | None) -> None:
    """Judge one AdmissionReview, JSON or YAML, in FILE (- for standard input).

    The AdmissionReview with the response goes to standard output, as the service would send it, and nothing else.

    Exit codes: 0 allowed; 1 denied; 2 wrong usage, or unreadable input; 3 the cluster is not reachable; 70 a bug.
    """
    from webhook.admission.offline import Unusable, review_file  # noqa: PLC0415 - `version` needs none, which takes 60 ms
    from webhook.admission.reviewer import Reviewer  # noqa: PLC0415 - `version` needs none of it
    from webhook.engine.assessment import Rules  # noqa: PLC0415 - `version` needs none of it
    from webhook.settings.clusters import cluster_now  # noqa: PLC0415 - `version` needs none of it

    settings = settings_from(flags)
    try:
        reviewer = Reviewer(cluster=cluster_now(settings), rules=Rules(policy=settings.policy))
        output, code = review_file(file, path, reviewer, settings.request_timeout)
    except Unusable as error:
        _end(str(error), error.code)
    except UnreadableManifest as error:
        _end(str(error), USAGE)
    except ApiError as error:
        _end(str(error), UNREACHABLE)
    click.echo(output)
    sys.exit(code)


@main.command(name="version")
def show_version() -> None:
    """Print the version."""
    click.echo(version("live-migration-webhook"))
