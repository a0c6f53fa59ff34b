"""`report`: the whole cluster, as a page for people or a document for programs."""

import os
import sys
from datetime import UTC, datetime

import click

from webhook.foresight.survey import machines_in
from webhook.plugin.access import Access
from webhook.plugin.choosing import surveyed
from webhook.plugin.cluster_options import with_cluster
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.opening import open_cluster
from webhook.plugin.options import with_output
from webhook.plugin.output import write
from webhook.plugin.waiting import waiting
from webhook.report.forms import written


@click.command("report")
@with_output("html", "json", "yaml", "markdown", "junit", "sarif", "openreports")
@with_cluster
def command(*, access: Access, output: str) -> int:
    """Report on the whole cluster: every VM and node with reasons, the drain of each node, and CPU models.

    It goes to standard output: kubectl livemigration report > report.html

    Exit codes: 0 written, whatever it says; 2 wrong usage or unreadable input; 3 cluster not reachable.
    """
    if output == "html" and sys.stdout.isatty():
        raise Failure(
            "a page is for a browser: kubectl livemigration report > report.html, or -o markdown to read here"
        )
    view = open_cluster(access)
    with waiting("Assessing the VMs"):
        found = surveyed(view, machines_in(view.snapshot), made=_now())
        text = written("report", output, found)
    write(text)
    return Exit.FINE


def _now() -> str:
    """Return the date for people; $SOURCE_DATE_EPOCH stands in, so that a report can be made again as it was."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    time = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    return time.strftime("%Y-%m-%d %H:%M UTC")
