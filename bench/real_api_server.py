"""What each webhook costs a migration at a real API server, by that server's own histogram; and KubeVirt's own webhook.

The migrations are created with `dryRun`, so nothing is stored and all of them meet the same cluster.
"""

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bench import correctness
from bench.cases import ALLOWED, DENIED, Case, body, migration
from bench.contestants import HOST, VIRT_API, Contestant, contestants, running
from bench.loading import Load
from bench.machine import LOAD_CORE, SERVER_CORE, cpu_seconds, memory, move
from bench.measures import Samples
from bench.objects import Object, claims, vmi
from bench.plan import Plan, in_turn
from bench.programs import Programs
from testbed.api import KUBEVIRT, Api
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.kubevirt_objects import CUSTOM_RESOURCES, REGISTRATIONS
from testbed.namespaces import create_namespace
from testbed.pki import Authority
from testbed.processes import LOOPBACK

TEAM: Final = "team-0"
NODES: Final = ("node-0-intel", "node-1-intel")
HISTOGRAM: Final = "apiserver_admission_webhook_admission_duration_seconds"
VIRT_API_HOOK: Final = "migration-create-validator.kubevirt.io"
VIRT_API_PATH: Final = "/migration-validate-create"
VIRT_API_ROUNDS: Final = 3
"""How often it is asked directly. The others are at another time: so this is not the number of their rounds, for
`Samples.ratio` would take them for taken in turn."""
VALIDATING: Final = f"{REGISTRATIONS}/validatingwebhookconfigurations"
WARM_UP: Final = 0.5
"""Seconds after which the API server asks the webhook that has just been registered, and no other one."""
HEALTHY: Final = tuple(replace(case, namespace=TEAM) for case in ALLOWED)
MIGRATIONS: Final = tuple(json.dumps(migration(case)).encode() for case in HEALTHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A control plane with the objects of the cases, and a certificate for the contestants."""

    plane: ControlPlane
    programs: Programs
    authority: Authority
    folder: Path

    def creates(self) -> Load:
        """Return the load generator against the API server: migrations are created, and none is stored."""
        user = json.loads(self.plane.kubeconfig().read_text())
        path = f"{KUBEVIRT}/namespaces/{TEAM}/virtualmachineinstancemigrations?dryRun=All"
        return Load(
            program=self.programs["load"],
            url=self.plane.server + path,
            authority=Path(user["clusters"][0]["cluster"]["certificate-authority"]),
            folder=self.folder,
            header=f"Authorization: Bearer {user['users'][0]['user']['token']}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A contestant's webhook: its name in the API server's metrics, and what registers it."""

    contestant: str
    name: str
    registrations: tuple[Object, ...]

    @contextmanager
    def registered(self, api: Api) -> Iterator[None]:
        """Let the API server ask it about migrations."""
        for each in self.registrations:
            api.post(VALIDATING, each)
        try:
            yield
        finally:
            for each in self.registrations:
                api.delete(f"{VALIDATING}/{each['metadata']['name']}")


def measure(programs: Programs, folder: Path, plan: Plan, samples: Samples) -> None:
    """Measure what needs a real API server: all webhooks run, and take short turns at being the only one registered."""
    folder.mkdir()
    serving = folder / "serving"
    serving.mkdir()
    plane = ControlPlane(virt_controller=False).start()
    try:
        _fill(plane)
        for name, process in plane.processes.items():
            move(process.pid or 0, SERVER_CORE if name == VIRT_API else LOAD_CORE)
        stage = Stage(plane=plane, programs=programs, authority=Authority(serving), folder=folder)
        with ExitStack() as stack:
            started = (stack.enter_context(_running(stage, each)) for each in contestants(programs))
            hooks = [_virt_api(plane.api()), *started]
            for number in range(plan.create_turns):
                print(f"real API server, turn {number + 1} of {plan.create_turns}", file=sys.stderr, flush=True)
                for hook in in_turn(number, hooks):
                    with hook.registered(plane.api()):
                        _creates(stage, hook, plan, samples)
        for _ in range(VIRT_API_ROUNDS):
            _virt_api_alone(stage, plan, samples)
    finally:
        plane.stop()


def _creates(stage: Stage, hook: Hook, plan: Plan, samples: Samples) -> None:
    """Create migrations one by one, then eight at a time; read what the API server says that the hook took."""
    api = stage.plane.api()
    for at_once in (1, 8):
        stage.creates().expect("201", MIGRATIONS, seconds=WARM_UP, connections=at_once, warm_up=0)
        before = _histogram(api, hook.name)
        seen = stage.creates().expect("201", MIGRATIONS, seconds=plan.turn, connections=at_once, warm_up=0)
        seconds, count = (now - then for now, then in zip(_histogram(api, hook.name), before, strict=True))
        added = {f"added_{at_once}": seconds / count * 1000, f"create_{at_once}": seen.of("201").p50}
        samples.add(hook.contestant, **added)


def _virt_api_alone(stage: Stage, plan: Plan, samples: Samples) -> None:
    """Ask KubeVirt's own webhook directly, without the API server between."""
    pid = stage.plane.processes[VIRT_API].pid or 0
    port = stage.plane._site.ports[VIRT_API]
    load = replace(stage.creates(), url=f"https://{HOST}:{port}{VIRT_API_PATH}", header="")
    used = cpu_seconds(pid)
    seen = load.expect("allowed", map(body, HEALTHY), seconds=plan.saturated, warm_up=0)
    answers = seen.of("allowed")
    held = memory(pid)
    samples.add(
        VIRT_API,
        throughput=seen.rate("allowed"),
        cpu=(cpu_seconds(pid) - used) / answers.count * 1e6,
        saturated_p50=answers.p50,
        saturated_p99=answers.p99,
        memory=held.resident,
        charged=held.charged,
    )
    refused = [replace(case, namespace=TEAM) for case in DENIED if not case.allowed_by_kubevirt]
    denied = load.expect("denied", map(body, refused), seconds=plan.saturated)
    samples.add(VIRT_API, denied=denied.rate("denied"))


def _histogram(api: Api, hook: str) -> tuple[float, float]:
    """Return the sum of the seconds that a hook took, and how often it was asked."""
    lines = api._raw("GET", "/metrics").decode().splitlines()
    wanted = [line for line in lines if line.startswith(HISTOGRAM) and f'name="{hook}"' in line]
    return _total(wanted, "_sum"), _total(wanted, "_count")


def _total(lines: list[str], suffix: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{HISTOGRAM}{suffix}{{"))


def _virt_api(api: Api) -> Hook:
    """Return KubeVirt's own webhook, which isn't registered from now on."""
    found = [each for each in api.get(VALIDATING)["items"] if _validates_migrations(each)]
    for each in found:
        api.delete(f"{VALIDATING}/{each['metadata']['name']}")
    registrations = ({"metadata": {"name": each["metadata"]["name"]}, "webhooks": each["webhooks"]} for each in found)
    return Hook(contestant=VIRT_API, name=VIRT_API_HOOK, registrations=tuple(registrations))


def _validates_migrations(registration: Object) -> bool:
    return any(hook["name"] == VIRT_API_HOOK for hook in registration["webhooks"])


@contextmanager
def _running(stage: Stage, contestant: Contestant) -> Iterator[Hook]:
    """Run a contestant; give its webhook once it answers rightly."""
    authority = stage.authority.pair.certificate
    with running(
        contestant,
        programs=stage.programs,
        kubeconfig=stage.plane.kubeconfig(),
        serving=stage.authority.issue("tls", HOST, LOOPBACK),
        authority=authority,
        folder=stage.folder,
    ) as target:
        correctness.wait_until_right(target, (*HEALTHY, *DENIED))
        correctness.check(target, (*HEALTHY, *DENIED))
        registration = _registration(contestant.name, target.url, authority.read_bytes())
        name = registration["webhooks"][0]["name"]
        yield Hook(contestant=contestant.name, name=name, registrations=(registration,))


def _registration(name: str, url: str, authority: bytes) -> Object:
    rule = {
        "apiGroups": ["kubevirt.io"],
        "apiVersions": ["v1"],
        "resources": ["virtualmachineinstancemigrations"],
        "operations": ["CREATE"],
    }
    hook = {
        "name": f"{name}.bench.example",
        "clientConfig": {"url": url, "caBundle": base64.b64encode(authority).decode()},
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 5,
    }
    return {"metadata": {"name": name}, "webhooks": [hook]}


def _fill(plane: ControlPlane) -> None:
    """Make nodes and the virtual machines of all cases, as virt-controller and virt-handler leave them."""
    admin, handler = plane.api(), plane.api("kubevirt-handler")
    gates = {"spec": {"configuration": {"developerConfiguration": {"featureGates": ["HostDevices"]}}}}
    admin.patch(f"{CUSTOM_RESOURCES}/kubevirt", gates)
    create_namespace(admin, TEAM)
    hypervisor = Hypervisor(admin=admin, virt_handler=handler)
    for name in NODES:
        hypervisor.add_node(name, labels=_cpu_labels())
    for case in (*HEALTHY, *DENIED):
        _make(admin, handler, case)


def _make(admin: Api, handler: Api, case: Case) -> None:
    for claim in claims(case.vmi, TEAM, case.broken):
        admin.post(f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims", _new(claim))
    document = vmi(case.vmi, TEAM, NODES[0], case.broken, case.reason)
    path = f"{KUBEVIRT}/namespaces/{TEAM}/virtualmachineinstances"
    made = admin.post(path, _new(document))
    handler.put(f"{path}/{case.vmi}", {**made, "status": document["status"]})


def _new(document: Object) -> Object:
    """Return an object as it is created: without what the API server writes."""
    kept: Mapping[str, Any] = document["metadata"]
    metadata = {key: kept[key] for key in ("name", "namespace", "annotations") if key in kept}
    return {key: value for key, value in document.items() if key != "status"} | {"metadata": metadata}


def _cpu_labels() -> Mapping[str, str]:
    model = "Skylake-Server-IBRS"
    kinds = ("host-model-cpu", "cpu-model", "cpu-model-migration")
    return {f"{kind}.node.kubevirt.io/{model}": "true" for kind in kinds}
