"""What ends a command early: one line that says what to do, and the exit code that says what kind of thing it was."""

from enum import IntEnum

import click


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
