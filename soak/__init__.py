"""What must not be lost: calls of the API server while replicas and certificates come and go."""
