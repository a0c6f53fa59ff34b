"""The command `certs run`: the keeper of the certificates in a cluster."""

import datetime as dt
import signal
import threading
from typing import Final

import click
import structlog

from certs import options
from certs.configurations import ConfigurationName
from certs.health import Health
from certs.keeper import Keeper, KeeperConfig
from certs.lifetime import Lives
from certs.loop import Loop, StuckError
from certs.metrics import Metrics
from certs.names import InvalidNameError, canonical, service_names
from certs.probes import Probes
from certs.stopwatch import Stopwatch
from webhook.kube import logs
from webhook.kube.api import Api

TICK: Final = dt.timedelta(seconds=10)

LONGEST_TICK: Final = dt.timedelta(seconds=60)
"""Time is looked up at least this often: a timer that was set for long does not run while a machine is suspended."""

GRACE: Final = dt.timedelta(seconds=60)
"""Beyond three ticks, how long a look may take until the probes complain: some requests, each at its deadline."""

log = structlog.get_logger(__name__)


@click.command("run")
@options.namespace(required=True)
@options.name
@click.option("--service", help="Service that the leaf is for.  [default: as --name]")
@click.option(
    "--dns", multiple=True, metavar="NAME", help="A further DNS name or IP address for the leaf; can be given again."
)
@options.configurations
@options.kubeconfig
@options.duration("--leaf-life", options.DEFAULTS.leaf, "Life of a leaf, the certificate that is served.")
@options.duration("--ca-life", options.DEFAULTS.authority, "Life of an authority.")
@options.duration("--propagation", options.DEFAULTS.propagation, "Until every API server works with a new caBundle.")
@options.duration("--settle", options.DEFAULTS.settle, "Until every pod serves a new leaf.")
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
def command(
    *,
    namespace: str,
    name: str,
    service: str | None,
    dns: tuple[str, ...],
    validating: tuple[ConfigurationName, ...],
    mutating: tuple[ConfigurationName, ...],
    kubeconfig: str | None,
    context: str | None,
    leaf_life: dt.timedelta,
    ca_life: dt.timedelta,
    propagation: dt.timedelta,
    settle: dt.timedelta,
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
    lives = Lives(leaf=leaf_life, authority=ca_life, propagation=propagation, settle=settle)
    if faults := lives.faults():
        raise click.UsageError("; ".join(faults))
    config = KeeperConfig(
        namespace=namespace,
        name=name,
        configurations=(*validating, *mutating),
        names=_names(service or name, namespace, dns),
        lives=lives,
    )
    with options.connected(kubeconfig, context) as api:
        logs.configure(log_format, "info")
        if once:
            _once(api, config)
        else:
            _until_stopped(api, config, tick=tick, listen=listen)


def _names(service: str, namespace: str, further: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return canonical((*service_names(service, namespace), *further))
    except InvalidNameError as error:
        raise click.UsageError(str(error)) from error


def _once(api: Api, config: KeeperConfig) -> None:
    loop = Loop(Keeper(api, config), Metrics(config.configurations), Health(GRACE.total_seconds()))
    try:
        loop.once()
    except StuckError as error:
        raise click.ClickException(str(error)) from error


def _until_stopped(api: Api, config: KeeperConfig, *, tick: dt.timedelta, listen: tuple[str, int]) -> None:
    metrics, health = Metrics(config.configurations), Health((3 * tick + GRACE).total_seconds())
    try:
        probes = Probes(*listen, health, metrics.registry)
    except OSError as error:
        raise click.UsageError(f"--listen: {error}") from error
    probes.start()
    log.info("listening", port=probes.port)
    Loop(Keeper(api, config, Stopwatch()), metrics, health).run(_stopped(), tick.total_seconds())
    probes.stop()
    log.info("stopped")


def _stopped() -> threading.Event:
    """Return what SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
