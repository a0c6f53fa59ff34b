"""The story that the demonstration tells."""

from typing import Final

import yaml

from demo.stage import MANIFESTS, NAMESPACE, REPORT, Stage
from testbed.api import KUBEVIRT, Object
from testbed.kubevirt_objects import CUSTOM_RESOURCES
from testbed.namespaces import create_namespace
from testbed.volumes import bind_claim

SKYLAKE, HASWELL = "Skylake-Server-IBRS", "Haswell-noTSX-IBRS"
REFUSED: Final = {
    "router": "bridge-network: ",
    "desktop": "cd-rom: ",
    "build": "container-disk: ",
    "vision": "pci-device: ",
    "files": "read-write-once: ",
}
"""One virtual machine for each restriction of the documentation."""
CARD: Final = {
    "pciVendorSelector": "8086:1521",
    "resourceName": "vendor.example/card",
    "externalResourceProvider": True,
}
WARNED: Final = ("router", "desktop", "build", "vision", "legacy")
"""Those whose own object says it; that a claim is not shared is known only once the claim is there."""
FACTS: Final = {"NODES": "eligible-nodes", "COMPLETION": "completion-timeout", "PROGRESS": "progress-timeout"}
COLUMNS: Final = ",".join(f"{c}:.metadata.annotations.live-migration-webhook/{fact}" for c, fact in FACTS.items())
MACHINES: Final = ("web", *REFUSED, "legacy")


def play(stage: Stage) -> bool:
    """Tell the story from beginning to end; False when something went otherwise than told."""
    _set_up(stage)
    _five_restrictions(stage)
    _three_at_once(stage)
    _to_the_wrong_node(stage)
    _one_that_passes(stage)
    _a_drain(stage)
    _at_a_terminal(stage)
    return stage.as_told


def _set_up(stage: Stage) -> None:
    """Add three nodes and start the virtual machines: on node-a, before the others take pods."""
    admin = stage.plane.api()
    gates = {"developerConfiguration": {"featureGates": ["HostDevices"]}}
    configuration = gates | {"permittedHostDevices": {"pciHostDevices": [CARD]}}
    admin.patch(f"{CUSTOM_RESOURCES}/kubevirt", {"spec": {"configuration": configuration}})
    create_namespace(admin, NAMESPACE)
    stage.hypervisor.add_node("node-a", labels=_cpu(SKYLAKE), capacity={"vendor.example/card": "1"})
    stage.chapter("Seven virtual machines: the owner is told at once what will forbid a live migration")
    for name in MACHINES:
        shows = "Warning: " if name in WARNED else f"virtualmachine.kubevirt.io/{name} created"
        stage.run(f"kubectl -n {NAMESPACE} apply -f vm-{name}.yaml", shows=shows)
        for document in yaml.safe_load_all((MANIFESTS / f"vm-{name}.yaml").read_text()):
            if document["kind"] == "PersistentVolumeClaim":
                bind_claim(admin, NAMESPACE, document["metadata"]["name"])
    for name in MACHINES:
        stage.hypervisor.launch(NAMESPACE, name)
    stage.hypervisor.add_node("node-b", labels=_cpu(SKYLAKE))
    stage.hypervisor.add_node("node-c", labels=_cpu(HASWELL))


def _cpu(model: str) -> dict[str, str]:
    prefixes = ("host-model-cpu", "cpu-model", "cpu-model-migration")
    shared = {f"{prefix}.node.kubevirt.io/{HASWELL}": "true" for prefix in prefixes[1:]}
    return shared | {f"{prefix}.node.kubevirt.io/{model}": "true" for prefix in prefixes}


def _five_restrictions(stage: Stage) -> None:
    stage.chapter("The five restrictions of the documentation: each migration is refused at once, in words to act on")
    for name, shows in REFUSED.items():
        stage.run(f"kubectl -n {NAMESPACE} apply -f move-{name}.yaml", shows=shows)


def _three_at_once(stage: Stage) -> None:
    stage.chapter("One virtual machine that breaks three restrictions: all of them are named")
    shows = "bridge-network: ... cd-rom: ... container-disk: "
    stage.run(f"kubectl -n {NAMESPACE} apply -f move-legacy.yaml", shows=shows)


def _to_the_wrong_node(stage: Stage) -> None:
    stage.chapter("A node that can't take the virtual machine: its CPU doesn't know the model")
    stage.run(f"kubectl -n {NAMESPACE} apply -f move-web-to-node-c.yaml", shows="target-node: ")


def _one_that_passes(stage: Stage) -> None:
    stage.chapter("A migration that can work passes; the target pod gets the right node selector")
    stage.run(f"kubectl -n {NAMESPACE} apply -f move-web.yaml", shows="move-web created")
    stage.say("It carries what is known of it: where it can go, which CPU it needs, how long it may take (8 GiB):")
    stage.run(f"kubectl -n {NAMESPACE} get vmim move-web -o custom-columns={COLUMNS}", shows="1200s")
    target = stage.hypervisor.wait_for_target(NAMESPACE, "move-web")
    stage.say(f"KubeVirt makes the target pod {target['metadata']['name']} on {target['spec']['nodeName']}:")
    selector = "kubectl -n {} get pod {} -o jsonpath={{.spec.nodeSelector}}{{'\\n'}}"
    stage.run(
        selector.format(NAMESPACE, target["metadata"]["name"]), shows=f"cpu-model-migration.node.kubevirt.io/{SKYLAKE}"
    )
    stage.chapter("An abort is never in the way")
    stage.run(f"kubectl -n {NAMESPACE} delete vmim move-web --wait=false", shows="deleted")
    path = f"{KUBEVIRT}/namespaces/{NAMESPACE}/virtualmachineinstances/web"
    stage.plane.api().wait(path, lambda vmi: vmi["status"]["phase"] == "Running")
    stage.run(f"kubectl -n {NAMESPACE} get vmi web", shows="Running")
    stage.hypervisor.end_pod(NAMESPACE, target["metadata"]["name"])


def _a_drain(stage: Stage) -> None:
    stage.chapter(
        "A drain is never hung: KubeVirt's own evacuation passes, though the same migration was refused above"
    )
    command = "kubectl drain node-a --pod-selector=vm.kubevirt.io/name=desktop --delete-emptydir-data --timeout=60s"
    with stage.running(command, shows="evicted", user="admin"):
        migrations = f"{KUBEVIRT}/namespaces/{NAMESPACE}/virtualmachineinstancemigrations"
        found = stage.plane.api().wait(migrations, lambda vmims: any(map(_is_evacuation, vmims["items"])))
        evacuation = next(filter(_is_evacuation, found["items"]))
        stage.hypervisor.migrate(NAMESPACE, evacuation["metadata"]["name"])
    stage.run(f"kubectl -n {NAMESPACE} get events --field-selector reason=MigrationPassed", shows="Eject the CD-ROM")
    stage.run(f"kubectl -n {NAMESPACE} get vmi desktop", shows="node-b")


def _is_evacuation(vmim: Object) -> bool:
    return bool(vmim["metadata"]["name"].startswith("kubevirt-evacuation-"))


def _at_a_terminal(stage: Stage) -> None:
    stage.chapter("The same questions at a terminal: who can move, where to, and why not")
    stage.run(f"kubectl livemigration check -n {NAMESPACE}", shows="read-write-once", user="admin")
    stage.save("kubectl livemigration report", REPORT, shows="</html>", user="admin")
    stage.say(f"{REPORT} is the whole cluster as a page, to be opened in a browser.")
