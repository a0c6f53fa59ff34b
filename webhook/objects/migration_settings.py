"""How migrations run: a MigrationPolicy's `spec`, or `spec.configuration.migrations` of the KubeVirt resource.

Both have the same fields; what is not set is None, and somebody else decides.
"""

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.quantity import read_whole


class MigrationSettings(Struct, frozen=True, kw_only=True):
    """Timeouts in seconds (0: none), bandwidth in bytes per second (0: no limit).

    `post_copy` and `disruption` tell what may be done to a guest that doesn't arrive in time: the rest of its memory
    follows later, or it is paused. The last two are how many migrations may run at once; a MigrationPolicy has neither.
    """

    completion_timeout_per_gib: int | None = None
    progress_timeout: int | None = None
    bandwidth: int | None = None
    post_copy: bool | None = None
    disruption: bool | None = None
    utility_volumes_timeout: int | None = None
    parallel_per_cluster: int | None = None
    parallel_per_node: int | None = None


UNSET = MigrationSettings()


def read_migration_settings(fields: Fields) -> MigrationSettings:
    """Read the settings; a negative number is noted and taken as absent."""
    return MigrationSettings(
        completion_timeout_per_gib=_natural(fields, "completionTimeoutPerGiB"),
        progress_timeout=_natural(fields, "progressTimeout"),
        bandwidth=read_whole(fields, "bandwidthPerMigration"),
        post_copy=fields.flag("allowPostCopy"),
        disruption=fields.flag("allowWorkloadDisruption"),
        utility_volumes_timeout=_natural(fields, "utilityVolumesTimeout"),
        parallel_per_cluster=_natural(fields, "parallelMigrationsPerCluster"),
        parallel_per_node=_natural(fields, "parallelOutboundMigrationsPerNode"),
    )


def _natural(fields: Fields, key: str) -> int | None:
    number = fields.number(key)
    if number is not None and number < 0:
        fields.note(key, "is negative")
        return None
    return number
