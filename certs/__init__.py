"""Certificates that look after themselves: authority, renewal and the caBundle that the API server trusts.

From the inside out: `authority` makes certificates; `record` and `stored` say what is there; `rotation` decides on the
next step and `changes` makes what it writes, both pure; `objects`, `keeper` and `loop` read and write the cluster;
`files` does the like for a folder; `places` and `inspection` look at what others made of it; `cli` has the commands,
each a module: `ensure`, `run`, `show`.
"""
