"""`make demo`: what a person sees, on a real API server with a real kubectl."""

import argparse
import signal
import sys
import time
from pathlib import Path

from demo import story
from demo.caretaker import Caretaker
from demo.stage import MANIFESTS, NAMESPACE, Stage
from testbed.build import BuildFailedError, GoMissingError
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.processes import StartFailedError
from testbed.service import running_service


def main() -> int:
    """Start everything, play the story, end. Exit code 0, or 1 when something went otherwise than told."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the cluster open until Ctrl-C")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    print("Starting etcd, kube-apiserver, kube-scheduler and KubeVirt (the first time they are built) ...", flush=True)
    try:
        with ControlPlane() as plane, running_service(plane) as service:
            print(f"Ready after {time.monotonic() - started:.0f} s, the webhook is registered by its chart.")
            stand_in = Hypervisor(admin=plane.api(), virt_handler=plane.api("kubevirt-handler"))
            stage = Stage(plane=plane, service=service, hypervisor=stand_in)
            told = story.play(stage)
            if options.keep:
                keep(plane, stand_in)
    except KeyboardInterrupt:
        return 0
    except (GoMissingError, BuildFailedError, StartFailedError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\nEverything went as told, in {time.monotonic() - started:.0f} s." if told else "\nNot as told: see above.")
    if not options.keep:
        print("`make demo KEEP=1` keeps the cluster open for you to try.")
    return 0 if told else 1


def keep(plane: ControlPlane, stand_in: Hypervisor) -> None:
    """Tell how to reach the cluster, and look after its virtual machines until the interruption."""
    stand_in.uncordon("node-a")
    print("\nThe cluster stays open until Ctrl-C. In another terminal:\n")
    print(f"  export KUBECONFIG={plane.kubeconfig()}")
    print(f"  export PATH={Path(plane.programs['kubectl']).parent}:{Path(sys.executable).parent}:$PATH")
    print(f"  cd {MANIFESTS}\n")
    print(f"  kubectl livemigration check -n {NAMESPACE}")
    print(
        f"  kubectl livemigration explain cd-rom              # how to mend it: kubectl -n {NAMESPACE} edit vm desktop"
    )
    print(f"  kubectl -n {NAMESPACE} delete vmi desktop                 # restarts it; there is no virtctl here")
    print(
        f"  kubectl -n {NAMESPACE} create -f move-desktop.yaml        # and the move that was refused above\n",
        flush=True,
    )
    Caretaker(plane.api(), stand_in, NAMESPACE).work()


if __name__ == "__main__":
    sys.exit(main())
