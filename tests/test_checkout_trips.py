"""Trips open once, close once, and never while somebody of the party is inside."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.checkout.receipts import TripEnd
from fusion.checkout.trips import NEXT, Status, Trips, close, due, end_tape, enter, forget, inside, leave, trip_id
from fusion.config import Config
from fusion.messages import Gate

CONFIG = replace(Config(), close_lag_ns=5)


def gate(seq: int, account: str | None, party: int = 1, role: str = "shopper") -> Gate:
    return Gate("door", seq, 1000 + seq, "door", "enter", account, party, role)


def only(trips: Trips) -> str:
    (trip,) = trips.live
    return trip.trip


steps = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(["a", "b", None]), st.integers(1, 3)),
    st.tuples(st.just("leave"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 8), st.just(0)),
)


@given(st.lists(steps, max_size=40))
def test_a_trip_closes_once_and_only_when_all_have_left(script: list[tuple]) -> None:
    trips, now, let_in, gone, closed = Trips("nano"), 0, {}, {}, []
    for n, (what, which, party) in enumerate(script):
        if what == "enter":
            message = gate(n, which, party)
            found = inside(trips, which)
            name = found.trip if found else trip_id("nano", message)
            let_in[name] = let_in.get(name, 0) + party
            trips = enter(trips, message, now, CONFIG)
        elif what == "leave" and let_in:
            name = list(let_in)[which % len(let_in)]
            gone[name] = [*gone.get(name, []), now]
            trips = leave(trips, name, now)
        elif what == "wait":
            now += which
        ready = due(trips, now)
        for name in ready:
            assert len(gone[name]) >= let_in[name]
            assert max(gone[name]) + CONFIG.close_lag_ns <= now
        trips = close(trips, ready, now)
        closed += ready
        assert due(trips, now) == ()
    assert len(closed) == len(set(closed))
    final = end_tape(trips, now)
    assert final.live == () and sorted(trip.trip for trip in final.ended) == sorted(let_in)
    for trip in final.ended:
        everybody_left = len(gone.get(trip.trip, [])) >= let_in[trip.trip]
        assert trip.status is (Status.CLOSED if everybody_left else Status.OPEN)
        assert (trip.end().left_ns is not None) == (trip.end().closed_ns is not None) == everybody_left


def test_a_family_leaves_one_by_one() -> None:
    trips = enter(Trips("nano"), gate(1, "a", party=2), 10, CONFIG)
    name = only(trips)
    trips = leave(trips, name, 20)
    assert due(trips, 99) == () and trips.live[0].end().left_ns is None
    trips = leave(trips, name, 30)
    assert due(trips, 34) == () and due(trips, 35) == (name,)
    trips = close(trips, (name,), 35)
    assert trips.ended[0].end() == TripEnd(name, "a", 2, 10, 30, 35)


def test_a_companion_joins_and_a_later_visit_is_another_trip() -> None:
    trips = enter(Trips("nano"), gate(1, "a"), 10, CONFIG)
    trips = enter(trips, gate(2, "a", party=2), 11, CONFIG)
    assert [trip.party for trip in trips.live] == [3]
    for t_ns in (20, 21, 22):
        trips = leave(trips, trips.live[0].trip, t_ns)
    trips = enter(trips, gate(3, "a"), 23, CONFIG)
    assert [(trip.account, trip.status) for trip in trips.live] == [
        ("a", Status.LEAVING),
        ("a", Status.INSIDE),
    ]


def test_the_unnamed_never_join_each_other_and_staff_is_known() -> None:
    trips = enter(enter(Trips("nano"), gate(1, None), 10, CONFIG), gate(2, None), 11, CONFIG)
    trips = enter(trips, gate(3, "s", role="staff"), 12, CONFIG)
    assert [(trip.account, trip.is_staff) for trip in trips.live] == [
        (None, False),
        (None, False),
        ("s", True),
    ]
    assert len({trip.trip for trip in trips.live}) == 3


def test_a_straggler_puts_the_close_off_and_later_changes_nothing() -> None:
    trips = enter(Trips("nano"), gate(1, "a"), 10, CONFIG)
    name = only(trips)
    trips = leave(leave(trips, name, 20), name, 24)
    assert due(trips, 25) == () and due(trips, 29) == (name,)
    trips = close(trips, (name,), 29)
    assert leave(trips, name, 40) == trips
    forgotten = forget(trips, 30)
    assert forget(trips, 29) == trips and forgotten == leave(forgotten, name, 50) == Trips("nano")


def test_nobody_leaves_before_they_came() -> None:
    trips = enter(Trips("nano"), gate(1, "a"), 10, CONFIG)
    assert leave(trips, only(trips), 8).live[0].left_ns == 10


def test_illegal_moves_raise() -> None:
    trips = enter(Trips("nano"), gate(1, "a"), 10, CONFIG)
    name = only(trips)
    with pytest.raises(KeyError):
        close(trips, (name,), 50)
    closed = close(leave(trips, name, 20), (name,), 50)
    with pytest.raises(AssertionError, match="closes once"):
        close(closed, (name,), 51)
    assert set(NEXT) == set(Status)


def test_a_trip_id_comes_from_the_gate_message_alone() -> None:
    assert trip_id("nano", gate(1, "a")) == trip_id("nano", gate(1, "a", party=2))
    names = {trip_id("nano", gate(1, "a")), trip_id("nano", gate(2, "a")), trip_id("nano", gate(1, "b"))}
    assert len(names | {trip_id("other", gate(1, "a"))}) == 4
    assert all(len(name) == len("nano-") + 12 for name in names)
