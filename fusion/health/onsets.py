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
two plates, either of them may be the one: both are found, as each other's rivals. Where the evidence is too weak for
that, as where all that is off are a few picks of one product, the likeliest plates are suspects: they are told, and
nothing is done about them. A pick that no other bears out is an odd package, or no whole one: it counts no more, or it
would hide what the others say.
"""

from typing import NamedTuple

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.health.settings import HealthConfig

CULPRITS_MAX = 5  # found one after the other, the worst first
AGREES_SDS = 2.0
ODD_SD = 0.5  # of what an odd package weighs, or what is no whole one
ODD_SDS = 2.0  # of a fault: a lone pick that is further off was odd
MUCH = 0.25  # of a pick's grams: it tells of this plate
RIVALS_MAX = 3  # plates that the same picks lay on, of which one is wrong: a package lies on so many
SUSPECTS_MAX = 3  # plates that may be wrong, of which it is worth telling a person


class Errors(NamedTuple):
    """What sure picks weighed against the catalogue, in the order in which they happened."""

    y: Floats  # (n,) relative
    G: Floats  # (n, p) share of each plate; each row adds up to 1
    B: Floats  # (n, n) covariance of the biases of their products
    R: Floats  # (n,) variance of each


class Fault(NamedTuple):
    """A plate whose gain is off from a pick on, or may be."""

    plate: int  # column of G
    first: int  # pick
    gain: float
    nats: float  # for it, against none
    picks: int  # that lay on it since
    rivals: tuple[int, ...] = ()  # columns of plates that may be wrong instead


class Columns(NamedTuple):
    """Every step that a gain may have made, k of them."""

    plate: Ints  # (k,)
    first: Ints  # (k,)
    shares: Floats  # (n, k)


class Asked(NamedTuple):
    """What the picks say of every step."""

    inverse: Floats  # (n, n) of S
    nats: Floats  # (k,), -inf where it would be no fault
    gain: Floats  # (k,) its likeliest size
    by_plate: Floats  # (p,) nats


def find_faults(errors: Errors, config: HealthConfig) -> tuple[list[Fault], list[Fault]]:
    """Return the plates found to weigh wrong until now, worst first, and those that may, the likeliest first."""
    S: Floats = config.gain_sd**2 * errors.G @ errors.G.T + errors.B + np.diag(errors.R)
    steps, found, lone = _steps(errors.G), list[Fault](), list[Fault]()
    asked = _asked(S, steps, errors, config)
    for _ in range(CULPRITS_MAX + len(errors.y)):
        close = _close(asked, config)
        odd = {plate: pick for plate in close if (pick := _odd(plate, asked, steps, errors, config)) >= 0}
        if odd:
            lone += [_fault(plate, asked, steps) for plate in odd]
            S = S + np.diag(np.where(np.isin(np.arange(len(errors.y)), list(odd.values())), ODD_SD**2, 0.0))
        elif close and _lay_alike(close, asked, steps) and len(found) < CULPRITS_MAX:
            found += [
                _fault(plate, asked, steps, tuple(other for other in close if other != plate))
                for plate in sorted(close)
            ]
            mine = steps.shares[:, _best(close[0], asked.nats, steps)]
            S = S + config.gain_fault_sd**2 * np.outer(mine, mine)
            steps = _kept(steps, ~np.isin(steps.plate, close))
        else:
            break
        asked = _asked(S, steps, errors, config)
    return found, _suspects(asked, lone, steps, config)


def _close(asked: Asked, config: HealthConfig) -> list[int]:
    """Return the plate that is surest to weigh wrong, then those that are nearly as sure to; nothing where none is."""
    order = np.argsort(-asked.by_plate, kind="stable").tolist()
    best = asked.by_plate[order[0]]
    if best < config.gain_nats:
        return []
    return [plate for plate in order if asked.by_plate[plate] > max(0.0, best - config.gain_lead_nats)]


def _lay_alike(plates: list[int], asked: Asked, steps: Columns) -> bool:
    """Tell whether the same picks lay on some plates: they are rivals, one of which is wrong."""
    lay = [steps.shares[:, _best(plate, asked.nats, steps)] >= MUCH for plate in plates]
    return len(plates) <= RIVALS_MAX and all((one == lay[0]).all() for one in lay)


def _suspects(asked: Asked, lone: list[Fault], steps: Columns, config: HealthConfig) -> list[Fault]:
    """Return the plates that may weigh wrong by picks that leave it open."""
    some = [plate for plate, nats in enumerate(asked.by_plate.tolist()) if nats >= config.gain_suspect_nats]
    likely = [one for one in lone if abs(one.gain) <= ODD_SDS * config.gain_fault_sd]
    both = {one.plate: one for one in (*(_fault(plate, asked, steps) for plate in some), *likely)}
    return sorted(both.values(), key=lambda one: (-one.nats, one.plate))[:SUSPECTS_MAX]


def _fault(plate: int, asked: Asked, steps: Columns, rivals: tuple[int, ...] = ()) -> Fault:
    step = _best(plate, asked.nats, steps)
    picks = int((steps.shares[:, step] >= MUCH).sum())
    return Fault(plate, int(steps.first[step]), float(asked.gain[step]), float(asked.by_plate[plate]), picks, rivals)


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


def _asked(S: Floats, steps: Columns, errors: Errors, config: HealthConfig) -> Asked:
    """Ask every step, with what is known to be wrong already in S (n, n)."""
    inverse = np.asarray(np.linalg.inv(S), np.float64)
    solved = inverse @ steps.shares
    a, b, wide = (steps.shares * solved).sum(axis=0), errors.y @ solved, config.gain_fault_sd**2
    grown = 1.0 + wide * a
    gain = b * wide / grown
    nats = np.where(np.abs(gain) >= config.gain_min, 0.5 * b * gain - 0.5 * np.log(grown), -np.inf)
    return Asked(inverse, nats, gain, _by_plate(nats, steps.plate, errors.G.shape[1]))


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


def _odd(plate: int, asked: Asked, steps: Columns, errors: Errors, config: HealthConfig) -> int:
    """Return the pick that says most of a plate's being off where too few others bear it out, -1 where enough do.

    Each since the plate's likeliest step is asked by itself, without what its product and the other plates are off by.
    """
    step = _best(plate, asked.nats, steps)
    shares, gain = steps.shares[:, step], asked.gain[step]
    much, left = shares >= MUCH, errors.y - gain * shares
    own_sds = (errors.y - left) / np.sqrt(errors.R) + np.sqrt(errors.R) * (asked.inverse @ left)
    same = much & (np.abs(own_sds) > AGREES_SDS) & (np.sign(own_sds) == np.sign(gain))
    if same.sum() >= config.gain_picks and same.sum() > 2 * (much & ~same).sum():
        return -1
    return int(np.argmax(np.where(much, own_sds * np.sign(gain), -np.inf)))
