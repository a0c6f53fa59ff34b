"""What is decided about a request, before it has a form on the wire."""

from collections.abc import Mapping
from textwrap import shorten
from typing import Any, Final

from msgspec import Struct

from webhook.engine.wording import printable
from webhook.state.kinds import Reference

MESSAGE_LIMIT: Final = 300
"""Characters of a violation in a denial: it is read in a dialog. `check -v` tells all of it."""
RESTART_VM: Final = "Restart the VM"
"""The purpose of the command that comes last."""
RESTART: Final = ", then restart the VM"
"""What is needed after a change of the VM's template that doesn't reach the instance that runs."""
LEAST: Final = 60
"""Characters that the problem has at least, however long its field is."""


class Command(Struct, frozen=True, kw_only=True):
    """A command that mends something, ready to be pasted into a shell; `purpose` is a clause that says what it does."""

    purpose: str
    text: str


class Violation(Struct, frozen=True, kw_only=True):
    """One broken restriction, with all that a person needs to mend it.

    `restriction` is its id (`cd-rom`), `field` the exact path in the object (`spec.domain.devices.disks[1].cdrom`),
    `problem` a clause that names the thing (`disk "iso" is a CD-ROM with a volume in it`), `remedy` an imperative
    clause (`eject the CD-ROM`). `after` is what is needed once the VM's template has been mended, "" for nothing;
    `owner_field` is the path in that VM, "" where it is the same or there is none. `details` are further sentences,
    `short` is what a warning says where field and remedy say too little, and `commands` mend it: a denial is short, and
    leaves details and commands to those who ask for more. `rests_on` are objects that nothing but this violation was
    found from.
    """

    restriction: str
    field: str
    problem: str
    remedy: str
    after: str = ""
    owner_field: str = ""
    details: str = ""
    short: str = ""
    commands: tuple[Command, ...] = ()
    rests_on: frozenset[Reference] = frozenset()

    @property
    def message(self) -> str:
        """One line of at most 300 characters: the restriction, what is wrong, where, and how to mend it."""
        remedy = self.remedy[:1].upper() + self.remedy[1:]
        rest = f" ({self.owner_field or self.field}). {remedy}."
        head = f"{self.restriction}: {self.problem}"
        limit = max(MESSAGE_LIMIT - len(rest), LEAST)
        return printable(shorten(head, limit, placeholder=" …", break_on_hyphens=False) + rest)


class Subject(Struct, frozen=True, kw_only=True):
    """The virtual machine that a verdict is about: for `status.details`, and for Events.

    `title` is what people call it (`VM default/web`); `vm` and `vm_uid` name the VM that owns a VMI, "" for none.
    """

    title: str
    kind: str
    resource: str
    namespace: str
    name: str
    uid: str = ""
    vm: str = ""
    vm_uid: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """The decision: allowed or not, what to say, and what to write into the object.

    `causes` are the restrictions that are broken; an allowed request may have some, where they only warn.
    `patch` is a list of JSON Patch operations, empty for none. `rests_on` names the objects that must be read from
    the API server before the decision may be given: nobody is refused because of a stale or missing copy.
    `exempted` tells that an exemption holds.
    `underivable` says what should have been written and could not be told, "" for nothing: to be logged and counted.
    """

    allowed: bool = True
    message: str = ""
    causes: tuple[Violation, ...] = ()
    subject: Subject | None = None
    warnings: tuple[str, ...] = ()
    patch: tuple[Mapping[str, Any], ...] = ()
    underivable: str = ""
    exempted: bool = False
    audit: Mapping[str, str] = {}
    rests_on: frozenset[Reference] = frozenset()


ALLOWED = Verdict()
