"""`python -m testbed`: start the control plane and keep it until it is interrupted."""

import argparse
import signal
import sys
import time

from testbed.build import BuildFailedError, GoMissingError
from testbed.control_plane import ControlPlane
from testbed.processes import StartFailedError


def main() -> int:
    """Start, print how to reach it, wait for an interrupt, stop. Exit code 0, or 1 when it didn't start."""
    parser = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    parser.add_argument("--without-kubevirt", action="store_true", help="only etcd, kube-apiserver, kube-scheduler")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    try:
        with ControlPlane(kubevirt=not options.without_kubevirt) as plane:
            print(f"ready after {time.monotonic() - started:.1f} s", file=sys.stderr)
            print(f"export KUBECONFIG={plane.kubeconfig()}")
            print(f"kubectl={plane.programs['kubectl']}", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except (GoMissingError, BuildFailedError, StartFailedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
