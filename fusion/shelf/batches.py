"""Plate messages of one slice as flat arrays, so that one compiled pass takes them all."""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from fusion.arrays import Ints, Singles
from fusion.frozen import record
from fusion.messages import Plates


@record(eq=False)
class Batches:
    """B batches of samples, one behind the other; a batch of n samples by ch channels has n * ch numbers of g."""

    src: tuple[str, ...]
    seq: Ints  # (B,)
    t_ns: Ints  # (B,) of the first sample
    dt_ns: Ints  # (B,)
    first: Ints  # (B + 1,) the first channel of each batch in rows, and of the one behind the last
    begin: Ints  # (B + 1,) its first sample in g, likewise
    rows: Ints  # (R,) the store's plates by channel, -1 where the store knows none
    g: Singles  # (all samples,) grams, sample after sample, in each the channels


def batches_of(messages: Sequence[Plates], rows: Sequence[Ints]) -> Batches:
    """Gather messages, and the plates of the channels of each."""
    first = np.array([0, *accumulate([len(each) for each in rows])], np.int64)
    begin = np.array([0, *accumulate([message.g.size for message in messages])], np.int64)
    return Batches(
        tuple(message.src for message in messages),
        np.array([message.seq for message in messages], np.int64),
        np.array([message.t_ns for message in messages], np.int64),
        np.array([message.dt_ns for message in messages], np.int64),
        first,
        begin,
        np.concatenate(rows, dtype=np.int64),
        np.concatenate([message.g.ravel() for message in messages], dtype=np.float32),
    )


def blocks_most(batches: Batches, block: int) -> int:
    """Return how many blocks, of `block` samples or more, all batches have of any one plate, at most."""
    ch = np.maximum(batches.first[1:] - batches.first[:-1], 1)
    blocks = np.maximum((batches.begin[1:] - batches.begin[:-1]) // ch // block, 1)
    of: dict[str, int] = {}
    for src, n in zip(batches.src, blocks.tolist(), strict=True):
        of[src] = of.get(src, 0) + n
    return max(of.values())
