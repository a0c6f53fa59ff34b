"""The wire to the cluster: credentials, client, lists and watches, and reading anew what a decision rests on."""
