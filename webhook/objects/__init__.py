"""Frozen, read-only views of the Kubernetes objects that rules read. Nothing here raises on untrusted input."""
