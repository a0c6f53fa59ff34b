"""The chart: what it renders, what it refuses, and that a real API server accepts it."""
