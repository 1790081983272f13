"""Ceiling cameras: depth cameras that send `people`, image cameras that send `boxes`.

habits.py     what sets one camera apart: frame rate, calibration, colours, classifier
views.py      who is in the picture and which parts of them are in the open (optics.py, occlusion.py, shelving.py)
noticing.py   who is detected, and which two are taken for one
detections.py what is believed of them (estimates.py, appearance.py, held.py), doubles, things (clutter.py)
identities.py the camera's own names; here: frame times, white noise, messages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Bools, Floats, Singles
from fusion.messages import Boxes, Held, Message, People
from sensors.clocks import Clock
from sensors.detections import Detections, WordLists, detect
from sensors.habits import AIM_M, AIM_PX, Habits, draw_habits
from sensors.identities import draw_swaps, name_rows
from sensors.noticing import notice, range_m
from sensors.optics import Eye, eye_of, project
from sensors.sending import Sent
from sensors.views import boxes_of, views
from sensors.wander import spells
from sensors.world import World

Random: TypeAlias = np.random.Generator

DEPTH_SD_M: Final = 0.018
DEPTH_SD_PER_M2: Final = 0.0022  # depth error grows with the square of the distance
PIXEL_SD: Final = 1.5
PIXEL_SD_PER_PX: Final = 0.008  # of the height of a body: the middle of a large one is less sure
BODY_M: Final = 1.7
HAND_NOISE: Final = 1.8  # of the head's
DROP_P: Final = 0.003  # single frames that are never sent
BURST_S: Final = 0.5  # mean length of a stretch of frames that are not sent
BURST_EVERY_S: Final = 60.0
FRAME_JITTER_S: Final = 0.002
WORK_S: Final = (0.04, 0.1)


def camera_messages(world: World, camera: str, clock: Clock, epoch_ns: int, rng: Random) -> list[Sent]:
    """Return what one ceiling camera sends over the whole scenario."""
    cameras = world.store.cameras
    row = cameras.camera_id.index(camera)
    eye = eye_of(cameras, row)
    habits = draw_habits(bool(cameras.is_depth[row]), float(cameras.fps[row]), world.bodies.looks.shape[1], rng)
    t_s = _frame_times(world.seconds, habits.period_s, rng)
    seen = views(world, eye, t_s, range_m(habits.is_depth))
    noticed = notice(seen, habits, rng)
    found = detect(world, eye, seen, noticed, habits, rng)
    names = name_rows(found.frame, found.who, habits.period_s, draw_swaps(seen, noticed.row, rng), rng)
    frames = _frames(found, names, habits, t_s.size)
    stamps = [clock.read_ns(t, epoch_ns) for t in t_s.tolist()]
    say = _people if habits.is_depth else _boxes
    messages = say(camera, stamps, eye, habits, found, frames, rng)
    sent_s = t_s + rng.uniform(*WORK_S) + rng.gamma(2.0, 0.006, t_s.size)
    lost = _lost(t_s.size, habits.period_s, rng)
    return [(t, message) for t, message, gone in zip(sent_s.tolist(), messages, lost, strict=True) if not gone]


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What both kinds of message say of one frame alike."""

    rows: slice  # of the detections
    score: Singles  # (n,)
    look: Singles  # (n, d)
    ids: tuple[str | None, ...]
    held: tuple[Held, ...]


def _frame_times(seconds: float, period_s: float, rng: Random) -> Floats:
    t_s = np.arange(rng.uniform(0.0, period_s), seconds - 0.5, period_s)
    times: Floats = np.maximum(t_s + rng.normal(0.0, FRAME_JITTER_S, t_s.size), 0.0)
    return times


def _lost(frames: int, period_s: float, rng: Random) -> Bools:
    """Draw which frames are never sent: single ones, and stretches of them."""
    lost: Bools = rng.random(frames) < DROP_P
    for first, last in spells(frames, period_s, BURST_S, BURST_EVERY_S, rng):
        lost[first:last] = True
    return lost


def _frames(found: Detections, names: list[str], habits: Habits, frames: int) -> list[_Frame]:
    """Cut the detections, which are by frame, into frames."""
    edges = np.searchsorted(found.frame, np.arange(frames + 1)).tolist()
    score = _single(found.score)
    look = _single(found.look if habits.sends_looks else found.look[:, :0])
    ids: list[str | None] = [*names] if habits.names_people else [None] * len(names)
    return [
        _Frame(slice(a, b), score[a:b], look[a:b], tuple(ids[a:b]), _held(found.words[a:b])) for a, b in pairwise(edges)
    ]


def _held(words: WordLists) -> tuple[Held, ...]:
    return tuple([Held(row, hand, beliefs) for row, said in enumerate(words) for hand, beliefs in said])


def _people(
    src: str, stamps: list[int], eye: Eye, habits: Habits, found: Detections, frames: list[_Frame], rng: Random
) -> Iterator[Message]:
    distance = _distance(eye, found)
    noise = (DEPTH_SD_M + DEPTH_SD_PER_M2 * distance**2) * found.spread
    total = np.sqrt(noise**2 + habits.bias_m**2 + AIM_M**2)
    head = _single(found.head + habits.aim_m + _white(found.head.shape, noise, rng))
    hands = _single(found.hands + habits.aim_m + _white(found.hands.shape, HAND_NOISE * noise, rng))
    sd = _single(total)
    for t_ns, frame in zip(stamps, frames, strict=True):
        at = frame.rows
        yield People.of(src, 0, t_ns, head[at], hands[at], sd[at], frame.score, frame.look, frame.ids, frame.held)


def _boxes(
    src: str, stamps: list[int], eye: Eye, habits: Habits, found: Detections, frames: list[_Frame], rng: Random
) -> Iterator[Message]:
    px_per_m = float(eye.K[:2].mean()) / _distance(eye, found)
    noise = (PIXEL_SD + PIXEL_SD_PER_PX * BODY_M * px_per_m) * found.spread
    total = np.sqrt(noise**2 + (habits.bias_m * px_per_m) ** 2 + AIM_PX**2)
    head, foot, hands = (
        _single(project(eye, points)[0] + habits.aim_px + _white((*points.shape[:-1], 2), share * noise, rng))
        for points, share in ((found.head, 1.0), (found.foot, 1.0), (found.hands, HAND_NOISE))
    )
    box, sd = _single(_seen_boxes(eye, found, noise, rng)), _single(total)
    for t_ns, frame in zip(stamps, frames, strict=True):
        at = frame.rows
        yield Boxes.of(
            src, 0, t_ns, box[at], head[at], foot[at], hands[at], sd[at],
            frame.score, frame.look, frame.ids, frame.held,
        )  # fmt: skip


def _distance(eye: Eye, found: Detections) -> Floats:
    """Return how far each detection is from the camera, (k,) m; a head outside the picture leaves what is lowest."""
    point = np.where(np.isnan(found.head), found.base, found.head)
    distance: Floats = np.maximum(np.linalg.norm(point - eye.place, axis=1), 0.5)
    return distance


def _seen_boxes(eye: Eye, found: Detections, noise: Floats, rng: Random) -> Floats:
    """Return the boxes round what the picture has of each body, (k, 4) px left, top, width, height."""
    head = np.where(np.isnan(found.head), found.base + np.array([0.0, 0.0, BODY_M]), found.head)
    edge = boxes_of(eye, found.base, head)
    edge += _white(edge.shape, noise, rng)
    edge = np.clip(edge, 0.0, np.tile(eye.size_px - 1.0, 2))
    return np.hstack([edge[:, :2], np.maximum(edge[:, 2:] - edge[:, :2], 1.0)])


def _white(shape: tuple[int, ...], sd: Floats, rng: Random) -> Floats:
    """Draw noise of the shape (k, ...) with the SD of each row, (k,)."""
    noise: Floats = rng.normal(size=shape) * sd.reshape(-1, *[1] * (len(shape) - 1))
    return noise


def _single(values: Floats) -> Singles:
    out: Singles = values.astype("<f4")
    out.setflags(write=False)
    return out
