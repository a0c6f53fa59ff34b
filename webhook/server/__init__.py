"""The edge: from bytes on a socket to an answer, and a process that people can operate."""
