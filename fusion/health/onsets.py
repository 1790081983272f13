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
contrast; a plate that was wrong from its first pick on has to be told from goods that are all off. Beforehand a plate
that weighs wrong is as likely to have done so from the start as since any one of its picks. Where the same picks lay on
two plates, either of them may be the one: both are found, as each other's rivals.
"""

from typing import NamedTuple

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.health.settings import HealthConfig

CULPRITS_MAX = 5  # found one after the other, the worst first
AGREES_SDS = 2.0
MUCH = 0.25  # of a pick's grams: it tells of this plate
SUSPECTS_MAX = 3  # plates that the same picks lay on, of which one is wrong: a package lies on so many


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
    rivals: tuple[int, ...] = ()  # columns of plates that may be wrong instead


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
        close = np.flatnonzero(by_plate > max(0.0, by_plate[worst] - config.gain_lead_nats)).tolist()
        if by_plate[worst] < config.gain_nats or len(close) > SUSPECTS_MAX:
            break
        best = {plate: _best(plate, nats, steps) for plate in close}
        mine = best[worst]
        lay = {plate: steps.shares[:, step] >= MUCH for plate, step in best.items()}
        if any((lay[plate] != lay[worst]).any() for plate in close):
            break
        if not _agreed(inverse, steps.shares[:, mine], float(gain[mine]), errors, config):
            break
        for plate, step in sorted(best.items()):
            rivals = tuple(other for other in close if other != plate)
            found.append(Fault(plate, int(steps.first[step]), float(gain[step]), rivals))
        S = S + config.gain_fault_sd**2 * np.outer(steps.shares[:, mine], steps.shares[:, mine])
        steps = _kept(steps, ~np.isin(steps.plate, close))
    return found


def _best(plate: int, nats: Floats, steps: Columns) -> int:
    """Return the likeliest step of a plate."""
    own = np.flatnonzero(steps.plate == plate)
    return int(own[np.argmax(nats[own])])


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
    """Return the nats for each plate, (p,): the mean over from the start and since any later pick."""
    out = np.full(plates, -np.inf)
    for one in np.unique(plate).tolist():
        start, *later = nats[plate == one].tolist()
        since = [np.logaddexp.reduce(later) - np.log(len(later))] if later else []
        some = np.array([start, *since])
        if np.isfinite(some).any():
            out[one] = np.logaddexp.reduce(some) - np.log(len(some))
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
