"""The denial on README's first screen is what kubectl prints."""

from pathlib import Path

from demo.stage import MANIFESTS
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import cpu_labels
from testbed.service import Service
from testbed.volumes import bind_claim

README = Path(__file__).parents[2] / "README.md"


def test_the_denial_in_the_readme_is_the_one_that_kubectl_prints(
    control_plane: ControlPlane, service: Service, hypervisor: Hypervisor, namespace: str
) -> None:
    assert service.is_ready()
    _, _, rest = README.read_text().partition("<!-- denial -->\n```console\n$ ")
    command, _, denial = rest.partition("\n```")[0].partition("\n")
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    machine = MANIFESTS / "vm-legacy.yaml"
    assert control_plane.kubectl("apply", "-f", str(machine), namespace=namespace, user="alice").returncode == 0
    bind_claim(control_plane.api(), namespace, "legacy")
    hypervisor.launch(namespace, "legacy")

    *_, manifest = command.split()
    refused = control_plane.kubectl("apply", "-f", str(MANIFESTS / manifest), namespace=namespace, user="alice")

    printed = refused.stderr.replace(str(MANIFESTS / manifest), manifest).replace(f"VM {namespace}/", "VM demo/")
    assert printed == f"{denial}\n"
