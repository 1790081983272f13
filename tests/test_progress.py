"""Bars: on a terminal they say what goes on, how fast and how long still; piped, not a byte is said."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.progress import watched

CODE = "import sys; from fusion.cli import main; sys.exit(main(sys.argv[1:]))"
# Every row is shown: a test that waits until it is time to show one would measure time.
WEIGHING = "from fusion import progress as p; p.SHOW_S = 0.0; list(p.watched(range(4), 'weighing', 4, 'plates'))"


def on_a_terminal(words: list[str], cwd: Path) -> tuple[str, str]:
    """Run Python with standard error on a terminal; return what it said on standard output and there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    child = subprocess.Popen(
        [sys.executable, *words], cwd=cwd, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that the last one who could write has gone
            break
        if not part:
            break
        shown += part
    os.close(ours)
    said, _ = child.communicate()
    assert child.returncode == 0, shown.decode()
    return said, shown.decode()


@given(st.lists(st.integers()), st.none() | st.integers(0, 5))
def test_what_is_watched_is_handed_on_as_it_was(rows: list[int], total: int | None) -> None:
    assert list(watched(rows, "counting", total, "rows")) == rows


def test_a_bar_says_what_how_much_how_fast_and_how_long_still(tmp_path: Path) -> None:
    _, shown = on_a_terminal(["-c", WEIGHING], tmp_path)
    for part in ("weighing", "75%", " plates/s"):
        assert part in shown, part
    assert re.search(r"(-|\d):(--|\d\d):(--|\d\d)", shown), "how long still; rich looks at it twice a second"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a simulated case in shop/ and its replay in out/."""
    folder = tmp_path_factory.mktemp("case")
    for words in ("simulate single --seed 3 --out shop", "replay shop/recording.mcap --store shop/store --out out"):
        subprocess.run([sys.executable, "-c", CODE, *words.split()], cwd=folder, check=True, capture_output=True)
    (folder / "plan.toml").write_text('[[fault]]\nkind = "drop"\nsrc = "cam-*"\np = 0.1\n', encoding="utf-8")
    return folder


WATCHED = {
    "simulate single --seed 3 --out again": "simulating single",
    "replay shop/recording.mcap --store shop/store --out replayed": "replaying",
    "check shop": "reading recording.mcap",
    "info shop/recording.mcap": "reading recording.mcap",
    "report out --store shop/store --recording shop/recording.mcap": "reading recording.mcap",
    "export shop/recording.mcap --foxglove view.mcap --store shop/store": "drawing recording.mcap",
    "export shop/recording.mcap --parquet tables --store shop/store --run out": "plates of recording.mcap",
    "disturb shop/recording.mcap --plan plan.toml --out worse.mcap": "disturbing recording.mcap",
    "ledger verify out/ledger.db": "verifying",
    "ledger export out/ledger.db --format csv --out books": "reading ",
}


@pytest.mark.parametrize("typed", WATCHED, ids=lambda typed: " ".join(typed.split()[:2]))
def test_what_may_take_long_shows_a_bar_on_a_terminal_and_nothing_when_piped(typed: str, case: Path) -> None:
    said, shown = on_a_terminal(["-c", CODE, *typed.split()], case)
    assert WATCHED[typed] in shown
    assert WATCHED[typed] not in said
    piped = subprocess.run(
        [sys.executable, "-c", CODE, *typed.split()], cwd=case, capture_output=True, text=True, check=True
    )
    assert piped.stderr == ""
