"""A virtual machine's story: its launch, and for most a first move or a second one; the last step is compared.

The pod of each step is the one that KubeVirt makes; a move's source pod is that of the step before.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from fidelity.cpus import cpu_labels
from fidelity.machines.kubevirt import as_large, random_kubevirt
from fidelity.machines.vmi import random_vmi
from fidelity.selectors import Json, chance
from fidelity.words import HOSTNAME, NODE_LABELS
from webhook.objects.quantity import read_quantity

MAKE_PODS = Callable[[Sequence[Json]], Sequence[Json]]
"""Asks KubeVirt for the pods of many questions; an answer has a `pod` or an `error`."""

EARLIER: Final = ("kubevirt.io/realtime", "kubevirt.io/sev", "kubevirt.io/sev-es")
"""What the VMI mutator of KubeVirt up to 1.4 wrote into a VMI's own node selector, without a value."""


class Story(Struct, frozen=True, kw_only=True):
    """The question of a step and what KubeVirt answers; `moves` are those that come after it."""

    seed: int
    release: tuple[int, ...]
    moves: int
    question: Json
    answer: Json


def random_stories(seeds: Sequence[int], version: str, make_pods: MAKE_PODS) -> list[Story]:
    """Return the stories of these seeds at their last step, with a KubeVirt of this version."""
    release = tuple(map(int, version.removeprefix("v").split(".")))
    launches = [_launch(seed, version, release) for seed in seeds]
    stories = _answered(launches, make_pods)
    for _ in range(2):
        moving = [story for story in stories if story.moves and story.answer.get("pod")]
        moved = {story.seed: story for story in _answered([_moved(story) for story in moving], make_pods)}
        stories = [moved.get(story.seed, story) for story in stories]
    return stories


def _answered(stories: Sequence[Story], make_pods: MAKE_PODS) -> list[Story]:
    answers = make_pods([story.question for story in stories])
    return [replace(story, answer=answer) for story, answer in zip(stories, answers, strict=True)]


def _launch(seed: int, version: str, release: tuple[int, ...]) -> Story:
    random = Random(seed)
    vmi, claims, networks = random_vmi(random, seed, release)
    if release < (1, 5) or chance(random, 0.3):
        vmi["spec"].setdefault("nodeSelector", {}).update(dict.fromkeys(_written_by_1_4(vmi["spec"]), ""))
    question = {
        "id": seed,
        "kubevirt": random_kubevirt(random, version, release),
        "vmi": vmi,
        "persistentVolumeClaims": claims,
        "networkAttachmentDefinitions": networks,
    }
    moves = random.choice((0, 1, 1, 2, 2))
    return Story(seed=seed, release=release, moves=moves, question=question, answer={})


def _written_by_1_4(spec: Json) -> list[str]:
    sev = spec["domain"].get("launchSecurity", {}).get("sev")
    encrypted = (sev or {}).get("policy", {}).get("encryptedState", False)
    asked = ("realtime" in spec["domain"]["cpu"], sev is not None, encrypted)
    return [key for key, wanted in zip(EARLIER, asked, strict=True) if wanted]


def _moved(story: Story) -> Story:
    """Return the story with a move from the pod that was made last, on a node of its own, to be answered yet."""
    random = Random(f"{story.seed} with {story.moves} moves to come")
    question = story.question
    node = _node(random, f"node-{story.moves}", question["vmi"]["spec"].get("architecture", "amd64"))
    vmi = _running(random, question, node["metadata"]["name"])
    kubevirt = question["kubevirt"]
    if chance(random, 0.15):
        version = kubevirt["status"]["observedKubeVirtVersion"]
        kubevirt = as_large(random_kubevirt(random, version, story.release), kubevirt)
    source = _source(random, story, node["metadata"]["name"])
    asked = {"vmi": vmi, "kubevirt": kubevirt, "sourcePod": source, "nodes": [node]}
    return replace(
        story, moves=story.moves - 1, question={**question, **asked, "migration": _migration(random, story)}, answer={}
    )


def _node(random: Random, name: str, architecture: str) -> Json:
    labels = {HOSTNAME: name} if architecture == "arm64" else {HOSTNAME: name, **cpu_labels(random)}
    return {"metadata": {"name": name, "labels": labels}}


def _running(random: Random, question: Json, node: str) -> Json:
    """Return the VMI as it runs on a node; now and then with CPUs or memory that were plugged in since."""
    vmi = question["vmi"]
    spec, status = vmi["spec"], {**vmi["status"], "nodeName": node, "selinuxContext": "none", "phase": "Running"}
    for plugged in ("currentCPUTopology", "memory"):  # a move has made the pod that they were waiting for
        status.pop(plugged, None)
    status["volumeStatus"] = list(_volumes(question))
    if "machine" not in status and chance(random, 0.8):
        status["machine"] = {"type": random.choice(("pc-q35-rhel9.6.0", "pc-q35-rhel9.4.0"))}
    if "topologyHints" not in status and chance(random, 0.5):
        status["topologyHints"] = random.choice(({"tscFrequency": 2_600_000_000}, {"tscFrequency": 0}, {}))
    domain = spec["domain"]
    if chance(random, 0.2) and "sockets" in (cpu := domain["cpu"]):
        topology = {key: cpu[key] for key in ("cores", "sockets", "threads")}
        status["currentCPUTopology"] = topology
        domain = {**domain, "cpu": {**cpu, "sockets": cpu["sockets"] + 1}}
    if chance(random, 0.2):
        before = domain["memory"]["guest"]
        status["memory"] = {"guestAtBoot": before, "guestCurrent": before, "guestRequested": "8Gi"}
        domain = _with_memory(domain, before)
    return {**vmi, "spec": {**spec, "domain": domain}, "status": status}


def _with_memory(domain: Json, before: str) -> Json:
    """Return a domain with 8 GiB, as the VM controller changes it."""
    memory = {**domain["memory"], "guest": "8Gi"}
    resources = domain["resources"]
    for kind in ("requests", "limits"):
        if asked := resources.get(kind, {}).get("memory"):
            added = (read_quantity("8Gi") or 0) - (read_quantity(before) or 0) + (read_quantity(asked) or 0)
            resources = {**resources, kind: {**resources[kind], "memory": str(added)}}
    return {**domain, "memory": memory, "resources": resources}


def _volumes(question: Json) -> Iterator[Json]:
    modes = {claim["metadata"]["name"]: claim["spec"]["accessModes"] for claim in question["persistentVolumeClaims"]}
    for volume in question["vmi"]["spec"].get("volumes", ()):
        source = volume.get("persistentVolumeClaim", volume.get("dataVolume", {}))
        claim = source.get("claimName", source.get("name", ""))
        known = {"persistentVolumeClaimInfo": {"accessModes": modes[claim]}} if claim else {}
        yield {"name": volume["name"], "target": "", **known}


def _source(random: Random, story: Story, node: str) -> Json:
    """Return the pod of the last step as it runs; its labels may be those of a pod that KubeVirt 1.4 made."""
    pod, vmi = story.answer["pod"], story.question["vmi"]["metadata"]
    owner = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": vmi["name"], "uid": vmi["uid"]}
    spec = {**pod["spec"], "nodeName": node}
    if chance(random, 0.5):
        own = story.question["vmi"]["spec"].get("nodeSelector", {})
        spec["nodeSelector"] = {**spec["nodeSelector"], **{key: own[key] for key in EARLIER if key in own}}
    return {
        "metadata": {
            "name": f"virt-launcher-{story.moves}",
            "namespace": vmi["namespace"],
            "labels": pod["metadata"]["labels"],
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": spec,
        "status": {"phase": "Running"},
    }


def _migration(random: Random, story: Story) -> Json:
    spec: Json = {"vmiName": story.question["vmi"]["metadata"]["name"]}
    if story.release >= (1, 6) and chance(random, 0.3):
        key = random.choice(("pool", "disk", "kubevirt.io/schedulable", "site"))
        spec["addedNodeSelector"] = {key: random.choice(NODE_LABELS.get(key, ("true",)))}
    return {"metadata": {"name": "move", "namespace": "default", "uid": f"move-{story.moves}"}, "spec": spec}
