"""The options that commands share, and the errors of the API server as exit codes."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from certs.configurations import ConfigurationName
from certs.durations import Duration, spoken
from certs.lifetime import Lives
from certs.names import InvalidNameError, canonical
from webhook.kube.api import Api, connect
from webhook.kube.credentials import NoCredentials
from webhook.kube.refusals import ApiError
from webhook.kube.resources import WEBHOOK_CONFIGURATIONS

DEFAULTS: Final = Lives()

AGENT: Final = "live-migration-webhook-certs"
"""Our name in the API server's log, and field manager of everything written here."""

Command = Callable[..., Any]


class UnreachableError(click.ClickException):
    """Ends a command: the API server can't be reached, or refuses to answer."""

    exit_code = 3


def namespace(*, required: bool) -> Callable[[Command], Command]:
    """Return the option for where the Secrets are."""
    text = "Namespace of the Secrets."
    return click.option("--namespace", required=required, envvar="POD_NAMESPACE" if required else None, help=text)


def name(command: Command) -> Command:
    """Add the option that the objects are named by."""
    text = "The Secrets are NAME-ca and NAME-tls."
    return click.option("--name", default="live-migration-webhook", show_default=True, help=text)(command)


def kubeconfig(command: Command) -> Command:
    """Add the options that say which API server."""
    command = click.option("--context", help="Context of the kubeconfig.  [default: the current one]")(command)
    return click.option(
        "--kubeconfig",
        type=click.Path(exists=True, dir_okay=False),
        help="Kubeconfig file.  [default: the pod's service account, else as kubectl does]",
    )(command)


def configurations(command: Command) -> Command:
    """Add the options that name webhook configurations; the command gets them as `validating` and `mutating`."""
    for phase in sorted(WEBHOOK_CONFIGURATIONS):
        text = f"A {WEBHOOK_CONFIGURATIONS[phase].name}; can be given again for more."
        command = click.option(f"--{phase}", multiple=True, metavar="NAME", callback=_named, help=text)(command)
    return command


def duration(flag: str, default: dt.timedelta, text: str) -> Callable[[Command], Command]:
    """Return an option that takes a duration."""
    return click.option(flag, type=Duration(), default=default, help=f"{text}  [default: {spoken(default)}]")


def _named(_: click.Context, option: click.Parameter, value: tuple[str, ...]) -> tuple[ConfigurationName, ...]:
    return tuple(ConfigurationName(phase=str(option.name), name=name) for name in value)


def checked_names(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of an option in canonical form; a bad one is a usage error."""
    try:
        return canonical(value)
    except InvalidNameError as error:
        raise click.BadParameter(str(error)) from error


def address(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, int] | None:
    """Return `HOST:PORT` (`[::1]:8080` for IPv6) as a pair; a bad one is a usage error."""
    if value is None:
        return None
    host, _colon, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  # the largest port there is
        raise click.BadParameter(f"{value!r} is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


@contextmanager
def connected(kubeconfig: str | None, context: str | None) -> Iterator[Api]:
    """Connect to the API server for a command; an error ends it with one line and an exit code."""
    try:
        api = connect(kubeconfig or "", context or "", agent=AGENT)
    except NoCredentials as error:
        raise click.UsageError(f"there is no API server to ask: {error}") from error
    try:
        yield api
    except ApiError as error:
        raise UnreachableError(str(error)) from error
    finally:
        api.close()
