"""Where the API server has the objects of one kind."""

from msgspec import Struct


class Resource(Struct, frozen=True, kw_only=True):
    """The address of a kind: `name` as manifests have it, `plural` as paths and roles have it."""

    name: str
    group: str
    version: str
    plural: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the API server's path of one object, or ("" for the name) of all in a namespace ("" for every one)."""
        places = ("namespaces", namespace) if self.namespaced and namespace else ()
        return "/".join(("", "apis" if self.group else "api", self.api_version, *places, self.plural, name)).rstrip("/")
