"""Tests of the certificates: rules, promises over time, files, commands, and a real API server."""
