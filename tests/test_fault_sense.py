"""Faults of what sensors make of things: knocked cameras, lying carts, portals that hear too far, plates that drift."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.messages import Boxes, Cart, CartMove, Frame, Health, Malformed, Message, People, Plates, Portal
from fusion.store import Store
from fusion.tracking.camera import project
from fusion.wire import decode, encode, topic_of
from scenarios.layout import build_store
from scenarios.shops import shop_named
from sensors.fault_stream import disturb
from sensors.faults import Fault
from sensors.world import generator

few = settings(max_examples=40, deadline=None)
places = st.lists(st.tuples(st.floats(0.5, 5.0), st.floats(0.5, 4.0), st.floats(1.0, 1.8)), min_size=1, max_size=5)


@cache
def store() -> Store:
    return build_store(shop_named("corner"), generator(0, 0))


def through(fault: Fault, *messages: Message) -> list[Message]:
    """Return messages of one source, one a second from 0 s on, as they are with a fault."""
    timed = [(float(at), Frame(topic_of(m), encode(m), at)) for at, m in enumerate(messages)]
    out = [
        decode(one.topic, one.payload) for _, one in disturb((fault,), messages[0].src, timed, store=store(), seed=3)
    ]
    assert not any(isinstance(one, Malformed) for one in out)
    return out  # type: ignore[return-value]


def camera(kind: str) -> int:
    return int(np.flatnonzero(store().cameras.is_depth == (kind == "depth"))[0])


def people(row: int, head: np.ndarray) -> People:
    n, f4 = len(head), np.float32
    hands = np.repeat(head[:, None] - [0.0, 0.0, 0.5], 2, axis=1)
    return People.of(
        store().cameras.camera_id[row], 0, 1, head.astype(f4), hands.astype(f4), np.full(n, 0.03, f4), np.ones(n, f4),
        np.zeros((n, 0), f4), (None,) * n, (),
    )  # fmt: skip


@few
@given(places, st.floats(-20.0, 20.0))
def test_a_knocked_depth_camera_keeps_distances_and_turns_directions_by_its_tilt(
    heads: list[tuple[float, float, float]], degrees: float
) -> None:
    row, head = camera("depth"), np.array(heads)
    (seen,) = through(Fault("rotated", size=degrees or 1.0), people(row, head))
    assert isinstance(seen, People)
    R, T = store().cameras.R[row], store().cameras.T[row]
    before, after = head @ R.T + T, seen.head.astype(np.float64) @ R.T + T
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), np.linalg.norm(before, axis=1), atol=1e-4)
    np.testing.assert_allclose(after[:, 0], before[:, 0], atol=1e-4)
    turned = np.arctan2(after[:, 2], after[:, 1]) - np.arctan2(before[:, 2], before[:, 1])
    np.testing.assert_allclose(np.rad2deg((turned + np.pi) % (2 * np.pi) - np.pi), degrees or 1.0, atol=0.05)


@few
@given(places, st.floats(-5.0, 5.0))
def test_a_knocked_image_camera_sees_what_one_with_that_pose_would_see(
    heads: list[tuple[float, float, float]], degrees: float
) -> None:
    row, cameras = camera("image"), store().cameras
    K, dist, R, T = cameras.K[row], cameras.dist[row], cameras.R[row], cameras.T[row]
    px = project(np.array(heads), K, dist, R, T)
    ahead = np.isfinite(px).all(axis=1) & (px > 0).all(axis=1) & (px < cameras.size_px[row]).all(axis=1)
    px = px[ahead].astype(np.float32)
    n, f4 = len(px), np.float32
    message = Boxes.of(
        cameras.camera_id[row], 0, 1, np.tile(f4([10, 10, 40, 90]), (n, 1)), px, px, np.full((n, 2, 2), np.nan, f4),
        np.full(n, 2, f4), np.ones(n, f4), np.zeros((n, 0), f4), (None,) * n, (),
    )  # fmt: skip
    (seen,) = through(Fault("rotated", size=degrees or 1.0), message)
    c, s = np.cos(np.deg2rad(degrees or 1.0)), np.sin(np.deg2rad(degrees or 1.0))
    tilt = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    assert isinstance(seen, Boxes)
    np.testing.assert_allclose(seen.head, project(np.array(heads)[ahead], K, dist, tilt @ R, tilt @ T), atol=0.5)
    assert np.isnan(seen.hands).all() and (seen.box[:, 2:] >= 0).all()


def test_a_lying_cart_names_any_product_and_sees_moves_that_never_were_while_it_lasts() -> None:
    cart, move = store().carts[0], CartMove(5, 1, (("a", 0.9),), 0.8)
    reports = [Cart(cart, at, at, (1.0, 1.0), 0.1, (move,) if at == 3 else (), 50.0) for at in range(20)]
    told = through(Fault("lying", cart, to_s=10.0), *reports)
    assert all(isinstance(one, Cart) and len(one.moves) == (2 if at == 3 else 1) for at, one in enumerate(told[:10]))
    assert told[10:] == reports[10:]
    named = {sku for one in told[:10] if isinstance(one, Cart) for m in one.moves for sku, _ in m.beliefs}
    assert named <= set(store().products.sku) and len(named) > 3


def test_a_portal_that_reads_across_hears_goods_of_the_store_without_losing_what_it_heard_or_its_count() -> None:
    portal = store().portals[0][0]
    said: list[Message] = [
        Portal(portal, at, at, portal, (("ff00", -52.0),)) if at == 4 else Health(portal, at, at, "ok", "")
        for at in range(12)
    ]
    heard = through(Fault("cross-reading", portal, from_s=2.0, to_s=9.0), *said)
    assert [one.seq for one in heard] == list(range(12))
    assert heard[:2] == said[:2] and heard[9:] == said[9:]
    strange = [one for one in heard[2:9] if isinstance(one, Portal)]
    assert len(strange) == 7 and strange[2].tags[0] == ("ff00", -52.0)
    prefixes = tuple(prefix for prefix in store().products.epc_prefix if prefix)
    assert all(epc.startswith(prefixes) for one in strange for epc, _ in one.tags if epc != "ff00")


def test_a_drifting_plate_walks_away_evenly_and_comes_back_when_the_fault_ends() -> None:
    src = store().plates.controller[0]
    rows = [row for row, one in enumerate(store().plates.controller) if one == src]
    channels, name = len(rows), store().plates.plate_id[rows[0]]
    column = int(store().plates.channel[rows[0]])
    flat = np.full((12, channels), 500.0, np.float32)
    batches = [Plates(src, at, at * 10**9, 10**9 // 12, flat) for at in range(10)]
    shown = through(Fault("drifting", src, from_s=2.0, to_s=8.0, plates=(name,), size=3.0), *batches)
    g = np.concatenate([one.g for one in shown if isinstance(one, Plates)]).astype(np.float64)
    assert (np.delete(g, column, axis=1) == 500.0).all()
    np.testing.assert_allclose(np.diff(g[24:96, column]), 3.0 / 12, atol=1e-3)
    assert (g[:24, column] == 500.0).all() and (g[96:, column] == 500.0).all()


@few
@given(st.floats(-500.0, 500.0).filter(lambda g: abs(g) > 1.0), st.sampled_from([0.0, 0.05, 2.5]))
def test_a_plate_that_jumps_goes_to_another_level_within_the_time_said_and_stays(
    size_g: float, within_s: float
) -> None:
    src = store().plates.controller[0]
    row = store().plates.controller.index(src)
    channels, name, column = (
        store().plates.controller.count(src),
        store().plates.plate_id[row],
        store().plates.channel[row],
    )
    flat = np.full((60, channels), 500.0, np.float32)
    batches = [Plates(src, at, at * 10**9, 10**9 // 60, flat) for at in range(10)]
    shown = through(Fault("jumping", src, from_s=2.0, plates=(name,), size=size_g, seconds=within_s), *batches)
    g = np.concatenate([one.g for one in shown if isinstance(one, Plates)]).astype(np.float64)
    assert (np.delete(g, column, axis=1) == 500.0).all()
    off = (g[:, column] - 500.0) / size_g
    assert (off[:120] == 0.0).all() and abs(off[-1] - 1.0) < 1e-4 and (np.diff(off) >= -1e-4).all()
    between = int(((off > 1e-4) & (off < 1.0 - 1e-4)).sum())
    assert abs(between - 60 * within_s) <= 1 and (off[120 + 60 + int(60 * within_s) + 1 :] > 1.0 - 1e-4).all()
