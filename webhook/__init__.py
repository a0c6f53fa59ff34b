"""The admission webhook and its engine: what makes a KubeVirt virtual machine able to live-migrate."""
