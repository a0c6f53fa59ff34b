"""Random CPUs as KubeVirt's node labeller writes them, and what target pods ask of them."""

from collections.abc import Mapping
from random import Random

from fidelity.selectors import chance
from fidelity.words import CPU_FEATURES, CPU_MODELS, MACHINE_TYPES, OBSOLETE

MODEL = "cpu-model.node.kubevirt.io/"
MIGRATION = "cpu-model-migration.node.kubevirt.io/"
PRIMARY = "host-model-cpu.node.kubevirt.io/"
FEATURE = "cpu-feature.node.kubevirt.io/"
REQUIRED_FEATURE = "host-model-required-features.node.kubevirt.io/"
VENDOR = "cpu-vendor.node.kubevirt.io/"
MACHINE = "machine-type.node.kubevirt.io/"


def cpu_labels(random: Random) -> dict[str, str]:
    """Return the labels of a node with some CPU; seldom with none, as before the labeller has run."""
    if chance(random, 0.04):
        return {}
    vendor = "Intel" if chance(random, 0.8) else "AMD"
    models = CPU_MODELS[vendor]
    own = random.choice((len(models) - 1, len(models) - 2, len(models) - 2, random.randrange(len(models))))
    features = [feature for feature in CPU_FEATURES if chance(random, 0.8)]
    keys = [
        VENDOR + vendor,
        PRIMARY + models[own],
        *(MODEL + model for model in models[: own + 1]),
        *(MIGRATION + model for model in models[: own + 1 + (own + 1 < len(models) and chance(random, 0.3))]),
        *(FEATURE + feature for feature in features),
        *(REQUIRED_FEATURE + feature for feature in features[:2]),
        *(MACHINE + machine for machine in MACHINE_TYPES if chance(random, 0.95)),
    ]
    if chance(random, 0.1):
        keys.append(OBSOLETE)
    return dict.fromkeys(keys, "true")


def cpu_selectors(random: Random, source: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the CPU model of a virtual machine on a node with the source's labels, and its target pod's selectors."""
    machine = {MACHINE + random.choice(MACHINE_TYPES): "true"}
    model = random.choice(("host-model", "host-model", "host-passthrough", *CPU_MODELS["Intel"][:3]))
    if model == "host-passthrough":
        return model, machine
    if model != "host-model":
        return model, machine | {MODEL + model: "true"}
    primary = [key.removeprefix(PRIMARY) for key in source if key.startswith(PRIMARY)]
    required = [key.removeprefix(REQUIRED_FEATURE) for key in source if key.startswith(REQUIRED_FEATURE)]
    keys = [*(MIGRATION + name for name in primary), *(FEATURE + feature for feature in required)]
    return model, machine | dict.fromkeys(keys, "true")
