"""All detections of one ceiling camera over its frames, as places in the store: people, doubles of them, and things."""

from dataclasses import dataclass, fields, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fusion.arrays import Floats, Ints
from sensors.classifier import Beliefs
from sensors.clutter import clutter
from sensors.estimates import Estimates, estimate, estimate_looks
from sensors.habits import Habits
from sensors.held import Shown, words_about
from sensors.noticing import Noticed
from sensors.optics import Eye
from sensors.views import Views
from sensors.world import World

WordLists: TypeAlias = NDArray[np.object_]  # (k,) of each detection: tuple of hand and beliefs

SCORE: Final = (0.965, 0.03)
DOUBT_PER_M: Final = 0.012  # beyond the first three
DOUBT_HIDDEN: Final = 0.25
DOUBT_MERGED: Final = 0.08
LOW_SCORE: Final = (0.3, 0.65)  # of what is nobody, or somebody a second time
GUESSED_SPREAD: Final = 2.5
DOUBLE_P: Final = 0.006
DOUBLE_P_PARTLY: Final = 0.03  # of somebody who is in view only partly
PARTLY: Final = 0.7  # share of the body
DOUBLE_M: Final = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """k rows by frame."""

    frame: Ints  # (k,)
    who: Ints  # (k,) the same number for the same person or thing
    head: Floats  # (k, 3) m, NaN outside the picture
    foot: Floats  # (k, 3) m, NaN where it is not seen
    base: Floats  # (k, 3) m, the lowest that is seen
    hands: Floats  # (k, 2, 3) m, NaN where not seen
    spread: Floats  # (k,) by how much the errors are larger than usual
    score: Floats  # (k,)
    look: Floats  # (k, d) unit
    words: WordLists  # (k,)


def detect(
    world: World, eye: Eye, views: Views, noticed: Noticed, habits: Habits, rng: np.random.Generator
) -> Detections:
    """Return all that the camera reports, by frame and within it in no order."""
    people = _people(world, eye, views, noticed, habits, rng)
    p = np.where(noticed.share < PARTLY, DOUBLE_P_PARTLY, DOUBLE_P)
    doubles = _doubles(people, np.flatnonzero(rng.random(len(p)) < p), len(world.bodies.person), rng)
    things = _things(world, eye, len(views.t_s), habits, len(world.bodies.person) + len(doubles.frame), rng)
    parts = (people, doubles, things)
    columns = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Detections)]
    order = np.lexsort((rng.random(len(columns[0])), columns[0]))
    return Detections(*(column[order] for column in columns))


def _people(
    world: World, eye: Eye, views: Views, noticed: Noticed, habits: Habits, rng: np.random.Generator
) -> Detections:
    found = estimate(views, noticed, habits, rng)
    return Detections(
        frame=views.frame[noticed.row],
        who=views.person[noticed.row],
        head=found.head,
        foot=found.foot,
        base=found.base,
        hands=np.where(found.crossed[:, None, None], found.hands[:, ::-1], found.hands),
        spread=np.where(found.guessed, GUESSED_SPREAD, 1.0),
        score=_scores(views, noticed, rng),
        look=estimate_looks(world, eye, views, noticed, habits, rng),
        words=_words(world, views, found, habits, rng),
    )


def _scores(views: Views, noticed: Noticed, rng: np.random.Generator) -> Floats:
    doubt = DOUBT_PER_M * np.maximum(views.distance_m[noticed.row] - 3.0, 0.0)
    doubt += DOUBT_HIDDEN * (1.0 - noticed.share) + DOUBT_MERGED * (noticed.other >= 0)
    scores: Floats = np.clip(rng.normal(SCORE[0] - doubt, SCORE[1]), LOW_SCORE[0], 0.995)
    return scores


def _words(world: World, views: Views, found: Estimates, habits: Habits, rng: np.random.Generator) -> WordLists:
    """Return what is said of the hands of each detection, by the names left and right that they go by there."""
    row, side = np.nonzero(found.shown)
    owner = views.person[found.owner[row]]
    order = np.lexsort((row, side, owner))
    row, side, owner = row[order], side[order], owner[order]
    view = found.owner[row]
    shown = Shown(row, side, owner, views.frame[view], views.at[view], views.distance_m[view])
    said: list[list[tuple[int, Beliefs]]] = [[] for _ in found.owner]
    for at, hand, beliefs in words_about(world, shown, habits, rng):
        said[at].append((1 - hand if found.crossed[at] else hand, beliefs))
    out = np.empty(len(said), dtype=object)
    out[:] = [tuple(sorted(words)) for words in said]
    return out


def _doubles(people: Detections, rows: Ints, first: int, rng: np.random.Generator) -> Detections:
    """Return somebody a second time, a little beside the first, as things numbered from `first`."""
    found = Detections(*(getattr(people, field.name)[rows] for field in fields(Detections)))
    shift = rng.normal(0.0, DOUBLE_M, (len(rows), 3))
    return replace(
        found,
        who=first + np.arange(len(rows)),
        head=found.head + shift,
        foot=found.foot + shift * [1.0, 1.0, 0.0],
        base=found.base + shift * [1.0, 1.0, 0.0],
        score=rng.uniform(*LOW_SCORE, len(rows)),
        words=_wordless(len(rows)),
    )


def _things(world: World, eye: Eye, frames: int, habits: Habits, first: int, rng: np.random.Generator) -> Detections:
    """Return what is taken for people, as things numbered from `first`."""
    found = clutter(world.store, eye, frames, habits.period_s, world.bodies.looks.shape[1], rng)
    count = len(found.frame)
    return Detections(
        frame=found.frame,
        who=first + found.thing,
        head=found.head,
        foot=np.full((count, 3), np.nan),
        base=found.head * [1.0, 1.0, 0.0],
        hands=np.full((count, 2, 3), np.nan),
        spread=np.ones(count),
        score=rng.uniform(*LOW_SCORE, count),
        look=found.look,
        words=_wordless(count),
    )


def _wordless(count: int) -> WordLists:
    out = np.empty(count, dtype=object)
    out[:] = [()] * count
    return out
