"""Completion: scripts for bash, zsh and fish, and the answers that `kubectl` itself asks for.

kubectl completes plugins by running `kubectl_complete-livemigration` with the words after the plugin's name; it reads
one proposal a line and, at the end, a colon with a number: 4, complete no file names.
"""

import sys
from typing import Final

import click
from click.shell_completion import ShellComplete, get_completion_class

from webhook.plugin.group import VARIABLE, cli

PROGRAM: Final = "kubectl-livemigration"
NO_FILES: Final = 4
FILES: Final = 0


_HELP: Final = """Print the completion script of a shell for `kubectl-livemigration`.

\b
bash: source <(kubectl-livemigration completion bash)
zsh:  source <(kubectl-livemigration completion zsh)
fish: kubectl-livemigration completion fish | source

`kubectl livemigration` is completed by kubectl's own completion: kubectl_complete-livemigration is on the PATH.

Exit codes: 0 fine; 2 it is no shell that is known.
"""


@click.command("completion", help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    if kind:
        click.echo(kind(cli, {}, PROGRAM, VARIABLE).source())


def for_kubectl() -> None:
    """Answer kubectl: the words so far are the arguments, the last one is incomplete."""
    *words, incomplete = sys.argv[1:] or [""]
    proposals = ShellComplete(cli, {}, PROGRAM, VARIABLE).get_completions(words, incomplete)
    for proposal in proposals:
        if proposal.type == "plain":
            click.echo("\t".join(filter(None, [proposal.value, proposal.help])))
    click.echo(f":{NO_FILES if all(proposal.type == 'plain' for proposal in proposals) else FILES}")
