"""Clocks of sources: each one's offset and drift, followed by a filter of its own, and messages set right by it.

A clock is believed right until something seen says otherwise: its offset begins as N(0, offset_sd) and stays there for
a source that nothing can be compared with. What a comparison finds is what is still left after the correction. Messages
wait for `hold_s` after their slice, so that they leave in the order of corrected times.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import field
from operator import attrgetter
from statistics import median
from typing import Any

import numpy as np

from fusion.config import SECOND_NS, ClockConfig
from fusion.frozen import record, replace
from fusion.intake.clock_filter import Clock, is_known, restarted, unknown_camera
from fusion.intake.pictures import Key, Pictures, in_order, joined
from fusion.intake.sequencer import REORDERED_MAX
from fusion.messages import Cart, Message


@record(eq=False)
class Corrected:
    """A message whose time is set right, and by how much its clock was believed ahead when that was done."""

    message: Message
    by_s: float
    key: Key  # of the message: to ask it each time anew would be most of what putting messages in order takes


@record(eq=False)
class Clocks:
    """All clocks that were ever compared, and the messages that wait for their turn."""

    of: Mapping[str, Clock] = field(default_factory=dict)
    words: tuple[Corrected, ...] = ()  # that wait, in order
    pictures: tuple[Pictures, ...] = ()  # that wait, of each slice what is left of it in order
    middle_s: float = 0.0  # the middle one of the cameras' offsets when the last slice came
    seq: Mapping[str, int] = field(default_factory=dict)  # camera -> number of its last message

    def waiting(self) -> int:
        """Return how many messages wait."""
        return len(self.words) + sum(len(one) for one in self.pictures)

    def offset_s(self, src: str, t_ns: int) -> float:
        """Return by how much a source's time is ahead of store time, the middle one of the cameras' clocks.

        What all cameras have in common cannot be seen by comparing them; all others are compared with them.
        """
        clock = self.of.get(src)
        if clock is None:
            return 0.0
        return clock.offset_s(t_ns) - (self.middle_s if clock.mutual else 0.0)


def retime(
    clocks: Clocks, messages: tuple[Message, ...], pictures: Pictures, until_ns: int, config: ClockConfig
) -> tuple[Clocks, tuple[Corrected, ...], Pictures]:
    """Correct the times of new messages and frames; return those before until_ns, in the order (t, src, seq).

    A time is set back by no more than messages wait: others of then have left already.
    """
    offsets = [clock.offset_s(until_ns) for clock in clocks.of.values() if clock.mutual]
    clocks = replace(clocks, middle_s=median(offsets) if offsets else 0.0)
    new = [corrected(m, _by_s(clocks, m.src, m.t_ns, config)) for m in messages]
    words = clocks.words
    if new:
        new.sort(key=_key)
        # Those that wait are in order: only where the new ones come among them is there anything to sort.
        among = bisect_left(words, new[0].key, key=_key)
        words = (*words[:among], *sorted([*words[among:], *new], key=_key))
    first = bisect_left(words, (until_ns,), key=_key)
    waiting = (*clocks.pictures, in_order(_set_back(clocks, pictures, config)))
    parts = [one.cut((until_ns,)) for one in waiting if len(one)]
    ready = in_order(joined([before for before, _ in parts if len(before)]))
    left = tuple([after for _, after in parts if len(after)])
    return replace(clocks, words=words[first:], pictures=left), words[:first], ready


def _by_s(clocks: Clocks, src: str, t_ns: int, config: ClockConfig) -> float:
    return min(clocks.offset_s(src, t_ns), config.hold_s) if src in clocks.of else 0.0


def _set_back(clocks: Clocks, pictures: Pictures, config: ClockConfig) -> Pictures:
    """Return frames set back by what their clocks are ahead."""
    if not len(pictures):
        return pictures
    each = zip(pictures.src, pictures.t_ns.tolist(), strict=True)
    by_s = np.array([_by_s(clocks, src, t_ns, config) for src, t_ns in each], np.float64)
    return replace(pictures, t_ns=pictures.t_ns - np.rint(by_s * SECOND_NS).astype(np.int64), by_s=by_s)


def after_restarts(clocks: Clocks, pictures: Pictures, config: ClockConfig) -> Clocks:
    """Return the clocks as known once some frames, in order, have been seen: who restarted may be off anew.

    Of cameras only, compared or not: much is heard of them, and what little tells of the others is better kept.
    """
    of, seq = clocks.of, dict(clocks.seq)
    for src, number, t_ns in zip(pictures.src, pictures.seq.tolist(), pictures.t_ns.tolist(), strict=True):
        if number < seq.get(src, -1) - REORDERED_MAX:
            of = {**of, src: restarted(of.get(src) or unknown_camera(t_ns, config), t_ns, config)}
        seq[src] = number
    return replace(clocks, of=of, seq=seq)


def unknown(clocks: Clocks, t_ns: int, config: ClockConfig) -> frozenset[str]:
    """Return the sources that restarted a moment ago and whose times nobody can set right yet."""
    return frozenset(src for src, clock in clocks.of.items() if clock.begun_ns and not is_known(clock, t_ns, config))


def fault(clock: Clock, config: ClockConfig, *, named: bool = False) -> str:
    """Return why a clock is not to be trusted, "" for one that is within the contract.

    One that has always gone as it goes now is beyond it by more than its estimate strays in many looks; one that was
    set anew is likelier wrong, and one that was named stays so until it is back.
    """
    sure = 0.0 if named or clock.steps or clock.begun_ns else config.fault_sds
    sd = sure * np.sqrt(np.diag(clock.cov))
    if clock.steps > config.steps_max:
        return f"set anew {clock.steps} times"
    if abs(clock.mean[0]) > config.offset_max_s + sd[0]:
        return f"{clock.mean[0] * 1e3:+.0f} ms off, {config.offset_max_s * 1e3:.0f} ms at most are allowed"
    if abs(clock.mean[1]) > config.drift_max + sd[1]:
        return f"drifts by {clock.mean[1] * 1e6:+.0f} ppm"
    return ""


def report(clocks: Clocks, config: ClockConfig) -> dict[str, dict[str, Any]]:
    """Return every clock that could be compared as it is used, against store time, for run.json."""
    return {
        src: {
            "offset_ms": round(clock.mean[0] * 1e3, 1),
            "sd_ms": round(float(np.sqrt(clock.cov[0, 0])) * 1e3, 1),
            "drift_ppm": round(clock.mean[1] * 1e6, 1),
            "steps": clock.steps,
            "fault": fault(clock, config),
        }
        for src, clock in ((src, _against_the_middle(clocks, src)) for src in sorted(clocks.of))
    }


def faults(clocks: Clocks, named: Collection[str], config: ClockConfig) -> dict[str, str]:
    """Return the sources whose clock is not to be trusted, with why; some were named before."""
    found = ((src, fault(_against_the_middle(clocks, src), config, named=src in named)) for src in sorted(clocks.of))
    return {src: what for src, what in found if what}


def _against_the_middle(clocks: Clocks, src: str) -> Clock:
    clock = clocks.of[src]
    offset_s = clock.mean[0] - (clocks.middle_s if clock.mutual else 0.0)
    return replace(clock, mean=(offset_s, *clock.mean[1:]))


def corrected(message: Message, offset_s: float) -> Corrected:
    """Return a message set back by what its clock is ahead."""
    shift_ns = -round(offset_s * SECOND_NS)
    if shift_ns and isinstance(message, Cart):
        message = replace(message, moves=tuple(replace(move, t_ns=move.t_ns + shift_ns) for move in message.moves))
    if shift_ns:
        message = replace(message, t_ns=message.t_ns + shift_ns)
    return Corrected(message, offset_s, (message.t_ns, message.src, message.seq))


_key = attrgetter("key")
