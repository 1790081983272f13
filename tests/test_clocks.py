"""Clocks of sources: correction keeps every message, offsets are found from people who walk."""

from dataclasses import replace

import numpy as np
import pytest
from filterpy.kalman import update
from hypothesis import given
from hypothesis import strategies as st
from test_tracking import depth_frame
from tiny import tiny_store

from fusion.config import ClockConfig, TrackingConfig
from fusion.intake.clocks import Clock, Clocks, Walkers, compare, fault, health, report, retime
from fusion.live.announce import announce
from fusion.messages import Health
from fusion.settlement import Outputs
from fusion.tracking.clock_evidence import clock_evidence
from fusion.tracking.floor import advance, empty_floor, observe

CONFIG = ClockConfig()
S = 10**9
seeds = st.integers(0, 2**32 - 1)


def walkers(rng: np.random.Generator, offset_s: float, aside: np.ndarray, heading: np.ndarray, sd: float) -> Walkers:
    """Return people who walk with given headings (k,) rad, as a camera that is offset_s ahead and aside sees them."""
    v = rng.uniform(0.6, 1.4, len(heading))[:, None] * np.column_stack([np.cos(heading), np.sin(heading)])
    off = -v * offset_s + aside + rng.normal(0, sd, v.shape)
    return Walkers(off, v, np.tile(CONFIG.frames_alike * sd**2 * np.eye(2), (len(v), 1, 1)))


def after(clocks: Clocks, src: str, t_ns: int, seen: Walkers, by_s: float | None = None) -> Clocks:
    """Return the clocks after a slice of one frame, corrected by_s or, where that is None, as the clocks now say."""
    by_s = clocks.offset_s(src, t_ns) if by_s is None else by_s
    return replace(clocks, of={**clocks.of, src: compare(clocks.of.get(src), t_ns, seen, by_s, CONFIG)})


@given(seeds, st.integers(1, 12))
def test_people_compared_at_once_say_what_filterpy_hears_from_each_in_turn(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    seen = walkers(rng, 0.05, np.zeros(2), rng.uniform(-np.pi, np.pi, count), 0.05)
    at_once = compare(None, 0, seen, 0.0, CONFIG)
    unlike = np.square([CONFIG.offset_sd_s, CONFIG.drift_sd, CONFIG.aside_sd_m, CONFIG.aside_sd_m])
    mean, cov = np.zeros(4), np.diag(unlike)
    for off, v, R in zip(seen.off_m, seen.v_mps, seen.cov, strict=True):
        H = np.array([[-v[0], 0.0, 1.0, 0.0], [-v[1], 0.0, 0.0, 1.0]])
        mean, cov = update(mean, cov, off, R, H=H)
    assert np.allclose(at_once.mean, mean, atol=1e-9)
    assert np.allclose(at_once.cov, cov, atol=1e-9)
    assert np.linalg.eigvalsh(at_once.cov).min() > 0


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc"), st.integers(0, 99)), max_size=60, unique=True),
    st.dictionaries(st.sampled_from("abc"), st.floats(-0.3, 0.3)),
    st.lists(st.integers(0, 45), max_size=5),
)
def test_correction_loses_and_doubles_no_message_and_keeps_order(
    keys: list[tuple[int, str, int]], offsets: dict[str, float], cuts: list[int]
) -> None:
    clocks = Clocks({src: Clock(0, np.array([x, 0, 0, 0]), np.eye(4)) for src, x in offsets.items()})
    messages = [Health(src, seq, 100 * S + t * S // 10, "ok", "") for t, src, seq in keys]
    out: list[Health] = []
    left = sorted(messages, key=lambda m: m.t_ns)
    for cut in [*sorted(cuts), 10**6]:
        until_ns = 100 * S + cut * S // 10
        now, left = [m for m in left if m.t_ns < until_ns], [m for m in left if m.t_ns >= until_ns]
        clocks, ready = retime(clocks, tuple(now), until_ns)
        assert all(one.message.t_ns < until_ns for one in ready)
        assert [one.message.t_ns for one in ready] == sorted(one.message.t_ns for one in ready)
        assert all(
            one.by_s == pytest.approx(offsets.get(one.message.src, clocks.middle_s) - clocks.middle_s) for one in ready
        )
        out += [one.message for one in ready]
    assert sorted((m.src, m.seq) for m in out) == sorted((m.src, m.seq) for m in messages)
    assert not clocks.waiting
    for m in out:
        given_ns = {k.t_ns for k in messages if (k.src, k.seq) == (m.src, m.seq)}
        want = clocks.offset_s(m.src, m.t_ns)
        assert any(abs((k - m.t_ns) / S - want) < 1e-6 for k in given_ns)


@given(seeds, st.floats(-0.25, 0.25), st.floats(-0.15, 0.15))
def test_an_offset_is_found_among_people_who_walk_all_ways(seed: int, offset_s: float, aside_m: float) -> None:
    rng = np.random.default_rng(seed)
    others = Clock(0, np.zeros(4), np.eye(4))
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
    clocks = Clocks({name: Clock(0, np.zeros(4), np.eye(4)) for name in ("b", "c")})
    for k in range(400):
        left_s = (0.01 if k < 200 else 0.21) - clocks.offset_s("a", k * S // 10)
        seen = walkers(rng, left_s, np.zeros(2), rng.uniform(-3, 3, 2), 0.03)
        clocks = after(clocks, "a", k * S // 10, seen)
    assert clocks.of["a"].steps >= 1
    assert clocks.offset_s("a", 40 * S) == pytest.approx(0.21, abs=0.03)
    assert report(clocks, CONFIG)["a"]["steps"] == clocks.of["a"].steps


@given(seeds, st.integers(3, 20))
def test_a_step_is_not_overshot_however_long_frames_wait_after_their_correction(seed: int, wait: int) -> None:
    """Frames are compared `wait` frames after they were corrected: what was learned meanwhile must not count twice."""
    rng = np.random.default_rng(seed)
    clocks = Clocks({name: Clock(0, np.zeros(4), np.eye(4)) for name in ("b", "c", "d")})
    waiting: list[tuple[int, float, float]] = []
    most_s = 0.0
    for k in range(400):
        t_ns = k * S // 10
        waiting.append((t_ns, 0.0 if k < 150 else 0.2, clocks.offset_s("a", t_ns)))
        if len(waiting) > wait:
            at_ns, offset_s, by_s = waiting.pop(0)
            seen = walkers(rng, offset_s - by_s, np.zeros(2), rng.uniform(-3, 3, 2), 0.05)
            clocks = after(clocks, "a", at_ns, seen, by_s)
        most_s = max(most_s, clocks.offset_s("a", t_ns))
    assert most_s < 0.3
    assert clocks.offset_s("a", 40 * S) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("mean", "steps", "words"),
    [([0.3, 0], 0, "+300 ms off"), ([0, 4e-4], 0, "+400 ppm"), ([0, 0], 9, "set anew 9 times"), ([0.2, 0], 0, "")],
)
def test_a_clock_that_cannot_be_used_is_said(mean: list[float], steps: int, words: str) -> None:
    said = fault(Clock(0, np.array([*mean, 0, 0]), np.eye(4), steps=steps), CONFIG)
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
        before = floor
        floor, match = observe(floor, frame, store, tracking)
        floor = advance(floor, floor.t_ns, tracking)
        seen = clock_evidence(before, match, store, CONFIG, tracking)
        if seen is not None:
            clocks = after(clocks, src, frame.t_ns, seen)
    found = clocks.offset_s("c2", 21 * S) - np.mean([clocks.offset_s(f"c{k}", 21 * S) for k in (0, 1)])
    assert found == pytest.approx(late_s, abs=0.05)


def test_what_all_clocks_have_in_common_is_no_fault() -> None:
    clocks = Clocks(
        {src: Clock(0, np.array([x, 0, 0, 0]), np.eye(4)) for src, x in (("a", 0.3), ("b", 0.3), ("c", 0.6))}
    )
    clocks, _ = retime(clocks, (), 1)
    said = report(clocks, CONFIG)
    assert (said["a"]["offset_ms"], said["a"]["fault"]) == (0.0, "")
    assert "+300 ms off" in said["c"]["fault"]


def test_a_clock_that_becomes_unusable_is_said_once_and_again_when_it_is_mended(capsys: pytest.CaptureFixture) -> None:
    def clocks(offset_s: float) -> Clocks:
        cov = np.eye(4)
        return Clocks(
            {src: Clock(0, np.array([x, 0, 0, 0]), cov) for src, x in (("a", 0.0), ("b", offset_s), ("c", 0))}
        )

    said = health(clocks(0.1), clocks(0.3), 5 * S, CONFIG)
    assert [(m.src, m.state) for m in said] == [("b", "degraded")] and "+300 ms" in said[0].text
    assert health(clocks(0.3), clocks(0.31), 6 * S, CONFIG) == ()
    assert [(m.src, m.state) for m in health(clocks(0.3), clocks(0.1), 7 * S, CONFIG)] == [("b", "ok")]
    announce(Outputs(health=said), "store", "USD", None)
    assert capsys.readouterr().out.startswith("health  b  degraded  clock +300 ms off")
