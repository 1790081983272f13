"""Gates that count people whom nobody sees: beams that a door, a bag or dust cuts.

Whoever is let in is soon followed by cameras, and who goes out was. What says otherwise is summed crossing by crossing
as for carts and portals (doubts.py). It costs nobody anything: a crossing that nobody made takes no track
(tracking/identity.py), and a trip that nobody is followed for charges nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import field

from fusion.config import SECOND_NS
from fusion.frozen import record, replace
from fusion.health.doubts import Doubt, doubted
from fusion.health.settings import HealthConfig

WAITING_MAX = 256  # of the latest: a gate that counts for ever has been found out before


@record()
class Crossings:
    """What speaks against gates, and who was let in of whom it is not known yet whether anybody is followed."""

    of: Mapping[str, Doubt] = field(default_factory=dict)  # gate -> doubt
    entered: tuple[tuple[str, str, int], ...] = ()  # gate, trip, ns


def note_entry(crossings: Crossings, gate: str, trip: str, t_ns: int) -> Crossings:
    """Remember who was let in, until cameras have had time to find them."""
    return replace(crossings, entered=(*crossings.entered, (gate, trip, t_ns))[-WAITING_MAX:])


def note_exit(crossings: Crossings, gate: str, somebody: bool, t_ns: int, config: HealthConfig) -> Crossings:
    """Weigh a gate by somebody's going out, or nobody's."""
    doubt = doubted(crossings.of.get(gate, Doubt()), not somebody, config.cross_wrong_p, config.cross_nats, t_ns)
    return replace(crossings, of={**crossings.of, gate: doubt})


def check_entries(
    crossings: Crossings,
    followed: Mapping[str, float],
    inside: Collection[str],
    wait_s: float,
    now_ns: int,
    config: HealthConfig,
) -> Crossings:
    """Weigh gates by whom they let in wait_s ago or longer; followed tells for how long somebody of each trip was.

    Who is gone by then was somebody.
    """
    until_ns = now_ns - int(wait_s * SECOND_NS)
    due = [one for one in crossings.entered if one[2] <= until_ns]
    if not due:
        return crossings
    of = dict(crossings.of)
    for gate, trip, _ in due:
        wrong = trip in inside and followed.get(trip, 0.0) <= 0.0
        of[gate] = doubted(of.get(gate, Doubt()), wrong, config.cross_wrong_p, config.cross_nats, now_ns)
    return Crossings(of, tuple(one for one in crossings.entered if one[2] > until_ns))
