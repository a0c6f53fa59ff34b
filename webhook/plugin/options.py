"""The options that commands share: which virtual machines are meant, and in which form to answer."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from webhook.plugin.proposals import complete_namespaces

TABLES: Final = frozenset({"table", "wide"})
"""Forms that have a header."""

Command = TypeVar("Command", bound=Callable[..., Any])


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


def with_headers(command: Command) -> Command:
    """Give a command `--no-headers`; it receives it as `headers`."""
    return click.option(
        "--no-headers",
        "headers",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Only the rows of the table: no header, and nothing below it.",
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
