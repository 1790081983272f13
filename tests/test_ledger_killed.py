"""A process that writes receipts is killed at any instant, again and again: the ledger ends as if it never was."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ledger_records import opened, pick, sale, slip

from fusion.ledger.verify import verify

RECEIPTS = 150
WRITER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from ledger_records import opened, pick, sale, slip
with opened(sys.argv[1]) as book:
    print("ready", flush=True)
    for n in range({RECEIPTS}):
        book.commit([pick(3 * n), pick(3 * n + 1), pick(3 * n + 2)], [sale(n)], [slip(n)])
        print(n, flush=True)
"""


def write(place: Path | str, kill_s: float | None) -> int | None:
    """Write all receipts from the first one on, or be killed that long after the beginning; return the exit status."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(place)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    with writer.stdout as said:
        assert said.readline() == "ready\n"
        if kill_s is not None:
            time.sleep(kill_s)
            writer.send_signal(signal.SIGKILL)
        said.read()
    return writer.wait()


@pytest.mark.parametrize("kind", ["file", "server"])
def test_a_killed_writer_loses_nothing_and_writes_nothing_twice(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = tmp_path / "ledger.db" if kind == "file" else request.getfixturevalue("database")
    with opened(tmp_path / "calm.db") as book:
        for n in range(RECEIPTS):
            book.commit([pick(3 * n), pick(3 * n + 1), pick(3 * n + 2)], [sale(n)], [slip(n)])
        expected = book.head()
    draw = random.Random(5)
    killed = [write(place, draw.uniform(0.0, 0.12)) for _ in range(6)]
    assert -signal.SIGKILL in killed
    with opened(place) as book:
        assert book.head().records <= expected.records
    assert write(place, None) == 0
    with opened(place) as book:
        assert book.head() == expected
    assert verify(place, is_open=True).findings == ()
