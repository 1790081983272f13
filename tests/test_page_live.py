"""The operator's page beside a running service: a trip is watched as it happens, and its review decided at the page."""

from pathlib import Path

import pytest
from page_browser import browsing, sign_in
from playwright.sync_api import expect
from test_web_live import TAPE, opened, rows, send, serving, stop

from bench.golden import tape_of
from fusion.config import SECOND_NS
from fusion.ledger.reading import reading_book
from fusion.ledger.verify import verify
from fusion.messages import Frame, Health
from fusion.recording import read_recording
from fusion.wire import encode, topic_of

LONG_S = 20  # that two sensors go on to speak: the engine's time passes until everybody's trip is closed


@pytest.fixture
def halves() -> tuple[list[Frame], list[Frame]]:
    """Return what is sent first, with things taken in it, and the rest of the visits."""
    frames = list(read_recording(tape_of(TAPE)))
    last_ns = frames[-1].arrival_ns
    later = [Health(src, n, last_ns + n * SECOND_NS, "ok", "") for n in range(LONG_S) for src in ("clock-1", "clock-2")]
    rest = [Frame(topic_of(one), encode(one), one.t_ns) for one in later]
    middle = 2 * len(frames) // 3
    return frames[:middle], [*frames[middle:], *rest]


def test_a_store_is_watched_live_to_a_receipt_that_is_decided_there(
    tmp_path: Path, halves: tuple[list[Frame], list[Frame]]
) -> None:
    out = tmp_path / "out"
    with serving(tmp_path) as (child, lines):
        site, address = opened(child, lines)
        with browsing(site.host, viewport={"width": 1400, "height": 900}) as page:
            sign_in(page, site.host, site.tokens["reviewer"])
            send(address, halves[0])
            expect(page.locator("#panel-feed .item").first).to_be_visible(timeout=60_000)
            expect(page.locator("#link")).to_contain_text("Live")
            expect(page.locator("#tab-review .badge")).to_be_hidden()
            send(address, halves[1])
            expect(page.locator("#tab-review .badge")).to_have_text("1", timeout=60_000)
            page.keyboard.press("r")
            page.locator(".decide").wait_for()
            page.keyboard.press("a")
            page.keyboard.press("Enter")
            expect(page.locator("#tab-review .badge")).to_be_hidden()
        stop(child)
    trip = next(row["trip"] for row in rows(out / "receipts.jsonl") if row["status"] == "review")
    with reading_book(out / "ledger.db") as book:
        assert next(one.memo for one in book.receipts() if one.trip == trip).startswith("approve ")
    assert verify(out / "ledger.db").findings == ()
