"""`python -m certs`: the commands by themselves."""

from certs.cli import certs

if __name__ == "__main__":
    certs(prog_name="certs")
