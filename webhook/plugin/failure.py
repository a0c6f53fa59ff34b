"""What ends a command early: one line that says what to do, and the exit code that says what kind of thing it was."""

from enum import IntEnum

import click

from webhook.kube.credentials import NoCredentials
from webhook.kube.refusals import ApiError, Unreachable


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    NOT_MIGRATABLE = 1
    UNUSABLE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


class Failure(click.ClickException):
    """Raised to end the command; the message is one line for people."""

    def __init__(self, message: str, code: Exit = Exit.UNUSABLE) -> None:
        super().__init__(message)
        self.code = code


def not_reached(error: NoCredentials | ApiError) -> Failure:
    """Return the failure for a cluster that can't be asked, with what to try."""
    hint = ""
    if isinstance(error, Unreachable):
        hint = "; does kubectl cluster-info reach it?"
    elif isinstance(error, NoCredentials):
        hint = "; kubectl config get-contexts lists what there is"
    return Failure(f"{error}{hint}", Exit.UNREACHABLE)
