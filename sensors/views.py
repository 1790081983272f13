"""What a ceiling camera has before its lens: who is in the picture, where, and which parts of them are in the open.

Only geometry; what the camera makes of it is drawn in noticing.py. One row is one person in one frame, and only people
near the camera and in its picture have rows, so that cost follows what is seen, not how many are in the store.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from sensors.occlusion import behind_fixtures, behind_people
from sensors.optics import Eye, project
from sensors.shelving import behind_shelves, obstacles_of
from sensors.world import BODY_RADIUS_M, HEAD_BELOW_TOP_M, World

PARTS: Final = np.array([0.0, 0.25, 0.5, 0.75, 1.0])  # of the way from foot to head: foot, knee, hip, chest, head
FOOT, KNEE, CHEST, HEAD = 0, 1, 3, 4
SHOULDER_BELOW_TOP_M: Final = 0.27
HEAD_RADIUS_M: Final = 0.11
ROUGH_SIZE: Final = 0.3  # of the picture, beyond each edge: somebody there can still hide others
BESIDE_M: Final = 1.0  # from a sight line: further off nobody hides a part of the body or a hand


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """People before one camera, m rows by frame and then person, and q pairs of rows of one frame."""

    t_s: Floats  # (f,)
    frame: Ints  # (m,)
    person: Ints  # (m,)
    at: Ints  # (m,) sample of the world
    body: Floats  # (m, 5, 3) m, the points of PARTS
    hands: Floats  # (m, 2, 3) m
    distance_m: Floats  # (m,) camera to head
    box: Floats  # (m, 4) px left, top, right, bottom; not cut at the edge of the picture
    framed: Bools  # (m, 5) which points of the body fall inside the picture
    clear: Bools  # (m, 5) and which nothing hides
    hand_clear: Bools  # (m, 2) inside the picture and in the open
    pair: Ints  # (q, 2) every two people of a frame, both ways round


def views(world: World, eye: Eye, t_s: Floats, range_m: float) -> Views:
    """Return everybody within `range_m` who is in the picture or close to its edge, at each of the times, (f,)."""
    frame, person, at, body = _candidates(world, eye, t_s, range_m)
    px, framed = project(eye, body)
    rough = ((px > -ROUGH_SIZE * eye.size_px) & (px < (1.0 + ROUGH_SIZE) * eye.size_px)).all(axis=-1)
    keep = (rough & _in_front(eye, body)).any(axis=-1)
    frame, person, at, body, framed = frame[keep], person[keep], at[keep], body[keep], framed[keep]
    hands = world.bodies.hands[person, at]
    pair = pairs_within(frame)
    points = np.concatenate([body, hands], axis=1)
    hands_framed = project(eye, hands)[1]
    hidden = _hidden_by_store(world, eye, points, np.concatenate([framed, hands_framed], axis=1))
    hidden |= _hidden_by_others(world.bodies.height_m[person], eye, points, pair)
    hidden[:, -2:] |= _hidden_by_self(world.bodies.height_m[person], eye, hands, body[:, FOOT, :2])
    return Views(
        t_s=t_s,
        frame=frame,
        person=person,
        at=at,
        body=body,
        hands=hands,
        distance_m=np.linalg.norm(body[:, HEAD] - eye.place, axis=-1),
        box=boxes_of(eye, body[:, FOOT], body[:, HEAD]),
        framed=framed,
        clear=framed & ~hidden[:, :-2],
        hand_clear=hands_framed & ~hidden[:, -2:],
        pair=pair,
    )


def boxes_of(eye: Eye, foot: Floats, head: Floats) -> Floats:
    """Return the boxes round upright bodies, (m, 4) px left, top, right, bottom, from foot and head, (m, 3) m."""
    turn = np.arange(4) * (np.pi / 2.0)
    rim = BODY_RADIUS_M * np.column_stack([np.cos(turn), np.sin(turn), np.zeros(4)])
    crown = head[:, None, :] + 0.6 * rim + np.array([0.0, 0.0, HEAD_BELOW_TOP_M])
    edge = project(eye, np.concatenate([foot[:, None, :] + rim, crown], axis=1))[0]
    return np.concatenate([edge.min(axis=1), edge.max(axis=1)], axis=-1)


def pairs_within(group: Ints) -> Ints:
    """Return every two different rows, (q, 2), whose group is the same; groups, (m,), are sorted."""
    _, start, count = np.unique(group, return_index=True, return_counts=True)
    others = np.repeat(count, count)
    one = np.repeat(np.arange(len(group)), others)
    first = np.repeat(np.repeat(start, count), others)
    run = np.arange(len(one)) - np.repeat(np.cumsum(others) - others, others)
    pair = np.column_stack([one, first + run])
    different: Ints = pair[pair[:, 0] != pair[:, 1]]
    return different


def _candidates(world: World, eye: Eye, t_s: Floats, range_m: float) -> tuple[Ints, Ints, Ints, Floats]:
    """Return frame, person, sample, each (r,), and body, (r, 5, 3), of all who are near the camera."""
    bodies, rows = world.bodies, world.rows_at(t_s)
    aside = np.linalg.norm(bodies.foot[:, rows] - eye.place[:2], axis=-1)
    frame, person = np.nonzero((bodies.present[:, rows] & (aside < range_m)).T)
    at = rows[frame]
    foot = np.column_stack([bodies.foot[person, at], np.zeros(len(at))])
    head = bodies.head[person, at]
    return frame, person, at, foot[:, None] + PARTS[:, None] * (head - foot)[:, None]


def _in_front(eye: Eye, points: Floats) -> Bools:
    ahead: Bools = (points - eye.place) @ eye.R[2] > 0.0
    return ahead


def _hidden_by_store(world: World, eye: Eye, points: Floats, framed: Bools) -> Bools:
    """Return which points, (m, 7, 3), that are framed, (m, 7), stand behind fixtures or shelves."""
    flat = points[framed]
    obstacles = obstacles_of(world.store)
    hidden = np.zeros(framed.shape, dtype=bool)
    hidden[framed] = behind_fixtures(eye.place, flat, obstacles.solid)
    hidden[framed] |= behind_shelves(eye.place, flat, obstacles.shelves)
    return hidden


def _hidden_by_others(height_m: Floats, eye: Eye, points: Floats, pair: Ints) -> Bools:
    """Return which points, (m, 7, 3), are behind the shoulders or the head of somebody else."""
    hidden = np.zeros(points.shape[:-1], dtype=bool)
    ray, aside = points[:, CHEST, :2] - eye.place[:2], points[:, FOOT, :2] - eye.place[:2]
    length = np.maximum(np.linalg.norm(ray, axis=1), 1e-6)
    behind, before = pair.T
    off = np.abs(aside[before, 0] * ray[behind, 1] - aside[before, 1] * ray[behind, 0]) / length[behind]
    along = (aside[before] * ray[behind]).sum(axis=1) / length[behind]
    close = (off < BESIDE_M) & (along > 0.0) & (along < length[behind] + BESIDE_M)
    behind, before = behind[close], before[close]
    foot, top = points[before, None, FOOT, None, :2], height_m[before, None, None]
    view = points[behind]
    by = behind_people(eye.place, view, foot, top - SHOULDER_BELOW_TOP_M, BODY_RADIUS_M)
    by |= behind_people(eye.place, view, points[before, None, HEAD, None, :2], top, HEAD_RADIUS_M)
    np.logical_or.at(hidden, behind, by[..., 0])
    return hidden


def _hidden_by_self(height_m: Floats, eye: Eye, hands: Floats, foot: Floats) -> Bools:
    """Return which hands, (m, 2, 3), a camera cannot see for the body they belong to."""
    top = height_m[:, None, None] - SHOULDER_BELOW_TOP_M
    by = behind_people(eye.place, hands, foot[:, None, None], top, 0.8 * BODY_RADIUS_M)
    return by[..., 0]
