"""What ends a command early: one line that says what to do, and the exit code that says what kind of thing it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

import click

from webhook.kube.credentials import NoCredentials
from webhook.kube.refusals import ApiError, KindMissing, Rejected, Unreachable

AGENT: Final = "kubectl-livemigration"
"""Our name in the API server's log."""


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    NOT_MIGRATABLE = 1
    UNUSABLE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


class Failure(click.ClickException):
    """Raised to end the command; the message is one line for people."""

    exit_code = 2

    def __init__(self, message: str, code: Exit = Exit.UNUSABLE) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def reaching() -> Iterator[None]:
    """End the command with an error of the API server, and with a hint where it can't be reached.

    Raises:
        Failure: for each ApiError.
    """
    try:
        yield
    except Rejected as error:
        raise Failure(str(error), Exit.NOT_MIGRATABLE) from error
    except KindMissing as error:
        raise Failure(f"this cluster has no KubeVirt: {error}", Exit.UNREACHABLE) from error
    except Unreachable as error:
        raise Failure(f"{error}; does kubectl cluster-info reach it?", Exit.UNREACHABLE) from error
    except NoCredentials as error:
        raise Failure(f"{error}; --kubeconfig names one, --cluster takes manifests", Exit.UNREACHABLE) from error
    except ApiError as error:
        raise Failure(str(error), Exit.UNREACHABLE) from error
