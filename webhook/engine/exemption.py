"""The exemption of one VM: an annotation that says who lets it break restrictions, why, and until when.

`live-migration-webhook/exempt: '{"by": "alice", "why": "moves next month", "until": "2026-12-31"}'` on the VM turns
what would refuse its moves into warnings, that day included (UTC).
"""

import re
from collections.abc import Mapping
from typing import Final

import orjson
from msgspec import Struct

from webhook.engine.wording import printable, shortened
from webhook.objects.fields import Fields
from webhook.objects.labels import EXEMPT
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.snapshot import Snapshot

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FORM: Final = '{"by": "…", "why": "…", "until": "YYYY-MM-DD"}'
_LIMIT: Final = 60
"""Characters of each part that are shown."""


class Exemption(Struct, frozen=True, kw_only=True):
    """Who exempts a VM, why, and until which day, `YYYY-MM-DD`; `fault` says what is wrong with it, "" for nothing."""

    by: str = ""
    why: str = ""
    until: str = ""
    fault: str = ""

    def holds(self, today: str) -> bool:
        """Tell whether it holds on a day."""
        return not self.fault and today <= self.until

    def told(self, today: str) -> str:
        """Return what is to be said of it on a day, in one line."""
        if self.fault:
            return f"annotation {EXEMPT} exempts nothing: {self.fault}"
        if not self.holds(today):
            return f"the exemption by {self.by} has ended on {self.until}"
        return f"exempted by {self.by} until {self.until}: {self.why}"


def exemption_of(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Exemption | None:
    """Return the exemption of the VM that a virtual machine belongs to, None where it has none."""
    owner = vmi.metadata.vm
    vm = snapshot.vm(vmi.metadata.namespace, owner.name if owner else vmi.metadata.name)
    return exemption_in(vm.metadata.annotations) if vm and (owner or vmi.is_template) else None


def exemption_in(annotations: Mapping[str, str]) -> Exemption | None:
    """Return the exemption among a VM's annotations, None for none."""
    text = annotations.get(EXEMPT)
    return None if text is None else _read(text)


def _read(text: str) -> Exemption:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return Exemption(fault=f"expected {_FORM}")
    fields = Fields(document)
    by, why, until = (shortened(printable(fields.text(key)), _LIMIT) for key in ("by", "why", "until"))
    if missing := [key for key, value in (("by", by), ("why", why), ("until", until)) if not value]:
        return Exemption(fault=f"it lacks {' and '.join(missing)}; expected {_FORM}")
    if not _DAY.fullmatch(until):
        return Exemption(fault=f"until is no day such as 2026-12-31: {until}")
    return Exemption(by=by, why=why, until=until)
