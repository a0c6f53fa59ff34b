"""`check`: which VMs can move, where to, and why not."""

import click
from msgspec.structs import replace

from webhook.foresight.survey import Survey
from webhook.kube.source import Change, unchanged
from webhook.plugin.access import Access
from webhook.plugin.choosing import Scope, choose, surveyed
from webhook.plugin.cluster_options import with_cluster
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.manifest_files import ManifestFiles, read_manifest_files
from webhook.plugin.opening import View, open_cluster, today
from webhook.plugin.options import TABLES, with_headers, with_namespace, with_output
from webhook.plugin.output import answer, complain, note
from webhook.plugin.proposals import complete_vms
from webhook.plugin.watching import follow
from webhook.plugin.what_if import what_if
from webhook.report.forms import FOR_TERMINALS
from webhook.state.snapshot import Snapshot


@click.command("check")
@click.argument("vms", nargs=-1, metavar="[VM|NAMESPACE/VM]…", shell_complete=complete_vms)
@with_namespace
@click.option("-A", "--all-namespaces", is_flag=True, help="The VMs of all namespaces.")
@click.option(
    "-l", "--selector", default="", metavar="SELECTOR", help="Only VMs with these labels: app=web,tier!=test."
)
@click.option("-v", "--verbose", is_flag=True, help="Explain each VM: reasons, remedies, nodes, CPU, timeouts.")
@click.option(
    "-f",
    "--filename",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Check the VMs in manifests: files, folders, or - for standard input. The cluster around them is that of "
    "--cluster, --kubeconfig or --context, and none without.",
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="With -f: leave out files and folders by name: '*-patch.yaml'."
)
@click.option("--manifests", is_flag=True, help="The arguments are manifests, not VMs: for pre-commit and xargs.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="What if: spec.domain.cpu.model=XYZ. May be repeated.",
)
@click.option("-w", "--watch", is_flag=True, help="Go on: show each VM anew whose answer changes, every five seconds.")
@with_headers
@with_output("table", "wide", "name", "json", "yaml", "markdown", "junit", "sarif", "openreports")
@with_cluster
def command(
    *,
    access: Access,
    vms: tuple[str, ...],
    namespace: str,
    all_namespaces: bool,
    selector: str,
    files: tuple[str, ...],
    exclude: tuple[str, ...],
    changes: tuple[str, ...],
    manifests: bool,
    verbose: bool,
    watch: bool,
    headers: bool,
    output: str,
) -> int:
    """Tell for each VM whether it can live-migrate, where to, and why not.

    Exit codes: 0 all can; 1 one can't; 2 wrong usage or unreadable input; 3 cluster not reachable.
    """
    if manifests:
        files, vms = (*files, *vms), ()
    if all_namespaces and (namespace or vms):
        raise Failure("-A means all VMs of all namespaces; leave out -n and names")
    change = what_if(changes) if changes else unchanged
    if output == "table" and (verbose or files):
        output = "explained" if verbose else "lines"
    scope = Scope(names=vms, namespace=namespace, everywhere=all_namespaces, selector=selector)
    if watch:
        if files or access.settings.cluster or output not in TABLES:
            raise Failure("--watch shows a table of a cluster that changes; leave out -f, --cluster and -o")
        first, _ = _in_cluster(access, scope, change)
        return follow(
            first,
            lambda: _in_cluster(access, scope, change, again=True)[0],
            wide=output == "wide",
            headers=headers,
        )
    if files:
        return _check_files(access, read_manifest_files(files, change, exclude), output)
    found, place = _in_cluster(access, scope, change)
    if found.findings or output not in FOR_TERMINALS:
        answer("check", output, found, headers=headers)
    else:
        note(f"there are no VMs in namespace {place}; -A looks at all" if place else "there are no VMs")
    return Exit.NOT_MIGRATABLE if found.not_migratable else Exit.FINE


def _in_cluster(access: Access, scope: Scope, change: Change, *, again: bool = False) -> tuple[Survey, str]:
    """Survey what is meant; return the namespace, too, "" for all."""
    view = open_cluster(access, change, namespace=None if scope.everywhere else scope.namespace)
    return surveyed(
        view, choose(view, scope), again=again
    ), "" if scope.everywhere else scope.namespace or view.namespace


def _check_files(access: Access, manifests: ManifestFiles, output: str) -> int:
    """Answer for what the files hold; what can't be read decides the exit code."""
    view = (
        open_cluster(access)
        if access.is_named
        else View(snapshot=Snapshot(), policy=access.settings.policy.on(today()))
    )
    snapshot = manifests.over(view.snapshot)
    view = replace(view, snapshot=snapshot, policy=view.policy.resolved(snapshot.kubevirt))
    found = surveyed(view, manifests.machines(snapshot), locate=manifests.locate)
    for each in manifests.notes:
        note(each)
    for each in manifests.errors:
        complain(each)
    if found.findings or output not in FOR_TERMINALS:
        answer("check", output, found)
    else:
        note("there are no VMs")
    if manifests.errors:
        return Exit.UNUSABLE
    return Exit.NOT_MIGRATABLE if found.not_migratable else Exit.FINE
