"""Random virtual machines as a KubeVirt of some version would have them, from their launch to a second move."""
