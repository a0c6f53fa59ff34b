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
        (("-A", "-l", "tier"), ["orders-db", "web-1", "web-2"]),
        (("-A", "-l", "tier=web"), ["web-1", "web-2"]),
        (("-A", "-l", "app=mail"), ["mail"]),
        (("-n", "office", "-l", "tier"), []),
    ],
)
def test_only_what_is_meant_is_checked(arguments: tuple[str, ...], names: list[str], typed: Typed) -> None:
    lines = typed("check", *arguments, "--cluster", "examples/cluster").out.splitlines()
    assert [line.split()[1] for line in lines[1:]] == names


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
        (("cpu-models",), 0),
        (("report",), 0),
    ],
)
def test_the_exit_code_tells_whether_all_can_move(arguments: tuple[str, ...], code: int, typed: Typed) -> None:
    assert typed(*arguments, "--cluster", "examples/cluster").code == code


def test_a_restriction_that_only_warns_is_shown(typed: Typed) -> None:
    answer = typed("check", "mail", "-n", "office", "--enforcement", "cd-rom=warn", "--cluster", "examples/cluster")
    assert answer.out.splitlines()[1].split()[3:6] == ["yes", "cd-rom", "(warning)"]
