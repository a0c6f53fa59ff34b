"""`explain`: what a restriction or target predicate means, what to do about it, and where it comes from."""

import difflib

import click

from webhook.engine.catalogue import PREDICATE, RESTRICTION, Entry, entries, named
from webhook.engine.wording import listed
from webhook.plugin.failure import Failure


@click.command("explain")
@click.argument("ids", metavar="[ID]…", nargs=-1, shell_complete=lambda *asked: _proposals(asked[-1]))
def command(ids: tuple[str, ...]) -> None:
    """Tell what a restriction or target predicate means, what to do about it, and where it comes from.

    Without ID all of them are listed.

    Exit codes: 0 fine; 2 there is nothing of that name.
    """
    if not ids:
        _overview()
    for entry in [entry for each in ids for entry in _known(each)]:
        click.echo(f"{click.style(entry.id, bold=True)} ({entry.kind})\n\n{entry.text}\n")


def _known(entry_id: str) -> tuple[Entry, ...]:
    found = named(entry_id)
    if not found:
        known = list(dict.fromkeys(entry.id for entry in entries()))
        near = difflib.get_close_matches(entry_id, known, n=1)
        raise Failure(
            f"nothing is called {entry_id}; " + (f"is it {near[0]}?" if near else f"there are {listed(known)}")
        )
    return found


def _overview() -> None:
    for kind in (RESTRICTION, PREDICATE):
        click.echo(click.style(f"\n{kind}".upper(), bold=True))
        for entry in entries():
            if entry.kind == kind:
                click.echo(f"  {entry.id:<22}{entry.title}")


def _proposals(incomplete: str) -> list[str]:
    return sorted({entry.id for entry in entries() if entry.id.startswith(incomplete)})
