"""The picture of the cluster: an immutable snapshot of tables, and the kinds of which it is made."""
