"""The keys of labels and annotations that mean something here: KubeVirt's, Harvester's and our own.

A key that ends with `/` or `-` is the beginning of many, `cpu-model.node.kubevirt.io/Skylake` is one of them.
Sources: KubeVirt `staging/src/kubevirt.io/api/core/v1/types.go`; Harvester `pkg/util/constants.go` and its webhook.
"""

from collections.abc import Mapping
from typing import Final

MANAGED_BY: Final = "app.kubernetes.io/managed-by"

# Nodes
HOSTNAME: Final = "kubernetes.io/hostname"
ARCHITECTURE: Final = "kubernetes.io/arch"
SCHEDULABLE: Final = "kubevirt.io/schedulable"
"""virt-handler keeps it "true" as long as it is alive."""
MODEL: Final = "cpu-model.node.kubevirt.io/"
MIGRATION_MODEL: Final = "cpu-model-migration.node.kubevirt.io/"
HOST_MODEL_LABEL: Final = "host-model-cpu.node.kubevirt.io/"
REQUIRED_FEATURE_LABEL: Final = "host-model-required-features.node.kubevirt.io/"
FEATURE: Final = "cpu-feature.node.kubevirt.io/"
VENDOR: Final = "cpu-vendor.node.kubevirt.io/"
OBSOLETE_HOST_MODEL: Final = "node-labeller.kubevirt.io/obsolete-host-model"
MACHINE_TYPE: Final = "machine-type.node.kubevirt.io/"
EMULATED_ARCHITECTURE: Final = "kubevirt.io/vm-arch-"
HYPERV: Final = "hyperv.node.kubevirt.io/"
TSC_TIMER: Final = "cpu-timer.node.kubevirt.io/tsc-frequency"
TSC_FREQUENCY: Final = "scheduling.node.kubevirt.io/tsc-frequency-"
REALTIME: Final = "kubevirt.io/realtime"
CPU_MANAGER: Final = "kubevirt.io/cpumanager"
CPU_MANAGER_BEFORE_1_8: Final = "cpumanager"
CONFIDENTIAL: Final[Mapping[str, str]] = {
    kind: f"kubevirt.io/{kind}" for kind in ("sev", "sev-es", "sev-snp", "tdx", "s390-pv")
}
CONTROL_PLANE: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/etcd")
"""A node with one of them is a control plane to Harvester."""
NETWORK: Final = "network.harvesterhci.io/"
WITNESS: Final = "node-role.harvesterhci.io/witness"
MAINTENANCE: Final = ("harvesterhci.io/maintain-status", "harvesterhci.io/drain-requested")
"""Annotations of a node that Harvester empties."""

# Pods
LAUNCHER: Final = ("kubevirt.io", "virt-launcher")
"""Key and value."""
CREATED_BY: Final = "kubevirt.io/created-by"
MIGRATION_JOB: Final = "kubevirt.io/migrationJobUID"
PROVISIONING: Final = "kubevirt.io/ephemeral-provisioning"
VM_NAME: Final = "vm.kubevirt.io/name"
VMI_ID: Final = "vmi.kubevirt.io/id"
DOMAIN: Final = "kubevirt.io/domain"
ISTIO_INJECT: Final = "sidecar.istio.io/inject"
"""An annotation of the VMI, from KubeVirt 1.7 on a label of its pods."""
RESERVATION: Final = "pr.kubevirt.io/"
"""A pod with the UID of a claim behind it has a SCSI persistent reservation on that claim's LUN."""

# Virtual machines
ALLOW_POD_BRIDGE: Final = "kubevirt.io/allow-pod-bridge-network-live-migration"
CLAIM_TEMPLATES: Final = "harvesterhci.io/volumeClaimTemplates"
HARVESTER_TARGET: Final = "harvesterhci.io/migrationTargetNodeName"
"""By it Harvester's Migrate button names a node on the VMI, before it makes the migration."""
MAINTAIN_STRATEGY: Final = "harvesterhci.io/maintain-mode-strategy"
"""What maintenance mode of a node does to a virtual machine: `Migrate`, or one of those that shut it down."""
REQUIRED: Final = "live-migration-webhook/required"
"""A VM, or all VMs of a namespace, must stay migratable where this label is "true"."""
EXEMPT: Final = "live-migration-webhook/exempt"
"""Annotation of a VM: who lets it break restrictions, why, and until when."""

# Migrations
VMI_NAME: Final = "kubevirt.io/vmi-name"
"""virt-api gives it to every migration."""
UTILITY_TIMEOUT: Final = "kubevirt.io/migrationUtilityVolumesTimeoutSeconds"
EVACUATION: Final = "kubevirt.io/evacuationMigration"
OURS: Final = "live-migration-webhook/"
"""Annotations of a migration that was allowed; `webhook.admission.annotations` tells which."""
