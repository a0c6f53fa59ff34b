"""A cluster whose nodes run pods: the control plane of the tests, with kubelet, containerd and a network of its own.

All of it lives in namespaces that end with their first process, see `enclosure`; the machine it is on stays as it was.
"""
