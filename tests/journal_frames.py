"""Frames for tests of the journal."""

import numpy as np

from fusion.messages import Frame, Held, People
from fusion.wire import encode


def people(seq: int, src: str = "cam") -> Frame:
    """Return the frame of a camera that sees two people, with looks."""
    f4, t_ns = np.float32, 1_000 + seq
    look = np.eye(2, 8).astype(f4)
    held = (Held(0, 1, (("cola", 0.5),)),)
    message = People.of(
        *(src, seq, t_ns, np.ones((2, 3), f4) * seq, np.zeros((2, 2, 3), f4), np.ones(2, f4), np.ones(2, f4)),
        *(look, ("a", None), held),
    )
    return Frame(f"people/{src}", encode(message), t_ns)
