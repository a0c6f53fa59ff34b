"""The API server of the benchmark: a program of ours that has any number of objects and stores none of them.

Loading 155,000 objects into a real one takes longer than all measurements together. Whatever needs a real one is
measured at a real one: see `bench.real_api_server`.
"""

import json
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.cases import DENIED, TEAMS
from bench.machine import LOAD_CORE, on_core
from bench.objects import Object, claims, compact, kubevirt, launcher, namespace, node, vm, vmi
from testbed.pki import Authority
from testbed.processes import LOOPBACK, Process, free_ports, listens
from testbed.users import write_kubeconfig

HOME: Final = "node-0-intel"
"""Where the virtual machines are that can't migrate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a cluster is; each VMI has two claims and a launcher pod."""

    nodes: int
    vmis: int

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.nodes:,} nodes, {self.vmis:,} VMIs"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A running API server, and the kubeconfig that leads to it."""

    url: str
    authority: Path
    kubeconfig: Path

    def calls(self) -> int:
        """Return how many requests there were so far, but for watches."""
        context = ssl.create_default_context(cafile=str(self.authority))
        with urllib.request.urlopen(f"{self.url}/calls", context=context, timeout=10) as answer:  # noqa: S310
            counted: Mapping[str, int] = json.load(answer)
        return sum(number for call, number in counted.items() if call != "watch")


@contextmanager
def running_stand_in(size: Size, programs: Mapping[str, Path], folder: Path) -> Iterator[StandIn]:
    """Start it on the core of the load, with a cluster of this size."""
    folder.mkdir()
    authority = Authority(folder)
    pair = authority.issue("stand-in", "localhost", LOOPBACK)
    collections = folder / "collections.json"
    collections.write_text(json.dumps(_collections(size)))
    (port,) = free_ports(1)
    flags = {"listen": f"{LOOPBACK}:{port}", "certificate": pair.certificate, "key": pair.key}
    command: list[str | Path] = [programs["leash"], "--", programs["apiserver"], "-collections", collections]
    process = Process(
        name="stand-in",
        command=[*command, *(str(part) for flag, value in flags.items() for part in (f"-{flag}", value))],
        folder=folder,
    )
    kubeconfig = folder / "kubeconfig"
    url = f"https://{LOOPBACK}:{port}"
    write_kubeconfig(kubeconfig, server=url, authority=authority.pair.certificate, name="bench", token="none")
    try:
        with on_core(LOAD_CORE):
            process.start()
        process.wait_until(lambda: listens(port))
        yield StandIn(url=url, authority=authority.pair.certificate, kubeconfig=kubeconfig)
    finally:
        process.stop()


def _collections(size: Size) -> list[Object]:
    """Describe the cluster: half of the nodes with CPUs of one vendor, the virtual machines on those."""
    name, place, home = "vm-{n}", "team-{team}", "node-{node}-intel"
    pairs = size.nodes // 2
    broken = [vmi(case.vmi, case.namespace, HOME, case.broken) for case in DENIED]
    kubevirt_kind = {"group": "kubevirt.io", "version": "v1", "namespaced": True}
    core = {"group": "", "version": "v1"}
    numbers = {"count": size.vmis, "nodes": pairs, "teams": TEAMS}
    return [
        {
            **kubevirt_kind, **numbers, **_of(vmi(name, place, home)), "changing": True, "single": _single(broken),
        },
        {**kubevirt_kind, "plural": "virtualmachineinstancemigrations", "kind": "VirtualMachineInstanceMigration"},
        {**kubevirt_kind, **numbers, **_of(vm(name, place))},
        {**kubevirt_kind, "plural": "kubevirts", "kind": "KubeVirt", "single": _single([kubevirt()])},
        {
            **core, **numbers, **_of(*claims(name, place)), "namespaced": True,
            "single": _single([each for case in DENIED for each in claims(case.vmi, case.namespace, case.broken)]),
        },
        {
            **core, **numbers, **_of(launcher(name, place, home)), "namespaced": True,
            "single": _single([launcher(case.vmi, case.namespace, HOME) for case in DENIED]),
        },
        {
            **core, "count": pairs, **_of(*(node(f"node-{{n}}-{vendor}", vendor) for vendor in ("intel", "amd"))),
        },
        {**core, "count": TEAMS, **_of(namespace("team-{n}")), "single": _single([namespace("kubevirt")])},
        {
            "group": "migrations.kubevirt.io", "version": "v1alpha1",
            "plural": "migrationpolicies", "kind": "MigrationPolicy",
        },
    ]  # fmt: skip


def _of(*templates: Object) -> Object:
    kind = templates[0]["kind"]
    return {"kind": kind, "plural": f"{kind.lower()}s", "templates": _single(templates)}


def _single(documents: Any) -> list[Object]:
    return [
        {
            "namespace": document["metadata"].get("namespace", ""),
            "name": document["metadata"]["name"],
            "body": compact(document),
        }
        for document in documents
    ]
