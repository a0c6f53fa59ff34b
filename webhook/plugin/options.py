"""The options that commands share: where the cluster is, which virtual machines are meant, in which form to answer."""

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click
from msgspec import Struct

from webhook.plugin.completion import complete_namespaces
from webhook.plugin.failure import Failure
from webhook.settings.settings import InvalidSettings, Settings, load

Command = TypeVar("Command", bound=Callable[..., Any])

JUDGING: Final = ("cluster", "kubeconfig", "context", "profile", "enforcement")
"""The settings that commands take as flags; their environment variables hold too."""


class Scope(Struct, frozen=True, kw_only=True):
    """Which virtual machines are meant: `namespace` is "" for the one where somebody who names none works."""

    names: tuple[str, ...] = ()
    namespace: str = ""
    everywhere: bool = False
    selector: str = ""


def with_cluster(command: Command) -> Command:
    """Give a command the options that say where the cluster is and how to judge; it receives them as `settings`."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> Any:
        flags = {name: options.pop(name) for name in JUDGING}
        return command(settings=settings_from(flags), **options)

    for option in reversed(_CLUSTER):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def with_namespace(command: Command) -> Command:
    """Give a command `-n`; it receives it as `namespace`."""
    return click.option(
        "-n",
        "--namespace",
        default="",
        metavar="NAMESPACE",
        shell_complete=complete_namespaces,
        help="Namespace of the VMs; the current one of the context when not given.",
    )(command)


def with_output(*forms: str) -> Callable[[Command], Command]:
    """Give a command `-o`; the first form is the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="Form of the answer.",
    )


def settings_from(flags: Mapping[str, str | None]) -> Settings:
    """Read the settings from flags (None where one wasn't given) and the environment.

    Raises:
        Failure: with all that is wrong.
    """
    try:
        return load({name: value for name, value in flags.items() if value is not None}, os.environ)
    except InvalidSettings as error:
        raise Failure("; ".join(error.errors)) from error


_CLUSTER: Final = (
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
