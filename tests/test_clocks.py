"""Clocks of sources: correction keeps every message, offsets are found from people who walk, roll, take and leave."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from filterpy.kalman import update
from hypothesis import given
from hypothesis import strategies as st
from remembered import bodies_at, past_of
from test_carts import people
from test_tracking import depth_frame
from tiny import tiny_store

from fusion.clock_steps import stepping
from fusion.config import ClockConfig, HandConfig, TrackingConfig
from fusion.intake.clock_filter import Clock, Comparisons, compare
from fusion.intake.clocks import Clocks, after_restarts, fault, faults, report, retime, unknown
from fusion.intake.pictures import Pictures, pictures_of
from fusion.intake.sequencer import REORDERED_MAX
from fusion.messages import Cart, Gate, Health, People
from fusion.shelf import ShelfChange
from fusion.tracking import clock_evidence as evidence
from fusion.tracking.carts import CartTrack
from fusion.tracking.clock_witnesses import crossing, rolling
from fusion.tracking.floor import advance, empty_floor
from fusion.tracking.following import follow_frames
from fusion.tracking.frames import frames_from
from fusion.tracking.hands import no_hands

CONFIG = ClockConfig()
S = 10**9
seeds = st.integers(0, 2**32 - 1)
KNOWN = np.diag(np.square([0.022, 5e-6, 0.05, 0.05]))  # as well as a clock is known after a minute


def frame(seq: int, t_ns: int, src: str = "a") -> People:
    """Return an empty frame of a camera."""
    nobody = np.zeros((0, 0), np.float32)
    return People.of(src, seq, t_ns, nobody, nobody, nobody, nobody, nobody, (), ())


def walkers(
    rng: np.random.Generator, offset_s: float, aside: np.ndarray, heading: np.ndarray, sd: float
) -> Comparisons:
    """Return people who walk with given headings (k,) rad, as a camera that is offset_s ahead and aside sees them."""
    v = rng.uniform(0.6, 1.4, len(heading))[:, None] * np.column_stack([np.cos(heading), np.sin(heading)])
    off = -v * offset_s + aside + rng.normal(0, sd, v.shape)
    return evidence.walkers(off, v, np.tile(CONFIG.frames_alike * sd**2 * np.eye(2), (len(v), 1, 1)), CONFIG)


def after(clocks: Clocks, src: str, t_ns: int, seen: Comparisons, by_s: float | None = None) -> Clocks:
    """Return the clocks after a slice of one frame, corrected by_s or, where that is None, as the clocks now say."""
    by_s = clocks.offset_s(src, t_ns) if by_s is None else by_s
    return replace(clocks, of={**clocks.of, src: compare(clocks.of.get(src), t_ns, seen, by_s, CONFIG)})


@given(seeds, st.integers(1, 12))
def test_people_compared_at_once_say_what_filterpy_hears_from_each_in_turn(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    seen = walkers(rng, 0.05, np.zeros(2), rng.uniform(-np.pi, np.pi, count), 0.05)
    at_once = compare(None, 0, seen, 0.0, CONFIG)
    unlike = np.square([CONFIG.camera_sd_s, CONFIG.drift_sd, CONFIG.aside_sd_m, CONFIG.aside_sd_m])
    mean, cov = np.zeros(4), np.diag(unlike)
    for off, per_s, R in zip(seen.off, seen.per_s, seen.cov, strict=True):
        H = np.array([[per_s[0], 0.0, 1.0, 0.0], [per_s[1], 0.0, 0.0, 1.0]])
        mean, cov = update(mean, cov, off, R, H=H)
    assert np.allclose(at_once.mean, mean, atol=1e-9)
    assert np.allclose(at_once.cov, cov, atol=1e-9)
    assert np.linalg.eigvalsh(at_once.cov).min() > 0


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc"), st.integers(0, 99)), max_size=60, unique=True),
    st.dictionaries(st.sampled_from("abc"), st.floats(-0.3, 0.3)),
    st.lists(st.integers(0, 45), max_size=5),
)
def test_correction_loses_and_doubles_no_message_or_frame_and_keeps_order(
    keys: list[tuple[int, str, int]], offsets: dict[str, float], cuts: list[int]
) -> None:
    clocks = Clocks({src: Clock(0, (x, 0, 0, 0), np.eye(4)) for src, x in offsets.items()})
    messages = [Health(src, seq, 100 * S + t * S // 10, "ok", "") for t, src, seq in keys]
    out: list[Health] = []
    left = sorted(messages, key=lambda m: m.t_ns)
    for cut in [*sorted(cuts), 10**6]:
        until_ns = 100 * S + cut * S // 10
        now, left = [m for m in left if m.t_ns < until_ns], [m for m in left if m.t_ns >= until_ns]
        shown = pictures_of([frame(m.seq, m.t_ns, m.src) for m in now])
        clocks, ready, pictures = retime(clocks, tuple(now), shown, until_ns, CONFIG)
        assert list(zip(pictures.t_ns, pictures.src, pictures.seq, strict=True)) == [one.key for one in ready]
        assert pictures.by_s.tolist() == [one.by_s for one in ready]
        assert all(one.message.t_ns < until_ns for one in ready)
        assert [one.message.t_ns for one in ready] == sorted(one.message.t_ns for one in ready)
        for one in ready:  # what is further ahead than messages wait cannot be set back all the way
            ahead_s = offsets.get(one.message.src, clocks.middle_s) - clocks.middle_s
            assert one.by_s == pytest.approx(min(ahead_s, CONFIG.hold_s))
        out += [one.message for one in ready]
    assert sorted((m.src, m.seq) for m in out) == sorted((m.src, m.seq) for m in messages)
    assert not clocks.waiting()
    for m in out:
        given_ns = {k.t_ns for k in messages if (k.src, k.seq) == (m.src, m.seq)}
        want = min(clocks.offset_s(m.src, m.t_ns), CONFIG.hold_s)
        assert any(abs((k - m.t_ns) / S - want) < 1e-6 for k in given_ns)


@given(seeds, st.floats(-0.25, 0.25), st.floats(-0.15, 0.15))
def test_an_offset_is_found_among_people_who_walk_all_ways(seed: int, offset_s: float, aside_m: float) -> None:
    rng = np.random.default_rng(seed)
    others = Clock(0, (0.0,) * 4, np.eye(4))
    clocks = Clocks(dict.fromkeys(("b", "c", "d"), others))
    for k in range(150):
        left_s = offset_s - clocks.offset_s("a", k * S // 10)
        seen = walkers(rng, left_s, np.array([aside_m, -aside_m]), rng.uniform(-np.pi, np.pi, 3), 0.1)
        clocks = after(clocks, "a", k * S // 10, seen)
    sd = float(np.sqrt(clocks.of["a"].cov[0, 0]))
    assert sd < 0.04
    assert abs(clocks.offset_s("a", 15 * S) - offset_s) < 5 * sd


@given(seeds, st.floats(-0.15, 0.15))
def test_people_who_all_walk_one_way_cannot_tell_time_from_calibration(seed: int, aside_m: float) -> None:
    rng = np.random.default_rng(seed)
    clocks = Clocks()
    for k in range(100):
        seen = walkers(rng, 0.0, np.array([aside_m, 0.0]), np.zeros(1), 0.1)
        clocks = after(clocks, "a", k * S // 10, seen)
    assert np.sqrt(clocks.of["a"].cov[0, 0]) > 0.02


def test_a_clock_set_anew_is_followed_and_said() -> None:
    rng = np.random.default_rng(3)
    clocks = Clocks({name: Clock(0, (0.0,) * 4, np.eye(4)) for name in ("b", "c")})
    for k in range(400):
        left_s = (0.01 if k < 200 else 0.21) - clocks.offset_s("a", k * S // 10)
        seen = walkers(rng, left_s, np.zeros(2), rng.uniform(-3, 3, 2), 0.03)
        clocks = after(clocks, "a", k * S // 10, seen)
    assert clocks.of["a"].steps >= 1
    assert clocks.offset_s("a", 40 * S) == pytest.approx(0.21, abs=0.03)
    assert report(clocks, CONFIG)["a"]["steps"] == clocks.of["a"].steps


@given(seeds, st.integers(1, 20))
def test_what_is_learned_while_frames_wait_does_not_count_twice(seed: int, wait: int) -> None:
    """Frames are compared `wait` frames after they were corrected, and the clock is set anew meanwhile."""

    def followed(wait: int) -> Clock:
        rng = np.random.default_rng(seed)
        clocks = Clocks({name: Clock(0, (0.0,) * 4, np.eye(4)) for name in ("b", "c", "d")})
        waiting: list[tuple[int, float, float]] = []
        for k in range(300 + wait):
            t_ns = k * S // 10
            waiting.append((t_ns, 0.0 if k < 150 else 0.2, clocks.offset_s("a", t_ns)))
            if len(waiting) > wait:
                at_ns, offset_s, by_s = waiting.pop(0)
                seen = walkers(rng, offset_s - by_s, np.zeros(2), rng.uniform(-3, 3, 2), 0.05)
                clocks = after(clocks, "a", at_ns, seen, by_s)
        return clocks.of["a"]

    at_once, later = followed(0), followed(wait)
    assert later.mean == pytest.approx(at_once.mean, abs=1e-9) and later.steps == at_once.steps
    assert later.mean[0] == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize(
    ("mean", "steps", "words"),
    [([0.3, 0], 0, "+300 ms off"), ([0, 4e-4], 0, "+400 ppm"), ([0, 0], 9, "set anew 9 times"), ([0.2, 0], 0, "")],
)
def test_a_clock_that_cannot_be_used_is_said(mean: list[float], steps: int, words: str) -> None:
    said = fault(Clock(0, (*mean, 0, 0), KNOWN, steps=steps), CONFIG)
    assert words in said and bool(words) == bool(said)


@pytest.mark.parametrize("late_s", [-0.2, 0.0, 0.2])
def test_the_floor_finds_the_clock_of_one_of_three_cameras(late_s: float) -> None:
    rng = np.random.default_rng(5)
    store = tiny_store()
    three = replace(
        store.cameras,
        camera_id=("c0", "c1", "c2"),
        R=np.repeat(store.cameras.R[:1], 3, axis=0),
        T=np.repeat(store.cameras.T[:1], 3, axis=0),
        K=np.repeat(store.cameras.K[:1], 3, axis=0),
        size_px=np.repeat(store.cameras.size_px[:1], 3, axis=0),
    )
    store = replace(store, cameras=three, outline=np.array([[-9.0, -9.0], [9.0, -9.0], [9.0, 9.0], [-9.0, 9.0]]))
    floor, clocks, tracking = empty_floor(store), Clocks(), TrackingConfig()
    phase, centre = rng.uniform(0, 6, 3), rng.uniform(-5, 5, (3, 2))

    def at(t_s: float) -> np.ndarray:
        angle = phase + t_s * 0.8
        return centre + 1.5 * np.column_stack([np.cos(angle), np.sin(angle)])

    frames = []
    for camera in range(3):
        off_s = late_s if camera == 2 else 0.0
        for k in range(200):
            true_s = 1 + k * 0.1 + camera * 0.03
            frame = depth_frame(round((true_s + off_s) * S), at(true_s) + rng.normal(0, 0.04, (3, 2)))
            frames.append(replace(frame, camera=camera))
    waiting = sorted(frames, key=lambda f: f.t_ns)
    for frame in waiting:
        src = f"c{frame.camera}"
        frame = replace(frame, t_ns=frame.t_ns - round(clocks.offset_s(src, frame.t_ns) * S))
        none, nobody = np.zeros(1, np.bool_), no_hands()
        floor, _, followed = follow_frames(floor, nobody, frames_from([frame]), none, store, tracking, HandConfig())
        floor = advance(floor, floor.t_ns, tracking)
        seen, first = evidence.clock_evidence(followed, none, store, CONFIG, tracking)
        if first[-1]:
            clocks = after(clocks, src, frame.t_ns, seen)
    found = clocks.offset_s("c2", 21 * S) - np.mean([clocks.offset_s(f"c{k}", 21 * S) for k in (0, 1)])
    assert found == pytest.approx(late_s, abs=0.05)


def test_what_all_clocks_have_in_common_is_no_fault() -> None:
    clocks = Clocks({src: Clock(0, (x, 0, 0, 0), KNOWN) for src, x in (("a", 0.3), ("b", 0.3), ("c", 0.6))})
    clocks, _, _ = retime(clocks, (), Pictures(), 1, CONFIG)
    said = report(clocks, CONFIG)
    assert (said["a"]["offset_ms"], said["a"]["fault"]) == (0.0, "")
    assert "+300 ms off" in said["c"]["fault"]


def test_only_clocks_beyond_the_contract_are_faults() -> None:
    def clocks(offset_s: float) -> Clocks:
        return Clocks({src: Clock(0, (x, 0, 0, 0), KNOWN) for src, x in (("a", 0.0), ("b", offset_s), ("c", 0))})

    assert faults(clocks(0.1), (), CONFIG) == {}
    assert [*faults(clocks(0.3), (), CONFIG)] == ["b"] and "+300 ms off" in faults(clocks(0.3), (), CONFIG)["b"]
    # Of one that is 0.23 s off an estimate may well say so; once that has been said, it is said until it is back.
    assert faults(clocks(0.27), (), CONFIG) == {} and [*faults(clocks(0.27), ("b",), CONFIG)] == ["b"]
    assert faults(clocks(0.24), ("b",), CONFIG) == {}


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc"), st.integers(0, 99)), max_size=60, unique=True),
    st.dictionaries(st.sampled_from("abc"), st.floats(-0.6, 0.6)),
)
def test_what_a_clock_far_off_stamps_leaves_no_earlier_than_what_has_left(
    keys: list[tuple[int, str, int]], offsets: dict[str, float]
) -> None:
    clocks = Clocks({src: Clock(0, (x, 0, 0), np.eye(3), mutual=False) for src, x in offsets.items()})
    left = sorted((Health(src, seq, 100 * S + t * S // 10, "ok", "") for t, src, seq in keys), key=lambda m: m.t_ns)
    out: list[int] = []
    for slice_end in range(1, 60):
        end_ns = 100 * S + slice_end * S // 10
        now, left = tuple(m for m in left if m.t_ns < end_ns), [m for m in left if m.t_ns >= end_ns]
        clocks, ready, _ = retime(clocks, now, Pictures(), end_ns - int(CONFIG.hold_s * S), CONFIG)
        out += [one.message.t_ns for one in ready]
    assert len(out) == len(keys) and out == sorted(out)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=30))
def test_a_camera_that_counts_anew_may_be_off_by_anything_and_no_other_source(seqs: list[int]) -> None:
    clocks = Clocks({src: Clock(0, (0.0,) * 4, KNOWN) for src in "ab"})
    shown = pictures_of([frame(seq, (k + 1) * S) for k, seq in enumerate(seqs)])
    anew = [k for k in range(1, len(seqs)) if seqs[k] < seqs[k - 1] - REORDERED_MAX]
    after = after_restarts(clocks, shown, CONFIG)
    assert after.of["b"] == clocks.of["b"]
    assert after.of["a"].cov[0, 0] == pytest.approx(KNOWN[0, 0] + len(anew) * CONFIG.step_sd_s**2)
    last_ns = (anew[-1] + 1) * S if anew else 0
    assert after.of["a"].begun_ns == last_ns
    assert unknown(after, last_ns + S, CONFIG) == ({"a"} if anew else set())
    assert not unknown(after, last_ns + int(CONFIG.restart_s_max * S), CONFIG)  # nobody walks: it sees all the same


def test_a_camera_that_restarted_before_it_was_ever_compared_has_restarted() -> None:
    """Found on a tape: one that came back 300 ms ahead before anybody walked was never said to be off."""
    clocks = after_restarts(Clocks(), pictures_of([frame(seq, S) for seq in (500, 0)]), CONFIG)
    assert unknown(clocks, 2 * S, CONFIG) == {"a"}
    off = replace(clocks.of["a"], mean=(CONFIG.offset_max_s + 0.02, 0.0, 0.0, 0.0), cov=KNOWN)
    assert fault(off, CONFIG) and not fault(replace(off, begun_ns=0), CONFIG)


@given(seeds, st.floats(-0.3, 0.3))
def test_the_clock_of_a_camera_that_restarted_is_known_again_after_a_few_steps(seed: int, jump_s: float) -> None:
    rng = np.random.default_rng(seed)
    clocks = Clocks({name: Clock(0, (0.0,) * 4, KNOWN) for name in "abc"})
    clocks = after_restarts(clocks, pictures_of([frame(seq, S) for seq in (500, 0)]), CONFIG)
    for k in range(30):  # 2 s
        t_ns = S + k * S // 15
        seen = walkers(rng, jump_s - clocks.offset_s("a", t_ns), np.zeros(2), rng.uniform(-3, 3, 3), 0.05)
        clocks = after(clocks, "a", t_ns, seen)
    assert not unknown(clocks, 3 * S, CONFIG)
    assert clocks.offset_s("a", 3 * S) == pytest.approx(jump_s, abs=0.12)


def test_store_time_is_the_middle_of_the_cameras_whatever_others_show() -> None:
    of = {src: Clock(0, (x, 0, 0, 0), np.eye(4)) for src, x in (("a", 0.1), ("b", 0.1), ("c", 0.4))}
    others = {f"ctl-{k}": Clock(0, (-0.2, 0, 0), np.eye(3), mutual=False) for k in range(5)}
    clocks, _, _ = retime(Clocks({**of, **others}), (), Pictures(), 1, CONFIG)
    assert clocks.offset_s("c", 1) == pytest.approx(0.3)
    assert clocks.offset_s("ctl-0", 1) == pytest.approx(-0.2) == report(clocks, CONFIG)["ctl-0"]["offset_ms"] / 1e3


def learned(say: Callable[[float], Comparisons | None], offset_s: float, count: int, every_s: float) -> Clock:
    """Return a clock that is offset_s ahead after `count` comparisons; say gets what of it is still uncorrected."""
    clock: Clock | None = None
    for k in range(count):
        t_ns = round(k * every_s * S)
        by_s = clock.offset_s(t_ns) if clock else 0.0
        seen = say(offset_s - by_s)
        assert seen is not None
        clock = compare(clock, t_ns, seen, by_s, CONFIG)
    assert clock is not None
    return clock


def is_towards(clock: Clock, offset_s: float) -> None:
    """Assert that a clock was found, as well as it claims: whoever is ahead by four SDs is then said to be ahead."""
    found_s, sd_s = clock.mean[0], np.sqrt(clock.cov[0, 0])
    assert abs(found_s - offset_s) < 4 * sd_s and sd_s < 0.08


def roll(lead_m: float, way: float, pace: float, late_s: float, owner: float = 0.99) -> Comparisons | None:
    """Return what is heard when somebody walks with a cart lead_m ahead, its stamp late_s ahead of its time."""
    heading = np.array([np.cos(way), np.sin(way)])
    v = pace * heading
    floor = people(100.0, np.array([[3.0, 2.0], [9.0, 9.0]]), np.stack([v, v]))
    place = floor.tracks.mean[0, :2] + (lead_m - late_s * pace) * heading
    cart = CartTrack(99 * S, np.array([*(place - v), *v]), np.eye(4), {"ann": owner, "bob": 1 - owner})
    message = Cart("cart-1", 9, 100 * S, (float(place[0]), float(place[1])), 0.1, (), None)
    return rolling(cart, message, floor, {1: "ann", 2: "bob"}, CONFIG)


def test_a_cart_whose_stamp_is_ahead_is_where_it_was_before() -> None:
    seen = roll(0.5, 0.3, 1.2, 0.2)
    assert seen is not None
    assert (seen.off.item(), seen.per_s.item()) == (pytest.approx(0.5 - 0.24), pytest.approx(-1.2))
    assert roll(0.5, 0.3, 0.1, 0.2) is None  # it stands
    assert roll(0.5, 0.3, 1.2, 0.2, owner=0.6) is None  # nobody knows whose it is
    assert roll(4.0, 0.3, 1.2, 0.2) is None  # nobody has it


@given(seeds, st.floats(-0.25, 0.25), st.floats(-0.8, 0.8))
def test_a_cart_that_rolls_at_many_speeds_tells_its_time_wherever_it_is_held(
    seed: int, offset_s: float, lead_m: float
) -> None:
    rng = np.random.default_rng(seed)
    is_towards(
        learned(
            lambda left_s: roll(lead_m + rng.normal(0, 0.05), rng.uniform(-3, 3), rng.uniform(0.5, 1.4), left_s),
            offset_s, 150, 0.5,
        ), offset_s,
    )  # fmt: skip


@given(seeds, st.floats(-0.8, 0.8))
def test_a_cart_that_rolls_at_one_speed_does_not(seed: int, lead_m: float) -> None:
    rng = np.random.default_rng(seed)
    clock = learned(lambda left_s: roll(lead_m + rng.normal(0, 0.05), 1.0, 0.9, left_s), 0.0, 100, 0.5)
    assert abs(clock.mean[0]) < 0.02 and np.sqrt(clock.cov[0, 0]) > 0.05


def leave(
    pace: float, late_s: float, beam_m: float = 0.0, others: tuple[tuple[float, float], ...] = ()
) -> Comparisons | None:
    """Return what is heard when somebody walks out (-x) through the door at x = 0, the beam beam_m beyond it."""
    xy = np.array([[-beam_m - pace * late_s, 1.0], *others])
    floor = people(100.0, xy, np.tile([-pace, 0.0], (len(xy), 1)))
    floor = replace(floor, tracks=replace(floor.tracks, mean=np.column_stack([xy, floor.tracks.mean[:, 2:]])))
    gate = Gate("door", 5, 100 * S, "door", "exit", None, 1, "shopper")
    return crossing(gate, floor, tiny_store(), CONFIG)


def test_a_gate_whose_stamp_is_ahead_sees_people_who_are_through() -> None:
    seen = leave(1.1, 0.2)
    assert seen is not None
    assert (seen.off.item(), seen.per_s.item()) == (pytest.approx(-0.22), pytest.approx(-1.1))
    assert leave(1.1, 0.2, others=((0.8, 1.0),)) is None  # it may have been the other
    assert leave(0.1, 0.2) is None  # stands at the door
    assert leave(-1.0, 0.0) is None  # comes in


@given(seeds, st.floats(-0.25, 0.25), st.floats(-0.15, 0.15))
def test_a_gate_that_many_leave_by_tells_its_time(seed: int, offset_s: float, beam_m: float) -> None:
    rng = np.random.default_rng(seed)
    is_towards(
        learned(
            lambda left_s: leave(rng.uniform(0.5, 1.5), left_s + rng.normal(0, 0.03), beam_m), offset_s, 80, 1.0
        ), offset_s,
    )  # fmt: skip


def take(
    late_s: float,
    dwell_s: float = 0.3,
    others: tuple[tuple[float, float], ...] = (),
    away_m: float = 0.0,
    g: float = -355.0,
) -> tuple[str, Comparisons] | None:
    """Return what is heard when a hand is at a plate for dwell_s about 100 s and the step is stamped late_s after."""
    store = tiny_store()
    goods, seen = store.plates.centre[3] + np.array([0.0, 0.0, 0.08]), []
    head = np.array([[goods[0], goods[1] - 0.7, 1.55], *((x, y, 1.6) for x, y in others)])
    for t_s in np.arange(98.0, 102.0, 0.05):
        far_m = away_m + 0.9 * max(0.0, abs(t_s - 100.0) - dwell_s / 2)
        hands = np.tile(np.array([0.0, 0.0, -0.55]), (len(head), 2, 1))
        hands[0, 1] = goods + np.array([0.0, -far_m, 0.0]) - head[0]
        cov = np.tile(0.01 * np.eye(3), (len(head), 2, 1, 1))
        seen.append(bodies_at(round(t_s * S), np.arange(1, len(head) + 1), head, hands, cov, np.zeros(len(head))))
    at_ns = round((100.0 + late_s) * S)
    change = ShelfChange(at_ns - S, at_ns + S, at_ns, (3,), (g,), (1.0,))
    return stepping(change, past_of(seen), {}, store, CONFIG)


def test_a_step_stamped_after_the_hand_was_there_is_late() -> None:
    heard = take(0.2)
    assert heard is not None and heard[0] == "ctl"
    assert heard[1].off.item() == pytest.approx(0.2, abs=0.03)
    assert heard[1].per_s.item() == 1.0
    assert take(0.2, others=((2.0, 2.5),)) is None  # it may have been the other
    assert take(0.2, others=((3.2, 1.5),)) is not None  # whose hands hang too far away
    assert take(0.2, dwell_s=3.0) is None  # a hand that stays tells nothing
    assert take(0.2, away_m=0.5) is None  # nor one that was not there
    assert take(0.2, g=-4.0) is None  # nor what may be no goods


@given(seeds, st.floats(-0.25, 0.25), st.floats(-0.03, 0.03))
def test_a_shelf_that_many_take_from_tells_its_time(seed: int, offset_s: float, habit_s: float) -> None:
    rng = np.random.default_rng(seed)

    def say(left_s: float) -> Comparisons | None:
        heard = take(left_s + habit_s + rng.normal(0, 0.06), rng.uniform(0.1, 0.6))
        return None if heard is None else heard[1]

    is_towards(learned(say, offset_s, 20, 5.0), offset_s)
