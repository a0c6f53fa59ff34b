"""`check`: which VMs can move, where to, and why not."""

import click

from webhook.foresight.survey import Survey, survey
from webhook.kube.source import Change, unchanged
from webhook.plugin.choosing import choose
from webhook.plugin.completion import complete_vms
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.opening import View, is_named, open_cluster
from webhook.plugin.options import Scope, with_cluster, with_namespace, with_output
from webhook.plugin.output import note, say, write
from webhook.plugin.what_if import what_if
from webhook.settings.settings import Settings
from webhook.state.snapshot import Snapshot


@click.command("check")
@click.argument("vms", nargs=-1, metavar="[VM]…", shell_complete=complete_vms)
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
@click.option("--manifests", is_flag=True, help="The arguments are manifests, not VMs: for pre-commit and xargs.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="What if: spec.domain.cpu.model=XYZ. May be repeated.",
)
@with_output("table", "json", "yaml", "markdown", "junit", "sarif", "openreports")
@with_cluster
def command(
    *,
    settings: Settings,
    vms: tuple[str, ...],
    namespace: str,
    all_namespaces: bool,
    selector: str,
    files: tuple[str, ...],
    changes: tuple[str, ...],
    manifests: bool,
    verbose: bool,
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
    if files:
        found = _in_files(settings, files, change)
        _tell(found, output, verbose=verbose, as_lines=True)
    else:
        view = open_cluster(settings, change)
        scope = Scope(names=vms, namespace=namespace, everywhere=all_namespaces, selector=selector)
        found = survey(view.snapshot, view.policy, choose(view, scope), view.incomplete)
        _tell(found, output, verbose=verbose, place="" if all_namespaces else namespace or view.namespace)
    return Exit.NOT_MIGRATABLE if found.stuck else Exit.FINE


def _in_files(settings: Settings, files: tuple[str, ...], change: Change) -> Survey:
    from webhook.plugin.manifest_files import read_manifest_files  # noqa: PLC0415 - YAML takes its time to import

    manifests = read_manifest_files(files, change)
    view = open_cluster(settings) if is_named(settings) else View(snapshot=Snapshot(), policy=settings.policy)
    snapshot = manifests.over(view.snapshot)
    policy = view.policy.resolved(snapshot.kubevirt)
    return survey(snapshot, policy, manifests.machines(), view.incomplete, manifests.locate)


def _tell(found: Survey, output: str, *, verbose: bool, place: str = "", as_lines: bool = False) -> None:
    from webhook.report import forms  # noqa: PLC0415 - each form brings its own libraries

    for each in found.incomplete:
        note(each)
    if output != "table":
        write(forms.check(found, output))
        return
    if not found.findings:
        note(f"there are no VMs in namespace {place}; -A looks at all" if place else "there are no VMs")
        return
    from webhook.report.tables import check_explained, check_lines, check_table  # noqa: PLC0415

    brief = check_lines if as_lines else check_table
    say(check_explained(found) if verbose else brief(found))
