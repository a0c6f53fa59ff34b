"""What the shell proposes for a word that is half typed: VMs, nodes and namespaces of the cluster."""

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from webhook.foresight.survey import machines_in
from webhook.plugin.cluster_options import access_from
from webhook.plugin.opening import View, open_cluster


def complete_vms(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Propose the VMs of the namespace."""

    def names(view: View) -> Iterable[str]:
        namespace = ctx.params.get("namespace") or view.namespace
        return (machine.metadata.name for machine in machines_in(view.snapshot, namespace))

    return _proposals(ctx, names, incomplete)


def complete_nodes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Propose nodes."""
    return _proposals(ctx, lambda view: (node.name for node in view.snapshot.nodes), incomplete)


def complete_namespaces(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Propose namespaces with VMs."""
    return _proposals(
        ctx, lambda view: {machine.metadata.namespace for machine in machines_in(view.snapshot)}, incomplete
    )


def _proposals(ctx: click.Context, names: Callable[[View], Iterable[str]], incomplete: str) -> list[CompletionItem]:
    """Return the names that begin as typed; none when the cluster can't be read: completion never complains."""
    try:
        view = open_cluster(access_from(ctx.params))
    except click.ClickException:
        return []
    return [CompletionItem(name) for name in sorted(names(view)) if name.startswith(incomplete)]
