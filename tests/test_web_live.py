"""The page beside a live service: it follows, decides while the engine runs, and its death is nobody's business."""

import json
import os
import shutil
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_page import Site, site_of

from bench.golden import STORE, ledger_of, tape_of
from fusion.config import SECOND_NS
from fusion.ledger.sitting import alone_with
from fusion.ledger.verify import verify
from fusion.messages import Frame, Health
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store
from fusion.web.recorder import FOLDER
from fusion.web.reviews import Desk
from fusion.web.scene_file import Kind
from fusion.web.scene_log import Cursor, SceneLog
from fusion.web.throttle import ALL_FREE, FREE, WAIT_S_MAX, Throttle
from fusion.wire import encode, topic_of
from scenarios.children import Child, Lines, listening_address, next_line, running
from sensors.publish import Sender, publish

TAPE = "stale-planogram"
LONG_S = 20


def serving(folder: Path):
    """Run a service with a page on a store of its own."""
    if not (folder / "store").exists():
        shutil.copytree(STORE, folder / "store")
    places = ("--store", str(folder / "store"), "--out", str(folder / "out"))
    return running("serve", *places, "--listen", "tcp://127.0.0.1:*", "--web", "127.0.0.1:0", "--snapshot-every", "0.2")


def opened(child: Child, lines: Lines) -> tuple[Site, str]:
    """Return a service's page and the address of its gateway."""
    site, address = site_of(child, lines), listening_address(child, lines)
    assert address is not None
    return site, address


def send(address: str, frames: list[Frame]) -> None:
    with Sender(address) as sender:
        publish(frames, sender, None, lambda frame: None)


def page_of(child: Child) -> int:
    """Return the process that serves the page of a service."""
    of_child = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    (found,) = [int(one) for one in of_child if b"fusion.web" in Path(f"/proc/{one}/cmdline").read_bytes()]
    return found


def stop(child: Child) -> None:
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=60) == 0


def said_in(out: Path) -> list[dict]:
    """Return all that a log says was said."""
    with closing(SceneLog(out / FOLDER)) as log, closing(Cursor(log)) as cursor:
        return [json.loads(record.text) for record in cursor.read() if record.kind is Kind.SAID]


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def tape() -> list[Frame]:
    """Return a tape that goes on, with words of two sensors, until everybody's trip is closed."""
    frames = list(read_recording(tape_of(TAPE)))
    last_ns = frames[-1].arrival_ns
    later = [Health(src, n, last_ns + n * SECOND_NS, "ok", "") for n in range(LONG_S) for src in ("clock-1", "clock-2")]
    return [*frames, *(Frame(topic_of(one), encode(one), one.t_ns) for one in later)]


def foreseen(said: dict) -> bool:
    """Tell whether an event was said that is not final."""
    return said["kind"] == "said" and said["what"] == "provisional" and said["body"]["p"] > 0.0


def goes_on(said: dict) -> bool:
    """Tell whether it was said how long the tape is by now, and that it goes on."""
    return said["kind"] == "span" and said["over"] is False


def to_review(said: dict) -> bool:
    """Tell whether a receipt was said that waits for a person."""
    return said["kind"] == "said" and said["what"] == "receipt" and said["body"]["status"] == "review"


def test_a_viewer_follows_a_running_store_and_a_reviewer_decides_in_it(tmp_path: Path, tape: list[Frame]) -> None:
    out = tmp_path / "out"
    with serving(tmp_path) as (child, lines):
        site, address = opened(child, lines)
        with site.stream() as view, site.client("reviewer") as client:
            assert view.until("state")["receipts"] == [] and client.get("/api/reviews").json() == []
            send(address, tape)
            # On a fast machine a receipt is said before the page says how long the tape is, on a slow one after it.
            said = [view.told()]
            while not all(any(one(each) for each in said) for one in (foreseen, goes_on, to_review)):
                said.append(view.told())
            (receipt,) = [one["body"] for one in said if to_review(one)]
            answer = client.post(f"/api/reviews/{receipt['id']}", json={"verdict": "approve"})
            assert answer.status_code == 200, answer.text
            assert view.until("said", what="decided")["body"]["id"] == receipt["id"]
            assert verify(out / "ledger.db", is_open=True).findings == ()
        stop(child)
    report = verify(out / "ledger.db")
    assert report.findings == () and report.signed == report.records
    assert [one["body"]["event"] for one in said_in(out) if one["what"] == "event"] == [
        row["event"] for row in rows(out / "events.jsonl")
    ]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_engine_does_not_notice_what_becomes_of_the_page(tmp_path: Path, tape: list[Frame], number: int) -> None:
    out = tmp_path / "out"
    with serving(tmp_path) as (child, lines):
        _, address = opened(child, lines)
        page = page_of(child)
        send(address, tape[: len(tape) // 2])
        os.kill(page, number)
        send(address, tape[len(tape) // 2 :])
        stop(child)
    ledger_of(out / "recording.mcap", STORE, tmp_path / "again")
    for name in ("receipts.jsonl", "events.jsonl"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert verify(out / "ledger.db").digest == verify(tmp_path / "again" / "ledger.db").digest
    assert not Path(f"/proc/{page}").exists(), "it ends with the service, even so"


def test_a_page_that_died_is_served_again_where_it_was(tmp_path: Path) -> None:
    with serving(tmp_path) as (child, lines):
        site, _ = opened(child, lines)
        os.kill(page_of(child), signal.SIGKILL)
        said = ""
        while "starting it again" not in said:
            said = next_line(lines, wait_s=0.5)
            assert child.poll() is None
        with site.client("viewer", retries=8) as client:
            assert client.get("/api/me").json()["role"] == "viewer"
        stop(child)


def test_the_log_of_a_service_that_was_killed_goes_on_and_says_nothing_twice(tmp_path: Path, tape: list[Frame]) -> None:
    out = tmp_path / "out"
    with serving(tmp_path) as (child, lines):
        site, address = opened(child, lines)
        with site.stream() as view:
            send(address, tape[: 3 * len(tape) // 4])
            view.until("said", what="provisional")
            child.kill()
            child.wait()
    with serving(tmp_path) as (child, lines):
        site, address = opened(child, lines)
        send(address, tape[3 * len(tape) // 4 :])
        with site.stream() as view:
            view.until("said", what="receipt")
        stop(child)
    told = said_in(out)
    for what, name, key in (("event", "events", "event"), ("provisional", "provisional", "event")):
        assert [one["body"][key] for one in told if one["what"] == what] == [
            row[key] for row in rows(out / f"{name}.jsonl")
        ]
    assert Counter(one["body"]["id"] for one in told if one["what"] == "receipt") == Counter(
        row["trip"] for row in rows(out / "receipts.jsonl")
    )
    assert [one["t"] for one in told] == sorted(one["t"] for one in told)


# Wrong tokens


@given(st.lists(st.floats(0.0, 100.0), max_size=60))
def test_who_guesses_waits_longer_each_time_and_who_knows_does_not(gaps_s: list[float]) -> None:
    throttle, now_s, waits = Throttle(), 0.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        throttle.failed("guesser", now_s)
        waits.append(throttle.wait_s("guesser", now_s))
    assert throttle.wrong == len(gaps_s)
    assert all(wait == 0.0 for wait in waits[: FREE - 1])
    assert all(0.0 < a <= b + 1e-6 for a, b in zip(waits[FREE - 1 :], waits[FREE:], strict=False))
    assert all(wait <= WAIT_S_MAX + 1e-6 for wait in waits)
    assert throttle.wait_s("guesser", now_s + 2 * WAIT_S_MAX) == 0.0, "nobody is shut out for ever"
    throttle.succeeded("guesser")
    assert throttle.wait_s("guesser", now_s + len(gaps_s)) == 0.0


def test_a_crowd_of_guessers_waits_together() -> None:
    throttle = Throttle()
    for n in range(ALL_FREE + 10):
        throttle.failed(f"place {n}", 0.0)
    assert throttle.wait_s("somebody else", 0.0) > 0.0 == throttle.wait_s("somebody else", 60.0)


# The end of a run while somebody sits over its ledger


def test_a_decision_while_the_run_ends_is_signed_with_it(tmp_path: Path) -> None:
    session = Session(load_store(STORE), tmp_path)
    for frame in read_recording(tape_of(TAPE)):
        session.feed(frame)
    session.finish()
    desk = Desk(tmp_path / "ledger.db", tmp_path / "ledger.key", tmp_path, session.store)
    (case,) = desk.queue()
    with ThreadPoolExecutor(1) as pool:
        with alone_with(tmp_path / "ledger.db"):  # who decides waits at the door
            decided = pool.submit(desk.decide, case["id"], {"verdict": "approve"}, "ann")
        session.close()
        assert decided.result().answer["receipt"]["status"] == "settled"
    report = verify(tmp_path / "ledger.db")
    assert report.findings == () and report.signed == report.records


def test_whoever_has_patience_goes_on_past_one_who_hangs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ledger.db").touch()
    with alone_with(tmp_path / "ledger.db"), alone_with(tmp_path / "ledger.db", patience_s=0.1):
        assert "expected nobody to sit" in capsys.readouterr().err
