"""Camera frames as columns say what the messages said, however they were gathered, joined, taken and cut."""

from bisect import bisect_left
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.intake.pictures import FOOT, HANDS, HEAD, SD, Pictures, joined, pictures_of, taken
from fusion.messages import F2, Boxes, Held, People

Told = tuple[Any, ...]


@st.composite
def frames(draw: st.DrawFn) -> list[People | Boxes]:
    """Draw frames of depth and image cameras, with nobody or somebody, whose looks may differ in length."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = draw(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.sampled_from([0, 3, 8])), max_size=8))
    return [_frame(rng, seq, *shape) for seq, shape in enumerate(shapes)]


def _frame(rng: np.random.Generator, seq: int, is_depth: bool, n: int, dim: int) -> People | Boxes:
    def drawn(*shape: int) -> Any:
        numbers = rng.normal(size=(n, *shape)).astype(np.float32)
        return np.where(rng.random(numbers.shape) < 0.2, np.float32(np.nan), numbers)

    ids = tuple(str(k) if rng.random() < 0.5 else None for k in range(n))
    held = tuple(Held(k, 0, (("a", 0.5),)) for k in range(n) if rng.random() < 0.3)
    src, t_ns = str(rng.choice(["a", "b"])), int(rng.integers(0, 4))
    rest = (drawn(), drawn(), drawn(dim), ids, held)
    if is_depth:
        return People.of(src, seq, t_ns, drawn(3), drawn(2, 3), *rest)
    return Boxes.of(src, seq, t_ns, drawn(4), drawn(2), drawn(2), drawn(2, 2), *rest)


def said(message: People | Boxes) -> Told:
    """Return what a message says, bit by bit where it is numbers."""
    axes = 3 if isinstance(message, People) else 2
    hands, head = np.full((message.n, 2, 3), np.nan, np.float32), np.full((message.n, 3), np.nan, np.float32)
    head[:, :axes], hands[:, :, :axes] = message.head, message.hands
    foot = np.full((message.n, 2), np.nan, np.float32) if isinstance(message, People) else message.foot
    ids = [0 if name is None else crc32(name.encode()) + 1 for name in message.ids]
    raw = head.tobytes(), hands.tobytes(), foot.tobytes(), message.sd_f4, message.look_f2
    return message.src, message.seq, message.t_ns, isinstance(message, People), message.held, ids, raw


def told(pictures: Pictures) -> list[Told]:
    """Return what each frame says, in the same way."""
    out: list[Told] = []
    for f in range(len(pictures)):
        own = slice(int(pictures.first[f]), int(pictures.first[f + 1]))
        points, look = pictures.points[own], pictures.look[own]
        dim = int(pictures.look_dim[f])
        assert not look[:, dim:].any() and pictures.look.dtype == F2
        raw = [points[:, part].tobytes() for part in (HEAD, HANDS, FOOT, SD)] + [look[:, :dim].tobytes()]
        first = pictures.src[f], int(pictures.seq[f]), int(pictures.t_ns[f]), bool(pictures.is_depth[f])
        out.append((*first, pictures.held[f], pictures.device_id[own].tolist(), tuple(raw)))
    return out


@given(frames())
def test_frames_are_gathered_bit_by_bit(messages: list[People | Boxes]) -> None:
    assert told(pictures_of(messages)) == [said(message) for message in messages]


@given(frames(), frames(), st.data())
def test_frames_that_are_joined_and_taken_stay_what_they_are(
    before: list[People | Boxes], after: list[People | Boxes], data: st.DataObject
) -> None:
    both = joined([pictures_of(before), replace(pictures_of(after), by_s=np.arange(len(after)) + 1.0)])
    assert told(both) == [said(message) for message in (*before, *after)]
    rows = data.draw(st.permutations(range(len(both))).map(lambda all_rows: all_rows[: len(all_rows) // 2]))
    some = taken(both, rows)
    assert told(some) == [said([*before, *after][row]) for row in rows]
    assert some.by_s.tolist() == [max(0.0, row - len(before) + 1.0) for row in rows]


@given(frames(), st.tuples(st.integers(-1, 5), st.sampled_from("abc"), st.integers(0, 9)))
def test_frames_are_cut_at_a_key(messages: list[People | Boxes], key: tuple[int, str, int]) -> None:
    messages.sort(key=lambda m: (m.t_ns, m.src, m.seq))
    at = bisect_left([(m.t_ns, m.src, m.seq) for m in messages], key)
    before, others = pictures_of(messages).cut(key)
    assert [told(before), told(others)] == [[said(m) for m in messages[:at]], [said(m) for m in messages[at:]]]
