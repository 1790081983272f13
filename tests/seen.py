"""What tests of reports share: a run of the real engine, its page taken apart, and Debian's Chromium."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from tiny import Action, frames, tape, tiny_store

from fusion.session import Session

ACTIONS = [Action(0, 1, -1), Action(1, 1, -2), Action(0, 3, -1), Action(0, 3, 1), Action(1, 4, -1)]


def run(out: Path, actions: list[Action] | None = None) -> Path:
    """Run the engine over shoppers who act, into a folder."""
    session = Session(tiny_store(), out)
    for frame in frames(tape(actions or ACTIONS)):
        session.feed(frame)
    session.finish()
    session.close()
    return out


def rows(path: Path) -> list[dict[str, Any]]:
    """Return a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said_by(html: str) -> dict[str, Any]:
    """Return the facts inside a page."""
    found = re.findall(r'<script type="application/json" id="said">(.*?)</script>', html, re.DOTALL)
    assert len(found) == 1
    said: dict[str, Any] = json.loads(found[0])
    return said


@contextmanager
def opened(file: Path, **settings: Any) -> Iterator[Page]:
    """Open a page from disk; whatever it complains of or asks a network for fails the test."""
    chromium = shutil.which("chromium")
    assert chromium, "expected chromium on the PATH, received none: `make browser` installs it"
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(**settings)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", lambda request: faults.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready]")
        yield page
        browser.close()
    assert not faults
