"""The filter of one clock: offset, drift, and what else shows where its time is compared with what others saw.

A comparison finds something off by `off`: what the clock is ahead, times `per_s`, and things `beside` time that last, a
camera that sees everybody a hand's breadth aside or a cart that rolls half a metre ahead of who pushes it. They are
estimated with the offset, so that what cannot be told from them leaves the offset as uncertain as it is.
"""

from dataclasses import dataclass

import numpy as np

from fusion.arrays import Floats
from fusion.config import SECOND_NS, ClockConfig


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """What is known of one source's clock at t_ns of store time."""

    t_ns: int
    mean: Floats  # (2 + e,) offset s, ahead of the others when positive; drift s/s; what else its comparisons show
    cov: Floats  # (2 + e, 2 + e)
    surprise: float = 1.0  # fading mean of the squared errors over what was expected; 1 where the model holds
    steps: int = 0  # times the clock was set anew
    mutual: bool = True  # as in Comparisons

    def offset_s(self, t_ns: int) -> float:
        """Return the offset carried on to t_ns."""
        return float(self.mean[0] + self.mean[1] * (t_ns - self.t_ns) / SECOND_NS)


@dataclass(frozen=True, slots=True, eq=False)
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


def compare(clock: Clock | None, t_ns: int, seen: Comparisons, by_s: float, config: ClockConfig) -> Clock:
    """Return a source's clock, None for one never compared, after what was seen at t_ns.

    by_s is what that message's time was corrected by. The clock may be believed otherwise since: messages wait, and to
    undo another correction than theirs would count what was learned meanwhile twice.
    """
    # Imported here because filterpy loads all of scipy.stats, 0.7 s that a store nobody is in need not wait for.
    from filterpy.kalman import predict, update

    clock = clock or _unknown(t_ns, seen, config)
    dt_s = max(0.0, (t_ns - clock.t_ns) / SECOND_NS)
    n, others = len(clock.mean), len(clock.mean) - 2
    F = np.eye(n)
    F[0, 1] = dt_s
    walk = [config.wander_s_per_sqrt_s, config.drift_walk_per_sqrt_s, *[seen.beside_walk_per_sqrt_s] * others]
    mean, cov = predict(clock.mean, clock.cov, F=F, Q=np.diag(np.square(walk)) * dt_s)
    z = seen.off + seen.per_s * by_s  # as it would be without the correction
    H = np.concatenate([seen.per_s[:, :, None], np.zeros((*z.shape, 1)), seen.beside], axis=2)
    surprise, steps = clock.surprise, clock.steps
    if seen.mutual:
        # Only a crowd of witnesses errs so seldom together that a new clock is likelier; a cart that another pushes
        # in another way is none.
        misfit = _misfit(z, H, seen.cov / seen.alike, mean, cov) / z.shape[1]
        surprise = _surprise(clock.surprise, misfit, config)
    if surprise > config.surprise_max:
        cov = cov + np.diag([config.step_sd_s**2, *[0.0] * (n - 1)])
        steps, surprise = steps + 1, 1.0
    fits = _misfit(z, H, seen.cov, mean, cov) <= config.odd_sds**2
    if fits.any():
        mean, cov = update(mean, cov, *_gathered(z[fits], H[fits], seen.cov[fits]))
    return Clock(max(t_ns, clock.t_ns), np.asarray(mean), np.asarray(cov), surprise, steps, clock.mutual)


def _unknown(t_ns: int, seen: Comparisons, config: ClockConfig) -> Clock:
    prior = [seen.offset_sd_s, config.drift_sd, *[seen.beside_sd] * seen.beside.shape[2]]
    return Clock(t_ns, np.zeros(len(prior)), np.diag(np.square(prior)), mutual=seen.mutual)


def _misfit(z: Floats, H: Floats, R: Floats, mean: Floats, cov: Floats) -> Floats:
    """Return the squared Mahalanobis distance (k,) of each comparison z (k, m), H (k, m, n), R (k, m, m)."""
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
    """Return z (r,), R (r, r), H (r, n) of one comparison, r <= n + 1, that says the same as all together.

    Whitened rows keep their weight under a rotation, and QR rotates all but a few of them to nought (Bierman,
    Factorization Methods for Discrete Sequential Estimation, 1977): the update costs the same for any crowd.
    """
    n = H.shape[2]
    white = np.linalg.solve(np.linalg.cholesky(R), np.concatenate([H, z[:, :, None]], axis=2)).reshape(-1, n + 1)
    rows: Floats = np.asarray(np.linalg.qr(white, mode="r"))
    return rows[:, n], np.eye(len(rows)), rows[:, :n]
