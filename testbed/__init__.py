"""A real Kubernetes control plane with KubeVirt for the tests: real programs, no containers."""
