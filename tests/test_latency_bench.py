"""The bench of latency: every message of a load is played once, moved to now, and what the service says is judged."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.latency.__main__ import live_load, main, missed, table_of
from bench.latency.live import Live, played
from bench.latency.sending import moved, punctuality, shard
from bench.loads.loads import LOADS, Load
from bench.loads.making import made
from fusion.journal import read_journal
from fusion.latency import FIRST, RECEIPT, SHARES, STAGES
from fusion.messages import Cart, CartMove
from fusion.recording import read_recording
from fusion.wire import decode, encode, topic_of

SMALL = Load("S", "kiosk", people=1, come_s=0.0, seconds=6.0, bar=1.0)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return made(SMALL, tmp_path_factory.mktemp("loads"))


@pytest.mark.parametrize("many", [1, 2, 3])
def test_each_message_falls_to_one_process_and_a_source_is_never_torn(case, many: int) -> None:
    shards = [shard(case, number, many) for number in range(many)]
    sent = Counter((one.topic.decode(), encode(one.message)) for due in shards for one in due)
    assert sent == Counter((frame.topic, frame.payload) for frame in read_recording(case / "recording.mcap"))
    sources = [{one.message.src for one in due} for due in shards]
    assert sum(map(len, sources)) == len(set().union(*sources))
    for due in shards:
        assert [one.at_ns for one in due] == sorted(one.at_ns for one in due)


@given(st.integers(0, 10**18), st.integers(0, 10**15), st.lists(st.integers(0, 10**17), max_size=3))
def test_a_message_is_moved_with_all_its_times(t_ns: int, by_ns: int, times) -> None:
    moves = tuple(CartMove(t, 1, (("2014", 0.5),), 0.5) for t in times)
    message = Cart("cart-01", 3, t_ns, None, 0.125, moves, None)
    later = moved(message, by_ns)
    assert later.t_ns == t_ns + by_ns and [move.t_ns for move in later.moves] == [t + by_ns for t in times]
    assert moved(later, -by_ns) == message == decode(topic_of(message), encode(message))


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=50))
def test_punctuality_tells_percentiles(late_s) -> None:
    told = punctuality(np.array(late_s))
    assert told.sent == len(late_s) and told.p50_s <= told.p99_s <= told.max_s == max(late_s)


def test_a_load_is_played_live_and_the_service_reads_all_of_it(case, tmp_path) -> None:
    said: list[float] = []
    live = played(case, tmp_path / "out", said.append)
    messages = list(read_recording(case / "recording.mcap"))
    assert live.messages == live.read == len(messages) == sum(one.sent for one in live.sent)
    assert not any(live.dropped.values())
    kept = Counter(frame.topic for frame in read_journal(tmp_path / "out/journal").frames())
    assert kept == Counter(frame.topic for frame in messages)
    assert missed("S", live) == []


def told(p50: float, own: float) -> dict[str, float]:
    row = {f"{share}_s": p50 for share in SHARES} | {f"own_{share}_s": own for share in SHARES}
    return row | {"n": 5, "max_s": p50, "own_max_s": own}


def test_bars_are_judged_at_m() -> None:
    sent = (punctuality(np.zeros(3)),)
    slow = Live(60.0, 9, {FIRST: told(8.0, 0.07), RECEIPT: told(12.0, 0.01)}, sent, 1.0, 9, {})
    assert missed("M", slow) == [
        "load M: own share p50 of a first reading 70 ms (at most 20)",
        "load M: own share p99 of a first reading 70 ms (at most 60)",
        "load M: exit to receipt 12.0 s (at most 10)",
    ]
    assert missed("S", slow) == []
    assert missed("S", replace(slow, read=8, behind_s=90.0)) == [
        "load S: 8 messages read of 9 sent",
        "load S: the service ended 90 s after its sensors: it had not kept up",
    ]
    assert table_of({"M": slow, "S": slow}).row_count == 2 * len(STAGES)


def test_shoppers_of_a_live_load_leave_while_they_are_watched() -> None:
    assert live_load(LOADS["M"]).picks < LOADS["M"].picks and live_load(LOADS["L"]).seconds == LOADS["L"].seconds


def test_an_unknown_load_is_told_in_one_line(capsys) -> None:
    assert main(["--loads", "Q"]) == 2
    assert capsys.readouterr().err == "bench.latency: --loads: expected some of S, M, L, XL, received 'Q'\n"
