"""From a request to a verdict: which hook judges it, and what it looks at."""
