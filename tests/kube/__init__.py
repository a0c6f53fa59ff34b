"""Tests of the cluster's state, on a real API server wherever it can show what matters."""
