"""Certificates that look after themselves: authority, renewal and the caBundle that the API server trusts."""
