"""Who left: through a gate, never through the wall beside it, and not who is there still."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_tracking import depth_frame
from tiny import ENTER_S, EPOCH, STEP_S, Action, run, tape, tiny_store

from fusion.attribution.leaving import hear, unhear
from fusion.attribution.state import Attribution
from fusion.attribution.tags import Exit
from fusion.config import SECOND_NS, AttributionConfig, IdentityConfig, TrackingConfig
from fusion.messages import Gate, Message
from fusion.tracking.floor import Floor, empty_floor
from fusion.tracking.following import observe
from fusion.tracking.gates import Departure, leave_by_gate, leave_unseen, still_there
from fusion.tracking.geometry import is_facing
from fusion.tracking.identity import Identity
from fusion.tracking.tracks import Status

STORE, CONFIG = tiny_store(), IdentityConfig()  # its door is at x = 0, y from 0.5 to 1.5 m
IN_NS, NOW_NS = 10 * SECOND_NS, 60 * SECOND_NS
point = st.tuples(st.floats(-5, 5), st.floats(-5, 5)).map(np.array)


def lost_at(x: float, y: float) -> Floor:
    """Return a floor on which somebody of ten seconds ago is believed there by now."""
    floor, _ = observe(empty_floor(STORE), depth_frame(IN_NS, np.array([[1.0, 1.0]])), STORE, TrackingConfig())
    tracks = floor.tracks
    mean = tracks.mean.copy()
    mean[0, :2] = x, y
    lost = replace(tracks, mean=mean, status=np.array([int(Status.LOST)]), seen_ns=np.array([IN_NS + 10 * SECOND_NS]))
    return replace(floor, tracks=lost)


def left(x: float, y: float) -> bool:
    floor = lost_at(x, y)
    name = Identity(trip_of={int(floor.tracks.track_id[0]): "trip"})
    after, gone = leave_unseen(name, floor, NOW_NS, STORE, CONFIG)
    assert [d.trip for d in gone] == ["trip"] * len(gone) and len(after.tracks) == 1 - len(gone)
    return bool(gone)


@pytest.mark.parametrize(
    ("x", "y", "out"), [(-0.4, 1.0, True), (-2.2, 1.3, True), (0.1, 1.0, True), (1.0, 1.0, False), (-0.4, 2.6, False)]
)
def test_who_is_carried_on_through_the_wall_is_still_inside(x: float, y: float, out: bool) -> None:
    """Found by replay: somebody out of sight in the corner beside the door had left, twelve seconds too early.

    And whom cameras saw walk on outside, two metres behind a gate that had not noticed, was still inside at the end.
    """
    assert left(x, y) == out


@given(st.floats(-7, -0.01), st.floats(-3, 6))
def test_only_the_width_of_the_door_leads_out(x: float, y: float) -> None:
    far_m = np.hypot(x, max(0.5 - y, y - 1.5, 0.0))
    aside_m = max(0.5 - y, y - 1.5, 0.0)
    expected = far_m < CONFIG.exit_at_m or (far_m < CONFIG.exit_beyond_m and aside_m <= CONFIG.exit_aside_m)
    near = min(abs(far_m - CONFIG.exit_at_m), abs(far_m - CONFIG.exit_beyond_m), abs(aside_m - CONFIG.exit_aside_m))
    assert near < 1e-6 or left(x, y) == expected


@given(point, point, point, st.floats(0, 3), st.floats(0, 360))
def test_facing_a_line_does_not_depend_on_how_it_is_turned(
    a: np.ndarray, b: np.ndarray, p: np.ndarray, aside_m: float, turn_deg: float
) -> None:
    angle = np.deg2rad(turn_deg)
    R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    length_m = float(np.linalg.norm(b - a))
    along_m = float((p - a) @ (b - a)) / max(length_m, 1e-9)
    if min(abs(along_m + aside_m), abs(along_m - length_m - aside_m)) > 1e-6:
        line = np.stack([a, b])
        assert is_facing(*p, line, aside_m) == is_facing(*(R @ p), line @ R.T, aside_m)


@given(st.floats(0.0, 0.4), st.floats(0.5, 2.4), st.floats(1.0, 30.0), st.booleans())
def test_the_beam_saw_whom_cameras_see_at_it_and_not_who_is_lost_near_it(
    seen_m: float, lost_m: float, lost_s: float, swapped: bool
) -> None:
    """Found by replay: who changed a jacket out of sight in a corner had left when somebody else walked out."""
    xy = np.array([[seen_m, 1.0], [lost_m, 1.2]])
    floor, _ = observe(
        empty_floor(STORE), depth_frame(IN_NS, np.array([[1.0, 1.0], [3.0, 3.0]])), STORE, TrackingConfig()
    )
    tracks, order = floor.tracks, [1, 0] if swapped else [0, 1]
    mean = tracks.mean.copy()
    mean[:, :2] = xy[order]
    seen_ns = np.array([NOW_NS, NOW_NS - round(lost_s * SECOND_NS)])[order]
    status = np.array([int(Status.CONFIRMED), int(Status.LOST)])[order]
    floor = replace(floor, tracks=replace(tracks, mean=mean, seen_ns=seen_ns, status=status))
    seen, lost = tracks.track_id[order].tolist()
    who = Identity(trip_of={seen: "seen", lost: "lost"})
    beam = Gate("door", 1, NOW_NS, "door", "exit", None, 1, "shopper")
    _, _, gone = leave_by_gate(who, floor, beam, {}, STORE, CONFIG)
    assert [one.trip for one in gone] == ["seen"]


def on_the_floor(places: dict[str, tuple[float, float, Status]]) -> tuple[Floor, Identity]:
    """Return a floor with people of some trips, all in sight just now: x, y and where their tracks are in life."""
    apart = np.array([[1.0 + 2.0 * k, 1.0] for k in range(len(places))])
    floor, _ = observe(empty_floor(STORE), depth_frame(IN_NS, apart), STORE, TrackingConfig())
    tracks, mean = floor.tracks, floor.tracks.mean.copy()
    mean[:, :2] = [(x, y) for x, y, _ in places.values()]
    status = np.array([int(status) for _, _, status in places.values()])
    seen = replace(tracks, mean=mean, seen_ns=np.full(len(places), NOW_NS), status=status)
    return replace(floor, tracks=seen), Identity(trip_of=dict(zip(tracks.track_id.tolist(), places, strict=True)))


@given(st.floats(-0.4, 0.2), st.floats(1.0, 3.0), st.floats(0.0, 0.3))
def test_a_beam_that_is_cut_twice_was_cut_by_who_left_and_not_by_who_waits_in_the_store(
    gone_m: float, waits_m: float, next_m: float
) -> None:
    """Found by replay: a receipt was settled empty, for its shopper stood a metre inside when another cut it twice."""
    beam = Gate("door", 1, NOW_NS, "door", "exit", None, 1, "shopper")
    places = {"gone": (gone_m, 1.0, Status.LEFT), "waits": (waits_m, 1.0, Status.CONFIRMED)}
    floor, who = on_the_floor(places)
    _, after, gone = leave_by_gate(who, floor, beam, {}, STORE, CONFIG)
    assert gone == () and after is floor
    floor, who = on_the_floor({**places, "next": (next_m, 1.1, Status.CONFIRMED)})
    _, _, gone = leave_by_gate(who, floor, beam, {}, STORE, CONFIG)
    assert [one.trip for one in gone] == ["next"]


@given(st.integers(-300, 390), st.integers(0, 50))
def test_who_is_seen_inside_for_a_while_after_leaving_has_not_left(x_cm: int, since_ds: int) -> None:
    x, since_s = x_cm / 100, since_ds / 10
    floor, who = on_the_floor({"taken": (x, 1.0, Status.LEFT)})
    (track_id,) = who.trip_of
    one = Departure("taken", NOW_NS - round(since_s * SECOND_NS), 0, track_id)
    after, back, doubted = still_there(floor, (one,), NOW_NS, STORE, CONFIG)
    deeper = replace(STORE, outline=STORE.outline - np.array([[8.0, 0.0]]) * (STORE.outline[:, :1] < 1.0))
    assert still_there(floor, (one,), NOW_NS, deeper, CONFIG)[1:] == (back, doubted), (
        "rooms behind the gate are outside"
    )
    if x <= 0.0:
        assert (back, doubted) == ((), ())
    elif x > CONFIG.exit_stayed_m and since_s >= CONFIG.exit_stayed_s:
        assert (back, doubted) == ((one,), ()) and after.tracks.status.tolist() == [int(Status.CONFIRMED)]
    else:
        assert (back, doubted) == ((), (one,)) and after is floor


TAKES = [Action(0, 3, -1), Action(1, 1, -1), Action(0, 4, -1)]
BEGIN_S = ENTER_S + 6.0
LEAVE_S = BEGIN_S + STEP_S * len(TAKES) + 7.0  # the first, and the second three seconds later


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.floats(BEGIN_S, LEAVE_S - 2.6), max_size=2),
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.1, 0.6)), max_size=2),
)
def test_exits_that_nobody_went_through_cost_nobody_their_receipt(
    at_s: list[float], twice: list[tuple[int, float]]
) -> None:
    clean = tape(TAKES)
    times_s = [*at_s, *(LEAVE_S + 3.0 * who + later_s for who, later_s in twice)]
    false = [
        Gate("door", 10**6 + k, EPOCH + round(t_s * SECOND_NS), "door", "exit", None, 1, "shopper")
        for k, t_s in enumerate(times_s)
    ]

    assert receipts([*clean, *false]) == receipts(clean)


def receipts(messages: list[Message]) -> list[tuple[str, str, list[tuple[str, int]]]]:
    rows = [one for out in run(STORE, messages) for one in out.receipts]
    return sorted((r.account or "", r.status, [(line.sku, line.quantity) for line in r.lines]) for r in rows)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90)), max_size=4), st.data())
def test_an_exit_that_was_none_is_forgotten(heard: list[tuple[str, int]], data: st.DataObject) -> None:
    none = data.draw(st.lists(st.sampled_from(heard), max_size=1) if heard else st.just([]))
    exits = tuple(Exit(trip, t_s * SECOND_NS, 0) for trip, t_s in heard)
    state = hear(Attribution(), (), exits, AttributionConfig())
    after = unhear(state, [(trip, t_s * SECOND_NS) for trip, t_s in none])
    known = [(one.trip, one.t_ns // SECOND_NS) for one in state.exits]
    for one in none:
        if one in known:
            known.remove(one)
    assert [(one.trip, one.t_ns // SECOND_NS) for one in after.exits] == known
