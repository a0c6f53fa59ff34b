"""The pod that KubeVirt will make on the target node: how it is rendered, and what it demands of a node."""
