"""Who makes a request: KubeVirt's own controller, or somebody else."""

from webhook.state.snapshot import Snapshot


def is_kubevirt_controller(user: str, snapshot: Snapshot) -> bool:
    """Tell whether the user is virt-controller of this cluster's KubeVirt, whose namespace is the KubeVirt resource's.

    It makes the migrations of evacuations and workload updates. An account of that name in another namespace is not it.
    """
    return snapshot.kubevirt is not None and user == snapshot.kubevirt.controller
