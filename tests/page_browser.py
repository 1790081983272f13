"""What browser tests of the operator's page share: Debian's Chromium, and what the page must never do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ASSETS = Path(__file__).parents[1] / "fusion" / "web" / "assets"


@contextmanager
def browsing(host: str, *, refused: bool = False, **settings: Any) -> Iterator[Page]:
    """Give an empty page; a fault of the page, an error in its console, or a request to another host fails the test.

    `refused`: requests may fail here, for the test wants them to; the browser itself says so in the console.
    """
    chromium = shutil.which("chromium")
    assert chromium, "expected chromium on the PATH, received none: `make browser` installs it"
    faults: list[str] = []

    def heard(kind: str, text: str) -> None:
        is_network = "Failed to load resource" in text or "WebSocket connection" in text
        if kind in ("error", "warning") and not (refused and is_network):
            faults.append(text)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(**settings).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: heard(message.type, message.text))
        page.on("request", lambda one: None if one.url.startswith(f"http://{host}/") else faults.append(one.url))
        page.on("websocket", lambda one: None if one.url.startswith(f"ws://{host}/") else faults.append(one.url))
        yield page
        browser.close()
    assert not faults


def sign_in(page: Page, host: str, token: str) -> None:
    """Open the page by the address that the service prints, and wait until it shows people's doings."""
    page.goto(f"http://{host}/#token={token}")
    page.locator(".console").wait_for()
    page.locator("#link[data-tone]:not([data-tone='bad'])").wait_for()


def seek(page: Page, share: float) -> None:
    """Move the time slider to a share of the run."""
    page.locator("input[type=range]:enabled").evaluate(
        """(slider, share) => {
            slider.value = Number(slider.min) + share * (Number(slider.max) - Number(slider.min));
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        share,
    )
