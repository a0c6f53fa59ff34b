"""Completion: scripts for bash, zsh and fish, and the answers that `kubectl` itself asks for.

kubectl completes plugins by running `kubectl_complete-livemigration` with the words after the plugin's name; it reads
one proposal a line and, at the end, a colon with a number: 4, complete no file names.
"""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

if TYPE_CHECKING:
    from webhook.plugin.opening import View

Names: TypeAlias = "Callable[[View], Iterable[str]]"

PROGRAM: Final = "kubectl-livemigration"
VARIABLE: Final = "_KUBECTL_LIVEMIGRATION_COMPLETE"
NO_FILES: Final = 4
FILES: Final = 0


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    r"""Print the completion script of a shell for `kubectl-livemigration`.

    \b
    bash: source <(kubectl-livemigration completion bash)
    zsh:  source <(kubectl-livemigration completion zsh)
    fish: kubectl-livemigration completion fish | source

    `kubectl livemigration` is completed by kubectl's own completion: kubectl_complete-livemigration is on the PATH.
    """
    kind = get_completion_class(shell)
    if kind:
        click.echo(kind(_cli(), {}, PROGRAM, VARIABLE).source())


def for_kubectl() -> None:
    """Answer kubectl: the words so far are the arguments, the last one is incomplete."""
    *words, incomplete = sys.argv[1:] or [""]
    proposals = ShellComplete(_cli(), {}, PROGRAM, VARIABLE).get_completions(words, incomplete)
    for proposal in proposals:
        if proposal.type == "plain":
            click.echo("\t".join(filter(None, [proposal.value, proposal.help])))
    click.echo(f":{NO_FILES if all(proposal.type == 'plain' for proposal in proposals) else FILES}")


def complete_vms(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Propose the VMs of the namespace."""
    from webhook.foresight.survey import machines_in  # noqa: PLC0415 - a script needs no cluster

    def names(view: "View") -> Iterable[str]:
        namespace = ctx.params.get("namespace") or view.namespace
        return (machine.metadata.name for machine in machines_in(view.snapshot, namespace))

    return _proposals(ctx, names, incomplete)


def complete_nodes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Propose nodes."""
    return _proposals(ctx, lambda view: (node.name for node in view.snapshot.nodes), incomplete)


def complete_namespaces(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Propose namespaces with VMs."""
    from webhook.foresight.survey import machines_in  # noqa: PLC0415

    return _proposals(
        ctx, lambda view: {machine.metadata.namespace for machine in machines_in(view.snapshot)}, incomplete
    )


def _proposals(ctx: click.Context, names: Names, incomplete: str) -> list[CompletionItem]:
    """Return the names that begin as typed; none when the cluster can't be read: completion never complains."""
    from webhook.plugin.opening import open_cluster  # noqa: PLC0415
    from webhook.plugin.options import JUDGING, settings_from  # noqa: PLC0415

    try:
        view = open_cluster(settings_from({name: ctx.params.get(name) for name in JUDGING}))
    except click.ClickException:
        return []
    return [CompletionItem(name) for name in sorted(names(view)) if name.startswith(incomplete)]


def _cli() -> click.Command:
    from webhook.plugin.group import cli  # noqa: PLC0415 - the group knows this module

    return cli
