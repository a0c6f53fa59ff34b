"""MigrationPolicy: migration settings for the virtual machines that its selectors match.

Source: `MigrationPolicy` of migrations.kubevirt.io/v1alpha1. Selectors are plain maps of labels.
"""

from collections.abc import Mapping

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.migration_settings import MigrationSettings, read_migration_settings


class MigrationPolicy(Struct, frozen=True, kw_only=True):
    """A policy; one without selectors matches nothing, one with empty selectors everything."""

    metadata: Metadata
    settings: MigrationSettings
    has_selectors: bool
    vmi_selector: Mapping[str, str]
    namespace_selector: Mapping[str, str]


def read_migration_policy(document: Fields) -> MigrationPolicy:
    """Read a policy."""
    spec = document.object("spec")
    selectors = spec.object("selectors")
    return MigrationPolicy(
        metadata=read_metadata(document),
        settings=read_migration_settings(spec),
        has_selectors=spec.has("selectors"),
        vmi_selector=selectors.string_map("virtualMachineInstanceSelector"),
        namespace_selector=selectors.string_map("namespaceSelector"),
    )
