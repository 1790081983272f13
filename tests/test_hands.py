"""Hands: whose a wrist is, and where hands are in space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from fusion.config import SECOND_NS, HandConfig
from fusion.tracking.camera import to_camera
from fusion.tracking.floor import Floor, Match, as_detected
from fusion.tracking.hands import Hands, follow_hands, hand_rules, hands_of, nats_at, no_hands, resting, rivals_of
from fusion.tracking.sightings import LOOK_DIM, Sightings
from fusion.tracking.tracks import Status, Tracks, no_tracks
from fusion.tracking.wrists import Lent, WristFrame, _against, _fit, _shown

CONFIG = HandConfig()
T0 = 1_000 * SECOND_NS
HEADS = np.array([[1.0, 1.0, 1.6], [1.7, 1.0, 1.7]])
WRISTS = np.array([[[0.8, 1.3, 1.1], [1.2, 1.4, 1.2]], [[1.5, 1.4, 1.0], [1.9, 1.3, 1.1]]])


class TwoCameras:
    """Just what follow_hands asks of a store: cameras that look down from two sides."""

    def __init__(self) -> None:
        self.cameras = self
        self.R, self.T = np.empty((2, 3, 3)), np.empty((2, 3))
        for k, place in enumerate(([-1.0, -1.0, 3.0], [4.0, 0.0, 3.0])):
            z = np.array([1.3, 1.2, 1.0]) - place
            z /= np.linalg.norm(z)
            x = np.cross(z, [0.0, 0.0, 1.0])
            x /= np.linalg.norm(x)
            self.R[k] = np.stack([x, np.cross(z, x), z])
            self.T[k] = -self.R[k] @ np.array(place)


STORE = TwoCameras()


def floor_of(heads: np.ndarray, t_ns: int = T0) -> Floor:
    n = len(heads)
    one = no_tracks(2)
    rows = {k: np.zeros((n, *getattr(one, k).shape[1:]), getattr(one, k).dtype) for k in Tracks.__dataclass_fields__}
    rows["track_id"], rows["status"] = np.arange(1, n + 1), np.full(n, int(Status.CONFIRMED))
    rows["mean"][:, [0, 1, 4]], rows["seen_ns"] = heads, np.full(n, t_ns)
    return Floor(t_ns, n + 1, Tracks(**rows), np.zeros(2, np.int64), np.zeros((2, 2)))


def match_of(heads: np.ndarray, wrists: np.ndarray, ids: np.ndarray, camera: int = -1, t_ns: int = T0) -> Match:
    """Make the frame of a depth camera (camera -1) or of an image camera, of detections given to tracks ids."""
    n = len(heads)
    is_depth = camera < 0
    if not is_depth:
        local = to_camera(wrists.reshape(-1, 3), STORE.R[camera], STORE.T[camera])
        wrists = (local[:, :2] / local[:, 2:]).reshape(n, 2, 2)
    frame = Sightings(
        t_ns, max(camera, 0), is_depth, heads, np.full((n, 2), np.nan), wrists, np.full(n, 0.03 if is_depth else 0.003),
        np.zeros((n, LOOK_DIM), np.float32), np.zeros(n, np.int64), (),
    )  # fmt: skip
    return as_detected(frame, ids)


def watched(wrists: np.ndarray, frames: int = 8, heads: np.ndarray = HEADS) -> Hands:
    hands, ids = no_hands(), np.arange(1, len(heads) + 1)
    for k in range(frames):
        t_ns = T0 + k * SECOND_NS // 15
        hands, _ = follow_hands(hands, floor_of(heads, t_ns), match_of(heads, wrists, ids, t_ns=t_ns), STORE, CONFIG)
    return hands


def places(hands: Hands, heads: np.ndarray = HEADS) -> np.ndarray:
    """Return where hands are, (n, 2, 3), each track's sorted by x: they have no left and right."""
    found = hands.mean + heads[:, None]
    return np.stack([one[np.argsort(one[:, 0])] for one in found])


shift = st.floats(-20.0, 20.0)


@settings(max_examples=25, deadline=None)
@given(x=shift, y=shift, turn=st.floats(0.0, 6.3))
def test_moving_and_turning_the_scene_moves_the_hands(x: float, y: float, turn: float) -> None:
    c, s = np.cos(turn), np.sin(turn)
    R, by = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]), np.array([x, y, 0.0])
    plain, moved = watched(WRISTS), watched(WRISTS @ R.T + by, heads=HEADS @ R.T + by)
    for mean, cov, one, spread in zip(moved.mean, moved.cov, plain.mean @ R.T, R @ plain.cov @ R.T, strict=True):
        same = [0, 1] if np.abs(mean - one).max() < np.abs(mean - one[::-1]).max() else [1, 0]
        assert mean == pytest.approx(one[same], abs=1e-7)
        assert cov == pytest.approx(spread[same], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_whatever_is_seen_leaves_covariances_positive_definite_and_within_the_prior(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hands, ids = no_hands(), np.array([1, 2])
    for k in range(12):
        t_ns = T0 + k * SECOND_NS // 15
        wrists = WRISTS + rng.normal(0.0, rng.choice([0.02, 0.3, 3.0]), WRISTS.shape)
        wrists[rng.random((2, 2)) < 0.3] = np.nan
        match = match_of(HEADS, wrists, ids, camera=int(rng.integers(-1, 2)), t_ns=t_ns)
        hands, _ = follow_hands(hands, floor_of(HEADS, t_ns), match, STORE, CONFIG)
        if not len(hands.track_id):
            continue
        assert np.linalg.eigvalsh(hands.cov).min() > 0.0
        # An observation never makes a hand less certain than one that nobody sees.
        assert np.linalg.eigvalsh(np.diag(resting(CONFIG)[1]) - hands.cov).min() > -1e-9


@settings(max_examples=25, deadline=None)
@given(order=st.permutations([0, 1]), crossed=st.tuples(st.booleans(), st.booleans()))
def test_order_of_detections_and_names_of_hands_change_nothing(order: list[int], crossed: tuple[bool, bool]) -> None:
    before, t_ns = watched(WRISTS), T0 + 8 * SECOND_NS // 15
    later = np.stack([w[::-1] if flip else w for w, flip in zip(WRISTS + 0.01, crossed, strict=True)])
    plain, _ = follow_hands(
        before, floor_of(HEADS, t_ns), match_of(HEADS, WRISTS + 0.01, np.array([1, 2]), t_ns=t_ns), STORE, CONFIG
    )
    match = match_of(HEADS[order], later[order], np.array([1, 2])[order], t_ns=t_ns)
    other, _ = follow_hands(before, floor_of(HEADS, t_ns), match, STORE, CONFIG)
    assert places(other) == pytest.approx(places(plain), abs=1e-9)


def test_two_image_cameras_triangulate_a_wrist_that_one_leaves_on_its_ray() -> None:
    heads, wrists, ids = HEADS[:1], WRISTS[:1], np.array([1])
    one, both = no_hands(), no_hands()
    for k in range(20):
        t_ns = T0 + k * SECOND_NS // 30
        floor = floor_of(heads, t_ns)
        both, _ = follow_hands(both, floor, match_of(heads, wrists, ids, camera=k % 2, t_ns=t_ns), STORE, CONFIG)
        one, _ = follow_hands(one, floor, match_of(heads, wrists, ids, camera=0, t_ns=t_ns), STORE, CONFIG)
    assert places(both, heads) == pytest.approx(wrists, abs=0.04)
    widest = {name: np.sqrt(np.linalg.eigvalsh(h.cov)[..., -1]).max() for name, h in (("one", one), ("both", both))}
    assert widest["both"] < 0.1 < widest["one"] < CONFIG.spread_m


def test_far_apart_every_wrist_is_whose_the_detector_says() -> None:
    away = np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
    heads, wrists = HEADS + away, WRISTS + away[:, None]
    _, match = follow_hands(no_hands(), floor_of(heads), match_of(heads, wrists, np.array([1, 2])), STORE, CONFIG)
    assert match.wrist_id.tolist() == [[1, 1], [2, 2]]


def test_wrists_of_two_people_taken_for_one_go_to_whose_they_are() -> None:
    """A detector sees two people as one and gives the hidden one's hands to the other."""
    wrists = WRISTS.copy()
    wrists[1, 0] = [1.8, 1.5, 0.9]  # too far from the other to be theirs at once
    before, t_ns = watched(wrists), T0 + 8 * SECOND_NS // 15
    merged = match_of(HEADS[:1], wrists[1:], np.array([1]), t_ns=t_ns)
    after, match = follow_hands(before, floor_of(HEADS, t_ns), merged, STORE, CONFIG)
    assert match.wrist_id.tolist() == [[2, 2]]
    assert places(after)[1] == pytest.approx(wrists[1], abs=0.05)


def test_a_wrist_put_on_the_wrong_person_goes_back() -> None:
    wrists = np.array([[[0.8, 1.3, 1.1], [1.1, 1.1, 1.5]], [[1.6, 1.5, 0.8], [1.9, 1.3, 1.1]]])
    swapped = wrists.copy()
    swapped[0, 1], swapped[1, 0] = wrists[1, 0], wrists[0, 1]
    t_ns = T0 + 8 * SECOND_NS // 15
    match = match_of(HEADS, swapped, np.array([1, 2]), t_ns=t_ns)
    _, said = follow_hands(watched(wrists), floor_of(HEADS, t_ns), match, STORE, CONFIG)
    assert said.wrist_id.tolist() == [[1, 2], [1, 2]]


MIDWAY = np.array([[[1.35, 1.35, 1.05], [np.nan, np.nan, np.nan]]])  # as well within reach of the one as of the other


def test_a_wrist_of_two_taken_for_one_is_doubtful_until_a_frame_shows_both() -> None:
    """Hands that went to a neighbour with no doubt at all had charged them for what the other took."""
    t_ns = T0
    hands, match = follow_hands(no_hands(), floor_of(HEADS), match_of(HEADS[:1], MIDWAY, np.array([1])), STORE, CONFIG)
    for _ in range(5):
        assert match.wrist_id[0, 0] == 1 and match.rival_id[0, 0] == 2
        assert match.rival_p[0, 0] == pytest.approx(CONFIG.merged_p, abs=0.03), "frames alike make it no surer"
        rival_id, rival_p = rivals_of(hands, np.array([0, 1, 2]))
        assert rival_id[1].max() == 2 and rival_p[1].max() == match.rival_p[0, 0]
        assert (rival_id[[0, 2]] == -1).all() and np.count_nonzero(rival_p) == 1
        t_ns += SECOND_NS // 15
        merged = match_of(HEADS[:1], MIDWAY, np.array([1]), t_ns=t_ns)
        hands, match = follow_hands(hands, floor_of(HEADS, t_ns), merged, STORE, CONFIG)
    both = np.concatenate([np.full((1, 2, 3), np.nan), MIDWAY])
    shown = match_of(HEADS, both, np.array([1, 2]), t_ns=t_ns + SECOND_NS // 15)
    hands, match = follow_hands(hands, floor_of(HEADS, t_ns + SECOND_NS // 15), shown, STORE, CONFIG)
    assert match.wrist_id[1, 0] == 2 and places(hands)[1, :, 0].min() < 1.45, "and then it is the other's"


@pytest.mark.parametrize("place", [[1.2, 1.75, 1.75], [0.9, 0.6, 1.7], [1.4, 1.2, 1.7]])
def test_a_hand_that_goes_off_at_once_is_followed(place: list[float]) -> None:
    hands, ids, t_ns = watched(WRISTS[:1], heads=HEADS[:1]), np.array([1]), T0 + 8 * SECOND_NS // 15
    wrists = np.array([[place, [np.nan] * 3]])
    hands, match = follow_hands(
        hands, floor_of(HEADS[:1], t_ns), match_of(HEADS[:1], wrists, ids, t_ns=t_ns), STORE, CONFIG
    )
    assert match.wrist_id[0, 0] == 1 and np.linalg.norm(places(hands, HEADS[:1])[0] - place, axis=1).min() < 0.15


def test_a_hand_nobody_sees_goes_back_to_rest_and_says_nothing() -> None:
    hands, ids = watched(WRISTS), np.array([1, 2])
    mean, cov = hands_of(hands, ids, T0 + 30 * SECOND_NS, CONFIG)
    rest, var = resting(CONFIG)
    assert mean == pytest.approx(np.tile(rest, (2, 2, 1)), abs=1e-6)
    assert cov == pytest.approx(np.tile(np.diag(var), (2, 2, 1, 1)), abs=1e-6)
    assert nats_at(WRISTS[0], HEADS, mean, cov, 0.12, CONFIG) == pytest.approx(np.zeros((2, 2)), abs=1e-4)


def test_a_hand_at_the_goods_is_told_from_one_beside_them() -> None:
    hands = watched(WRISTS)
    at = nats_at(WRISTS[0, :1], HEADS, hands.mean, hands.cov, 0.12, CONFIG)
    assert at[0].max() > 1.5 and at[0].min() < -1.0 and at[1].max() < -1.0


def test_a_track_that_came_since_has_hands_at_rest() -> None:
    mean, _ = hands_of(watched(WRISTS), np.array([2, 7]), T0, CONFIG)
    assert mean[1] == pytest.approx(np.tile(resting(CONFIG)[0], (2, 1)))


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_what_a_wrist_says_is_the_density_of_what_it_is_off_by(seed: int, is_depth: bool) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 0.2, (3, 3))
    mean, cov, head = rng.normal([0, 0, -0.5], 0.2), root @ root.T + 1e-3 * np.eye(3), HEADS[0]
    R, T = STORE.R[0], STORE.T[0]
    wrist = head + mean + rng.normal(0, 0.2, 3)
    if not is_depth:
        local = to_camera(wrist[None], R, T)[0]
        wrist = local[:2] / local[2]
    sd = 0.03 if is_depth else 0.003
    wrists = np.tile(wrist, (1, 2, 1))
    frame = WristFrame(head[None], wrists, np.ones((1, 2), bool), np.zeros(1, int), is_depth, np.array([sd]), R, T)
    hands = np.tile(mean, (1, 2, 1)), np.tile(cov, (1, 2, 1, 1))
    y, H, S = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    m = _against(*hands, 0, 0, head[None], wrists, 0, 0, is_depth, sd, 0.06**2, R, T, y, H, S)
    y, S = y[:m], S[:m, :m]
    near, nobodys = np.ones((1, 1), bool), Lent(np.zeros(2, int), np.zeros(0, int))
    shown = _shown(near, nobodys, *hands, frame, hand_rules(CONFIG))
    expected = multivariate_normal.logpdf(y, np.zeros(len(y)), S) + 0.5 * len(y) * np.log(2 * np.pi)
    assert _fit(shown, 0, 0, is_depth, wrists, 0, 0, sd, 0.06**2) == pytest.approx(expected, rel=1e-9, abs=1e-9)
