"""The engine: one pure function, `assess`, and the rules that it asks."""
