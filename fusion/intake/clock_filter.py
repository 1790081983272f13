"""The filter of one clock: offset, drift, and what else shows where its time is compared with what others saw.

A comparison finds something off by `off`: what the clock is ahead, times `per_s`, and things `beside` time that last, a
camera that sees everybody a hand's breadth aside or a cart that rolls half a metre ahead of who pushes it. They are
estimated with the offset, so that what cannot be told from them leaves the offset as uncertain as it is.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS, ClockConfig
from fusion.frozen import record, replace


@record(eq=False)
class Clock:
    """What is known of one source's clock at t_ns of store time."""

    t_ns: int
    # (2 + e,) offset s, ahead of the others when positive; drift s/s; what else its comparisons show
    mean: tuple[float, ...]
    cov: Floats  # (2 + e, 2 + e)
    surprise: float = 1.0  # fading mean of the squared errors over what was expected; 1 where the model holds
    steps: int = 0  # times the clock was set anew
    mutual: bool = True  # as in Comparisons
    begun_ns: int = 0  # store time at which its sensor restarted last, 0 for never

    def offset_s(self, t_ns: int) -> float:
        """Return the offset carried on to t_ns."""
        return self.mean[0] + self.mean[1] * (t_ns - self.t_ns) / SECOND_NS


@record(eq=False)
class Comparisons:
    """What k witnesses find off in what one clock stamped, m numbers each, in metres or seconds."""

    off: Floats  # (k, m) with the time corrected as it was
    per_s: Floats  # (k, m) off grows by this for each second that the clock is ahead
    beside: Floats  # (k, m, e) and by this for each of e things that last and are no time
    cov: Floats  # (k, m, m) of off
    offset_sd_s: float  # prior of the offset
    beside_sd: float  # and of those things
    beside_walk_per_sqrt_s: float  # how they change
    alike: float = 1.0  # so many in a row err alike: cov is so much larger than what one errs by
    mutual: bool = False  # sources that are compared with each other: the middle one of them is store time


@record()
class Stamp:
    """What a message was stamped by, and when."""

    src: str
    t_ns: int  # corrected
    by_s: float  # what its time was corrected by


def compare(clock: Clock | None, t_ns: int, seen: Comparisons, by_s: float, config: ClockConfig) -> Clock:
    """Return a source's clock, None for one never compared, after what was seen at t_ns.

    by_s is what that message's time was corrected by. The clock may be believed otherwise since: messages wait, and to
    undo another correction than theirs would count what was learned meanwhile twice.
    """
    known = {} if clock is None else {"": clock}
    return compare_each(known, [Stamp("", t_ns, by_s)], seen, np.array([0, len(seen.off)]), config)[""]


def compare_each(
    clocks: Mapping[str, Clock], stamps: Sequence[Stamp], seen: Comparisons, first: Ints, config: ClockConfig
) -> dict[str, Clock]:
    """Do so with several messages, in their order, and return the clocks of their sources.

    clocks are those ever compared; what was found in message f is rows first[f] to first[f + 1] of seen.
    """
    row_of: dict[str, int] = {}
    row = np.array([row_of.setdefault(one.src, len(row_of)) for one in stamps])
    t_ns, by_s = np.array([one.t_ns for one in stamps]), np.array([one.by_s for one in stamps])
    begun = {one.src: one.t_ns for one in reversed(stamps)}
    prior = seen.offset_sd_s, seen.beside_sd, seen.beside.shape[2], seen.mutual
    before = [clocks.get(src) or _unknown(begun[src], *prior, config) for src in row_of]
    at_ns, steps = np.array([one.t_ns for one in before]), np.array([one.steps for one in before])
    n = len(before[0].mean)
    mean = np.array([one.mean for one in before], np.float64)
    cov = np.concatenate([one.cov for one in before]).reshape(-1, n, n)
    surprise = np.array([one.surprise for one in before])
    rules = _rules(config, seen.beside_walk_per_sqrt_s)
    _learn_each(
        row, t_ns, by_s, first, seen.off, seen.per_s, seen.beside, seen.cov, seen.alike, seen.mutual, rules, at_ns,
        mean, cov, surprise, steps,
    )  # fmt: skip
    each = zip(row_of, before, at_ns.tolist(), mean.tolist(), cov, surprise.tolist(), steps.tolist(), strict=True)
    # Copies: a row of an array keeps all of it, and some clocks are not heard of again for long.
    return {
        src: Clock(at, tuple(now), P.copy(), odd, n, was.mutual, was.begun_ns) for src, was, at, now, P, odd, n in each
    }


def restarted(clock: Clock, t_ns: int, config: ClockConfig) -> Clock:
    """Return a clock whose sensor restarted at t_ns: as far as it may have leapt, its offset is uncertain again."""
    cov = clock.cov.copy()
    cov[0, 0] += config.step_sd_s**2
    return replace(clock, cov=cov, begun_ns=t_ns)


def is_known(clock: Clock, t_ns: int, config: ClockConfig) -> bool:
    """Tell whether a clock is as well known at t_ns as one that nobody has set, or as it may ever be."""
    waited_ns = int(config.restart_s_max * SECOND_NS)
    return not 0 < t_ns - clock.begun_ns < waited_ns or bool(clock.cov[0, 0] < config.camera_sd_s**2)


def unknown_camera(t_ns: int, config: ClockConfig) -> Clock:
    """Return the clock of a camera that was never compared; it may see everybody aside, both ways."""
    return _unknown(t_ns, config.camera_sd_s, config.aside_sd_m, 2, True, config)


def _unknown(t_ns: int, offset_sd_s: float, beside_sd: float, beside: int, mutual: bool, config: ClockConfig) -> Clock:
    prior = [offset_sd_s, config.drift_sd, *[beside_sd] * beside]
    return Clock(t_ns, (0.0,) * len(prior), np.diag(np.square(prior)), mutual=mutual)


class _Rules(NamedTuple):
    walk: tuple[float, float, float]  # offset, drift, and each thing beside them, per sqrt(s)
    step_var: float
    odd: float  # squared distance beyond which a comparison is none
    surprise_max: float
    surprise_cap: float
    surprise_rate: float


@lru_cache(maxsize=8)
def _rules(config: ClockConfig, beside_walk_per_sqrt_s: float) -> _Rules:
    walk = (config.wander_s_per_sqrt_s, config.drift_walk_per_sqrt_s, beside_walk_per_sqrt_s)
    surprise = config.surprise_max, config.surprise_cap, config.surprise_rate
    return _Rules(walk, config.step_sd_s**2, config.odd_sds**2, *surprise)


@njit(cache=True, error_model="numpy")
def _learn_each(
    row: Ints,
    t_ns: Ints,
    by_s: Floats,
    first: Ints,
    off: Floats,
    per_s: Floats,
    beside: Floats,
    R: Floats,
    alike: float,
    mutual: bool,
    rules: _Rules,
    at_ns: Ints,
    mean: Floats,
    cov: Floats,
    surprise: Floats,
    steps: Ints,
) -> None:
    """Let the clocks of (F,) messages learn from them, one after the other; the clocks' columns (S,) are written.

    row (F,) is whose clock each is, first (F + 1,) where its comparisons begin in off, per_s, beside and R. Each
    message is seen to carry its clock on, and to set it anew where it must have been; comparisons that are not odd
    then correct it. They err independently, so that they can be taken one after the other.
    """
    k, m, n = off.shape[0], off.shape[1], mean.shape[1]
    seen, fits, work = _Seen(off, per_s, beside, R), np.empty(k, np.bool_), _scratch(m, n)
    for f in range(len(row)):
        a, b, s = first[f], first[f + 1], row[f]
        if a == b:
            continue
        _carry_on(mean, cov, s, max(0.0, (t_ns[f] - at_ns[s]) / 1e9), rules)
        at_ns[s] = max(t_ns[f], at_ns[s])
        if mutual:
            # Only a crowd of witnesses errs so seldom together that a new clock is likelier; a cart that another pushes
            # in another way is none. The mean after squared errors over the expected ones fades.
            for i in range(a, b):
                misfit = _misfit(seen, i, by_s[f], mean, cov, s, alike, work) / m
                surprise[s] += rules.surprise_rate * (min(misfit, rules.surprise_cap) - surprise[s])
                if surprise[s] > rules.surprise_max:
                    break
        if surprise[s] > rules.surprise_max:
            cov[s, 0, 0] += rules.step_var
            surprise[s] = 1.0
            steps[s] += 1
        for i in range(a, b):
            fits[i] = _misfit(seen, i, by_s[f], mean, cov, s, 1.0, work) <= rules.odd
        for i in range(a, b):
            if fits[i]:
                _correct(seen, i, by_s[f], mean, cov, s, work)


class _Seen(NamedTuple):
    """Columns of Comparisons."""

    off: Floats
    per_s: Floats
    beside: Floats
    R: Floats


class _Work(NamedTuple):
    """Room for one comparison: small arrays of its own would cost more than the arithmetic.

    So would handing so many arrays on from function to function: who takes them is compiled into who calls.
    """

    y: Floats  # (m,) what it is off by
    H: Floats  # (m, n) how that shows the clock
    HP: Floats  # (m, n)
    L: Floats  # (m, m) the Cholesky factor of how far y may be off, S = H P H' + R
    gain: Floats  # (n, m)
    keep: Floats  # (n, n) I - gain H
    kept: Floats  # (n, n) that times P


@njit(cache=True, error_model="numpy")
def _scratch(m: int, n: int) -> _Work:
    return _Work(
        np.empty(m), np.zeros((m, n)), np.empty((m, n)), np.empty((m, m)), np.empty((n, m)), np.empty((n, n)),
        np.empty((n, n)),
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _carry_on(mean: Floats, cov: Floats, s: int, dt_s: float, rules: _Rules) -> None:
    """Move clock s of mean (S, n) and cov (S, n, n) on, in place: x = F x, P = F P F' + Q; drift moves the offset."""
    n = mean.shape[1]
    mean[s, 0] += dt_s * mean[s, 1]
    for c in range(n):
        cov[s, 0, c] += dt_s * cov[s, 1, c]
    for c in range(n):
        cov[s, c, 0] += dt_s * cov[s, c, 1]
    for c in range(n):
        cov[s, c, c] += rules.walk[min(c, 2)] ** 2 * dt_s


@njit(cache=True, error_model="numpy", inline="always")
def _innovate(seen: _Seen, i: int, by_s: float, mean: Floats, cov: Floats, s: int, alike: float, work: _Work) -> None:
    """Write y, H, HP and L of comparison i with clock s; its R counts by 1 / alike.

    y is what it would be off by without the correction by_s, beside what the clock lets expect.
    """
    y, H, HP, L = work.y, work.H, work.HP, work.L
    m, n = H.shape
    for r in range(m):
        H[r, 0] = seen.per_s[i, r]
        for c in range(2, n):
            H[r, c] = seen.beside[i, r, c - 2]
        y[r] = seen.off[i, r] + seen.per_s[i, r] * by_s
        for c in range(n):
            y[r] -= H[r, c] * mean[s, c]
            HP[r, c] = 0.0
            for d in range(n):
                HP[r, c] += H[r, d] * cov[s, d, c]
    for r in range(m):
        for c in range(r + 1):
            total = seen.R[i, r, c] / alike
            for d in range(n):
                total += HP[r, d] * H[c, d]
            for d in range(c):
                total -= L[r, d] * L[c, d]
            L[r, c] = np.sqrt(total) if r == c else total / L[c, c]


@njit(cache=True, error_model="numpy", inline="always")
def _misfit(seen: _Seen, i: int, by_s: float, mean: Floats, cov: Floats, s: int, alike: float, work: _Work) -> float:
    """Return the squared Mahalanobis distance of what comparison i is off by, given clock s."""
    _innovate(seen, i, by_s, mean, cov, s, alike, work)
    y, L, total = work.y, work.L, 0.0
    for r in range(len(y)):
        for c in range(r):
            y[r] -= L[r, c] * y[c]
        y[r] /= L[r, r]
        total += y[r] * y[r]
    return total


@njit(cache=True, error_model="numpy", inline="always")
def _correct(seen: _Seen, i: int, by_s: float, mean: Floats, cov: Floats, s: int, work: _Work) -> None:
    """Correct clock s by comparison i, in place: gain = P H' S^-1, x += gain y, Joseph's form keeps P positive."""
    _innovate(seen, i, by_s, mean, cov, s, 1.0, work)
    y, H, HP, L, gain, keep, kept = work
    m, n = H.shape
    for c in range(n):
        for r in range(m):
            gain[c, r] = HP[r, c]
            for d in range(r):
                gain[c, r] -= L[r, d] * gain[c, d]
            gain[c, r] /= L[r, r]
        for r in range(m - 1, -1, -1):
            for d in range(r + 1, m):
                gain[c, r] -= L[d, r] * gain[c, d]
            gain[c, r] /= L[r, r]
    for a in range(n):
        for r in range(m):
            mean[s, a] += gain[a, r] * y[r]
        for b in range(n):
            keep[a, b] = 1.0 if a == b else 0.0
            for r in range(m):
                keep[a, b] -= gain[a, r] * H[r, b]
    for a in range(n):
        for b in range(n):
            kept[a, b] = 0.0
            for d in range(n):
                kept[a, b] += keep[a, d] * cov[s, d, b]
    for a in range(n):
        for b in range(n):
            total = 0.0
            for d in range(n):
                total += kept[a, d] * keep[b, d]
            for r in range(m):
                for d in range(m):
                    total += gain[a, r] * seen.R[i, r, d] * gain[b, d]
            cov[s, a, b] = total
