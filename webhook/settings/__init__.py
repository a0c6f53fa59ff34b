"""What can be set: names, defaults, and how each value is read."""
