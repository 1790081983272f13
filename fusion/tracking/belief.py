"""Belief over persons per track: mixed where tracks were too close to tell apart, sharpened and smoothed by what comes.

A person is named by the track that first saw them. The belief of k tracks over k persons is a doubly stochastic matrix,
row i the track, column l the person (Shin, Guibas, Zhao 2003, "A distributed algorithm for managing multi-target
identities in wireless ad-hoc sensor networks"). What happened to the tracks is kept as steps: a mix says that two
tracks may have exchanged their persons, a clue says who a track looked like. Each column is a hidden Markov chain over
the tracks with those steps as its transitions and observations; forwards and backwards over it gives the belief
of every moment in the light of all that is known (exact for two, and balanced again for more).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.frozen import record

BALANCE_ERROR = 1e-12  # of a row or column sum
BALANCE_ROUNDS = 60


@record()
class Mix:
    """From t_ns on, tracks a and b are each other's persons with probability swap (0 to 0.5 is usual, 1 at most)."""

    t_ns: int
    a: int
    b: int
    swap: float


@record()
class Clue:
    """At t_ns a track was seen to be somebody: nats by person; `rest` for persons not named."""

    t_ns: int
    track_id: int
    nats: Mapping[int, float]
    rest: float


Step = Mix | Clue


@record(eq=False)
class Component:
    """Tracks that may have exchanged persons, and the smoothed belief between each two steps."""

    tracks: tuple[int, ...]  # sorted; rows and, as persons, columns
    t_ns: Ints  # (m,) of the steps, sorted
    table: Floats  # (m + 1, k, k); table[i] holds until step i


@record(eq=False)
class Beliefs:
    """All that is not certain. A track that is in no component is the person it began as."""

    steps: tuple[Step, ...] = ()
    components: tuple[Component, ...] = ()
    home: Mapping[int, int] = field(default_factory=dict)  # track_id -> row in components


def with_steps(beliefs: Beliefs, gone: Sequence[Step], new: Sequence[Step]) -> Beliefs:
    """Take steps out, put others in, and solve anew the components they touch."""
    if not gone and not new:
        return beliefs
    steps = sorted((*[s for s in beliefs.steps if s not in gone], *new), key=_order)
    touched = {t for s in (*gone, *new) for t in _tracks_of(s)}
    groups = _groups(steps)
    kept = {c.tracks: c for c in beliefs.components if not touched & set(c.tracks)}
    components = tuple(kept[g] if g in kept else solve(g, [s for s in steps if _tracks_of(s)[0] in g]) for g in groups)
    return Beliefs(tuple(steps), components, {t: i for i, c in enumerate(components) for t in c.tracks})


def person_p(beliefs: Beliefs, track_id: int, t_ns: int) -> dict[int, float]:
    """Return the probability of each person being who a track followed at t_ns."""
    if track_id not in beliefs.home:
        return {track_id: 1.0}
    component = beliefs.components[beliefs.home[track_id]]
    row = component.table[leg_of(beliefs, track_id, t_ns), component.tracks.index(track_id)]
    return {person: float(p) for person, p in zip(component.tracks, row, strict=True) if p > 0.0}


def leg_of(beliefs: Beliefs, track_id: int, t_ns: int) -> int:
    """Return between which steps of its component a track was at t_ns, 0 before the first."""
    return int(np.searchsorted(steps_ns(beliefs, track_id), t_ns, side="right"))


def steps_ns(beliefs: Beliefs, track_id: int) -> Ints:
    """Return the times of the steps of a track's component, (m,) sorted; none for a track in no component."""
    if track_id not in beliefs.home:
        return np.zeros(0, np.int64)
    return beliefs.components[beliefs.home[track_id]].t_ns


def among(beliefs: Beliefs, tracks: Collection[int]) -> tuple[Step, ...]:
    """Return the steps that concern nobody but some tracks."""
    return tuple(s for s in beliefs.steps if all(t in tracks for t in _tracks_of(s)))


def solve(tracks: tuple[int, ...], steps: Sequence[Step]) -> Component:
    """Run forwards and backwards over the steps, which are in order of time."""
    row = {t: i for i, t in enumerate(tracks)}
    forward = [np.eye(len(tracks))]
    seen: list[Floats | None] = []
    for step in steps:
        belief = forward[-1]
        if isinstance(step, Mix):
            seen.append(None)
            forward.append(mixed(belief, row[step.a], row[step.b], step.swap))
        else:
            nats = np.array([step.nats.get(t, step.rest) for t in tracks])
            look = observation(belief, row[step.track_id], np.exp(nats - nats.max()))
            seen.append(look)
            forward.append(balanced(belief * look))
    table = forward.copy()
    later = np.ones((len(tracks), len(tracks)))
    for i in range(len(steps) - 1, -1, -1):
        step, what = steps[i], seen[i]
        if isinstance(step, Mix):
            later = mixed(later, row[step.a], row[step.b], step.swap)
        elif what is not None:
            later = later * what
        later = later / later.max()
        table[i] = balanced(forward[i] * later)
    return Component(tracks, np.array([s.t_ns for s in steps], np.int64), np.stack(table))


def mixed(belief: Floats, a: int, b: int, swap: float) -> Floats:
    """Return belief (k, k) after rows a and b may have been exchanged; row and column sums stay."""
    out = belief.copy()
    out[a] = (1 - swap) * belief[a] + swap * belief[b]
    out[b] = (1 - swap) * belief[b] + swap * belief[a]
    return out


def observation(belief: Floats, row: int, likelihood: Floats) -> Floats:
    """Return the likelihood (k, k) of a look at one track, given which track each person is.

    A person who is that track has likelihood (k,) of their own; if they are another one, somebody else was looked at.
    """
    own = belief[row] * likelihood
    rest = np.maximum(1.0 - belief[row], 1e-300)
    out: Floats = np.tile((own.sum() - own) / rest, (len(belief), 1))
    out[row] = likelihood
    # Where one person alone can be that track, no other reading says anything of the others.
    return np.asarray(np.maximum(out, 1e-30))


def balanced(matrix: Floats) -> Floats:
    """Scale rows and columns of a non-negative matrix (k, k) with total support to sums of 1.

    Newton's method on the convex potential of matrix scaling: plain alternation (Sinkhorn 1967) converges
    slowly just where beliefs are nearly certain.
    """
    k = len(matrix)
    out = np.array(matrix / matrix.sum(axis=1, keepdims=True))
    for _ in range(3):
        out /= out.sum(axis=0)
        out /= out.sum(axis=1, keepdims=True)
    for _ in range(BALANCE_ROUNDS):
        rows, columns = out.sum(axis=1), out.sum(axis=0)
        error = np.concatenate([1.0 - rows, 1.0 - columns])
        if np.abs(error).max() < BALANCE_ERROR:
            break
        hessian = np.block([[np.diag(rows), out], [out.T, np.diag(columns)]])
        step = np.linalg.lstsq(hessian, error, rcond=1e-14)[0]
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        out = out * np.exp(step[:k, None] + step[None, k:])
        out /= out.sum(axis=1, keepdims=True)
    return out


def _order(step: Step) -> tuple[int, int, tuple[int, ...]]:
    return step.t_ns, int(isinstance(step, Clue)), _tracks_of(step)


def _tracks_of(step: Step) -> tuple[int, ...]:
    return (step.a, step.b) if isinstance(step, Mix) else (step.track_id,)


def _groups(steps: Sequence[Step]) -> list[tuple[int, ...]]:
    """Return the connected groups of tracks, each sorted, in order of their first."""
    group: dict[int, set[int]] = {}
    for step in steps:
        one: set[int] = set().union(*(group.get(t, {t}) for t in _tracks_of(step)))
        group |= dict.fromkeys(one, one)
    return sorted({tuple(sorted(g)) for g in group.values()})
