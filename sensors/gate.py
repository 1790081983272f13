"""Gates: a reader that knows accounts at the way in, a light beam that knows nobody at the way out.

People scan, then walk: the reader speaks some tenths of a second before its shopper crosses the line, seldom after.
Whoever comes in without an account only breaks the beam, and so does everybody who leaves, staff included. A beam
can be missed, broken twice by one person (a bag after the body), and two people close together can break it once.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.messages import Gate
from sensors.clocks import Clock
from sensors.sending import Sent
from sensors.world import Crossing, World

SCAN_LEAD_S: Final = 0.2  # from a scan to the line, at least where the reader is quick
SCAN_WALK_MEAN_S: Final = 0.4  # spent on top of it, drawn from a gamma distribution
SCAN_LEAD_MAX_S: Final = 1.2
SLOW_READER_P: Final = 0.08  # the reader thinks until the shopper is through
SLOW_READER_S: Final = 0.35  # after the crossing, at most
BEAM_SD_S: Final = 0.02
BEAM_MISS_P: Final = 0.004
BEAM_TWICE_P: Final = 0.008
BEAM_TWICE_S: Final = (0.12, 0.45)
BEAM_MERGE_P: Final = 0.35  # of two people who come through within BEAM_MERGE_S
BEAM_MERGE_S: Final = 0.35


@dataclass(frozen=True, slots=True)
class _Notice:
    """What a gate noticed: when, in seconds since the scenario began, and who it was as far as it knows."""

    t_s: float
    event: str
    account: str | None
    party: int
    role: str


def gate_messages(world: World, gate: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return what one gate says: who was let in, and that somebody went through."""
    here = [crossing for crossing in world.crossings if crossing.gate == gate]
    scans = [_scan(crossing, rng) for crossing in here if _is_scan(crossing)]
    beams = [notice for event in ("enter", "exit") for notice in _beams(here, event, rng)]
    return [_sent(gate, notice, clock, epoch_ns, rng) for notice in sorted(scans + beams, key=lambda one: one.t_s)]


def _is_scan(crossing: Crossing) -> bool:
    return crossing.event == "enter" and crossing.account is not None


def _scan(crossing: Crossing, rng: np.random.Generator) -> _Notice:
    """Return what the reader says of one account, with its party: one scan lets all of them in."""
    lead_s = min(SCAN_LEAD_S + float(rng.gamma(2.0, 0.5 * SCAN_WALK_MEAN_S)), SCAN_LEAD_MAX_S)
    late_s = float(rng.uniform(0.0, SLOW_READER_S))
    t_s = crossing.t_s + (late_s if rng.random() < SLOW_READER_P else -lead_s)
    return _Notice(max(t_s, 0.0), "enter", crossing.account, crossing.party, crossing.role)


def _beams(here: list[Crossing], event: str, rng: np.random.Generator) -> list[_Notice]:
    """Return how often the beam was broken by those who went through without a scan."""
    notices: list[_Notice] = []
    before_s = -np.inf
    for crossing in sorted((one for one in here if one.event == event), key=lambda one: one.t_s):
        if _is_scan(crossing):
            continue  # told by the reader
        missed, twice, merged = rng.random(3) < (BEAM_MISS_P, BEAM_TWICE_P, BEAM_MERGE_P)
        merged &= crossing.t_s - before_s < BEAM_MERGE_S
        before_s = crossing.t_s
        t_s = max(crossing.t_s + float(rng.normal(0.0, BEAM_SD_S)), 0.0)
        again_s = t_s + float(rng.uniform(*BEAM_TWICE_S))
        breaks = () if missed or merged else (t_s, again_s) if twice else (t_s,)
        notices += [_Notice(at_s, event, None, 1, "shopper") for at_s in breaks]
    return notices


def _sent(gate: str, notice: _Notice, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> Sent:
    t_ns = clock.read_ns(notice.t_s, epoch_ns)
    message = Gate(gate, 0, t_ns, gate, notice.event, notice.account, notice.party, notice.role)
    return notice.t_s + float(rng.uniform(0.002, 0.01)), message
