"""Appearance vectors: the true look of an outfit as one camera sees one person from one side."""

from typing import Final

import numpy as np

from fusion.arrays import Floats
from sensors.habits import Habits

POSE: Final = 0.35  # length of what tells a front from a back


def facing_camera(place: Floats, foot: Floats, hands: Floats) -> Floats:
    """Return how far bodies face a camera, (k,), 1 from the front and -1 from behind, by where their hands are."""
    across = hands[:, 0, :2] - hands[:, 1, :2]  # from right to left
    ahead = np.column_stack([across[:, 1], -across[:, 0]])
    towards = place[:2] - foot[:, :2]
    length = np.linalg.norm(ahead, axis=1) * np.linalg.norm(towards, axis=1)
    cosine: Floats = (ahead * towards).sum(axis=1) / np.maximum(length, 1e-6)
    return cosine


def looks_of(true_look: Floats, facing: Floats, habits: Habits, rng: np.random.Generator) -> Floats:
    """Return noisy unit appearance vectors of the shape of the true ones, (k, d)."""
    k, d = true_look.shape
    # The print on a front has to be another vector, and the same one for every camera: the look itself, turned over.
    front = np.roll(true_look, d // 2, axis=1) * np.where(np.arange(d) < d // 2, 1.0, -1.0)
    noise = rng.normal(0.0, habits.look_noise / np.sqrt(max(d, 1)), (k, d))
    look = true_look + POSE * facing[:, None] * front + habits.tint + noise
    unit: Floats = look / np.maximum(np.linalg.norm(look, axis=1, keepdims=True), 1e-6)
    return unit
