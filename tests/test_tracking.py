"""Tracking: oracles for filter, assignment and geometry; life cycle; permutation of detections."""

from collections.abc import Collection
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from filterpy.common import Q_continuous_white_noise
from filterpy.kalman import KalmanFilter
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference_tracking import associate_reference
from scipy.optimize import linear_sum_assignment
from tiny import Action, tape, tiny_store

from fusion.config import HandConfig, TrackingConfig
from fusion.intake.pictures import pictures_of
from fusion.messages import Held, People
from fusion.store import Cameras, Store
from fusion.tracking.assignment import assign
from fusion.tracking.association import associate, birth
from fusion.tracking.camera import distort, meet_plane, project, undistort
from fusion.tracking.existence import Chances, drift_sight, weigh
from fusion.tracking.floor import Floor, advance, empty_floor
from fusion.tracking.following import follow_frames, observe
from fusion.tracking.frames import frames_from, frames_of
from fusion.tracking.gating import pairs_within
from fusion.tracking.hands import no_hands
from fusion.tracking.kalman import predict
from fusion.tracking.measurement import View, correct, factor, innovate, measure, scratch
from fusion.tracking.sightings import LOOK_DIM, Sightings, unit_looks
from fusion.tracking.tracks import COLUMNS, NEXT, Seen, Status, Tracks, move

CONFIG = TrackingConfig()
CAMERA = np.zeros(1, np.int64)  # the row of the only camera, of one frame
seeds = st.integers(0, 2**32 - 1)


def random_state(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    half = rng.normal(0, 1, (n, 5, 5))
    return rng.normal(0, 3, (n, 5)), half @ half.transpose(0, 2, 1) + 0.1 * np.eye(5)


def oracle(mean: np.ndarray, cov: np.ndarray) -> KalmanFilter:
    kf = KalmanFilter(dim_x=5, dim_z=3)
    kf.x, kf.P = mean.copy(), cov.copy()
    return kf


@given(seeds, st.integers(1, 20), st.floats(0.0, 2.0))
def test_batched_filter_equals_filterpy(seed: int, n: int, dt: float) -> None:
    rng = np.random.default_rng(seed)
    mean, cov = random_state(rng, n)
    z, noise = rng.normal(0, 3, (n, 3)), np.empty((n, 3, 3))
    H = rng.normal(0, 1, (3, 5)) * [1.0, 1.0, 0.0, 0.0, 1.0]  # no detection measures a velocity
    Q = np.zeros((5, 5))
    Q[:4, :4] = Q_continuous_white_noise(2, dt, 2.5, block_size=2, order_by_dim=False)
    Q[4, 4] = 0.02 * dt
    F = np.eye(5)
    F[0, 2] = F[1, 3] = dt
    filters = [oracle(mean[i], cov[i]) for i in range(n)]
    predict(mean, cov, dt, 2.5, 0.02)
    for i, kf in enumerate(filters):
        kf.predict(F=F, Q=Q)
        half = rng.normal(0, 1, (3, 3))
        noise[i] = half @ half.T + 0.1 * np.eye(3)
        kf.update(z[i], R=noise[i], H=H)
    before = cov.copy()
    HP, S, rows = np.empty((4, 5)), np.empty((4, 4)), np.vstack([H, np.zeros(5)])
    for i in range(n):
        y = np.append(z[i] - H @ mean[i], 0.0)
        innovate(cov, i, rows, noise[i], 3, HP, S)
        factor(S, 3)
        correct(mean, cov, i, y, 3, HP, S)
    for i, kf in enumerate(filters):
        scale = max(1.0, np.abs(kf.P).max())
        np.testing.assert_allclose(mean[i], kf.x, rtol=1e-9, atol=1e-9 * scale)
        np.testing.assert_allclose(cov[i], kf.P, rtol=1e-9, atol=1e-9 * scale)
        assert np.linalg.eigvalsh(cov[i]).min() > -1e-9 * scale
        assert np.trace(cov[i]) <= np.trace(before[i]) + 1e-9


costs = st.tuples(st.integers(1, 5), st.integers(0, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-50, 50, allow_subnormal=False))
)


def total(cost: np.ndarray, column: tuple[int, ...]) -> float:
    return sum(cost[i, j] for i, j in enumerate(column) if j >= 0)


@given(costs)
def test_assignment_equals_brute_force(cost: np.ndarray) -> None:
    n, m = cost.shape
    column = assign(cost)
    used = [j for j in column if j >= 0]
    assert len(used) == len(set(used))
    options = (c for c in product(range(-1, m), repeat=n) if len({j for j in c if j >= 0}) == sum(j >= 0 for j in c))
    assert total(cost, tuple(column)) == pytest.approx(min(total(cost, c) for c in options), abs=1e-9)


@given(seeds, st.integers(1, 40), st.integers(0, 40))
def test_assignment_equals_scipy_on_larger_problems(seed: int, n: int, m: int) -> None:
    cost = np.random.default_rng(seed).normal(0, 5, (n, m))
    padded = np.hstack([np.minimum(cost, 0.0), np.zeros((n, n))])
    rows, columns = linear_sum_assignment(padded)
    assert total(cost, tuple(assign(cost))) == pytest.approx(padded[rows, columns].sum(), abs=1e-9)


def looking_down(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A camera near 3 m, tilted up to 60 degrees."""
    yaw, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(0, np.pi / 3)
    forward = np.array([np.sin(tilt) * np.cos(yaw), np.sin(tilt) * np.sin(yaw), -np.cos(tilt)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    R = np.stack([right, np.cross(forward, right), forward])
    return R, -R @ np.array([rng.uniform(0, 5), rng.uniform(0, 5), 3.0])


@given(seeds)
def test_a_point_projects_and_comes_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    R, T = looking_down(rng)
    centre = -R.T @ T
    K, dist = np.array([800.0, 801.0, 640.0, 360.0]), np.array([-0.04, 0.01, 3e-4, -2e-4, 0.0])
    depth = rng.uniform(0.8, 2.5)
    local = np.array([rng.uniform(-0.6, 0.6) * depth, rng.uniform(-0.4, 0.4) * depth, depth])
    point = R.T @ (local - T)
    pixels = project(point[None], K, dist, R, T)
    uv = undistort(pixels, K, dist)
    np.testing.assert_allclose(distort(uv, K, dist), pixels, atol=1e-5)
    if point[2] < centre[2] - 0.2:
        place, slope = meet_plane(uv[0], point[2], R, T)
        np.testing.assert_allclose(place, point[:2], atol=1e-4)
        further, _ = meet_plane(uv[0], point[2] - 0.1, R, T)
        np.testing.assert_allclose(further, place - 0.1 * slope, atol=1e-9)


def measured(
    x: np.ndarray, head: np.ndarray, foot: np.ndarray, R: np.ndarray, T: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, H, noise, _, _ = scratch()
    m = measure(x[None], 0, head[None], foot[None], 0, 0.01, 0.05, R, T, y, H, noise)
    return y[:m], H[:m], noise[:m, :m]


def crowded_frame(rng: np.random.Generator, is_depth: bool, n: int) -> tuple:
    """Return tracks before a camera and a frame of it: most are seen, some twice, with some clutter, in any order."""
    R, T = looking_down(rng)
    mean = np.zeros((n, 5))
    mean[:, :2] = (-R.T @ T)[:2] + rng.normal(0, 1.5, (n, 2))
    mean[:, 2:4], mean[:, 4] = rng.normal(0, 0.5, (n, 2)), rng.uniform(1.0, 1.8, n)
    half = rng.normal(0, 0.1, (n, 5, 5))
    cov = half @ half.transpose(0, 2, 1) + 1e-3 * np.eye(5)
    who = rng.choice(n, rng.integers(0, n + 3)) if n else np.zeros(0, int)
    head = np.empty((len(who), 3 if is_depth else 2))
    foot = np.full((len(who), 2), np.nan)
    for j, i in enumerate(who):
        place = mean[i, [0, 1, 4]] + rng.normal(0, 0.1, 3)
        local = R @ place + T
        head[j] = place if is_depth else local[:2] / local[2]
        if not is_depth and rng.random() < 0.5:
            floor = R @ (place * [1, 1, 0]) + T
            foot[j] = floor[:2] / floor[2]
        if not is_depth and rng.random() < 0.2:
            head[j] = np.nan
    sd = rng.uniform(0.03, 0.1, len(who)) if is_depth else rng.uniform(0.003, 0.02, len(who))
    return mean, cov, is_depth, head, foot, sd, R, T


CHANCES = Chances(0.9, 0.03, 0.5, 0.99, 0.02, 0.9999, 16.0, 2.0, -1.0)
BOUNDS = np.array([-0.7, -0.5, 0.7, 0.5])


@given(seeds, st.booleans(), st.integers(0, 25))
def test_compiled_association_equals_the_plain_reference(seed: int, is_depth: bool, n: int) -> None:
    rng = np.random.default_rng(seed)
    mean, cov, *frame = crowded_frame(rng, is_depth, n)
    exist, sight = rng.choice([0.02, 0.5, 0.98, 0.999], n), rng.uniform(0.01, 0.99, n)
    m = len(frame[3])
    view = View(*frame, 0.07, BOUNDS)
    want, *want_state = associate_reference(mean, cov, exist, sight, view, CHANCES)
    look, seen = np.zeros((n, 64), np.float32), np.zeros((m, 64), np.float32)
    ids, none = np.zeros(n, np.int64), np.zeros(m, np.int64)
    state = [mean.copy(), cov.copy(), exist.copy(), sight.copy()]
    likeness = (0.8, 0.12, 0.2, 0.22, 8.0)
    got, _, _ = associate(*state, np.arange(n), look, np.zeros(n), ids, view, seen, none, CHANCES, likeness)
    np.testing.assert_array_equal(got, want)
    for a, b in zip(state, want_state, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    assert n == 0 or np.linalg.eigvalsh(state[1]).min() > 0


def test_somebody_far_outside_a_picture_is_nobody_in_it() -> None:
    """A camera 3 m up had moved a track by ten metres: so far off its axis a height known roughly explains all."""
    R, T = np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 2.74])
    mean = np.array([[10.9, 0.0, 0.0, 0.0, 1.55], [0.3, 0.0, 0.0, 0.0, 1.55]])
    cov = np.tile(np.diag([0.012, 0.012, 0.25, 0.25, 0.5]), (2, 1, 1))
    view = View(False, np.zeros((1, 2)), np.full((1, 2), np.nan), np.full(1, 0.01), R, T, 0.07, BOUNDS)
    for k, is_taken in ((0, False), (1, True)):
        one = mean[k : k + 1], cov[:1].copy(), np.ones(1), np.ones(1)
        ids, look = np.zeros(1, np.int64), np.zeros((1, 64), np.float32)
        column, _, _ = associate(
            *one, np.arange(1), look, np.zeros(1), ids, view, look, ids, CHANCES, (0.8, 0.12, 0.2, 0.22, 8.0)
        )
        assert (column[0] >= 0) == is_taken


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.floats(0.05, 0.9), st.floats(0.1, 0.9))
def test_existence_is_that_of_the_three_state_chain(found: list[bool], exist: float, sight: float) -> None:
    """Nobody, in sight, hidden: the forward probabilities of the whole chain, written out."""
    gain, drift = 30.0, 0.8
    p = np.array([1 - exist, exist * sight, exist * (1 - sight)])
    got, seen = np.array([exist]), np.array([sight])
    for hit in found:
        there = p[1:].sum()
        p[1] = there * (0.9 + (p[1] / there - 0.9) * drift)
        p[2] = there - p[1]
        ratio = gain if hit else 0.0
        p *= [1.0, 0.1 + 0.9 * ratio, 0.97 + 0.03 * ratio]
        p /= p.sum()
        drift_sight(seen, -np.log(drift), 0.9, 1.0)
        everything = CHANCES._replace(most=1.0)
        weigh(got, seen, np.array([0 if hit else -1]), np.array([ratio]), np.array([True]), everything)
        assert got[0] == pytest.approx(p[1] + p[2], abs=1e-9)
        assert seen[0] == pytest.approx(p[1] / (p[1] + p[2]), abs=1e-9)


def test_a_miss_counts_only_where_the_picture_would_show_the_person() -> None:
    exist, sight = np.full(2, 0.9), np.full(2, 0.9)
    weigh(exist, sight, np.array([-1, -1]), np.zeros(2), np.array([True, False]), CHANCES)
    assert exist[0] < 0.9 == exist[1] and sight[0] < 0.9 == sight[1]


@given(seeds, st.integers(0, 60), st.floats(0.0, 3.0))
def test_pairs_within_reach_are_all_found(seed: int, n: int, reach: float) -> None:
    xy = np.random.default_rng(seed).normal(0, 3, (n, 2))
    far = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    a, b = pairs_within(xy, reach)
    assert set(zip(a.tolist(), b.tolist(), strict=True)) == set(
        map(tuple, np.argwhere(np.triu(far <= reach, 1)).tolist())
    )


@example(245, 1.5, False)  # a camera that does not turn sees others than before
@example(3423978, 1.0, False)  # and a gate that does not turn makes others likely to come in
@given(seeds, st.floats(-np.pi, np.pi), st.booleans())
def test_turning_and_mirroring_the_store_turns_and_mirrors_the_tracks(seed: int, turn: float, mirror: bool) -> None:
    rng = np.random.default_rng(seed)
    A = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    A = A @ np.diag([1.0, -1.0]) if mirror else A
    store = tiny_store()
    around = np.eye(3)
    around[:2, :2] = A.T
    cameras = replace(store.cameras, R=store.cameras.R @ around)
    gates = replace(store.gates, line=store.gates.line @ A.T)
    turned = replace(store, outline=store.outline @ A.T, cameras=cameras, gates=gates)
    low, high = store.outline.min(axis=0) - 2.0, store.outline.max(axis=0) + 2.0
    at, speed = rng.uniform(low, high, (6, 2)), rng.normal(0, 1.0, (6, 2))
    one, other = empty_floor(store), empty_floor(turned)
    for k in range(25):
        xy = at + speed * k * 0.1 + rng.normal(0, 0.05, (6, 2))
        seen = rng.random(6) < 0.9
        frames = [depth_frame(10**9 + k * 10**8, p[seen]) for p in (xy, xy @ A.T)]
        one, other = observe(one, frames[0], store, CONFIG)[0], observe(other, frames[1], turned, CONFIG)[0]
        one, other = (advance(f, 10**9 + k * 10**8, CONFIG) for f in (one, other))
    np.testing.assert_array_equal(one.tracks.track_id, other.tracks.track_id)
    np.testing.assert_array_equal(one.tracks.status, other.tracks.status)
    np.testing.assert_allclose(one.tracks.mean[:, :2] @ A.T, other.tracks.mean[:, :2], atol=1e-8)
    np.testing.assert_allclose(one.tracks.mean[:, 2:4] @ A.T, other.tracks.mean[:, 2:4], atol=1e-8)


def depth_frame(t_ns: int, xy: np.ndarray) -> Sightings:
    n = len(xy)
    return Sightings(
        t_ns=t_ns,
        camera=0,
        is_depth=True,
        head=np.column_stack([xy, np.full(n, 1.6)]),
        foot=np.full((n, 2), np.nan),
        hands=np.full((n, 2, 3), np.nan),
        sd=np.full(n, 0.05),
        look=np.zeros((n, 64), np.float32),
        device_id=np.zeros(n, np.int64),
        held=(),
    )


@given(seeds)
def test_the_measurement_jacobian_is_the_derivative(seed: int) -> None:
    rng = np.random.default_rng(seed)
    R, T = looking_down(rng)
    centre = -R.T @ T
    x = np.array([centre[0] + rng.uniform(-1, 1), centre[1] + rng.uniform(-1, 1), 0.1, 0.2, rng.uniform(1.0, 1.8)])
    head, foot = np.zeros(2), np.zeros(2)
    y, H, noise = measured(x, head, foot, R, T)
    if not len(y):
        return
    assert (np.linalg.eigvalsh(noise) > 0).all()
    for k in range(5):
        ahead, back = x.copy(), x.copy()
        ahead[k] += 1e-6
        back[k] -= 1e-6
        hi = measured(ahead, head, foot, R, T)[0]
        lo = measured(back, head, foot, R, T)[0]
        np.testing.assert_allclose(-(hi - lo) / 2e-6, H[:, k], rtol=1e-4, atol=1e-5 * max(1.0, np.abs(H).max()))


@given(seeds)
def test_a_birth_from_an_image_lies_on_its_ray_and_knows_what_it_does_not_know(seed: int) -> None:
    rng = np.random.default_rng(seed)
    R, T = looking_down(rng)
    uv = rng.uniform(-0.3, 0.3, 2)
    view = View(False, uv[None], np.full((1, 2), np.nan), np.full(1, 0.005), R, T, 0.05, BOUNDS)
    x, P = birth(view, 0, 1.55, 0.22, 0.8)
    if np.isnan(x).any():
        return
    y, _, _ = measured(x, uv, np.full(2, np.nan), R, T)
    np.testing.assert_allclose(y, 0.0, atol=1e-9)
    assert np.linalg.eigvalsh(P).min() > 0 and P[4, 4] == pytest.approx(0.22**2 + 1e-4)


def test_the_life_cycle_has_an_answer_for_everything_that_can_happen() -> None:
    assert set(NEXT) == set(Status) and not NEXT[Status.EXITED]
    reached = {after for moves in NEXT.values() for after in moves.values()}
    assert reached | {Status.TENTATIVE} == set(Status)
    for status in (Status.TENTATIVE, Status.CONFIRMED, Status.COASTING, Status.LEFT):
        assert {Seen.UNSEEN, Seen.JOINED} <= set(NEXT[status])


def test_statuses_move_as_the_table_says_and_an_illegal_move_raises() -> None:
    for seen in Seen:
        for before in Status:
            status = np.array([int(before)])
            if seen in NEXT[before]:
                move(status, status >= 0, seen)
                assert status[0] == NEXT[before][seen]
            else:
                with pytest.raises(KeyError, match=f"{seen.name} happens to a track that is .*{before.name}"):
                    move(status, status >= 0, seen)


def follow(frames: list[People], order: list[int] | None = None) -> list[tuple[int, np.ndarray]]:
    store, out = tiny_store(), []
    floor = empty_floor(store)
    for frame in frames:
        n = len(frame.head)
        keep = [k for k in (order or list(range(n))) if k < n]
        shuffled = People.of(
            frame.src, frame.seq, frame.t_ns, frame.head[keep], frame.hands[keep], frame.sd[keep], frame.score[keep],
            frame.look[keep], tuple(frame.ids[k] for k in keep), (),
        )  # fmt: skip
        floor, _ = observe(
            floor, frames_of(pictures_of([shuffled]), CAMERA, store.cameras, CONFIG).sightings(0), store, CONFIG
        )
        floor = advance(floor, frame.t_ns, CONFIG)
        sure = floor.tracks.status == Status.CONFIRMED
        out.append((int(sure.sum()), np.sort(floor.tracks.mean[sure, :2], axis=0)))
        for P in floor.tracks.cov:
            assert np.linalg.eigvalsh(P).min() > 0
    return out


@settings(deadline=None, max_examples=6)
@given(st.sampled_from(list(permutations(range(3)))))
def test_the_order_of_detections_in_a_frame_changes_nothing(order: tuple[int, ...]) -> None:
    frames = [m for m in tape([Action(0, 0, -1), Action(2, 1, -1)], shoppers=3) if isinstance(m, People)]
    for (n, xy), (n2, xy2) in zip(follow(frames), follow(frames, list(order)), strict=True):
        assert n == n2
        np.testing.assert_allclose(xy, xy2, atol=1e-9)


def test_three_walkers_are_three_tracks_near_the_truth() -> None:
    frames = [m for m in tape([Action(0, 0, -1)], shoppers=3) if isinstance(m, People)]
    middle = [i for i, f in enumerate(frames) if len(f.head) == 3][10:-5]
    seen = follow(frames)
    assert {seen[i][0] for i in middle} == {3}
    for i in middle:
        truth = np.sort(frames[i].head[:, :2], axis=0)
        assert np.abs(seen[i][1] - truth).max() < 0.25


def sighting(step: int, look: np.ndarray) -> People:
    """One person who stands still, at 10 Hz; a look of zeros says nothing."""
    return People.of(
        "cam", step, 10**18 + step * 10**8, np.array([[1.0, 1.0, 1.6]], np.float32),
        np.full((1, 2, 3), np.nan, np.float32), np.array([0.3], np.float32), np.array([0.9], np.float32),
        look[None].astype(np.float32), (None,), (),
    )  # fmt: skip


def test_a_look_seen_once_does_not_make_two_of_one_person() -> None:
    """A detection of a coat rack gave a track its look; the person herself then got a track beside it."""
    coat_rack, nothing, herself = np.eye(4)[0], np.zeros(4), np.eye(4)[1]
    looks = [coat_rack] + [nothing] * 10 + [herself] * 15
    seen = follow([sighting(step, look) for step, look in enumerate(looks)])
    assert {number for number, _ in seen[8:]} == {1}


def two_beside_each_other(
    status: Status, *, together: bool, apart: tuple[float, float] = (0.1, 0.0), known: Collection[int] = ()
) -> Floor:
    """Return what is left of two tracks a foot apart, seen for a while; apart is how far aside and lower the second is.

    Cameras without appearance saw them, or such that show both alike.
    """
    store = tiny_store()
    floor = empty_floor(store)
    for step in range(30):
        frame = frames_of(pictures_of([sighting(step, np.zeros(4))]), CAMERA, store.cameras, CONFIG).sightings(0)
        floor, _ = observe(floor, frame, store, CONFIG)
        floor = advance(floor, frame.t_ns, CONFIG)
    one = floor.tracks
    if apart[1]:
        one = replace(one, look=np.ones_like(one.look), looks=np.full(1, CONFIG.looks_sure))
    off = np.array([[apart[0], 0.0, 0.0, 0.0, -apart[1]]])
    other = replace(one, track_id=one.track_id + 1, status=np.array([int(status)]), mean=one.mean + off)
    if not together:
        half = np.full_like(one.found, 0b101010101010)
        one, other = replace(one, found=half), replace(other, found=~half)
    rows = {name: np.concatenate([getattr(t, name) for t in (one, other)]) for name in COLUMNS}
    return advance(replace(floor, tracks=Tracks(**rows)), floor.t_ns, CONFIG, known)


@pytest.mark.parametrize("status", [Status.TENTATIVE, Status.CONFIRMED])
def test_two_tracks_of_one_person_become_one_unless_a_picture_shows_both(status: Status) -> None:
    assert len(two_beside_each_other(status, together=False).tracks) == 1
    assert len(two_beside_each_other(status, together=True).tracks) == 2


def test_who_bends_is_one_with_the_track_that_found_them_bent() -> None:
    """Found in b07, b11 and b21: who bent quickly was nobody known while they took something."""
    bent = two_beside_each_other(Status.CONFIRMED, together=False, apart=(0.4, 0.5))
    assert len(bent.tracks) == 1 and bent.joined == ((2, 1),)
    for aside, lower, together in ((0.4, 0.5, True), (0.9, 0.5, False), (0.4, 1.0, False), (0.4, 0.0, False)):
        left = two_beside_each_other(Status.CONFIRMED, together=together, apart=(aside, lower))
        assert len(left.tracks) == 2 and left.joined == (), (aside, lower, together)


@pytest.mark.parametrize(("known", "joined"), [((1,), ((2, 1),)), ((2,), ((1, 2),)), ((1, 2), ())])
def test_of_two_tracks_of_one_person_who_is_known_goes_on(known: tuple[int, ...], joined: tuple) -> None:
    assert two_beside_each_other(Status.CONFIRMED, together=False, known=known).joined == joined


def three_cameras() -> Store:
    """Return the tiny store under three depth cameras that all see all of it."""
    store = tiny_store()
    down = np.diag([1.0, -1.0, -1.0])
    over = np.array([[x, 1.5, 12.0] for x in (1.0, 2.0, 3.0)])
    cameras = Cameras(
        ("a", "b", "c"), np.full(3, True), np.tile(store.cameras.size_px[0], (3, 1)),
        np.tile(store.cameras.K[0], (3, 1)), np.zeros((3, 5)), np.tile(down, (3, 1, 1)), -over @ down.T,
        np.full(3, 10.0),
    )  # fmt: skip
    return replace(store, cameras=cameras)


@settings(deadline=None, max_examples=20)
@given(seeds, st.permutations([0, 1, 2]))
def test_which_of_the_cameras_of_one_instant_comes_first_changes_nothing(seed: int, order: list[int]) -> None:
    """Frames of one instant are taken one after the other; whoever stands apart ends in the same place in any order."""
    rng = np.random.default_rng(seed)
    store = three_cameras()
    at, speed = np.array([[0.5, 0.5], [2.0, 1.2], [3.5, 2.4]]), rng.normal(0, 0.2, (3, 2))
    plain, other = empty_floor(store), empty_floor(store)
    for k in range(15):
        t_ns = 10**9 + k * 10**8
        seen = rng.random((3, 3)) < 0.9
        where = [at + speed * k * 0.1 + rng.normal(0, 0.03, (3, 2)) for _ in range(3)]
        frames = [replace(depth_frame(t_ns, where[c][seen[c]]), camera=c) for c in range(3)]
        for frame in frames:
            plain = observe(plain, frame, store, CONFIG)[0]
        for c in order:
            other = observe(other, frames[c], store, CONFIG)[0]
        plain, other = advance(plain, t_ns, CONFIG), advance(other, t_ns, CONFIG)
    sure = [np.flatnonzero(f.tracks.status == Status.CONFIRMED) for f in (plain, other)]
    rows = [s[np.argsort(f.tracks.mean[s, 0])] for s, f in zip(sure, (plain, other), strict=True)]
    assert len(rows[0]) == len(rows[1])
    np.testing.assert_allclose(plain.tracks.mean[rows[0]], other.tracks.mean[rows[1]], atol=1e-6)
    np.testing.assert_allclose(plain.tracks.cov[rows[0]], other.tracks.cov[rows[1]], atol=1e-6)


def test_a_camera_that_knows_looks_may_join_one_that_does_not() -> None:
    """Tracks have no looks until a camera brings some; then everybody's are learned from there on."""
    store = three_cameras()
    floor, xy = empty_floor(store), np.array([[0.5, 0.5], [3.5, 2.4]])
    for k in range(20):
        t_ns = 10**9 + k * 10**8
        plain = replace(depth_frame(t_ns, xy), look=np.zeros((2, 0), np.float32))
        floor = observe(floor, plain, store, CONFIG)[0]
        if k >= 10:
            known = replace(depth_frame(t_ns, xy), camera=1, look=np.eye(2, LOOK_DIM, dtype=np.float32))
            floor = observe(floor, known, store, CONFIG)[0]
        floor = advance(floor, t_ns, CONFIG)
        assert floor.tracks.look.shape == (2, LOOK_DIM if k >= 10 else 0)
    np.testing.assert_allclose(floor.tracks.look, np.eye(2, LOOK_DIM), atol=1e-6)
    assert floor.tracks.looks.tolist() == [10, 10]


@settings(deadline=None, max_examples=20)
@given(seeds, st.integers(1, 7))
def test_frames_taken_at_once_are_frames_taken_one_by_one(seed: int, together: int) -> None:
    rng = np.random.default_rng(seed)
    store, hands_config = three_cameras(), HandConfig()
    at, speed = rng.uniform(0.4, 2.4, (4, 2)), rng.normal(0, 0.4, (4, 2))
    frames, out = [], []
    for k in range(40):
        xy = (at + speed * k * 0.03 + rng.normal(0, 0.03, (4, 2)))[rng.random(4) < 0.8]
        frame = depth_frame(10**9 + k * 3 * 10**7, xy)
        hands = frame.head[:, None, :] + rng.normal([0.0, 0.0, -0.5], 0.2, (len(xy), 2, 3))
        hands[rng.random((len(xy), 2)) < 0.3] = np.nan
        look = rng.normal(0, 1, (len(xy), 64)).astype(np.float32) if k % 2 else np.zeros((len(xy), 0), np.float32)
        frames.append(replace(frame, camera=k % 3, hands=hands, look=look))
        out.append(bool(rng.random() < 0.1))
    one, other, mine, theirs = empty_floor(store), empty_floor(store), no_hands(), no_hands()
    alone, joined = [], []
    for k in range(0, len(frames), together):
        for frame, is_out in zip(frames[k : k + together], out[k : k + together], strict=True):
            one, mine, found = follow_frames(
                one, mine, frames_from([frame]), np.array([is_out]), store, CONFIG, hands_config
            )
            alone.append(found)
        part = frames_from(frames[k : k + together])
        other, theirs, found = follow_frames(
            other, theirs, part, np.array(out[k : k + together]), store, CONFIG, hands_config
        )
        joined.append(found)
        one, other = advance(one, one.t_ns, CONFIG), advance(other, other.t_ns, CONFIG)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(one.tracks, name), getattr(other.tracks, name))
    for name in ("track_id", "wrist_id", "mean", "cov", "witness_ns", "floor_ns"):
        each = [np.concatenate([getattr(found, name) for found in some]) for some in (alone, joined)]
        np.testing.assert_array_equal(*each)
    np.testing.assert_array_equal(mine.mean, theirs.mean)
    assert (one.t_ns, one.next_id, mine.t_ns) == (other.t_ns, other.next_id, theirs.t_ns)


def test_a_frame_of_a_camera_that_is_out_is_told_and_changes_nothing() -> None:
    store, floor = three_cameras(), empty_floor(three_cameras())
    xy = np.array([[0.5, 0.5], [3.5, 2.4]])
    for k in range(10):
        floor = observe(floor, depth_frame(10**9 + k * 10**8, xy), store, CONFIG)[0]
    kept = {name: getattr(floor.tracks, name).copy() for name in COLUMNS}
    frame = frames_from([replace(depth_frame(2 * 10**9, xy + 0.02), camera=1)])
    after, hands, found = follow_frames(floor, no_hands(), frame, np.array([True]), store, CONFIG, HandConfig())
    for name, column in kept.items():
        np.testing.assert_array_equal(getattr(after.tracks, name), column)
        np.testing.assert_array_equal(getattr(floor.tracks, name), column)
    assert after.t_ns == floor.t_ns and not len(hands.track_id) and not after.frame_ns[1]
    assert found.track_id.tolist() == floor.tracks.track_id.tolist() and found.matches(np.array([True]), 0.3) == []


@given(st.floats(0.0, 0.5), st.booleans(), st.booleans())
def test_frames_tell_of_hands_that_are_near_each_other_and_of_what_hands_hold(
    apart_m: float, is_depth: bool, holds: bool
) -> None:
    store = three_cameras()
    frame = depth_frame(10**9, np.array([[0.5, 0.5], [1.5, 0.5], [2.5, 0.5]]))
    frame.hands[:2, 0] = [[1.0, 0.5, 1.0], [1.0 + apart_m, 0.5, 1.0]]
    frame = replace(frame, is_depth=is_depth, held=(Held(0, 0, (("cola", 0.9),)),) if holds else ())
    asked = np.zeros(1, np.bool_)
    found = follow_frames(empty_floor(store), no_hands(), frames_from([frame]), asked, store, CONFIG, HandConfig())[
        2
    ].matches(asked, 0.2)
    assert len(found) == (holds or (is_depth and apart_m <= 0.2)) or abs(apart_m - 0.2) < 1e-6
    assert all(match.sightings.held == frame.held for match in found)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(1, 80), seeds)
def test_looks_become_unit_vectors_as_numpy_makes_them(counts: list[int], d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    looks = [rng.normal(size=(n, d)).astype(np.float32) for n in counts]
    for look in looks:
        look[rng.random(len(look)) < 0.2] = 0.0
        look[rng.random(look.shape) < 0.01] = np.nan
    found, cut = unit_looks(np.concatenate(looks)), np.concatenate(looks)[:, :LOOK_DIM]
    if not sum(counts):
        assert found.shape == (0, 0)
        return
    norm = np.sqrt((cut * cut).sum(axis=1, keepdims=True))
    expected = np.where(norm > 0.0, cut / np.where(norm > 0.0, norm, 1.0), 0.0)
    assert found.dtype == np.float32 and found.shape == (len(cut), LOOK_DIM) and not found[:, d:].any()
    np.testing.assert_allclose(found[:, : cut.shape[1]], expected, rtol=1e-6, atol=1e-7)


def test_looks_of_any_length_are_gathered_as_those_of_each_frame_alone() -> None:
    cameras, rng = tiny_store().cameras, np.random.default_rng(0)
    shown = [
        People.of(
            "cam", seq, seq, *rng.normal(size=(1, 2, 3)).astype(np.float32), np.zeros((2, 2, 3), np.float32),
            *np.ones((2, 2), np.float32), rng.normal(size=(2, dim)).astype(np.float32), (None, None), (),
        )
        for seq, dim in enumerate((8, 0, 80, 8))
    ]  # fmt: skip
    together = frames_of(pictures_of(shown), np.zeros(4, np.int64), cameras, CONFIG).look
    alone = [frames_of(pictures_of([one]), CAMERA, cameras, CONFIG).look for one in shown]
    assert together.shape == (8, LOOK_DIM) and not together[2:4].any()
    np.testing.assert_array_equal(np.delete(together, [2, 3], axis=0), np.concatenate([alone[k] for k in (0, 2, 3)]))
