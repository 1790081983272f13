"""Clocks of sources: each one's offset and drift, followed by a filter of its own, and messages set right by it.

A clock is believed right until something seen says otherwise: its offset begins as N(0, offset_sd) and stays there for
a source that nothing can be compared with. What a comparison finds is what is still left after the correction. Messages
wait for `hold_s` after their slice, so that they leave in the order of corrected times.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fusion.arrays import Floats
from fusion.config import SECOND_NS, ClockConfig
from fusion.messages import Cart, Health, Message


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """What is known of one source's clock at t_ns of store time."""

    t_ns: int
    mean: Floats  # (4,) offset s, ahead of the others when positive; drift s/s; where it sees people, x and y m too far
    cov: Floats  # (4, 4)
    surprise: float = 1.0  # fading mean of the squared errors over what was expected; 1 where the model holds
    steps: int = 0  # times the clock was set anew

    def offset_s(self, t_ns: int) -> float:
        """Return the offset carried on to t_ns."""
        return float(self.mean[0] + self.mean[1] * (t_ns - self.t_ns) / SECOND_NS)


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """A message whose time is set right, and by how much its clock was believed ahead when that was done."""

    message: Message
    by_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Clocks:
    """All clocks that were ever compared, and the messages that wait for their turn."""

    of: Mapping[str, Clock] = field(default_factory=dict)
    waiting: tuple[Corrected, ...] = ()  # in order
    middle_s: float = 0.0  # the middle one of all offsets when the last slice came

    def offset_s(self, src: str, t_ns: int) -> float:
        """Return by how much a source's time is ahead of the middle one of all clocks.

        What all cameras have in common cannot be seen by comparing them.
        """
        if src not in self.of:
            return 0.0
        return self.of[src].offset_s(t_ns) - self.middle_s


@dataclass(frozen=True, slots=True, eq=False)
class Walkers:
    """People who walk, in one frame: how far from their tracks they are seen."""

    off_m: Floats  # (k, 2)
    v_mps: Floats  # (k, 2)
    cov: Floats  # (k, 2, 2) of off_m


def retime(clocks: Clocks, messages: tuple[Message, ...], until_ns: int) -> tuple[Clocks, tuple[Corrected, ...]]:
    """Correct the times of new messages; return those before until_ns, in the order (t, src, seq)."""
    offsets = [clock.offset_s(until_ns) for clock in clocks.of.values()]
    clocks = replace(clocks, middle_s=float(np.median(offsets)) if offsets else 0.0)
    waiting = sorted((*clocks.waiting, *(_corrected(m, clocks.offset_s(m.src, m.t_ns)) for m in messages)), key=_key)
    first = bisect_left(waiting, until_ns, key=lambda one: one.message.t_ns)
    return replace(clocks, waiting=tuple(waiting[first:])), tuple(waiting[:first])


def compare(clock: Clock | None, t_ns: int, seen: Walkers, by_s: float, config: ClockConfig) -> Clock:
    """Return a source's clock, None for one never compared, after a frame that has people who walk.

    by_s is what the frame's time was corrected by. The clock may be believed otherwise since: frames wait, and to undo
    another correction than theirs would count what was learned meanwhile twice. A camera that is calibrated a little
    wrong sees everybody aside: that is estimated with the offset, so that people who all walk one way are not taken
    for time.
    """
    # Imported here because filterpy loads all of scipy.stats, 0.7 s that a store with one camera need not wait for.
    from filterpy.kalman import predict, update

    clock = clock or _unknown(t_ns, config)
    dt_s = max(0.0, (t_ns - clock.t_ns) / SECOND_NS)
    F = np.eye(4)
    F[0, 1] = dt_s
    walk = [config.wander_s_per_sqrt_s, config.drift_walk_per_sqrt_s, config.aside_walk_m_per_sqrt_s]
    mean, cov = predict(clock.mean, clock.cov, F=F, Q=np.diag(np.square([*walk, walk[2]])) * dt_s)
    z = seen.off_m - seen.v_mps * by_s  # as it would be without the correction
    H = np.zeros((len(z), 2, 4))
    H[:, :, 0], H[:, 0, 2], H[:, 1, 3] = -seen.v_mps, 1.0, 1.0
    surprise = _surprise(clock.surprise, _misfit(z, H, seen.cov / config.frames_alike, mean, cov) / 2, config)
    steps = clock.steps
    if surprise > config.surprise_max:  # nobody errs so often: the clock was set anew
        cov, steps, surprise = cov + np.diag([config.step_sd_s**2, 0.0, 0.0, 0.0]), steps + 1, 1.0
    fits = _misfit(z, H, seen.cov, mean, cov) <= config.odd_sds**2
    if fits.any():
        mean, cov = update(mean, cov, *_gathered(z[fits], H[fits], seen.cov[fits]))
    return Clock(max(t_ns, clock.t_ns), np.asarray(mean), np.asarray(cov), surprise, steps)


def _unknown(t_ns: int, config: ClockConfig) -> Clock:
    prior = [config.offset_sd_s, config.drift_sd, config.aside_sd_m, config.aside_sd_m]
    return Clock(t_ns, np.zeros(4), np.diag(np.square(prior)))


def _misfit(z: Floats, H: Floats, R: Floats, mean: Floats, cov: Floats) -> Floats:
    """Return the squared Mahalanobis distance (k,) of each comparison z (k, 2), H (k, 2, 4), R (k, 2, 2)."""
    y = z - H @ mean
    fit: Floats = (y * np.linalg.solve(H @ cov @ H.transpose(0, 2, 1) + R, y[:, :, None])[:, :, 0]).sum(axis=1)
    return fit


def _surprise(surprise: float, misfit: Floats, config: ClockConfig) -> float:
    """Return the fading mean after squared errors over the expected ones; it stops where it says a new clock."""
    for one in np.minimum(misfit, config.surprise_cap).tolist():
        surprise += config.surprise_rate * (one - surprise)
        if surprise > config.surprise_max:
            break
    return surprise


def _gathered(z: Floats, H: Floats, R: Floats) -> tuple[Floats, Floats, Floats]:
    """Return z (n,), R (n, n), H (n, 4) of one comparison, n <= 5, that says the same as all together.

    Whitened rows keep their weight under a rotation, and QR rotates all but a few of them to nought (Bierman,
    Factorization Methods for Discrete Sequential Estimation, 1977): the update costs the same for any crowd.
    """
    white = np.linalg.solve(np.linalg.cholesky(R), np.concatenate([H, z[:, :, None]], axis=2)).reshape(-1, 5)
    rows: Floats = np.asarray(np.linalg.qr(white, mode="r"))
    return rows[:, 4], np.eye(len(rows)), rows[:, :4]


def fault(clock: Clock, config: ClockConfig) -> str:
    """Return why a clock is not to be trusted, "" for one that is within the contract."""
    if clock.steps > config.steps_max:
        return f"set anew {clock.steps} times"
    if abs(clock.mean[0]) > config.offset_max_s:
        return f"{clock.mean[0] * 1e3:+.0f} ms off, {config.offset_max_s * 1e3:.0f} ms at most are allowed"
    if abs(clock.mean[1]) > config.drift_max:
        return f"drifts by {clock.mean[1] * 1e6:+.0f} ppm"
    return ""


def report(clocks: Clocks, config: ClockConfig) -> dict[str, dict[str, Any]]:
    """Return every clock that could be compared as it is used, against the middle one, for run.json."""
    return {
        src: {
            "offset_ms": round(float(clock.mean[0]) * 1e3, 1),
            "sd_ms": round(float(np.sqrt(clock.cov[0, 0])) * 1e3, 1),
            "drift_ppm": round(float(clock.mean[1]) * 1e6, 1),
            "steps": clock.steps,
            "fault": fault(clock, config),
        }
        for src, clock in ((src, _against_the_middle(clocks, src)) for src in sorted(clocks.of))
    }


def health(before: Clocks, after: Clocks, t_ns: int, config: ClockConfig) -> tuple[Health, ...]:
    """Return whose clock has become unusable or usable again since `before`, as messages about their sources."""
    out = []
    for src in sorted(src for src, clock in after.of.items() if before.of.get(src) is not clock):
        was = fault(_against_the_middle(before, src), config) if src in before.of else ""
        now = fault(_against_the_middle(after, src), config)
        if bool(was) != bool(now):
            text = f"clock {now}; its times are corrected as far as they can be" if now else "clock is usable again"
            out.append(Health(src, 0, t_ns, "degraded" if now else "ok", text))
    return tuple(out)


def _against_the_middle(clocks: Clocks, src: str) -> Clock:
    return replace(clocks.of[src], mean=clocks.of[src].mean - np.array([clocks.middle_s, 0.0, 0.0, 0.0]))


def _corrected(message: Message, offset_s: float) -> Corrected:
    shift_ns = -round(offset_s * SECOND_NS)
    if isinstance(message, Cart):
        moves = tuple(replace(move, t_ns=move.t_ns + shift_ns) for move in message.moves)
        return Corrected(replace(message, t_ns=message.t_ns + shift_ns, moves=moves), offset_s)
    return Corrected(replace(message, t_ns=message.t_ns + shift_ns) if shift_ns else message, offset_s)


def _key(one: Corrected) -> tuple[int, str, int]:
    return one.message.t_ns, one.message.src, one.message.seq
