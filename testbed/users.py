"""Who talks to the API server: one user per role, known by a token, with a kubeconfig file."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as the API server sees it, and the token that proves it."""

    name: str
    groups: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)


def service_account(namespace: str, name: str) -> User:
    """Return the user that a service account is to the API server."""
    return User(
        name=f"system:serviceaccount:{namespace}:{name}",
        groups=("system:serviceaccounts", f"system:serviceaccounts:{namespace}"),
    )


def everyone() -> dict[str, User]:
    """Users of a control plane by the short name that tests use."""
    return {
        "admin": User(name="admin", groups=("system:masters",)),
        "alice": User(name="alice"),
        "scheduler": User(name="system:kube-scheduler"),
        "kubevirt-apiserver": service_account("kubevirt", "kubevirt-apiserver"),
        "kubevirt-controller": service_account("kubevirt", "kubevirt-controller"),
        "kubevirt-handler": service_account("kubevirt", "kubevirt-handler"),
    }


def write_token_file(path: Path, users: Iterable[User]) -> None:
    """Write what kube-apiserver reads with --token-auth-file: token, user, uid, groups."""
    path.touch(mode=0o600)
    path.write_text("".join(f'{user.token},{user.name},{user.name},"{",".join(user.groups)}"\n' for user in users))


def write_kubeconfig(path: Path, *, server: str, authority: Path, name: str, token: str) -> None:
    """Write a kubeconfig with one cluster and one user (JSON, which is YAML too)."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": name}}],
        "current-context": "tests",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2))
