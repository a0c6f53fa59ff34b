"""Which VMs are meant: names, namespaces, labels."""

import pytest

from tests.plugin.conftest import Typed
from webhook.plugin.failure import Failure
from webhook.plugin.label_selector import read_label_selector


@pytest.mark.parametrize(
    ("text", "selects", "leaves"),
    [
        ("tier=web", {"tier": "web"}, {"tier": "db"}),
        ("tier==web", {"tier": "web"}, {}),
        ("tier!=web", {"tier": "db"}, {"tier": "web"}),
        ("tier!=web", {}, {"tier": "web"}),
        ("tier in (web, db)", {"tier": "db"}, {"tier": "cache"}),
        ("tier notin (web,db)", {"tier": "cache"}, {"tier": "db"}),
        ("tier", {"tier": ""}, {}),
        ("!tier", {}, {"tier": ""}),
        ("tier=", {"tier": ""}, {"tier": "web"}),
        ("example.com/a-b_c=d.e, tier in (x,y),!old", {"example.com/a-b_c": "d.e", "tier": "y"}, {"tier": "y"}),
    ],
)
def test_labels_are_selected_as_kubectl_selects_them(
    text: str, selects: dict[str, str], leaves: dict[str, str]
) -> None:
    selector = read_label_selector(text)
    assert (selector.matches(selects), selector.matches(leaves)) == (True, False)


@pytest.mark.parametrize("text", ["", "a=b=c", "tier in web", "tier in (", "=web", "tier=web,", "a>b"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="is no label selector"):
        read_label_selector(text)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("-n", "shop"), ["cache", "orders-db", "web-1", "web-2"]),
        (("-n", "shop", "web-2", "cache"), ["cache", "web-2"]),
        (("-n", "shop", "vm/web-1"), ["web-1"]),
        (("shop/web-1", "office/mail"), ["mail", "web-1"]),
        (("-n", "office", "mail", "vmi/shop/web-1"), ["mail", "web-1"]),
        (("-n", "shop", "virtualmachine.kubevirt.io/web-1"), ["web-1"]),
        (("-A", "-l", "tier"), ["orders-db", "web-1", "web-2"]),
        (("-A", "-l", "tier=web"), ["web-1", "web-2"]),
        (("-A", "-l", "app=mail"), ["mail"]),
        (("-n", "office", "-l", "tier"), []),
    ],
)
def test_only_what_is_meant_is_checked(arguments: tuple[str, ...], names: list[str], typed: Typed) -> None:
    lines = typed("check", "--no-headers", *arguments, "--cluster", "examples/cluster").out.splitlines()
    assert [line.split()[1] for line in lines] == names


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", "-n", "shop"), 1),
        (("check", "-n", "shop", "web-1"), 0),
        (("check", "-n", "office", "mail", "--profile", "kubevirt"), 0),
        (("check", "-n", "office", "mail", "--enforcement", "cd-rom=warn"), 0),
        (("nodes", "web-1", "-n", "shop"), 0),
        (("nodes", "cache", "-n", "shop"), 1),
        (("drain", "node-1"), 1),
        (("drain", "node-5"), 0),
        (("drain", "node-4"), 1),
        (("nodes", "shop/web-1"), 0),
        (("cpu-models",), 0),
        (("report",), 0),
    ],
)
def test_the_exit_code_tells_whether_all_can_move(arguments: tuple[str, ...], code: int, typed: Typed) -> None:
    assert typed(*arguments, "--cluster", "examples/cluster").code == code


def test_a_restriction_that_only_warns_is_shown(typed: Typed) -> None:
    answer = typed("check", "mail", "-n", "office", "--enforcement", "cd-rom=warn", "--cluster", "examples/cluster")
    assert answer.out.splitlines()[1].split()[3:6] == ["yes", "cd-rom", "(warning)"]


def test_names_alone_are_those_that_kubectl_takes(typed: Typed) -> None:
    cluster = ("--cluster", "examples/cluster")
    names = typed("check", "-n", "office", "-o", "name", *cluster).out.split()
    assert names == [f"virtualmachine.kubevirt.io/{name}" for name in ("fileserver", "mail", "printer")]
    assert typed("check", *names, "-n", "office", "--no-headers", *cluster).out.count("\n") == 3
    assert typed("nodes", "shop/web-1", "-o", "name", *cluster).out == "node/node-3\n"


def test_a_wide_table_has_more_columns(typed: Typed) -> None:
    header, first, *_ = typed("check", "shop/web-1", "-o", "wide", "--cluster", "examples/cluster").out.splitlines()
    assert header.split()[-2:] == ["EVICTION", "CPU"]
    assert first.split()[-2:] == ["LiveMigrate", "host-model"]


def test_a_column_of_a_pipe_is_as_wide_as_it_needs_to_be(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("check", "-A", "--cluster", "examples/cluster")
    free = typed(*arguments).out
    monkeypatch.setenv("COLUMNS", "40")
    assert typed(*arguments).out == free
