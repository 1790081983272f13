"""What sets one ceiling camera apart from the next, drawn once a camera from its own random stream."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Floats

IDS_P: Final = 0.88  # of cameras that name whom they follow
LOOKS_P: Final = 0.92  # of cameras that send appearance
RATE_ERROR: Final = 0.003  # of the frame rate, as a share
BIAS_M: Final = (0.03, 0.06)
AIM_PX: Final = 1.5  # a calibration is never quite right
AIM_M: Final = 0.012
TINT: Final = 0.3  # length of what a camera's colours add to each appearance vector
LOOK_NOISE: Final = (0.5, 0.7)  # length of the error beside a unit vector
RIGHT_P: Final = (0.60, 0.85)
SWAPPED_HANDS: Final = (0.04, 0.15)


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """The lasting ways of one camera."""

    is_depth: bool
    period_s: float  # between frames
    bias_m: float  # SD of a person's slowly changing error, per coordinate
    aim_px: Floats  # (2,) by which every image point is off
    aim_m: Floats  # (3,) by which every point of a depth camera is off
    tint: Floats  # (d,) added to every appearance vector
    look_noise: float
    names_people: bool
    sends_looks: bool
    right_p: float  # of its classifier
    swapped_hands: float  # share of the time that left is taken for right


def draw_habits(is_depth: bool, fps: float, look_d: int, rng: np.random.Generator) -> Habits:
    """Draw the ways of one camera that should send `fps` frames a second."""
    return Habits(
        is_depth=is_depth,
        period_s=float((1.0 + rng.normal(0.0, RATE_ERROR)) / fps),
        bias_m=float(rng.uniform(*BIAS_M)),
        aim_px=rng.normal(0.0, AIM_PX, 2),
        aim_m=rng.normal(0.0, AIM_M, 3),
        tint=rng.normal(0.0, TINT / np.sqrt(max(look_d, 1)), look_d),
        look_noise=float(rng.uniform(*LOOK_NOISE)),
        names_people=bool(rng.random() < IDS_P),
        sends_looks=bool(rng.random() < LOOKS_P),
        right_p=float(rng.uniform(*RIGHT_P)),
        swapped_hands=float(rng.uniform(*SWAPPED_HANDS)),
    )
