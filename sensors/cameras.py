"""Ceiling cameras: depth cameras that send `people`, image cameras that send `boxes`."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints, Singles
from fusion.messages import Boxes, Held, Message, People
from sensors.clocks import Clock
from sensors.optics import Eye, eye_of, project
from sensors.sending import Sent
from sensors.sightings import View, device_ids, looks, read_hand, view
from sensors.world import BODY_RADIUS_M, World

DEPTH_SD_M: Final = 0.018
DEPTH_SD_PER_M2: Final = 0.0022  # depth error grows with the square of the distance
PIXEL_SD: Final = 3.0
PIXEL_SD_NEAR: Final = 4.0  # px times metres: a near body is large, and its middle less sure
CLUTTER_P: Final = 0.004  # a frame
DROP_P: Final = 0.003  # frames that are never sent
FRAME_JITTER_S: Final = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Who is reported in one frame, m of them; clutter has person -1."""

    person: Ints  # (m,)
    head: Floats  # (m, 3) m
    foot: Floats  # (m, 3)
    hands: Floats  # (m, 2, 3), NaN where hidden
    foot_clear: Floats  # (m,) 1 or NaN
    distance_m: Floats  # (m,)
    score: Floats  # (m,)
    look: Floats  # (m, d)
    ids: tuple[str | None, ...]
    held: tuple[Held, ...]


def camera_messages(world: World, camera: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return what one ceiling camera sends over the whole scenario."""
    row = world.store.cameras.camera_id.index(camera)
    eye = eye_of(world.store.cameras, row)
    say = _people if world.store.cameras.is_depth[row] else _boxes
    period_s = 1.0 / float(world.store.cameras.fps[row])
    t_s = np.arange(rng.uniform(0.0, period_s), world.seconds - 0.5, period_s)
    t_s = np.maximum(t_s + rng.normal(0.0, FRAME_JITTER_S, t_s.size), 0.0)
    sights = view(world, eye, t_s, rng)
    names = device_ids(sights.seen, t_s, world.bodies.foot[:, sights.rows].swapaxes(0, 1), camera, rng)
    work_s = rng.uniform(0.04, 0.1) + rng.gamma(2.0, 0.006, t_s.size)
    dropped = rng.random(t_s.size) < DROP_P
    sent: list[Sent] = []
    for frame in np.flatnonzero(~dropped):
        t = float(t_s[frame])
        found = _frame(world, eye, sights, int(frame), names[frame], rng)
        message = say(camera, clock.read_ns(t, epoch_ns), eye, found, rng)
        sent.append((t + float(work_s[frame]), message))
    return sent


def _frame(world: World, eye: Eye, sights: View, frame: int, names: list[str], rng: np.random.Generator) -> _Frame:
    bodies, at = world.bodies, sights.rows[frame]
    person = np.flatnonzero(sights.seen[frame])
    hands = np.where(sights.hand_clear[frame, person, :, None], bodies.hands[person, at], np.nan)
    foot = np.column_stack([bodies.foot[person, at], np.zeros(person.size)])
    clear = np.where(sights.foot_clear[frame, person], 1.0, np.nan)
    score = np.clip(rng.normal(0.95, 0.03, person.size), 0.3, 1.0)
    held = tuple(
        one
        for row, who in enumerate(person)
        for hand in range(2)
        if sights.hand_clear[frame, who, hand]
        and (one := read_hand(row, hand, int(bodies.held[who, at, hand]), world.store.products, rng))
    )
    found = _Frame(
        person,
        bodies.head[person, at],
        foot,
        hands,
        clear,
        sights.distance_m[frame, person],
        score,
        looks(bodies.looks[bodies.outfit[person, at]], rng),
        tuple(names[who] for who in person),
        held,
    )
    return _with_ghost(world, eye, found, rng) if rng.random() < CLUTTER_P else found


def _with_ghost(world: World, eye: Eye, found: _Frame, rng: np.random.Generator) -> _Frame:
    """Add a detection of nobody: a coat, a reflection, a poster."""
    low, high = world.store.outline.min(axis=0), world.store.outline.max(axis=0)
    xy = rng.uniform(low, high)
    head = np.array([*xy, rng.uniform(1.2, 1.8)])
    if not project(eye, head)[1]:
        return found
    look = rng.normal(size=(1, found.look.shape[1]))
    return _Frame(
        np.append(found.person, -1),
        np.vstack([found.head, head]),
        np.vstack([found.foot, [*xy, 0.0]]),
        np.concatenate([found.hands, np.full((1, 2, 3), np.nan)]),
        np.append(found.foot_clear, np.nan),
        np.append(found.distance_m, np.linalg.norm(head - eye.place)),
        np.append(found.score, rng.uniform(0.3, 0.6)),
        np.vstack([found.look, look / np.linalg.norm(look)]),
        (*found.ids, None),
        found.held,
    )


def _people(src: str, t_ns: int, eye: Eye, found: _Frame, rng: np.random.Generator) -> Message:
    sd = DEPTH_SD_M + DEPTH_SD_PER_M2 * found.distance_m**2
    head = found.head + rng.normal(0.0, 1.0, found.head.shape) * sd[:, None]
    hands = found.hands + rng.normal(0.0, 1.0, found.hands.shape) * sd[:, None, None]
    return People(
        src,
        0,
        t_ns,
        head=_single(head),
        hands=_single(hands),
        sd=_single(sd),
        score=_single(found.score),
        look=_single(found.look),
        ids=found.ids,
        held=found.held,
    )


def _boxes(src: str, t_ns: int, eye: Eye, found: _Frame, rng: np.random.Generator) -> Message:
    sd = PIXEL_SD + PIXEL_SD_NEAR / np.maximum(found.distance_m, 0.5)
    head, foot, hands = (project(eye, points)[0] for points in (found.head, found.foot, found.hands))
    return Boxes(
        src,
        0,
        t_ns,
        box=_single(_box(eye, found, sd, rng)),
        head=_single(head + rng.normal(0.0, 1.0, head.shape) * sd[:, None]),
        foot=_single((foot + rng.normal(0.0, 1.0, foot.shape) * sd[:, None]) * found.foot_clear[:, None]),
        hands=_single(hands + rng.normal(0.0, 1.0, hands.shape) * sd[:, None, None]),
        sd=_single(sd),
        score=_single(found.score),
        look=_single(found.look),
        ids=found.ids,
        held=found.held,
    )


def _box(eye: Eye, found: _Frame, sd: Floats, rng: np.random.Generator) -> Floats:
    """Return the box round each body as far as the image goes, (m, 4) px."""
    turn = np.arange(8) * (np.pi / 4.0)
    rim = BODY_RADIUS_M * np.column_stack([np.cos(turn), np.sin(turn), np.zeros(8)])
    crown = found.head[:, None, :] + 0.6 * rim + np.array([0.0, 0.0, 0.1])
    edge = project(eye, np.concatenate([found.foot[:, None, :] + rim, crown], axis=1))[0]
    edge = np.clip(edge, 0.0, eye.size_px - 1.0)
    low, high = edge.min(axis=1), edge.max(axis=1)
    low = low + rng.normal(0.0, 1.0, low.shape) * sd[:, None]
    return np.hstack([low, np.maximum(high - low, 1.0)])


def _single(values: Floats) -> Singles:
    out: Singles = values.astype("<f4")
    out.setflags(write=False)
    return out
