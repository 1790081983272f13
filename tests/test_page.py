"""The operator's page in real Chromium, with the real server of a real replay, doing what an operator does."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from page_browser import browsing, seek, sign_in
from playwright.sync_api import Page, expect
from web_page import Site, recorded, shown, site_of

from bench.golden import STORE, tape_of
from fusion.cli import main
from fusion.ledger.reading import reading_book
from fusion.store import load_store
from fusion.web.tokens import VIEWER, Person, add_token
from scenarios.children import Child, next_line, running

TAPE = "stale-planogram"  # has a receipt in review, and one that is settled
LONG_TAPE = "left-elsewhere"
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(TAPE, tmp_path_factory.mktemp("run") / "out")


@pytest.fixture(scope="module")
def site(out: Path) -> Iterator[Site]:
    """The page of a run; nothing is decided here."""
    with shown(out) as one:
        yield one


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def picture(page: Page) -> str:
    return str(page.locator("canvas.floor").evaluate("c => c.toDataURL()"))


def test_nobody_gets_in_without_a_token_or_with_a_wrong_one(site: Site) -> None:
    with browsing(site.host, refused=True) as page:
        page.goto(f"http://{site.host}/")
        page.locator(".login").wait_for()
        page.get_by_label("Access token").fill("made-up")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not known")
        assert page.locator(".console").count() == 0
        page.get_by_label("Access token").fill(site.tokens["viewer"])
        page.keyboard.press("Enter")
        page.locator(".console").wait_for()


def test_the_token_leaves_the_address_and_signing_out_ends_it(site: Site) -> None:
    with browsing(site.host, refused=True) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        assert site.tokens["viewer"] not in page.url
        page.get_by_role("button", name="Sign out").click()
        page.locator(".login").wait_for()
        page.reload()
        page.locator(".login").wait_for()


def test_keys_are_heard_once_after_signing_in_again(site: Site) -> None:
    with browsing(site.host, refused=True) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Access token").fill(site.tokens["viewer"])
        page.keyboard.press("Enter")
        page.locator(".console").wait_for()
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.keyboard.press("t")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_a_trip_is_watched_to_its_receipt(site: Site, out: Path) -> None:
    receipt = next(one for one in rows(out / "receipts.jsonl") if one["lines"] and one["status"] == "settled")
    names = dict(zip(load_store(STORE).products.sku, load_store(STORE).products.name, strict=True))
    with browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        seek(page, 0.2)
        expect(page.locator("#link")).to_contain_text("Looking back")
        page.get_by_label("Speed").select_option("16")
        page.get_by_role("tab", name="Carts").click()
        cart = page.get_by_role("button", name=f"Follow {receipt['account']}")
        cart.wait_for()  # they have taken something
        cart.wait_for(state="detached")  # they have left
        page.get_by_role("tab", name="Receipts").click()
        line = page.locator("#panel-receipts .item", has_text=receipt["account"].removeprefix("acct-"))
        expect(line).to_contain_text(f"{receipt['total'] / 100:.2f}")
        line.click()
        for one in receipt["lines"]:
            expect(page.locator(".lines-table")).to_contain_text(names[one["sku"]])
        expect(page.locator(".evidence").first).to_contain_text("Witnesses")


def test_what_was_picked_is_in_the_feed_with_its_evidence(site: Site, out: Path) -> None:
    events = rows(out / "events.jsonl")
    with browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        changes = page.locator("#panel-feed .item[data-kind=pick], #panel-feed .item[data-kind=put]")
        expect(changes).to_have_count(len({one["event"] for one in events}))
        changes.first.focus()
        page.keyboard.press("Enter")
        page.locator(".evidence svg.chart").first.wait_for()
        for title in ("What it can have been", "Witnesses, in nats", "Plates", "Nearest hand", "Floor"):
            expect(page.locator(".evidence")).to_contain_text(title)
        page.keyboard.press("Escape")
        expect(page.locator(".detail")).to_be_hidden()
        assert page.evaluate("document.activeElement.className").startswith("item")  # back where one was


def test_time_goes_back_stops_and_goes_on_step_by_step(site: Site) -> None:
    with browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        end = page.locator(".clock").inner_text()
        at_end = page.locator("#panel-feed .item").count()
        page.keyboard.press(" ")  # a run that is over plays from its beginning
        expect(page.locator(".clock")).not_to_have_text(end)
        page.keyboard.press(" ")
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        slider = page.locator("input[type=range]")
        shown_first = slider.get_attribute("aria-valuetext") or ""
        seek(page, 0.5)
        expect(slider).not_to_have_attribute("aria-valuetext", shown_first)  # says what is shown, not what is dragged
        expect(page.locator("#panel-feed .item")).not_to_have_count(at_end)
        before, seen = float(slider.input_value()), picture(page)
        for _ in range(10):
            page.keyboard.press(".")
        page.wait_for_function("([s, t]) => Number(s.value) >= t + 900", arg=[slider.element_handle(), before])
        assert picture(page) != seen
        for _ in range(10):
            page.keyboard.press(",")
        page.wait_for_function("([s, t]) => Number(s.value) <= t + 100", arg=[slider.element_handle(), before])
        page.keyboard.press("l")
        expect(page.locator("#panel-feed .item")).to_have_count(at_end)


def test_what_is_played_faster_than_it_happens_is_live_again_once_it_has_caught_up(tmp_path: Path) -> None:
    words = ("replay", str(tape_of(TAPE)), "--store", str(STORE), "--out", str(tmp_path / "out"), "--rate", "1")
    with running(*words, "--web", "127.0.0.1:0") as (child, lines):
        site = site_of(child, lines)
        with browsing(site.host, viewport=WIDE) as page:
            sign_in(page, site.host, site.tokens["viewer"])
            slider = page.locator("input[type=range]").element_handle()
            page.wait_for_function("s => Number(s.max) - Number(s.min) > 6000", arg=slider)
            seek(page, 0.0)
            page.wait_for_function("s => Number(s.value) < Number(s.min) + 3000", arg=slider)
            expect(page.locator("#link")).to_contain_text("Looking back")
            page.get_by_label("Speed").select_option("16")
            expect(page.locator("#link")).to_contain_text("Live")
            expect(page.get_by_label("Speed")).to_have_value("1")
            assert child.poll() is None  # it still goes on


def test_a_speed_that_is_chosen_at_once_keeps_the_instant_that_was_asked_for(site: Site) -> None:
    with browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        slider = page.locator("input[type=range]:enabled").element_handle()
        page.keyboard.press(" ")  # it plays from its beginning
        page.keyboard.press("[")  # before the server has answered
        page.wait_for_timeout(1000)
        assert page.evaluate("s => (s.value - s.min) / (s.max - s.min)", slider) < 0.5
        expect(page.get_by_label("Speed")).to_have_value("0.5")


def test_a_viewer_sees_the_evidence_and_cannot_decide(site: Site) -> None:
    with browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        page.keyboard.press("5")
        page.locator("#panel-review .item").first.wait_for()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.locator(".case .evidence").first.wait_for()
        expect(page.locator(".case .doubts .alternatives li").nth(1)).to_contain_text(re.compile(r"\d %|\d%"))
        assert page.locator(".decide").count() == 0
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        assert page.locator(".decide").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_view_fits_its_screen(site: Site, viewport: dict[str, int], scheme: str) -> None:
    with browsing(site.host, viewport=viewport, color_scheme=scheme) as page:
        sign_in(page, site.host, site.tokens["reviewer"])
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for key in "123456":
            page.keyboard.press(key)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
            cut = page.locator(".tabs button:visible, .transport button:visible").evaluate_all(
                "(all, wide) => all.filter(b => b.getBoundingClientRect().right > wide).map(b => b.textContent)",
                viewport["width"],
            )
            assert cut == []
        page.keyboard.press("t")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Approve")


def decided(tmp_path: Path, keys: list[str]) -> tuple[str, Path]:
    """Decide on the one review of a run by keyboard; return the ledger's memo and the ledger."""
    out = recorded(TAPE, tmp_path / "out")
    with shown(out) as site, browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["reviewer"])
        expect(page.locator("#tab-review .badge")).to_have_text("1")
        page.keyboard.press("r")
        page.locator(".decide").wait_for()
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator(".toast")).to_be_visible()
        expect(page.locator("#tab-review .badge")).to_be_hidden()
    ledger = out / "ledger.db"
    trip = next(one["trip"] for one in rows(out / "receipts.jsonl") if one["status"] == "review")
    with reading_book(ledger) as book:
        return next(one.memo for one in book.receipts() if one.trip == trip), ledger


@pytest.mark.parametrize(("key", "word"), [("a", "approve"), ("w", "waive")])
def test_a_review_is_decided_with_two_keys_and_stands_in_the_ledger(tmp_path: Path, key: str, word: str) -> None:
    memo, ledger = decided(tmp_path, [key, "Enter"])
    assert re.match(rf"{word} \w+", memo)
    assert main(["ledger", "verify", str(ledger)]) == 0


def test_a_review_is_put_right_line_by_line(tmp_path: Path) -> None:
    memo, ledger = decided(tmp_path, ["e", "3", "Enter"])  # the field is chosen whole: 3 of the first line
    assert re.match(r"adjust \w+ \w+=3$", memo)
    assert main(["ledger", "verify", str(ledger)]) == 0


def test_what_another_reviewer_decides_is_seen_where_it_is_open(tmp_path: Path) -> None:
    out = recorded(TAPE, tmp_path / "out")
    trip = next(one["trip"] for one in rows(out / "receipts.jsonl") if one["status"] == "review")
    with shown(out) as site, browsing(site.host, viewport=WIDE) as page, site.client("reviewer") as another:
        sign_in(page, site.host, site.tokens["reviewer"])
        expect(page.locator("#tab-review .badge")).to_have_text("1")
        page.keyboard.press("r")
        page.locator(".decide").wait_for()
        assert another.post(f"/api/reviews/{trip}", json={"verdict": "waive"}).status_code == 200
        expect(page.locator(".decisions")).to_contain_text("waive")
        assert page.locator(".decide").count() == 0


@contextmanager
def served(out: Path, tokens: Path, host: str) -> Iterator[Child]:
    """Serve a run's page at an address to owners of tokens; give the process."""
    words = ("web", str(out), "--store", str(STORE), "--web", host, "--web-tokens", str(tokens))
    with running(*words) as (child, lines):
        while f"page on http://{host}/" not in next_line(lines, wait_s=0.2):
            assert child.poll() is None, "it serves no page"
        yield child


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("key", [" ", ","])
def test_a_key_right_after_a_drag_means_what_the_slider_shows(tmp_path: Path, key: str) -> None:
    # The page was at the end of the run, where space plays it from its start: it did so under the dragged slider.
    out = recorded(LONG_TAPE, tmp_path / "out")
    with shown(out) as site, browsing(site.host, viewport=WIDE) as page:
        sign_in(page, site.host, site.tokens["viewer"])
        expect(page.get_by_role("button", name="Play")).to_be_visible()  # the run is over, its end is shown
        page.evaluate(
            """key => {
                const slider = document.querySelector("input[type=range]");
                slider.value = (Number(slider.min) + Number(slider.max)) / 2;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            }""",
            key,
        )
        page.wait_for_timeout(500)  # for what it shows to come
        at = page.locator(".clock").inner_text()
        page.wait_for_timeout(2500)
        assert page.locator(".clock").inner_text() == at
        expect(page.locator("#link")).to_contain_text("Looking back")


def test_an_instant_that_was_asked_for_while_nobody_answered_is_shown_when_somebody_does(tmp_path: Path) -> None:
    out = recorded(LONG_TAPE, tmp_path / "out")
    token = add_token(tmp_path / "tokens", Person(VIEWER, "ann"))
    host = f"127.0.0.1:{free_port()}"
    with browsing(host, refused=True, viewport=WIDE) as page:
        with served(out, tmp_path / "tokens", host) as child:
            sign_in(page, host, token)
            seek(page, 0.7)
            page.keyboard.press(" ")
            expect(page.get_by_role("button", name="Play")).to_be_visible()
            child.kill()
            expect(page.locator("#link")).to_contain_text("Not connected")
            seek(page, 0.3)
            page.wait_for_timeout(500)  # the slider asks a little later
            at = page.locator(".clock").inner_text()
        with served(out, tmp_path / "tokens", host):
            page.get_by_role("button", name="Try now").click(timeout=20_000)
            expect(page.locator(".lost")).to_be_hidden(timeout=30_000)
            page.wait_for_timeout(500)  # for what it shows to come
            expect(page.locator(".clock")).to_have_text(at)


def test_a_server_that_is_killed_and_started_again_is_found_again(tmp_path: Path, out: Path) -> None:
    token = add_token(tmp_path / "tokens", Person(VIEWER, "ann"))
    host = f"127.0.0.1:{free_port()}"
    with browsing(host, refused=True, viewport=WIDE) as page:
        with served(out, tmp_path / "tokens", host) as child:
            sign_in(page, host, token)
            seek(page, 0.5)
            expect(page.locator("#link")).to_contain_text("Looking back")
            page.keyboard.press(" ")
            expect(page.get_by_role("button", name="Play")).to_be_visible()
            child.kill()
            expect(page.locator(".lost")).to_contain_text("Trying again")
            expect(page.locator("#link")).to_contain_text("Not connected")
            at = page.locator(".clock").inner_text()
        with served(out, tmp_path / "tokens", host):
            page.get_by_role("button", name="Try now").click(timeout=20_000)
            expect(page.locator(".lost")).to_be_hidden(timeout=30_000)
            expect(page.locator("#link")).to_contain_text("Looking back")
            expect(page.locator(".clock")).to_have_text(at)  # and shows what it showed
            page.locator("#panel-feed .item").first.click()
            page.locator(".evidence").wait_for()  # the new server knows who it is
