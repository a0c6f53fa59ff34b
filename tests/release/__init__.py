"""What others take: the artefacts of a release, the action, the hook of pre-commit, and the workflows."""
