"""Where a camera believes bodies and hands to be: displaced by errors that last, two people as one, feet at the knee.

The white noise of single points comes on top where a message is made (cameras.py): here everything is in the store.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from fusion.arrays import Bools, Floats, Ints
from sensors.appearance import facing_camera, looks_of
from sensors.habits import Habits
from sensors.noticing import Noticed, lasting_noise
from sensors.optics import Eye
from sensors.views import FOOT, HEAD, KNEE, Views
from sensors.world import World

BIAS_S: Final = 1.0  # how long a localisation error lasts
FOOT_BIAS: Final = 1.3  # of the head's
GUESS_M: Final = 0.1  # error of a head that was not seen itself
MERGED_WEIGHT: Final = 0.4  # of the farther of two people who are taken for one
KNEE_P: Final = 0.25  # the knee is taken for the foot where the foot is hidden
HAND_SEEN_P: Final = 0.82
HAND_GUESSED_P: Final = 0.15  # a hidden wrist is put somewhere all the same
HAND_GUESS_M: Final = 0.17  # and is off by so much, per coordinate
MOOD_S: Final = 0.7  # how long left is taken for right


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Bodies as k detections have them."""

    owner: Ints  # (k,) row in Views whose hands these are
    head: Floats  # (k, 3) m, NaN outside the picture
    foot: Floats  # (k, 3) m, NaN where it is not seen
    base: Floats  # (k, 3) m, the lowest that is seen
    hands: Floats  # (k, 2, 3) m, NaN where not seen
    shown: Bools  # (k, 2) hands that a classifier can look at
    crossed: Bools  # (k,) left and right are taken for each other
    guessed: Bools  # (k,) heads that were not seen themselves


def estimate(views: Views, noticed: Noticed, habits: Habits, rng: np.random.Generator) -> Estimates:
    """Return where the camera believes everybody it noticed to be."""
    row, step_s = noticed.row, habits.period_s
    bias = lasting_noise(views, 5, BIAS_S, step_s, rng)[row] * habits.bias_m
    mood = ndtr(lasting_noise(views, 2, MOOD_S, step_s, rng)[row])
    # Whose hands two people seen as one have is open, and it is the same ones for a while.
    owner = np.where((noticed.other >= 0) & (mood[:, 0] < MERGED_WEIGHT), noticed.other, row)
    head, guessed = _heads(views, noticed, bias, rng)
    foot, base = _feet(views, noticed, bias, rng)
    hands, shown = _hands(views, owner, bias, rng)
    return Estimates(owner, head, foot, base, hands, shown, mood[:, 1] < habits.swapped_hands, guessed)


def estimate_looks(
    world: World, eye: Eye, views: Views, noticed: Noticed, habits: Habits, rng: np.random.Generator
) -> Floats:
    """Return the appearance vectors of everybody noticed, (k, d); two people as one look like both."""
    bodies, row = world.bodies, noticed.row
    true = bodies.looks[bodies.outfit[views.person, views.at]]
    facing = facing_camera(eye.place, views.body[row, FOOT], views.hands[row])
    return looks_of(_blended(true, noticed), facing, habits, rng)


def _blended(values: Floats, noticed: Noticed) -> Floats:
    """Return the values, (m, ...), of the rows noticed, (k, ...), two people who are taken for one between the two."""
    out = values[noticed.row]
    two = noticed.other >= 0
    out[two] += MERGED_WEIGHT * (values[noticed.other[two]] - out[two])
    return out


def _heads(views: Views, noticed: Noticed, bias: Floats, rng: np.random.Generator) -> tuple[Floats, Bools]:
    row = noticed.row
    guessed = ~views.clear[row, HEAD]
    head = _blended(views.body[:, HEAD], noticed) + bias[:, :3]
    head += guessed[:, None] * rng.normal(0.0, GUESS_M, head.shape)
    return np.where(views.framed[row, HEAD, None], head, np.nan), guessed


def _feet(views: Views, noticed: Noticed, bias: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return where the feet are believed to be, and the lowest that is seen of each body."""
    row = noticed.row
    lowest = views.clear[row].argmax(axis=1)
    base = _blended(views.body, noticed)[np.arange(len(row)), lowest]
    # Feet err with the head and on their own.
    base[:, :2] += FOOT_BIAS * (0.6 * bias[:, :2] + 0.8 * bias[:, 3:])
    named = (lowest == FOOT) | ((lowest == KNEE) & (rng.random(len(row)) < KNEE_P))
    return np.where(named[:, None], base, np.nan), base


def _hands(views: Views, owner: Ints, bias: Floats, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Return where the hands are believed to be, and which of them were really seen."""
    shown = views.hand_clear[owner] & (rng.random((len(owner), 2)) < HAND_SEEN_P)
    guessed = ~shown & (rng.random(shown.shape) < HAND_GUESSED_P)
    hands = views.hands[owner] + bias[:, None, :3]
    hands += guessed[..., None] * rng.normal(0.0, HAND_GUESS_M, hands.shape)
    return np.where((shown | guessed)[..., None], hands, np.nan), shown
