"""The scene log: whatever instant is asked for is as it was written, wherever the file was torn."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import Action, frames, tape, tiny_store

from fusion.config import SECOND_NS, Config
from fusion.engine import first_state, make_engine
from fusion.session import Session
from fusion.web.player import NOTHING, BadWish, Player
from fusion.web.rebuilt import rebuild
from fusion.web.recorder import FOLDER, Recorder
from fusion.web.said import basket_total
from fusion.web.scene import scene_of
from fusion.web.scene_file import MAGIC, Kind, Record, name_of, pack, segments_of
from fusion.web.scene_log import Cursor, Instant, SceneLog, Span
from fusion.web.scene_writer import cut_back, to_remove
from fusion.web.situation import FEED_MAX, RECEIPTS_MAX, Situation, heard, situation_of, state_message
from fusion.web.times import ms_of, until_ns

ACTIONS = [Action(0, 1, -1), Action(1, 1, -2), Action(0, 3, -1), Action(0, 3, 1), Action(1, 4, -1)]
T0 = 1_700_000_000 * SECOND_NS

accounts = st.sampled_from(["ann", "bob", "cem"])


def things(what: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Draw something said, with its body."""
    return st.tuples(st.just(what), st.fixed_dictionaries(fields))


cents = st.integers(0, 999)
goods = st.lists(st.tuples(st.sampled_from("xyz"), st.integers(1, 3)).map(list), max_size=2)
bodies = st.one_of(
    things("event", event=st.uuids().map(str), account=accounts),
    things("receipt", id=st.text("abc", min_size=1, max_size=3), total=cents),
    things("basket", account=accounts, lines=goods, total=cents),
    things(
        "health", src=st.sampled_from(["cam", "ctl"]), state=st.just("ok"), text=st.text(max_size=5), t=st.floats(0, 9)
    ),
    things("mode", mode=st.sampled_from(["open", "closed"]), blind=st.just([]), text=st.just("")),
)
# What is written, in order: after so many ns a scene, or something said.
written = st.lists(st.tuples(st.integers(0, 40 * SECOND_NS), st.none() | bodies), min_size=1, max_size=40)


@contextmanager
def reading(folder: Path) -> Iterator[SceneLog]:
    """Give a log to read."""
    with closing(SceneLog(folder)) as log:
        yield log


def span_of(folder: Path) -> Span:
    with reading(folder) as log:
        return log.span()


def at(folder: Path, t_ns: int) -> tuple[Instant, list[Record]]:
    """Return an instant of a log, and what follows it."""
    with reading(folder) as log:
        instant, cursor = log.at(t_ns)
        with closing(cursor):
            return instant, [record for record in cursor.read() if record.kind is not Kind.STATE]


def everything(folder: Path) -> list[Record]:
    """Return all records of a log but for the states."""
    with reading(folder) as log, closing(Cursor(log)) as cursor:
        return [record for record in cursor.read() if record.kind is not Kind.STATE]


@contextmanager
def playing(folder: Path, decided: Any = NOTHING) -> Iterator[Player]:
    """Give a viewer of a log whose clock stands at 0."""
    with reading(folder) as log, closing(Player(log, 0.0, decided)) as player:
        yield player


def said(t_ns: int, what: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "said", "t": ms_of(t_ns), "what": what, "body": body}


def write(folder: Path, steps: list[tuple[int, Any]]) -> list[tuple[int, Situation, bytes]]:
    """Write a log as a recorder does, a segment a minute; return what holds after each record."""
    folder.mkdir(parents=True)
    t_ns, base_ns, situation, scene, file, after = T0, -1, Situation(), b"", None, []
    for gap_ns, body in steps:
        t_ns += gap_ns + 1
        if file is None or t_ns > base_ns + 60 * SECOND_NS:
            base_ns, scene = t_ns, b""
            if file is not None:
                file.close()
            file = (folder / name_of(t_ns)).open("wb")
            file.write(
                MAGIC + pack(Record(Kind.STATE, t_ns, json.dumps(state_message(situation, ms_of(t_ns))).encode()))
            )
        if body is None:
            scene = json.dumps({"kind": "scene", "t": ms_of(t_ns)}).encode()
            file.write(pack(Record(Kind.SCENE, t_ns, scene)))
        else:
            one = said(t_ns, *body)
            situation = heard(situation, one)
            file.write(pack(Record(Kind.SAID, t_ns, json.dumps(one).encode())))
        after.append((t_ns, situation, scene))
    assert file is not None
    file.close()
    return after


def as_sent(situation: Situation) -> dict[str, Any]:
    return json.loads(json.dumps(state_message(situation, 0.0)))


@given(written, st.data())
def test_any_instant_reads_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log") / "scenes"
    after = write(folder, steps)
    span = span_of(folder)
    assert (span.from_ns, span.to_ns, span.is_over) == (after[0][0], after[-1][0], False)
    asked = data.draw(st.integers(after[0][0], after[-1][0] + SECOND_NS))
    t_ns, situation, scene = [one for one in after if one[0] <= asked][-1]
    instant, rest = at(folder, asked)
    assert (instant.t_ns, as_sent(instant.situation), instant.scene) == (t_ns, as_sent(situation), scene)
    assert [record.t_ns for record in rest] == [t for t, *_ in after if t > t_ns]


def test_a_log_torn_at_any_byte_is_read_up_to_its_last_whole_record(tmp_path: Path) -> None:
    mode = ("mode", {"mode": "closed", "blind": [], "text": ""})
    after = write(tmp_path / "scenes", [(SECOND_NS, None), (1, ("event", {"event": "e"})), (0, mode), (1, None)])
    (path,) = segments_of(tmp_path / "scenes")
    whole, seen = path.read_bytes(), set()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with reading(path.parent) as log:
            assert log.span().is_over is False
            instant, cursor = log.at(after[-1][0])
            read = [one for one in after if one[0] <= instant.t_ns and (one[2] == instant.scene or one[2] == b"")]
            expected = [Situation(), *(situation for t, situation, _ in after if t <= instant.t_ns)][-1]
            assert as_sent(instant.situation) == as_sent(expected)
            seen.add((instant.t_ns, instant.scene))
            path.write_bytes(whole)  # the rest arrives: whoever was reading goes on behind what they have read
            with closing(cursor):
                more = [record for record in cursor.read() if record.kind is not Kind.STATE]
            if cut >= len(MAGIC):
                known = len(read) if instant.scene else 0
                assert [record.t_ns for record in more] == [t for t, *_ in after][known:]
    assert seen >= {(t, scene) for t, _, scene in after}


def test_a_damaged_record_ends_its_segment_only(tmp_path: Path) -> None:
    steps = [(1, None), (61 * SECOND_NS, ("event", {"event": "e"})), (1, None)]
    after = write(tmp_path / "scenes", steps)
    first, _ = segments_of(tmp_path / "scenes")
    spoilt = bytearray(first.read_bytes())
    spoilt[-3] ^= 1
    first.write_bytes(spoilt)
    instant, rest = at(first.parent, after[0][0])
    assert instant.scene == b"" and [record.t_ns for record in rest] == [t for t, *_ in after[1:]]


@given(written)
def test_what_goes_on_from_an_instant_holds_what_was_until_then(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("log") / "scenes"
    after = write(folder, steps)
    t_ns, situation, _ = after[len(after) // 2]
    assert as_sent(cut_back(folder, t_ns)) == as_sent(situation)
    assert span_of(folder).to_ns == t_ns
    assert as_sent(cut_back(folder, 0)) == as_sent(Situation()) and not segments_of(folder)


@given(st.lists(bodies, max_size=30))
def test_a_situation_is_the_same_after_being_sent(spoken: list[tuple[str, dict[str, Any]]]) -> None:
    situation, baskets = Situation(), {}
    for n, (what, body) in enumerate(spoken):
        situation = heard(situation, said(T0 + n, what, body))
        if what == "basket":
            baskets[body["account"]] = {"lines": body["lines"], "total": body["total"]}
    assert as_sent(situation_of(as_sent(situation))) == as_sent(situation)
    assert len(situation.feed) <= FEED_MAX and len(situation.receipts) <= RECEIPTS_MAX
    assert situation.baskets == {account: one for account, one in baskets.items() if one["lines"]}


@given(st.integers(0, 2**62))
def test_milliseconds_come_back_to_no_earlier_and_hardly_later(t_ns: int) -> None:
    assert t_ns <= until_ns(ms_of(t_ns)) <= t_ns + 2_000


@given(
    st.lists(st.integers(1, 90 * SECOND_NS), min_size=1, max_size=20),
    st.none() | st.integers(0, 600 * SECOND_NS),
    st.none() | st.integers(0, 3000),
)
def test_only_the_oldest_segments_go_and_never_the_newest(
    gaps: list[int], age_ns: int | None, size: int | None
) -> None:
    bases = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    gone = to_remove([(base, 100) for base in bases], (age_ns, size))
    assert gone == bases[: len(gone)] and len(gone) < len(bases)
    left = bases[len(gone) :]
    if size is not None:
        assert len(left) == 1 or 100 * len(left) <= size or age_ns is not None
    if age_ns is not None and size is None and len(left) > 1:
        assert left[1] >= bases[-1] - age_ns


# A run


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two shoppers with its log."""
    return run(tmp_path_factory.mktemp("run") / "out", is_recorded=True)


def run(out: Path, *, is_recorded: bool, camera_until_s: float = 1e9) -> Path:
    session = Session(tiny_store(), out)
    if is_recorded:
        recorder = Recorder(out)
        session.watch = recorder
    messages = tape(ACTIONS)
    end_ns = messages[0].t_ns + camera_until_s * SECOND_NS
    for frame in frames([one for one in messages if one.src != "cam" or one.t_ns < end_ns]):
        session.feed(frame)
    session.finish()
    session.close()
    if is_recorded:
        recorder.end()
    return out


def test_outputs_are_the_same_with_a_log_and_without(recorded: Path, tmp_path: Path) -> None:
    plain = run(tmp_path / "plain", is_recorded=False)
    for name in ("receipts.jsonl", "events.jsonl", "provisional.jsonl", "evidence.jsonl"):
        assert (recorded / name).read_bytes() == (plain / name).read_bytes()
    digests = [json.loads((out / "run.json").read_text())["ledger"] for out in (recorded, plain)]
    assert digests[0] == digests[1]


def test_the_log_says_what_the_files_say(recorded: Path) -> None:
    assert span_of(recorded / FOLDER).is_over
    records = everything(recorded / FOLDER)
    told = [json.loads(record.text) for record in records if record.kind is Kind.SAID]
    for name, what, key in (
        ("events", "event", "event"),
        ("provisional", "provisional", "event"),
        ("receipts", "receipt", "trip"),
    ):
        lines = [json.loads(line)[key] for line in (recorded / f"{name}.jsonl").read_text().splitlines()]
        assert [one["body"][key] for one in told if one["what"] == what] == lines and lines
    scenes = [record for record in records if record.kind is Kind.SCENE]
    gaps = [b.t_ns - a.t_ns for a, b in pairwise(scenes)]
    assert set(gaps[:-1]) == {100_000_000}, "but for the end, where nothing comes any more"
    people = [person for record in scenes for person in json.loads(record.text)["people"]]
    assert {person[4] for person in people} >= {"ann", "bob"}
    reached = {reach[5] for record in scenes for reach in json.loads(record.text)["reaches"]}
    assert reached & {"P1", "P3", "P4"}, "hands were at the plates that were emptied"
    assert any(json.loads(record.text)["plates"] for record in scenes)


def test_a_log_that_cannot_be_written_stops_no_engine(
    tmp_path: Path, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session, recorder = Session(tiny_store(), tmp_path), Recorder(tmp_path)
    session.watch = recorder
    (tmp_path / FOLDER).rmdir()
    (tmp_path / FOLDER).write_text("a file where the folder was")
    for frame in frames(tape(ACTIONS)):
        session.feed(frame)
    session.finish()
    session.close()
    recorder.end()
    assert (tmp_path / "receipts.jsonl").read_bytes() == (recorded / "receipts.jsonl").read_bytes()
    assert len(capsys.readouterr().err.splitlines()) == 2, "said once that it stopped, once that it has no end"


def test_a_run_without_a_log_gets_one_of_its_files(tmp_path: Path) -> None:
    out = run(tmp_path / "out", is_recorded=False)
    assert rebuild(out) and not rebuild(out)
    assert span_of(out / FOLDER).is_over
    instant, _ = at(out / FOLDER, span_of(out / FOLDER).to_ns)
    receipts = [json.loads(line) for line in (out / "receipts.jsonl").read_text().splitlines()]
    assert {one["id"]: one["total"] for one in instant.situation.receipts.values()} == {
        row["trip"]: row["total"] for row in receipts
    }
    scenes = [record for record in everything(out / FOLDER) if record.kind is Kind.SCENE]
    drawn = [(r.t_ns, *person[:3], person[4]) for r in scenes for person in json.loads(r.text)["people"]]
    tracks = pl.read_parquet(out / "tracks.parquet").sort("t", "track")
    rows = [(t, k, round(x, 2), round(y, 2), who) for t, k, x, y, who in tracks.iter_rows()]
    assert sorted(drawn, key=lambda row: row[:2]) == rows and rows


@pytest.mark.parametrize("is_recorded", [True, False])
def test_health_and_mode_are_in_the_log_whoever_wrote_it(tmp_path: Path, is_recorded: bool) -> None:
    out = run(tmp_path / "out", is_recorded=is_recorded, camera_until_s=15.0)
    assert rebuild(out) is not is_recorded
    situation = at(out / FOLDER, span_of(out / FOLDER).to_ns)[0].situation
    rows = [json.loads(line) for line in (out / "health.jsonl").read_text().splitlines()]
    last = {row["src"]: row["state"] for row in rows if "src" in row}
    assert {src: one["state"] for src, one in situation.health.items()} == last == {"cam": "down"}
    assert situation.mode["mode"] == rows[-1]["mode"] == "closed" and "no camera" in situation.mode["text"]


def test_a_run_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    out = run(tmp_path / "out", is_recorded=False)
    (out / "run.json").unlink()
    assert not rebuild(out) and not (out / FOLDER).exists()


def test_baskets_end_empty_and_held_what_was_taken(recorded: Path) -> None:
    instant, _ = at(recorded / FOLDER, span_of(recorded / FOLDER).to_ns)
    assert instant.situation.baskets == {}
    receipts = {one["account"]: one for one in instant.situation.receipts.values()}
    entered, left = receipts["ann"]["entered"], receipts["ann"]["left"]
    assert entered < left < 1e13
    before, _ = at(recorded / FOLDER, until_ns(left))
    lines = [[line["sku"], line["qty"]] for line in receipts["ann"]["lines"]]
    assert before.situation.baskets["ann"] == {"lines": lines, "total": receipts["ann"]["total"]}


def test_a_basket_costs_what_its_receipt_would() -> None:
    assert basket_total("ann", {}, T0, tiny_store()) == 0
    assert basket_total("ann", {"a": 2, "unheard of": 1, "b": 1}, T0, tiny_store()) == round(400 * 1.0825)


def test_a_scene_of_nobody_is_empty() -> None:
    store = tiny_store()
    state = first_state(make_engine(store, Config()))
    scene = scene_of(state, store, Config(), T0)
    assert (scene["people"], scene["carts"], scene["reaches"], scene["plates"]) == ([], [], [], [])


# A viewer


def kinds(player: Player, now_s: float) -> list[dict[str, Any]]:
    return [json.loads(text) for text in player.due(now_s)]


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=12), st.floats(0.25, 20.0))
def test_whoever_plays_hears_everything_once_and_in_order(recorded: Path, gaps_s: list[float], speed: float) -> None:
    folder = recorded / FOLDER
    span = span_of(folder)
    heard_, now_s = [], 0.0
    with playing(folder) as player:
        player.wish({"go": ms_of(span.from_ns), "speed": speed})
        assert [one["kind"] for one in kinds(player, 0.0)][:2] == ["state", "scene"]
        for gap_s in gaps_s:
            now_s += gap_s
            told = kinds(player, now_s)
            assert sum(one["kind"] == "scene" for one in told) <= 1, "the newest scene only"
            heard_ += [one for one in told if one["kind"] == "said"]
    until, slack = span.from_ns + now_s * speed * 1e9, 1_000 * (len(gaps_s) + 2)
    ordered = [(record.t_ns, json.loads(record.text)) for record in everything(folder) if record.kind is Kind.SAID]
    assert heard_ == [one for _, one in ordered[: len(heard_)]]
    assert sum(t <= until - slack for t, _ in ordered) <= len(heard_) <= sum(t <= until + slack for t, _ in ordered)


def test_a_step_on_and_a_step_back_are_where_we_were(recorded: Path) -> None:
    span = span_of(recorded / FOLDER)
    with playing(recorded / FOLDER) as player:
        player.wish({"go": ms_of((span.from_ns + span.to_ns) // 2), "paused": True})
        scene = kinds(player, 0.0)[1]
        assert kinds(player, 9.0) == [], "paused"
        player.wish({"step": 1})
        player.wish({"step": 1})
        on = [one for one in kinds(player, 10.0) if one["kind"] == "scene"]
        assert [one["t"] - scene["t"] for one in on] == [100.0, 200.0]
        player.wish({"step": -1})
        back = kinds(player, 11.0)
        assert (back[0]["kind"], back[1]) == ("state", on[0])


NONSENSE = (
    *({"step": 1}, {"step": 2}, {"go": "there"}, {"go": -1.0}, {"go": float("nan")}, {"go": True}, {}),
    *({"go": 1e12, "speed": 0}, {"go": 1e12, "speed": True}, {"go": 1e12, "paused": 1}),
)


@pytest.mark.parametrize("wish", NONSENSE, ids=str)
def test_a_step_while_playing_and_nonsense_are_refused_and_change_nothing(recorded: Path, wish: dict[str, Any]) -> None:
    with playing(recorded / FOLDER) as player:
        with pytest.raises(BadWish, match=r"expected .*, received"):
            player.wish(wish)
        assert kinds(player, 0.0)[0]["kind"] == "state" and player.is_live


def test_whoever_was_away_for_long_gets_a_state(tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    write(folder, [(1, ("event", {"event": str(n)})) for n in range(1200)])
    with playing(folder) as player:
        player.wish({"go": ms_of(T0)})
        kinds(player, 0.0)
        away = kinds(player, 3600.0)
    assert [one["kind"] for one in away] == ["state"] and len(away[0]["feed"]) == FEED_MAX
    assert away[0]["feed"][-1]["body"] == {"event": "1199"}


def test_another_run_in_the_same_folder_begins_anew_for_who_looks(tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    write(folder, [(1, None), (SECOND_NS, ("event", {"event": "of the first"}))])
    with playing(folder) as player:
        assert kinds(player, 0.0)[0]["feed"]
        cut_back(folder, 0)
        folder.rmdir()
        write(folder, [(1, None), (1, ("event", {"event": "of the second"}))])
        (state, *_) = kinds(player, 1.0)
        assert [one["body"]["event"] for one in state["feed"]] == ["of the second"]


def test_live_shows_what_was_decided_since(recorded: Path) -> None:
    row = json.loads((recorded / "receipts.jsonl").read_text().splitlines()[0])
    with playing(recorded / FOLDER, {row["trip"]: {"id": row["trip"], "status": "decided"}}) as player:
        live = kinds(player, 0.0)[0]
        player.wish({"go": ms_of(span_of(recorded / FOLDER).to_ns)})
        then = kinds(player, 0.0)[0]
    statuses = [{one["id"]: one["status"] for one in state["receipts"]}[row["trip"]] for state in (live, then)]
    assert statuses == ["decided", row["status"]]
