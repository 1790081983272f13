"""Whose gain went wrong, and when: every plate and every moment is asked, by what sure picks weighed.

A pick is off the catalogue by the bias of its product, which every plate it stands on shows and which wanders slowly
from pick to pick, and by the gains of the plates it lay on, which all their products show. Where all is well both are
small: with Gaussian priors the errors y of n picks have the covariance

    S = s0^2 G G' + B + R,

G (n, p) the share of each plate in each pick, B (n, n) the biases, R what each pick's plates and packages do to it. A
gain that goes wrong adds a step: a column c of G, zero before the moment. Its evidence is the likelihood of y with a
wide prior (s1) on that step against the likelihood without,

    nats = b^2 s1^2 / (2 (1 + s1^2 a)) - log(1 + s1^2 a) / 2,    a = c' S^-1 c,  b = c' S^-1 y,

all columns at once, since S has to be solved for only once. What was right before and is off since is a strong
contrast; a plate that was wrong from its first pick on has to be told from goods that are all off.
"""

from typing import NamedTuple

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.health.settings import HealthConfig

CULPRITS_MAX = 5  # found one after the other, the worst first
AGREES_SDS = 2.0
MUCH = 0.25  # of a pick's grams: it tells of this plate


class Errors(NamedTuple):
    """What sure picks weighed against the catalogue, in the order in which they happened."""

    y: Floats  # (n,) relative
    G: Floats  # (n, p) share of each plate; each row adds up to 1
    B: Floats  # (n, n) covariance of the biases of their products
    R: Floats  # (n,) variance of each


class Fault(NamedTuple):
    """A plate whose gain is off from a pick on."""

    plate: int  # column of G
    first: int  # pick
    gain: float


class Columns(NamedTuple):
    """Every step that a gain may have made, k of them."""

    plate: Ints  # (k,)
    first: Ints  # (k,)
    shares: Floats  # (n, k)


def find_faults(errors: Errors, config: HealthConfig) -> list[Fault]:
    """Return the plates that are found to weigh wrong until now, worst first."""
    S: Floats = config.gain_sd**2 * errors.G @ errors.G.T + errors.B + np.diag(errors.R)
    steps, found = _steps(errors.G), list[Fault]()
    while len(found) < CULPRITS_MAX and len(steps.plate):
        inverse = np.asarray(np.linalg.inv(S), np.float64)
        nats, gain = _asked(inverse, steps, errors.y, config)
        nats = np.where(np.abs(gain) >= config.gain_min, nats, -np.inf)
        by_plate = _by_plate(nats, steps.plate, errors.G.shape[1])
        worst = int(np.argmax(by_plate))
        rivals = np.delete(by_plate, worst)
        if by_plate[worst] < max(config.gain_nats, config.gain_lead_nats + max(0.0, rivals.max(initial=0.0))):
            break
        own = np.flatnonzero(steps.plate == worst)
        best = int(own[np.argmax(nats[own])])
        if not _agreed(inverse, steps.shares[:, best], float(gain[best]), errors, config):
            break
        found.append(Fault(worst, int(steps.first[best]), float(gain[best])))
        S = S + config.gain_fault_sd**2 * np.outer(steps.shares[:, best], steps.shares[:, best])
        steps = _kept(steps, steps.plate != worst)
    return found


def _steps(G: Floats) -> Columns:
    """Return the steps a gain may have made: before any pick that tells of its plate."""
    first, plate = np.nonzero(G >= MUCH)
    rows = np.arange(len(G))
    return Columns(plate, first, G[:, plate] * (rows[:, None] >= first[None, :]))


def _kept(steps: Columns, keep: Bools) -> Columns:
    return Columns(steps.plate[keep], steps.first[keep], steps.shares[:, keep])


def _asked(inverse: Floats, steps: Columns, y: Floats, config: HealthConfig) -> tuple[Floats, Floats]:
    """Return per step the nats for it and its likeliest size, (k,) each."""
    solved = inverse @ steps.shares
    a, b, wide = (steps.shares * solved).sum(axis=0), y @ solved, config.gain_fault_sd**2
    grown = 1.0 + wide * a
    return 0.5 * b**2 * wide / grown - 0.5 * np.log(grown), b * wide / grown


def _by_plate(nats: Floats, plate: Ints, plates: int) -> Floats:
    """Return the nats for each plate, (p,): the mean over its steps, each as likely beforehand."""
    out = np.full(plates, -np.inf)
    for one in np.unique(plate).tolist():
        mine = nats[plate == one]
        if np.isfinite(mine).any():
            out[one] = np.logaddexp.reduce(mine) - np.log(len(mine))
    return out


def _agreed(inverse: Floats, shares: Floats, gain: float, errors: Errors, config: HealthConfig) -> bool:
    """Tell whether enough picks since the step say so, and few otherwise: one odd package is no plate.

    Each is asked by itself, without what its product and the other plates are off by.
    """
    left = errors.y - gain * shares
    own = errors.y - (left - errors.R * (inverse @ left))
    much = shares >= MUCH
    same = much & (np.abs(own) > AGREES_SDS * np.sqrt(errors.R)) & (np.sign(own) == np.sign(gain))
    return bool(same.sum() >= config.gain_picks and same.sum() > 2 * (much & ~same).sum())
