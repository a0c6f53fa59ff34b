"""`kubectl livemigration`: who can move, where to, and why not.

Each command is a presentation of Assessments; no rule is written here.
"""
