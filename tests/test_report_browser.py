"""The report in real Chromium, from disk: read by eye, by mouse and by keyboard, on a phone, light and dark."""

from pathlib import Path

import pytest
from seen import opened, rows, run
from tiny import tiny_store

from fusion.outfolder import read_out
from fusion.report.commands import SCRIPTS
from fusion.report.gather import gather
from fusion.report.page import page as html_page


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report beside the run it shows."""
    out = run(tmp_path_factory.mktemp("browser") / "out")
    said = gather(read_out(out), tiny_store(), {"receipts": [], "events": []}, None)
    (out / "report.html").write_text(html_page("report.html", "A test", said, SCRIPTS), encoding="utf-8")
    return out


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_all_is_there_and_nothing_is_wider_than_the_screen(shop: Path, width: int, scheme: str) -> None:
    viewport = {"width": width, "height": 844}
    with opened(shop / "report.html", viewport=viewport, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#receipts-list details").count() == len(rows(shop / "receipts.jsonl"))
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        drawn = (
            "c => { const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return p.some(v => v); }"
        )
        assert page.locator("#floor-map").evaluate(drawn)
        page.get_by_role("button", name="Change between light and dark").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_an_event_is_drawn_when_it_is_opened(shop: Path) -> None:
    with opened(shop / "report.html") as page:
        event = rows(shop / "events.jsonl")[0]
        card = page.locator(f"#{event['event']}")
        assert card.locator("figure").count() == 0
        card.locator("summary").click()
        card.locator("figure").first.wait_for()  # it is drawn just after it opened
        assert card.locator("figure").count() == 3
        assert event["account"] in card.inner_text() and "What would have changed the verdict" in card.inner_text()


def test_the_timeline_is_walked_by_keyboard(shop: Path) -> None:
    with opened(shop / "report.html") as page:
        first = rows(shop / "events.jsonl")[0]
        page.locator("#timeline-scroll svg").focus()
        page.keyboard.press("ArrowRight")
        assert first["account"] in page.locator("#timeline-said").inner_text()
        page.keyboard.press("Enter")
        assert page.locator(f"#{first['event']}").get_attribute("open") is not None
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_receipt_leads_to_its_events_and_filters_find(shop: Path) -> None:
    with opened(shop / "report.html") as page:
        receipt = next(r for r in rows(shop / "receipts.jsonl") if r["lines"])
        card = page.locator(f"#trip-{receipt['trip']}")
        card.locator("summary").click()
        card.locator("table").first.wait_for()
        assert f"{receipt['total'] / 100:.2f}" in card.inner_text()
        page.locator("#changes-find").fill("no such thing")
        assert page.locator("#changes-list details").count() == 0
        card.locator("table a").first.click()  # a link shows its event whatever is filtered
        assert page.locator(f"#{receipt['lines'][0]['events'][0]}").get_attribute("open") is not None
        page.locator("#changes-which").select_option("marked wrong")
        assert page.locator("#changes-list details").count() == len(rows(shop / "events.jsonl"))


def test_the_slider_shows_who_was_there(shop: Path) -> None:
    with opened(shop / "report.html") as page:
        picture = "document.getElementById('floor-map').toDataURL()"
        whole = page.evaluate(picture)
        page.locator("#floor-time").fill("0")
        assert page.evaluate(picture) != whole
        page.locator("#floor-time").fill(page.locator("#floor-time").get_attribute("max") or "")
        assert page.evaluate(picture) == whole
