"""Where one control plane lives: its folder, programs, ports, certificates and users."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from testbed import users
from testbed.pki import Authority
from testbed.processes import LOOPBACK, free_ports

PORTS = ("etcd", "etcd-peers", "kube-apiserver", "kube-scheduler", "virt-api", "virt-controller")
"""What listens, each on a free port of the loopback interface."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All that the programs of one control plane are started with."""

    folder: Path
    programs: Mapping[str, Path]
    ports: Mapping[str, int]
    authority: Authority
    users: Mapping[str, users.User]
    address: str = LOOPBACK
    """Where the API server listens; everything else is on the loopback interface."""

    @property
    def server(self) -> str:
        """URL of the API server."""
        return f"https://{self.address}:{self.ports['kube-apiserver']}"

    @property
    def tokens(self) -> Path:
        """File from which the API server knows the users."""
        return self.folder / "tokens.csv"

    def kubeconfig(self, name: str) -> Path:
        """Path of the kubeconfig under that short name."""
        return self.folder / f"{name}.kubeconfig"

    def write_kubeconfig(self, name: str, token: str) -> Path:
        """Write a kubeconfig that proves its user by the token."""
        path = self.kubeconfig(name)
        authority = self.authority.pair.certificate
        users.write_kubeconfig(path, server=self.server, authority=authority, name=name, token=token)
        return path


def prepare(
    folder: Path,
    programs: Mapping[str, Path],
    *,
    address: str = LOOPBACK,
    ports: Mapping[str, int] = MappingProxyType({}),
    others: Mapping[str, users.User] = MappingProxyType({}),
) -> Site:
    """Choose ports; write the authority's certificate, the users' tokens and their kubeconfigs.

    `ports` are those that may not be any free one; `others` are users beside those that every control plane has.
    """
    pki = folder / "pki"
    pki.mkdir()
    site = Site(
        folder=folder,
        programs=programs,
        ports=dict(zip(PORTS, free_ports(len(PORTS)), strict=True)) | dict(ports),
        authority=Authority(pki),
        users=users.everyone() | dict(others),
        address=address,
    )
    users.write_token_file(site.tokens, site.users.values())
    for name, user in site.users.items():
        site.write_kubeconfig(name, user.token)
    return site
