"""The options that say where the cluster is, as whom to ask, and how to judge."""

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from webhook.plugin.access import Access
from webhook.plugin.failure import Failure
from webhook.settings.settings import PREFIX, InvalidSettings, Settings, load
from webhook.settings.values import duration

Command = TypeVar("Command", bound=Callable[..., Any])

JUDGING: Final = ("cluster", "kubeconfig", "context", "profile", "enforcement")
"""The settings that commands take as flags; their environment variables hold too."""
_ASKING: Final = ("user", "timeout")


def with_cluster(command: Command) -> Command:
    """Give a command all these options; it receives them as `access`."""
    return _with(command, _MANIFESTS, *_ASKED, *_JUDGED)


def with_api_server(command: Command) -> Command:
    """Give a command that changes something the options that say how to reach the API server, as `access`."""
    return _with(command, _NO_MANIFESTS, *_ASKED)


def profile_was_chosen() -> bool:
    """Tell whether somebody has named a profile, by flag or in the environment."""
    return bool(click.get_current_context().params.get("profile") or os.environ.get(f"{PREFIX}PROFILE"))


def access_from(options: Mapping[str, Any]) -> Access:
    """Read what the options and the environment say about the cluster.

    Raises:
        Failure: with all that is wrong.
    """
    user, timeout = (options.get(name) for name in _ASKING)
    return Access(
        settings=_settings({name: options.get(name) for name in JUDGING}), user=user or "", timeout=timeout or 0
    )


def _with(command: Command, *options: Callable[[Any], Any]) -> Command:
    @functools.wraps(command)
    def wrapped(**given: Any) -> Any:
        named = {name: given.pop(name, None) for name in (*JUDGING, *_ASKING)}
        return command(access=access_from(named), **given)

    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def _settings(flags: Mapping[str, str | None]) -> Settings:
    try:
        return load({name: value for name, value in flags.items() if value is not None}, os.environ)
    except InvalidSettings as error:
        raise Failure("; ".join(error.errors)) from error


def _request_timeout(_: click.Context, __: click.Parameter, value: str | None) -> float:
    """Read a timeout as kubectl does: `0` is none, a bare number is in seconds."""
    if not value or value == "0":
        return 0
    try:
        return duration(f"{value}s" if value.isdigit() else value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_MANIFESTS: Final = click.option(
    "--cluster",
    metavar="DIR|FILE|-",
    type=click.Path(),
    help="Manifests in place of an API server: a folder, a file, or - for standard input.",
)
_NO_MANIFESTS: Final = click.option("--cluster", hidden=True)
"""It is refused in words of its own."""
_ASKED: Final = (
    click.option("--kubeconfig", metavar="FILE", type=click.Path(), help="Kubeconfig; kubectl's when not given."),
    click.option("--context", metavar="NAME", help="Context in the kubeconfig; the current one when not given."),
    click.option("--as", "user", metavar="USER", help="User to act as: system:serviceaccount:NAMESPACE:NAME."),
    click.option(
        "--request-timeout",
        "timeout",
        metavar="DURATION",
        callback=_request_timeout,
        help="How long to wait for each answer of the API server: 5s, 2m.",
    ),
)
_JUDGED: Final = (
    click.option("--profile", metavar="NAME", help="Whose restrictions hold: harvester (default), kubevirt or auto."),
    click.option(
        "--enforcement",
        metavar="ID=deny|warn|off,…",
        help="Restrictions with a strictness of their own: cd-rom=off,container-disk=warn.",
    ),
)
