"""What we know of the cluster: one immutable snapshot, filled from manifests, from live reads or from watches."""
