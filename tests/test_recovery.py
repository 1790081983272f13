"""Killed at any instant and started again: the same outputs and ledger as if never killed."""

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from corner_store import write
from gateway_thread import ANY_PORT, kept
from hypothesis import given, settings
from hypothesis import strategies as st
from test_live import CASE, needs_case, serving, stop
from tiny import Action, frames, tape, tiny_store

from fusion import snapshots
from fusion.cli import main
from fusion.journal.retention import looks_in, without_look
from fusion.ledger.database import Contradiction
from fusion.live.bus import BusError
from fusion.live.recovery import ENDING, Start, retelling
from fusion.messages import Frame, Held
from fusion.recording import read_recording
from fusion.session import Session
from fusion.snapshots import Head, SnapshotError, read_snapshot, rebuild, snapshots_in, usable, write_snapshot
from scenarios.children import AISLE, next_line
from sensors.publish import Sender

OUTPUTS = ("receipts.jsonl", "events.jsonl", "provisional.jsonl", "evidence.jsonl", "rejected.jsonl", "tracks.parquet")
SAME = ("ledger", "messages", "clocks", "notes", "limits")


def outputs_of(out: Path) -> dict[str, Any]:
    """Return what a run left that must not depend on how often it was interrupted."""
    record = json.loads((out / "run.json").read_text())
    return {name: (out / name).read_bytes() for name in OUTPUTS} | {key: record[key] for key in SAME}


def run(out: Path, messages: list[Frame], cuts: list[tuple[int, int]]) -> dict[str, Any]:
    """Run a tiny store; at each cut a snapshot is made, and so many frames later the run dies and goes on."""
    store = tiny_store()
    session, behind = Session(store, out), dict(cuts)
    for number, frame in enumerate(messages):
        if number in behind:
            write_snapshot(out / "snapshots", Head(number, "c", "s"), session.save())
            for doomed in messages[number : number + behind[number]]:
                session.feed(doomed)
            session.book.close()
            for file in (*session._files.values(), session._tracks):
                file.close()
            head, saved = read_snapshot(snapshots_in(out / "snapshots")[0], config="c", store="s")
            assert head.next == number
            session = Session(store, out, saved=saved)
        session.feed(frame)
    session.finish()
    session.close()
    return outputs_of(out)


ACTIONS = [Action(0, 1, -1), Action(1, 3, -2), Action(0, 2, -1), Action(0, 2, 1), Action(1, 4, -1)]


@settings(max_examples=4, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 400)), min_size=1, max_size=4))
def test_a_run_goes_on_from_any_snapshot_as_if_nothing_had_been(
    cuts: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    messages = [*frames(tape(ACTIONS)), Frame("gate/door", b"\xc1 rubbish", 5)]
    messages.insert(300, Frame("people/cam", b"rubbish", 5))
    folder = tmp_path_factory.mktemp("run")
    undisturbed = run(folder / "plain", messages, [])
    assert undisturbed["receipts.jsonl"]
    assert run(folder / "cut", messages, cuts) == undisturbed


# Snapshots


@dataclass(frozen=True)
class Outside:
    """A type that is none of the engine's."""

    x: int


def test_a_snapshot_says_why_it_cannot_be_used(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, Head(7, "config", "store"), {"held": Held(1, 0, ())})
    assert read_snapshot(path, config="config", store="store")[1] == {"held": Held(1, 0, ())}
    with pytest.raises(SnapshotError, match="expected configuration other, received one of 'config'"):
        read_snapshot(path, config="other", store="store")
    with pytest.raises(SnapshotError, match="expected store other"):
        read_snapshot(path, config="config", store="other")
    newer = write_snapshot(tmp_path, replace(Head(8, "config", "store"), version=99), 1)
    with pytest.raises(SnapshotError, match="expected version 1 or before, received 99"):
        read_snapshot(newer, config="config", store="store")
    with pytest.raises(SnapshotError, match=r"expected types of the engine, received .*Outside"):
        read_snapshot(write_snapshot(tmp_path, Head(9, "c", "s"), Outside(1)), config="c", store="s")
    with pytest.raises(SnapshotError, match="expected types of the engine, received posix"):
        read_snapshot(write_snapshot(tmp_path, Head(10, "c", "s"), os.getpid), config="c", store="s")


@given(data=st.data())
def test_no_spoiled_byte_of_a_snapshot_passes(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("snap")
    path = write_snapshot(folder, Head(7, "config", "store"), {"held": Held(1, 0, (("a", 0.5),))})
    packed = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(packed) - 1))
    if data.draw(st.booleans()):
        packed = packed[:place]
    else:
        packed[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(packed)
    try:
        head, body = read_snapshot(path, config="config", store="store")
    except SnapshotError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert body == {"held": Held(1, 0, (("a", 0.5),))} and replace(head, version=1) == Head(7, "config", "store")


def test_a_dataclass_that_gained_a_field_is_upgraded_and_one_that_lost_one_is_not() -> None:
    assert rebuild(Head, {"next": 1, "config": "c", "store": "s"}) == Head(1, "c", "s")  # version came later
    for fields in ({"next": 1, "config": "c"}, {"next": 1, "config": "c", "store": "s", "gone": 1}):
        with pytest.raises(SnapshotError, match=r"Head: expected fields .* received"):
            rebuild(Head, fields)


def test_the_last_two_are_kept_and_the_newest_good_one_comes_first(tmp_path: Path) -> None:
    for number in range(4):
        write_snapshot(tmp_path, Head(number, "c", "s"), number)
    newest, older = snapshots_in(tmp_path)
    newest.write_bytes(newest.read_bytes()[:-1])
    found = list(usable(tmp_path, config="c", store="s"))
    assert isinstance(found[0], SnapshotError) and found[1] == (Head(2, "c", "s"), 2)
    assert older.exists()


def test_plain_pickles_are_no_snapshots(tmp_path: Path) -> None:
    (tmp_path / "1.snap").write_bytes(pickle.dumps({"a": 1}))
    (found,) = usable(tmp_path, config="c", store="s")
    assert isinstance(found, SnapshotError) and "expected the head of a snapshot" in str(found)
    assert snapshots.VERSION == 1


# Whole processes


def publish(address: str, spool: Path, case: Path = CASE) -> "subprocess.Popen[bytes]":
    """Publish a shared case, keeping what is not acknowledged."""
    words = ("publish", str(case / "recording.mcap"), "--to", address, "--rate", "max", "--spool", str(spool))
    words = (*words, "--patience", "120")
    return subprocess.Popen([*AISLE, *words])


@needs_case
@pytest.mark.parametrize("seed", [1])
def test_a_service_killed_again_and_again_ends_with_the_ledger_of_a_replay(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    live, again = tmp_path / "live", tmp_path / "again"
    listen = ANY_PORT
    publisher = None
    for _ in range(4):
        with serving(live, "--snapshot-every", "0.3", listen=listen) as (serve, _, address):
            listen = address
            publisher = publisher or publish(address, tmp_path / "spool")
            try:
                serve.wait(rng.uniform(0.2, 1.5))
            except subprocess.TimeoutExpired:
                serve.kill()
            serve.wait()
    with serving(live, "--looks", "keep", listen=listen) as (serve, _, _):
        assert publisher is not None and publisher.wait(timeout=60) == 0
        stop(serve)
    sent = [(frame.topic, frame.payload) for frame in read_recording(CASE / "recording.mcap")]
    taken = [(frame.topic, frame.payload) for frame in kept(live / "journal")]
    assert sorted(taken) == sorted(sent)
    assert main(["replay", str(live / "recording.mcap"), "--store", str(CASE / "store"), "--out", str(again)]) == 0
    assert outputs_of(live) == outputs_of(again)
    assert not (live / "snapshots").exists() and not (live / ENDING).exists()


@needs_case
def test_a_run_that_was_interrupted_while_it_ended_is_ended_where_it_meant_to(tmp_path: Path) -> None:
    live = tmp_path / "live"
    with serving(live, "--snapshot-every", "0.5") as (serve, _, address):
        assert publish(address, tmp_path / "spool").wait() == 0
        serve.kill()
        serve.wait()
    frames_sent = len(kept(live / "journal"))
    (live / ENDING).write_text(json.dumps({"end": frames_sent}))
    with serving(live) as (serve, _, address):
        with Sender(address, "ctl") as sender:
            sender.connect()
            sender.send("gate/door", b"of the next run")
            sender.finish()
        stop(serve)
    ended, again = live / "earlier-1", tmp_path / "again"
    assert main(["replay", str(ended / "recording.mcap"), "--store", str(CASE / "store"), "--out", str(again)]) == 0
    assert outputs_of(ended) == outputs_of(again)
    assert [frame.payload for frame in kept(live / "journal")] == [b"of the next run"]


def has_looks(recording: Path) -> bool:
    return any(without_look(frame) is not frame for frame in read_recording(recording))


@needs_case
def test_looks_leave_with_the_visitors_unless_they_are_to_be_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for looks, any_left in (("visit", False), ("keep", True)):
        out, asked = tmp_path / looks, tmp_path / f"{looks}-asked.mcap"
        for recording in ((), ("--recording", str(asked)), ("--recording", "none")):
            shutil.rmtree(out, ignore_errors=True)
            with serving(out, "--looks", looks, *recording) as (serve, _, address):
                assert publish(address, tmp_path / f"spool-{looks}-{len(recording)}-{asked.exists()}").wait() == 0
                stop(serve)
            assert any(True for _ in looks_in(out / "journal")) == any_left
            made = out / "recording.mcap"
            assert made.exists() == (recording == ())
            assert not made.exists() or has_looks(made) == any_left, "what nobody asked for"
        assert has_looks(asked)
        exported = tmp_path / f"{looks}.mcap"
        assert main(["export", str(out / "journal"), "--out", str(exported)]) == 0
        assert ("no appearance vectors any more" in capsys.readouterr().err) != any_left
    words = ("replay", str(exported), "--store", str(CASE / "store"), "--out", str(tmp_path / "again"))
    assert main(list(words)) == 0
    assert outputs_of(tmp_path / "again") == outputs_of(tmp_path / "keep")


@needs_case
def test_looks_of_a_visit_that_is_over_go_while_the_service_runs(tmp_path: Path) -> None:
    out, case = tmp_path / "out", CASE.with_name("t07_misplaced_then_bought_by_other-1")  # somebody leaves early
    recorded = sum(without_look(frame) is not frame for frame in read_recording(case / "recording.mcap"))
    words = ("--looks", "visit", "--snapshot-every", "0.5")
    with serving(out, *words, store=case / "store") as (serve, _, address):
        assert publish(address, tmp_path / "spool", case).wait() == 0
        end_s = time.monotonic() + 60
        while (left := sum(1 for _ in looks_in(out / "journal"))) > recorded / 50:
            assert time.monotonic() < end_s, f"{left} of {recorded} are still there"
            time.sleep(0.2)
        stop(serve)


@needs_case
def test_no_second_service_on_the_same_folder_or_store_and_none_on_a_full_disk(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    shutil.copytree(CASE / "store", store)
    words = ["serve", "--store", str(store), "--listen", ANY_PORT, "--out"]
    with serving(tmp_path / "live", store=store, copied=True) as (serve, _, _):
        capfd.readouterr()
        assert main([*words, str(tmp_path / "live")]) == 2
        assert main([*words, str(tmp_path / "other")]) == 2
        first, second = capfd.readouterr().err.splitlines()
        assert "serve.lock: expected no other service" in first and "store.toml: expected no other service" in second
        serve.send_signal(signal.SIGTERM)
        assert serve.wait(timeout=60) == 0
    assert main([*words, str(tmp_path / "live"), "--free-min", "1000T"]) == 2
    assert "MiB free on its disk, received" in capfd.readouterr().err
    assert (tmp_path / "live" / "run.json").exists()  # nothing was set aside for it


def test_a_disk_that_is_full_ends_a_service_with_what_to_do_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    live, store = tmp_path / "live", write(tmp_path / "store")
    live.mkdir()
    full = live / f"{ENDING}.part"
    full.symlink_to("/dev/full")
    with serving(live, store=store) as (serve, said, _):
        serve.terminate()
        assert serve.wait(60) == 2
    lines = list(iter(lambda: next_line(said, wait_s=0.5), ""))
    assert f"{live}: expected room on its disk, received: No space left on device; what was taken is safe" in lines[-1]
    full.unlink()
    with serving(live, store=store) as (serve, _, _):
        stop(serve)
    assert (live / "run.json").exists() and not (live / "earlier-1").exists()


@needs_case
def test_a_run_whose_beginning_is_gone_is_refused_unless_it_is_set_aside(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    live = tmp_path / "live"
    with serving(live) as (serve, _, address):
        assert publish(address, tmp_path / "spool").wait() == 0
        serve.kill()
        serve.wait()
    (segment,) = (live / "journal").glob("*.seg")
    segment.unlink()
    (live / "journal" / f"{5:020d}.seg").write_bytes(b"")
    words = ["serve", "--store", str(tmp_path / "live-store"), "--listen", ANY_PORT, "--out", str(live)]
    capfd.readouterr()
    assert main(words) == 2
    assert "expected a snapshot, or a journal from record 0 on" in capfd.readouterr().err
    with serving(live, "--fresh") as (serve, _, _):
        stop(serve)
    assert (live / "earlier-1" / "journal").is_dir()


@pytest.mark.parametrize(
    ("is_retold", "kind", "said"),
    [
        (True, BusError, "expected to charge what this run has charged before .* --fresh"),
        (False, Contradiction, r"ledger\.db: expected the recorded"),  # a fault of ours
    ],
)
def test_a_run_that_would_be_charged_otherwise_is_refused_with_what_to_do(
    is_retold: bool, kind: type[Exception], said: str, tmp_path: Path
) -> None:
    """A price was changed after a crash: the service died of a ledger row each time that it was started."""
    store, messages = tiny_store(), frames(tape(ACTIONS))
    before = run(tmp_path, messages, [])["ledger"]
    dearer = replace(store.products, price_cents=store.products.price_cents + 1)
    session = Session(replace(store, products=dearer), tmp_path, keeps_ledger=True)
    with (
        pytest.raises(kind, match=said),
        retelling(tmp_path, Start(session, 0, {}, {}, is_retold=is_retold)),
    ):
        for frame in messages:
            session.feed(frame)
        session.finish()
    assert session.close()["ledger"] == before


def test_a_spoiled_head_is_told_in_one_line(tmp_path: Path) -> None:
    """Found by the property above: a line feed within a name of the head came out as one."""
    path = write_snapshot(tmp_path, Head(7, "con\nfig", "store"), {})
    with pytest.raises(SnapshotError, match="received one of") as refused:
        read_snapshot(path, config="config", store="store")
    assert len(str(refused.value).splitlines()) == 1
