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
    return page.locator("#matrix tbody th:visible").all_inner_texts()


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
    page.get_by_label("only those that cannot move").check()
    expect(page.locator("#count")).to_have_text("7 of 11 VMs")


def test_columns_sort_both_ways_with_the_keyboard(opened: Open) -> None:
    page = opened(the_example())
    button = page.get_by_role("button", name="Node", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    header = page.locator("#matrix thead th").nth(1)
    expect(header).to_have_attribute("aria-sort", "ascending")
    nodes = page.locator("#matrix tbody td:nth-child(2)").all_inner_texts()
    assert nodes == sorted(nodes)
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")


def test_a_row_leads_to_its_section(opened: Open) -> None:
    page = opened(the_example())
    page.get_by_role("link", name="shop/cache").first.click()
    section = page.locator("article:target")
    expect(section).to_be_in_viewport()
    expect(section).to_contain_text('PVC shop/cache-root of volume "root" is ReadWriteOnce, not ReadWriteMany.')
    expect(section).to_contain_text("Use a ReadWriteMany volume, then restart the VM.")


def test_the_matrix_is_a_table_for_screen_readers(opened: Open) -> None:
    page = opened(the_example())
    row = page.get_by_role("table", name=re.compile("Who can move where")).get_by_role("row").nth(11)
    assert row.get_by_role("rowheader").all_inner_texts() == ["shop/web-2"]
    cells = row.get_by_role("cell").all_inner_texts()
    assert cells == ["node-2", "can move", "", "no", "here", "yes", "no", "no", "no"]


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
