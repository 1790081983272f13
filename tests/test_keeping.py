"""Retention while a store is open: what a visit or a recovery needs stays, looks of those who left go."""

from argparse import Namespace
from itertools import takewhile
from pathlib import Path

from corner_store import write
from tiny import Action, frames, run, tape, tiny_store

from fusion.config import SECOND_NS
from fusion.journal import Journal, Record, read_journal
from fusion.journal.record import Kind
from fusion.journal.retention import looks_in, without_look
from fusion.journal.segment import segments_of
from fusion.live.keeping import Keeper
from fusion.live.recovery import JOURNAL, SNAPSHOTS, Start
from fusion.messages import Frame, Gate
from fusion.session import Session
from fusion.snapshots import read_head, snapshots_in

VISIT = [Action(0, 1, -1), Action(0, 2, -1)]
EVERY = 40  # frames between two looks at the journal


def arguments(out: Path, store: Path, looks: str = "visit", size: int | None = None) -> Namespace:
    """Return what the command line would say."""
    return Namespace(out=out, store=store, looks=looks, snapshot_every=0.0, keep_age=None, keep_size=size)


def keep_while_running(out: Path, args: Namespace, messages: list[Frame]) -> list[Frame]:
    """Run a visit, looking after the journal now and then; return what is in the journal in the end."""
    entered = next(number for number, frame in enumerate(messages) if frame.topic == "gate/door")
    with Journal(out / JOURNAL, segment_bytes=20_000) as journal:
        session = Session(tiny_store(), out)
        keeper = Keeper(args, Start(session, 0, {}, {}), journal.roll)
        for number, frame in enumerate(messages):
            journal.append(frame)
            journal.sync()
            session.feed(frame)
            if number % EVERY == EVERY - 1:
                keeper.keep(session, number + 1, {})
                needed = read_head(snapshots_in(out / SNAPSHOTS)[-1]).next
                assert kept_from(out, needed) == messages[needed : number + 1]  # what a recovery needs, looks and all
                if any(not trip.is_staff for trip in session.state.trips.live):
                    assert kept_from(out, entered) == messages[entered : number + 1] or args.keep_size == 0
        session.finish()
        session.close()
    return kept_from(out, 0)


def kept_from(out: Path, start: int) -> list[Frame]:
    """Return the frames of a journal from an offset on."""
    return [record.frame for _, record in read_journal(out / JOURNAL, start)]


def closed_at(messages: list[Frame]) -> int:
    """Return how many messages have come when the visit is over."""
    out = run(tiny_store(), tape(VISIT, shoppers=1))
    closed_ns = next(receipt.closed_ns for outputs in out for receipt in outputs.receipts)
    return sum(frame.arrival_ns <= closed_ns for frame in messages)


def test_looks_stay_while_their_visitor_does_and_go_two_snapshots_after_the_visit(tmp_path: Path) -> None:
    before = frames(tape(VISIT, shoppers=1))
    left = keep_while_running(tmp_path / "out", arguments(tmp_path / "out", write(tmp_path / "store")), before)
    with_looks = [number for number, frame in enumerate(left) if without_look(frame) is not frame]
    assert len(left) == len(before) and with_looks
    assert all(now == then for now, then in zip(left, before, strict=True) if not now.topic.startswith("people/"))
    first = with_looks[0]
    assert first >= closed_at(before) and left[first:] == before[first:]  # all that is older has lost them


def test_looks_of_the_last_visitor_go_though_no_message_comes_any_more(tmp_path: Path) -> None:
    messages = frames(tape(VISIT, shoppers=1))
    out, note = tmp_path / "out", Record(Frame("received", b"", 0), None, Kind.NOTE)
    with Journal(out / JOURNAL, notes=lambda: (note,)) as journal:
        session = Session(tiny_store(), out)
        keeper = Keeper(arguments(out, write(tmp_path / "store")), Start(session, 0, {}, {}), journal.roll)
        for frame in takewhile(lambda _: not session.state.trips.ended, messages):
            journal.append(frame)
            session.feed(frame)
        journal.sync()
        assert any(True for _ in looks_in(out / JOURNAL))
        for _ in range(4):
            keeper.keep(session, journal.end, {})
        assert not any(True for _ in looks_in(out / JOURNAL))
        assert len(segments_of(out / JOURNAL)) < 5  # and then nothing is done any more
        before = journal.end
        keeper.keep(session, journal.end, {})
        assert journal.end == before
        session.finish()
        session.close()


def test_looks_that_are_to_be_kept_are(tmp_path: Path) -> None:
    before = frames(tape(VISIT, shoppers=1))
    args = arguments(tmp_path / "out", write(tmp_path / "store"), looks="keep")
    assert keep_while_running(tmp_path / "out", args, before) == before


def test_looks_of_who_has_left_go_though_staff_stays_all_day(tmp_path: Path) -> None:
    visit = tape(VISIT, shoppers=1)
    first_ns = visit[0].t_ns - SECOND_NS
    staff = Gate("back", 0, first_ns, "door", "enter", "eve", 1, "staff")
    before = frames([staff, *visit])
    left = keep_while_running(tmp_path / "out", arguments(tmp_path / "out", write(tmp_path / "store")), before)
    with_looks = [number for number, frame in enumerate(left) if without_look(frame) is not frame]
    assert len(left) == len(before) and with_looks[0] > len(before) // 3


def test_old_segments_go_by_size_and_never_those_a_recovery_needs(tmp_path: Path) -> None:
    args = arguments(tmp_path / "out", write(tmp_path / "store"), size=0)
    keep_while_running(tmp_path / "out", args, frames(tape(VISIT, shoppers=1)))
    reader = read_journal(tmp_path / "out" / JOURNAL)
    reader.start_at_the_first()
    assert len(list(reader)) < len(frames(tape(VISIT, shoppers=1))) and not reader.damage
    assert len(segments_of(tmp_path / "out" / JOURNAL)) < 5
