"""The benchmark: this webhook beside what a user would take instead, doing the same job on the same machine."""
