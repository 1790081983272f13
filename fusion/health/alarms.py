"""Alarms with hysteresis, for all sensors of a kind at once."""

import numpy as np

from fusion.arrays import Bools, Ints
from fusion.config import SECOND_NS
from fusion.frozen import record


@record(eq=False)
class Alarms:
    """One way to go wrong, of n sensors."""

    on: Bools  # (n,)
    wrong_ns: Ints  # (n,) since when it has looked wrong without looking right, 0 where it does not
    right_ns: Ints  # (n,) and the other way round
    began_ns: Ints  # (n,) what made the alarm began then; stays after it has ended
    ended_ns: Ints  # (n,) when the last alarm ended, 0 where none has


def no_alarms(n: int) -> Alarms:
    """Return n sensors that nothing is known of."""
    return Alarms(np.zeros(n, np.bool_), *(np.zeros(n, np.int64) for _ in range(4)))


def watch(alarms: Alarms, wrong: Bools, right: Bools, now_ns: int, enter_s: float, leave_s: float) -> Alarms:
    """Return the alarms after a look: wrong (n,), right (n,), and nothing is said of those that are neither."""
    assert not (wrong & right).any(), "a look cannot say both"
    wrong_ns = np.where(right, 0, np.where(wrong & (alarms.wrong_ns == 0), now_ns, alarms.wrong_ns))
    right_ns = np.where(wrong, 0, np.where(right & (alarms.right_ns == 0), now_ns, alarms.right_ns))
    enters = ~alarms.on & (wrong_ns > 0) & (now_ns - wrong_ns >= enter_s * SECOND_NS)
    leaves = alarms.on & (right_ns > 0) & (now_ns - right_ns >= leave_s * SECOND_NS)
    return Alarms(
        on=(alarms.on | enters) & ~leaves,
        wrong_ns=wrong_ns,
        right_ns=right_ns,
        began_ns=np.where(enters, wrong_ns, alarms.began_ns),
        ended_ns=np.where(leaves, now_ns, alarms.ended_ns),
    )
