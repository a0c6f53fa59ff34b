"""The demonstration: the webhook's main job on a real API server."""
