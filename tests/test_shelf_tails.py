"""What states remember of plates lies in memory that they share: none of them may notice."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.arrays import Floats, Ints
from fusion.shelf.tails import Tail, last, last_of, no_tail, with_room

PLATES, KEPT = 3, 4
Move = tuple[int, list[int], int]  # the state to go on from, columns added per plate, room asked for beyond them

moves = st.lists(
    st.tuples(st.integers(0, 30), st.lists(st.integers(0, 3), min_size=PLATES, max_size=PLATES), st.integers(0, 200)),
    max_size=30,
)


def known(tail: Tail) -> tuple[Floats, Ints]:
    return last(tail, np.arange(PLATES), KEPT)


def added(tail: Tail, counts: list[int], more: int, number: int) -> Tail:
    """Add columns to plates: all that they hold is told by their number."""
    out = with_room(tail, max(counts) + more)
    for plate, count in enumerate(counts):
        for k in range(count):
            at = out.end[plate]
            out.values[:, plate, at], out.ns[plate, at] = number + 0.1 * k, number
            out.end[plate] = out.written[plate] = at + 1
    return out


@given(moves)
def test_every_state_keeps_what_it_knew_whoever_goes_on_from_it(each: list[Move]) -> None:
    tails = [no_tail(2, PLATES, KEPT)]
    expected = [known(tails[0])]
    for number, (which, counts, more) in enumerate(each, start=1):
        before = which % len(tails)
        tails.append(added(tails[before], counts, more, number))
        values, ns = (part.copy() for part in expected[before])
        for plate, count in enumerate(counts):
            new = [number + 0.1 * k for k in range(count)]
            for own in values[:, plate]:
                own[:] = np.append(own, new)[-KEPT:]
            ns[plate] = np.append(ns[plate], np.full(count, number))[-KEPT:]
        expected.append((values, ns))
    for tail, (values, ns) in zip(tails, expected, strict=True):
        np.testing.assert_array_equal(known(tail)[0], values)
        np.testing.assert_array_equal(known(tail)[1], ns)
        for plate in range(PLATES):
            np.testing.assert_array_equal(last_of(tail, plate)[0], values[:, plate])
            np.testing.assert_array_equal(last_of(tail, plate)[1], ns[plate])


def test_states_in_a_row_share_their_memory() -> None:
    one = added(no_tail(2, PLATES, KEPT), [1, 1, 1], 0, 1)
    other = added(one, [2, 0, 1], 0, 2)
    assert np.shares_memory(one.values, other.values) and np.shares_memory(one.ns, other.ns)
    assert not np.shares_memory(other.values, added(one, [1, 0, 0], 0, 3).values), "the second to go on from it"
