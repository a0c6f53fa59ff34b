"""A real browser: Debian's chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright


class ChromiumMissingError(Exception):
    """Raised when there is no browser; the message says how to get one."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless browser, and end it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise ChromiumMissingError("these tests need chromium: `make chromium` installs it on Debian (as root)")
    with sync_playwright() as playwright:
        # Root, as CI is, can't have Chromium's sandbox; the page is our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def picture(page: Path, to: Path) -> None:
    """Take the picture of a report that the README shows."""
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 1060}, color_scheme="light")
        tab.goto(page.as_uri())
        tab.screenshot(path=to)
