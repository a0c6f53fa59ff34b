"""The command `certs run`: the keeper of the certificates in a cluster."""

import datetime as dt
import signal
import threading
from typing import Final

import click
import structlog

from certs import logs, options
from certs.cluster import Cluster
from certs.configurations import Reference
from certs.keeper import Charge, Keeper
from certs.lifetime import Lives
from certs.loop import Loop, StuckError
from certs.metrics import Metrics
from certs.names import InvalidNameError, canonical, service_names
from certs.probes import Application, Health, Probes
from certs.watch import Watch

TICK: Final = dt.timedelta(seconds=10)

LONGEST_TICK: Final = dt.timedelta(seconds=60)
"""Time is looked up at least this often: a timer that was set for long does not run while a machine is suspended."""

GRACE: Final = dt.timedelta(seconds=60)
"""Beyond three ticks, how long a look may take until the probes complain: some requests, each at its deadline."""

log = structlog.get_logger(__name__)


@click.command()
@options.namespace(required=True)
@options.name
@click.option("--service", help="Service that the leaf is for.  [default: as --name]")
@click.option(
    "--dns", multiple=True, metavar="NAME", help="A further DNS name or IP address for the leaf; can be given again."
)
@options.configurations
@options.kubeconfig
@options.lives
@options.duration("--tick", TICK, "Between looks; a minute at most.")
@click.option(
    "--listen",
    default="0.0.0.0:8080",
    show_default=True,
    callback=options.address,
    help="For /livez, /readyz and /metrics, without TLS.",
)
@click.option("--log-format", type=click.Choice(["json", "console"]), default="json", show_default=True)
@click.option("--once", is_flag=True, help="Do what can be done now, and end; recorded times are trusted.")
def run(
    *,
    namespace: str,
    name: str,
    service: str | None,
    dns: tuple[str, ...],
    references: tuple[Reference, ...],
    kubeconfig: str | None,
    context: str | None,
    lives: Lives,
    tick: dt.timedelta,
    listen: tuple[str, int],
    log_format: str,
    once: bool,
) -> None:
    """Keep the authority, the leaf and the caBundle of webhook configurations in a cluster, until SIGTERM.

    Everything is in two Secrets, NAME-ca (never mounted) and NAME-tls. Several keepers may run at once.
    """
    if tick > LONGEST_TICK:
        raise click.UsageError("--tick must be a minute at most")
    charge = Charge(
        namespace=namespace,
        name=name,
        configurations=references,
        names=_names(service or name, namespace, dns),
        lives=lives,
    )
    with options.connected(kubeconfig, context) as cluster:
        logs.configure(json=log_format == "json")
        if once:
            _once(cluster, charge)
        else:
            _until_stopped(cluster, charge, tick=tick, listen=listen)


def _names(service: str, namespace: str, further: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return canonical((*service_names(service, namespace), *further))
    except InvalidNameError as error:
        raise click.UsageError(str(error)) from error


def _once(cluster: Cluster, charge: Charge) -> None:
    loop = Loop(Keeper(cluster, charge), Metrics(charge.configurations), Health(GRACE.total_seconds()))
    try:
        loop.once()
    except StuckError as error:
        raise click.ClickException(str(error)) from error


def _until_stopped(cluster: Cluster, charge: Charge, *, tick: dt.timedelta, listen: tuple[str, int]) -> None:
    metrics, health = Metrics(charge.configurations), Health((3 * tick + GRACE).total_seconds())
    try:
        probes = Probes(*listen, Application(health, metrics.exposition))
    except OSError as error:
        raise click.UsageError(f"--listen: {error}") from error
    probes.start()
    log.info("listening", port=probes.port)
    Loop(Keeper(cluster, charge, Watch()), metrics, health).run(_stopped(), tick.total_seconds())
    probes.stop()
    log.info("stopped")


def _stopped() -> threading.Event:
    """Return what SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
