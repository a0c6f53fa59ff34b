"""The container image: built by the very steps that are tried here."""
