"""How smooth is the operator's page? `python -m bench.page [--out OUT --store STORE] [--minutes 10]`.

Opens the page of a run in headless Chromium and plays a stretch of it at its own pace, again and again: prints how
long the page takes to load, frames a second and milliseconds a frame of the floor, people shown, and the size of the
JavaScript heap after each time, after a collection. Without --out it is load L of bench.throughput, 200 shoppers at
once among 10,000 plates, simulated and replayed first where that has not been done (some minutes). Exit 1 below 20
frames a second.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.loads.loads import LOADS
from bench.loads.making import made

FRAMES_MIN: Final = 20.0  # a second
AISLE: Final = (sys.executable, "-c", "import sys; from fusion.cli import main; sys.exit(main())")
URL: Final = re.compile(r"page for a viewer on (http://\S+)/#token=(\S+)")
STAYS: Final = "the page stays until Ctrl-C"
KEEP: Final = Path("out/page")
AGAIN_S: Final = 15  # of the stretch that is played again and again
SCREEN: Final = {"width": 1400, "height": 900}


def main() -> int:
    """Measure; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a run that is there, and its --store")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to play (default 1)")
    parser.add_argument("--from-share", type=float, default=0.35, help="where to begin, of the run (default 0.35)")
    args = parser.parse_args()
    out, store = (args.out, args.store) if args.out else crowd(KEEP)
    return measured(out, store, args.minutes, args.from_share)


def measured(out: Path, store: Path, minutes: float, share: float) -> int:
    """Serve a run, look at it, and return the exit status."""
    with served(out, store) as (base, token), browser() as page:
        open_page(page, base, token)
        print(f"page load, signed in before: {load_ms(page):.0f} ms to the first picture of the floor")
        return played(page, minutes, share)


def crowd(keep: Path) -> tuple[Path, Path]:
    """Simulate and replay the load, where that has not been done; return the run and its store."""
    case = made(LOADS["L"])
    out = keep / case.name
    if not (out / "run.json").is_file():
        # With a page beside it, which writes scenes as they are live, and stays when the run is over.
        replay = ("replay", str(case / "recording.mcap"), "--store", str(case / "store"), "--out", str(out))
        words = [*AISLE, *replay, "--web", "127.0.0.1:0"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            over = any(STAYS in line for line in child.stdout)
            child.send_signal(signal.SIGINT)
        if not over:
            raise SystemExit(f"bench.page: {out}: expected a run, received exit status {child.returncode}")
    return out, case / "store"


@contextmanager
def served(out: Path, store: Path) -> Iterator[tuple[str, str]]:
    """Serve the page of a run; give its address and a viewer's token."""
    words = [*AISLE, "web", str(out), "--store", str(store), "--web", "127.0.0.1:0"]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert child.stdout is not None
    try:
        found = next(filter(None, map(URL.search, child.stdout)), None)
        if found is None:
            raise SystemExit(f"bench.page: {out}: expected a run with a page, received none")
        yield found[1], found[2]
    finally:
        child.terminate()
        child.wait()


@contextmanager
def browser() -> Iterator[Page]:
    """Give a page of headless Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("bench.page: expected chromium on the PATH, received none: `make browser` installs it")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found.new_page(viewport=SCREEN)
        found.close()


def open_page(page: Page, base: str, token: str) -> None:
    """Sign in and wait for the first scene."""
    page.goto(f"{base}/#token={token}")
    page.locator(".console").wait_for()
    page.locator("#link[data-tone]").wait_for()


def load_ms(page: Page) -> float:
    """Load the page again; return when the floor was there first, ms after the navigation began."""
    page.reload()
    page.wait_for_function("() => document.documentElement.dataset.ready !== undefined && window.aislePlan")
    page.wait_for_function(
        "() => { window.drawn = window.drawn || aislePlan.spent().frames; return window.drawn > 0; }"
    )
    return float(page.evaluate("performance.now()"))


def played(page: Page, minutes: float, share: float) -> int:
    """Play the stretch for so long; print what is measured."""
    cdp: CDPSession = page.context.new_cdp_session(page)
    slowest = float("inf")
    end_s, sizes = time.monotonic() + 60.0 * minutes, [heap_mb(cdp)]
    print(f"heap before: {sizes[0]:.1f} MB")
    while time.monotonic() < end_s:
        seek(page, share)
        page.wait_for_timeout(3000)
        page.evaluate("aislePlan.spent()")
        begun_s = time.monotonic()
        page.wait_for_timeout(1000 * min(AGAIN_S, max(5.0, end_s - begun_s)))
        spent: dict[str, Any] = page.evaluate("aislePlan.spent()")
        per_s = spent["frames"] / (time.monotonic() - begun_s)
        said = int(page.locator(".bar .figure b").first.inner_text())
        sizes.append(heap_mb(cdp))
        slowest = min(slowest, per_s)
        ms = spent["ms"] / max(1, spent["frames"])
        print(f"{per_s:.1f} frames/s, {ms:.2f} ms a frame, {said} people, heap {sizes[-1]:.1f} MB", flush=True)
    print(f"slowest time {slowest:.1f} frames/s (at least {FRAMES_MIN:.0f}); heap {sizes[0]:.1f} to {sizes[-1]:.1f} MB")
    return 0 if slowest >= FRAMES_MIN else 1


def seek(page: Page, share: float) -> None:
    """Go to a share of the run."""
    page.locator("input[type=range]:enabled").evaluate(
        "(s, k) => { s.value = +s.min + k * (s.max - s.min); s.dispatchEvent(new Event('input', {bubbles: true})); }",
        share,
    )


def heap_mb(cdp: CDPSession) -> float:
    """Return the size of the page's heap after a collection, MB."""
    cdp.send("HeapProfiler.collectGarbage")
    return float(cdp.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


if __name__ == "__main__":
    sys.exit(main())
