"""What would happen: a survey of many virtual machines, the drain of a node, another CPU model."""
