"""Compile modules and numba kernels once and leave them in their caches: `python -m fusion.warm` in `make setup`.

An editable installation compiles no module ahead, and where Python is told to write no bytecode every start of the
command would compile two hundred of them again.

The engine itself runs over a few seconds of two people who walk side by side, in view of a depth and an image camera,
past plates from which something is taken: so each kernel is compiled for the types it will meet.

Kernels of tracking, shelf and intake divide as numpy does (error_model): to ask of every divisor whether it is zero
takes a sixth of their time, for an exception that none of them could do anything about.
"""

from collections.abc import Iterator
from compileall import compile_dir
from pathlib import Path

import numpy as np

from fusion.arrays import Floats, Singles
from fusion.attribution.bodies import joined_into, latest
from fusion.attribution.handover import touching
from fusion.attribution.last_seen import beside, floor_nats, out_nats, posture, set_down_nats
from fusion.attribution.look import Looked, no_looks, with_looks
from fusion.attribution.looks import lenders, looks_at_hands
from fusion.attribution.past import Past
from fusion.attribution.possession import Content, contents, has_passed, near_of, shelf_m
from fusion.attribution.reaching import at_others, next_picks
from fusion.attribution.stooping import stoops_now
from fusion.attribution.unwatched import may_be_unwatched, unwatched_now
from fusion.config import SECOND_NS, Config
from fusion.engine import finish, first_state, make_engine, step
from fusion.frozen import replace
from fusion.health.coverage import stands_between
from fusion.health.holds import over
from fusion.intake import slice_of
from fusion.messages import Boxes, Message, People, Plates
from fusion.shelf import ShelfChange
from fusion.store import Cameras, Facings, Gates, Products, Store
from fusion.store import Plates as PlateTable
from fusion.tracking.assignment import assign
from fusion.tracking.camera import project, undistort
from fusion.tracking.geometry import inside
from fusion.tracking.hands import nats_at, nearest_m

SECONDS = 12
SLICE_NS, FRAME_NS, SAMPLE_NS, SAMPLES = SECOND_NS // 20, SECOND_NS // 10, SECOND_NS // 60, 12
LOOK = np.eye(2, 8, dtype=np.float32)


def warm() -> None:
    """Compile the modules of fusion, and run the engine over the tape."""
    compile_dir(Path(__file__).parent, quiet=1)
    store = _store()
    engine = make_engine(store, Config())
    state, messages = first_state(engine), sorted(_tape(store), key=lambda m: (m.t_ns, m.src, m.seq))
    for start_ns in range(SECOND_NS, (1 + SECONDS) * SECOND_NS, SLICE_NS):
        now = tuple(m for m in messages if start_ns <= m.t_ns < start_ns + SLICE_NS)
        state, _ = step(engine, state, slice_of(start_ns, start_ns + SLICE_NS, now))
    finish(engine, state)
    _warm_attribution(state.attribution.seen.bodies, store)
    # What only more people, or other programs, would ask for.
    undistort(np.zeros((1, 2)), store.cameras.K[0], store.cameras.dist[0])
    nearest_m(np.zeros((2, 2, 3)))
    assign(np.zeros((2, 2)))
    one = np.zeros((1, 2))
    over(np.zeros((1, 2, 3)), one, np.zeros((1, 3)), one[0], one[0], one, 0.0, 0.0)
    stands_between(np.zeros((1, 3)), np.ones(3), np.linspace(0.0, 1.0, 3), store.outline, 1.0, np.zeros(1, np.bool_))
    for places in (np.zeros((2, 2)), np.zeros((2, 5))[:, :2]):
        inside(places, store.outline)


def _warm_attribution(past: Past, store: Store) -> None:
    """Ask what attribution asks of people with a trip, and where much happens at once."""
    config, now = Config().attribution, latest(past)
    seen, gates_xy = posture(1, now.t_ns, past, {}, now.track_id, config.possession), store.gates.line.mean(axis=1)
    set_down_nats(seen, gates_xy, config.possession)
    floor_nats(seen, np.zeros((1, 3)), np.zeros(1), config.possession)
    out_nats(seen, store.plates.centre, gates_xy, config.possession)
    beside(1, now.t_ns, past, {}, {}, config.touch_m, config.possession)
    touching(now.head, now.head[:, None] + now.hands, store, config)
    hidden = replace(now, unseen_s=now.unseen_s + 60.0)
    may_be_unwatched(hidden, config.unwatched)
    unwatched_now((), hidden, {}, frozenset(), config.unwatched)
    stoops_now((), replace(now, head=now.head * 0.1), store.plates.centre, np.ones(3, np.bool_), config.stoop)
    looks, alone = with_looks(no_looks(), Looked([now.t_ns], [1], [1], [2], [0.1], [0], [0.5]), 0), joined_into({1}, {})
    looks_at_hands(now.t_ns, looks, {}, config, (1, 2))
    lenders(now.t_ns, looks, np.array([1]), alone, {}, config)
    contents(looks, {}, 0, now.t_ns + 1, config.possession)
    has_passed(0, "a", now.t_ns, now.t_ns, looks, {}, {}, config.possession)
    near_of(Content(now.t_ns, now.t_ns, 1, 0.0, (), ()), past, config.possession)
    shelf_m(0, 1, past, (now.t_ns, now.t_ns), {}, store)
    change = ShelfChange(now.t_ns, now.t_ns, now.t_ns, (0,), (-200.0,), (1.0,))
    at_others(now.t_ns, (1, 2), (change,), past, store, config)
    next_picks(now.t_ns - SECOND_NS, 0.0, (1, 2), (change,), past, {}, store, config)
    nats_at(store.plates.centre, now.head, now.hands, now.hands_cov, config.hand_sd_m, config.hands)


def _store() -> Store:
    """Return a square floor with a gate, three plates and two cameras that look down on it."""
    n, down = 3, np.diag([1.0, -1.0, -1.0])
    over = np.array([[2.0, 2.0, 4.0], [2.2, 2.0, 4.0]])
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    centre = np.column_stack([1.0 + 0.3 * np.arange(n), np.full(n, 3.0), np.ones(n)])
    return Store(
        "warm", "USD", "UTC", "holder", square, (), Gates(("door",), ("both",), square[None, :2] * 1.0),
        Cameras(
            ("cam-1", "cam-2"), np.array([True, False]), np.full((2, 2), 1000.0),
            np.full((2, 4), (400.0, 400.0, 500.0, 500.0)), np.zeros((2, 5)), np.stack([down, down]), -over @ down.T,
            np.full(2, 10.0),
        ),
        (), (), (),
        PlateTable(
            ("P1", "P2", "P3"), ("G1",) * n, ("S1",) * n, ("ctl",) * n, np.arange(n), centre, np.zeros(n),
            np.full((n, 2), 0.3), np.full(n, 2e4),
        ),
        Products(
            ("a",), ("a",), np.array([100]), np.zeros(1, np.bool_), np.array([200.0]), np.ones(1), ("c",), ("g",),
            np.zeros(1, np.bool_), np.zeros(1, np.int64), ("",),
        ),
        Facings(("F1",), np.zeros(1, np.int64), ((0, 1, 2),), np.array([9])),
    )  # fmt: skip


def _tape(store: Store) -> Iterator[Message]:
    rng = np.random.default_rng(1)
    for seq in range(SECONDS * SECOND_NS // FRAME_NS):
        t_ns = SECOND_NS + seq * FRAME_NS
        head, hands = _people((t_ns - SECOND_NS) / SECOND_NS)
        yield _depth_frame(seq, t_ns, head, hands)
        yield _image_frame(seq, t_ns + FRAME_NS // 2, head, hands, store.cameras)
    for seq in range(SECONDS * SECOND_NS // (SAMPLE_NS * SAMPLES)):
        t_ns = SECOND_NS + seq * SAMPLE_NS * SAMPLES
        g = 5000.0 + rng.normal(0, 0.5, (SAMPLES, 3)) - (200.0 if t_ns > 7 * SECOND_NS else 0.0) * np.eye(3)[1]
        yield Plates("ctl", seq, t_ns, SAMPLE_NS, g.astype(np.float32))


def _people(t_s: float) -> tuple[Floats, Floats]:
    """Return heads (2, 3) and hands (2, 2, 3), m."""
    x = 1.0 + 2.0 * abs((t_s / 3.0) % 2.0 - 1.0)
    head = np.array([[x, 2.4, 1.6], [x + 0.3, 2.0, 1.7]])
    return head, head[:, None, :] + np.array([[0.1, 0.2, -0.6], [-0.1, 0.1, -0.7]])


def _depth_frame(seq: int, t_ns: int, head: Floats, hands: Floats) -> People:
    sd, score = np.full(2, 0.03, np.float32), np.full(2, 0.9, np.float32)
    return People.of(
        "cam-1", seq, t_ns, head.astype(np.float32), hands.astype(np.float32), sd, score, LOOK, ("1", "2"), ()
    )


def _image_frame(seq: int, t_ns: int, head: Floats, hands: Floats, cameras: Cameras) -> Boxes:
    def seen(points: Floats) -> Singles:
        flat = project(points.reshape(-1, 3), cameras.K[1], cameras.dist[1], cameras.R[1], cameras.T[1])
        return flat.reshape(*points.shape[:-1], 2).astype(np.float32)

    foot = head * [1.0, 1.0, 0.0]
    sd, score = np.full(2, 2.0, np.float32), np.full(2, 0.9, np.float32)
    box = np.zeros((2, 4), np.float32)
    return Boxes.of(
        "cam-2", seq, t_ns, box, seen(head), seen(foot), seen(hands), sd, score, LOOK, ("1", None), ()
    )  # fmt: skip


if __name__ == "__main__":
    warm()
