"""The report as a page, in a real browser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.report.clusters import a_machine, a_node, surveyed, the_example
from tests.report.large import large_cluster
from webhook.foresight.survey import Survey
from webhook.report import forms

LARGE: Final = 5000

Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Give a function that opens a survey's page; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(survey: Survey, **context: Any) -> Page:
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith("file:") else complaints.append(request.url))
        path = tmp_path / "report.html"
        path.write_bytes(forms.written("report", "html", replace(survey, made="2026-11-02 09:20 UTC")))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def shown(page: Page) -> list[str]:
    """Return the names in the matrix that are in sight."""
    return page.locator("#matrix tbody tr:not([hidden]) th").all_text_contents()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_in_the_way_of_people_with_other_senses(opened: Open, scheme: str, width: int) -> None:
    # The page's policy runs no style but its own; without it, the parts out of sight are judged too.
    page = opened(the_example(), color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page.add_style_tag(content="* { content-visibility: visible !important; }")
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def test_search_narrows_matrix_and_sections(opened: Open) -> None:
    page = opened(the_example())
    page.get_by_label("Search").fill("cd-rom")
    expect(page.locator("#count")).to_have_text("2 of 11 VMs")
    assert shown(page) == ["lab/windows", "office/mail"]
    assert page.locator("article.vm:visible h3").all_inner_texts() == [
        "lab/windows cannot move",
        "office/mail cannot move",
    ]


def test_search_takes_several_words_and_says_when_nothing_is_left(opened: Open) -> None:
    page = opened(the_example())
    page.get_by_label("Search").fill("shop NODE-1 can")
    expect(page.locator("#count")).to_have_text("3 of 11 VMs")
    page.get_by_label("Search").fill("nobody")
    expect(page.get_by_text("No VM matches.")).to_be_visible()


def test_what_can_move_can_be_left_out(opened: Open) -> None:
    page = opened(the_example())
    page.get_by_label("Verdict").select_option("cannot move")
    expect(page.locator("#count")).to_have_text("7 of 11 VMs")


def test_columns_sort_both_ways_with_the_keyboard(opened: Open) -> None:
    page = opened(the_example())
    button = page.get_by_role("button", name="Node", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    header = page.locator("#matrix thead th").nth(2)
    expect(header).to_have_attribute("aria-sort", "ascending")
    nodes = page.locator("#matrix tbody td:nth-child(3)").all_inner_texts()
    assert nodes == sorted(nodes)
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")


def test_a_row_leads_to_its_section(opened: Open) -> None:
    page = opened(the_example())
    page.get_by_role("link", name="shop/cache").first.click()
    section = page.locator("article.target")
    expect(section).to_be_in_viewport()
    expect(section).to_contain_text('PVC shop/cache-root of volume "root" is ReadWriteOnce, not ReadWriteMany.')
    expect(section).to_contain_text("Use a ReadWriteMany volume, then restart the VM.")


def test_the_matrix_is_a_table_for_screen_readers(opened: Open) -> None:
    page = opened(the_example())
    row = page.get_by_role("table", name=re.compile("Who can move where")).get_by_role("row").nth(11)
    assert row.get_by_role("rowheader").all_text_contents() == ["shop/web-2"]
    cells = row.get_by_role("cell").all_text_contents()
    assert cells == ["can move", "node-2", "", "no", "here", "yes", "no", "no", "no"]


def test_it_is_all_there_without_scripts(opened: Open) -> None:
    page = opened(the_example(), java_script_enabled=False)
    assert page.locator("#matrix tbody tr").count() == 11
    assert page.locator("article.vm").count() == 11
    expect(page.locator(".tools")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text("4 of 11 VMs can move")


def test_on_paper_nothing_is_left_out(opened: Open) -> None:
    page = opened(the_example(), java_script_enabled=False)
    page.emulate_media(media="print")
    expect(page.locator("nav")).to_be_hidden()
    for article in page.locator("article").all():
        expect(article).to_have_css("content-visibility", "visible")


def test_names_of_strangers_are_text_and_nothing_else(opened: Open) -> None:
    name = '"><script>document.title="owned"</script><img src=x onerror=alert(1)>'
    page = opened(surveyed(a_node("node-a"), a_node(name), *a_machine(name, namespace="</title>", stuck=True)))
    assert page.title() == "Live migration: 0 of 1 VMs can move"
    assert shown(page) == [f"</title>/{name}"]
    assert page.locator("img").count() == 0


def test_an_empty_cluster_makes_a_page(opened: Open) -> None:
    expect(opened(surveyed()).get_by_role("heading", level=1)).to_have_text("There are no VMs")


def test_nodes_that_look_alike_share_a_column_in_a_large_cluster(opened: Open) -> None:
    page = opened(surveyed(*large_cluster(machines=40, nodes=40)))
    headers = page.locator("#matrix thead th.node")
    assert headers.count() == 12
    assert headers.first.inner_text().startswith("node-000 +3")
    assert headers.first.get_attribute("title") == "node-000, node-012, node-024, node-036"


def test_of_a_large_cluster_only_what_is_in_sight_is_laid_out_and_all_can_be_searched(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "large.html"
    path.write_bytes(forms.written("report", "html", surveyed(*large_cluster(machines=LARGE, nodes=500))))
    page = browser.new_page()
    made, laid_out = _made_and_laid_out(page, path)
    assert made < 100 * LARGE
    assert laid_out < 10 * LARGE
    page.get_by_label("Search").fill("vm-00042")
    expect(page.locator("#count")).to_have_text(f"1 of {LARGE} VMs")
    page.close()


def _made_and_laid_out(page: Page, path: Path) -> tuple[float, float]:
    """Return how many nodes of the document, and how many objects of its layout, the browser has made."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(path.as_uri())
    expect(page.locator("#count")).to_have_text(f"{LARGE} of {LARGE} VMs")
    metrics = {each["name"]: float(each["value"]) for each in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return metrics["Nodes"], metrics["LayoutObjects"]


WIDTHS: Final = (390, 800, 1400)
PATIENCE: Final = 10_000
"""Milliseconds: a loaded machine may need longer than the second in which people want it."""
LANDED: Final = """([id]) => {
    const box = document.getElementById(id).getBoundingClientRect();
    return box.top >= -1 && box.top < innerHeight * 0.9;
}"""
BROKEN: Final = """() => {
    const broken = [];
    for (const cell of document.querySelectorAll("th, td")) {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            for (const word of node.data.matchAll(/\\S+/g)) {
                const range = document.createRange();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                const tops = new Set(Array.from(range.getClientRects(), (box) => Math.round(box.top)));
                if (tops.size > 1 && !/[-\\/]/.test(word[0])) broken.push(word[0]);
            }
        }
    }
    return broken;
}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("machines", [11, 1000])
def test_a_deep_link_lands(opened: Open, machines: int, width: int) -> None:
    survey = the_example() if machines == 11 else surveyed(*large_cluster(machines=machines, nodes=60))
    page = opened(survey, viewport={"width": width, "height": 800})
    address = page.url
    last, middle = (survey.findings[place].vmi.metadata.key for place in (-1, len(survey.findings) // 2))
    for target in ("drains", "cpu", "vm/" + "/".join(last), "vm/" + "/".join(middle), "reasons"):
        page.goto("about:blank")
        page.goto(f"{address}#{target}")
        page.wait_for_function(LANDED, arg=[target], timeout=PATIENCE)
        page.wait_for_timeout(300)
        assert page.evaluate(LANDED, [target]), target


@pytest.mark.parametrize("width", WIDTHS)
def test_a_link_on_the_page_lands(opened: Open, width: int) -> None:
    page = opened(surveyed(*large_cluster(machines=1000, nodes=60)), viewport={"width": width, "height": 800})
    for name, target in (("Drains", "drains"), ("CPU models", "cpu"), ("Virtual machines", "machines")):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        page.wait_for_function(LANDED, arg=[target], timeout=PATIENCE)
        page.wait_for_timeout(300)
        assert page.evaluate(LANDED, [target]), target


def test_it_names_its_cluster_and_when_it_was_made(opened: Open) -> None:
    page = opened(replace(the_example(), place="context lab, https://10.0.0.1:6443"))
    expect(page.locator("#place")).to_have_text("context lab, https://10.0.0.1:6443, KubeVirt v1.6.3")
    expect(page.locator("header")).to_contain_text("2026-11-02 09:20 UTC")


def test_filters_are_in_the_address_so_that_a_reload_shows_the_same(opened: Open) -> None:
    page = opened(the_example())
    page.get_by_label("Namespace").select_option("shop")
    page.get_by_label("Verdict").select_option("can move")
    page.get_by_label("Search").fill("node-1 web")
    expect(page.locator("#count")).to_have_text("1 of 11 VMs")
    expect(page).to_have_url(re.compile("namespace=shop"))
    page.reload()
    expect(page.locator("#count")).to_have_text("1 of 11 VMs")
    assert shown(page) == ["shop/web-1"]
    page.get_by_label("Namespace").select_option("all")
    page.get_by_label("Search").fill("")
    expect(page.locator("#count")).to_have_text("4 of 11 VMs")
    page.locator("#node").select_option("node-2")
    expect(page.locator("#count")).to_have_text("1 of 11 VMs")


def test_what_is_counted_leads_to_what_it_counts(opened: Open) -> None:
    page = opened(the_example())
    page.locator(".figures").get_by_role("link").nth(1).click()
    expect(page.locator("#count")).to_have_text("7 of 11 VMs")
    page.locator(".tally").get_by_role("link", name="cd-rom").click()
    expect(page.locator("#count")).to_have_text("2 of 11 VMs")
    page.locator("#matrix tbody tr:visible").first.locator("td").nth(1).click()
    expect(page.locator("article.target")).to_contain_text("lab/windows")


def test_a_link_to_what_the_filters_hide_takes_them_away(opened: Open) -> None:
    page = opened(the_example())
    page.goto(f"{page.url}#vm/shop/web-1?namespace=office")
    expect(page.locator("article.target")).to_contain_text("shop/web-1")
    expect(page.locator("article.target")).to_be_in_viewport()


def test_cards_of_what_can_move_are_folded(opened: Open) -> None:
    page = opened(the_example())
    assert page.locator("article.vm details[open]").count() == 7
    assert page.locator("article.vm details:not([open])").count() == 4


def test_on_a_phone_the_verdict_is_in_view(opened: Open) -> None:
    page = opened(the_example(), viewport={"width": 390, "height": 800})
    box = page.locator("#matrix tbody td.verdict").first.bounding_box()
    assert box
    assert box["x"] + box["width"] <= 390


def test_no_word_is_broken_on_paper(opened: Open) -> None:
    page = opened(the_example(), viewport={"width": 794, "height": 1123})
    page.emulate_media(media="print")
    assert page.evaluate(BROKEN) == []
