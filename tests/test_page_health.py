"""The operator's page of a run whose sensors fail: what is blind is said, and drawn where it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_browser import browsing, sign_in
from playwright.sync_api import Page, expect
from web_page import Site, recorded, shown

from bench.golden import STORE, tape_of
from fusion.cli import main

CAMERA, PLATE = "cam-03", "G1-s1-p02"
PLAN = f"""
[[fault]]
kind = "outage"
src = "{CAMERA}"
from_s = 3

[[fault]]
kind = "dead"
plates = ["{PLATE}"]
from_s = 3
"""
WIDE = {"width": 1400, "height": 900}

# How many pixels of the floor have the colour of what is out of order.
MARKED = """canvas => {
    const paint = document.createElement("canvas").getContext("2d");
    paint.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--bad");
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b] = paint.getImageData(0, 0, 1, 1).data;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] === r && data[i + 1] === g && data[i + 2] === b) found += 1;
    return found;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page of a run in which a camera and a plate fell silent."""
    folder = tmp_path_factory.mktemp("faulty")
    plan, tape = folder / "plan.toml", folder / "worse.mcap"
    plan.write_text(PLAN)
    words = ["disturb", str(tape_of("single")), "--plan", str(plan), "--store", str(STORE), "--out", str(tape)]
    assert main(words) == 0
    with shown(recorded(tape, folder / "out")) as one:
        yield one


def marked(page: Page) -> int:
    return int(page.locator("canvas.floor").evaluate(MARKED))


def test_what_is_out_of_order_is_named_with_its_reason(site: Site) -> None:
    with browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        page.get_by_role("tab", name="Health").click()
        sensors = page.locator("#panel-health .sensor")
        for name in (CAMERA, PLATE):
            expect(sensors.filter(has_text=name)).to_contain_text("for")  # for how long it has said nothing
        expect(page.locator("#mode")).not_to_contain_text("Open")
        expect(page.locator("#mode")).to_have_attribute("title", "Blind: gondola G1: 1 of 36 plates")
        expect(page.locator("#panel-feed .item[data-kind=mode]").first).to_contain_text("gondola G1")


def test_a_camera_and_a_plate_that_tell_nothing_are_marked_on_the_floor(site: Site, tmp_path: Path) -> None:
    with browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        page.wait_for_function(f"({MARKED})(document.querySelector('canvas.floor')) > 0")
    with shown(recorded("single", tmp_path / "well")) as well, browsing(well.host, viewport=WIDE) as page:
        sign_in(page, well.host, well.tokens["viewer"])
        assert marked(page) == 0
