"""Tests of the edge: exact bytes, bad clients, certificates, draining."""
