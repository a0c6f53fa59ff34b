"""Our list of eligible nodes beside kube-scheduler, and the pods we foretell beside KubeVirt, on random clusters."""
