"""The options that say where the cluster is and how to judge: settings, as flags."""

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from webhook.plugin.failure import Failure
from webhook.settings.settings import InvalidSettings, Settings, load

Command = TypeVar("Command", bound=Callable[..., Any])

JUDGING: Final = ("cluster", "kubeconfig", "context", "profile", "enforcement")
"""The settings that commands take as flags; their environment variables hold too."""


def with_cluster(command: Command) -> Command:
    """Give a command these options; it receives them as `settings`."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> Any:
        flags = {name: options.pop(name) for name in JUDGING}
        return command(settings=settings_from(flags), **options)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def settings_from(flags: Mapping[str, str | None]) -> Settings:
    """Read the settings from flags (None where one wasn't given) and the environment.

    Raises:
        Failure: with all that is wrong.
    """
    try:
        return load({name: value for name, value in flags.items() if value is not None}, os.environ)
    except InvalidSettings as error:
        raise Failure("; ".join(error.errors)) from error


_OPTIONS: Final = (
    click.option(
        "--cluster",
        metavar="DIR|FILE|-",
        type=click.Path(),
        help="Manifests in place of an API server: a folder, a file, or - for standard input.",
    ),
    click.option("--kubeconfig", metavar="FILE", type=click.Path(), help="Kubeconfig; kubectl's when not given."),
    click.option("--context", metavar="NAME", help="Context in the kubeconfig; the current one when not given."),
    click.option("--profile", metavar="NAME", help="Whose restrictions hold: harvester (default), kubevirt or auto."),
    click.option(
        "--enforcement",
        metavar="ID=deny|warn|off,…",
        help="Restrictions with a strictness of their own: cd-rom=off,container-disk=warn.",
    ),
)
