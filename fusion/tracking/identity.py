"""Whose account a track is: scans at the gates, people who come back into sight, and who may be whom.

A scan at an entry opens one slot for each person let in. A confirmed track that comes onto the floor near the gate, or
is first seen there, takes the slot whose time and gate fit: cameras also see those who still wait outside. A track
that comes into sight elsewhere can only be somebody who was lost, and is joined to the lost track that looks alike
and could have walked there. A scan usually comes some two seconds before the step over the line; a beam that lets in
somebody without an account is cut by that step.

A track keeps the trip it was named with only as far as it can be followed: encounters (encounters.py) and joins that
might have been others are steps of a belief (belief.py), and whoever asks for a trip gets probabilities, for any
moment of the past in the light of everything known by now.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from math import sqrt

import numpy as np

from fusion.arrays import Floats, Ints, Singles
from fusion.config import SECOND_NS, IdentityConfig, TrackingConfig
from fusion.frozen import record, replace
from fusion.messages import Gate
from fusion.store import Store
from fusion.tracking.assignment import assign
from fusion.tracking.belief import Beliefs, Clue, Component, Mix, Step, among, leg_of, person_p, steps_ns, with_steps
from fusion.tracking.carts import Carts
from fusion.tracking.encounters import Encounters, watch
from fusion.tracking.floor import Floor, carried_on
from fusion.tracking.geometry import inside, line_distances
from fusion.tracking.tracks import COASTING, CONFIRMED, LOST, TENTATIVE, Seen, Tracks, move, take, thaw

UNHEARD_OF_NATS = 1e3  # no sum of fits is as large


@record()
class Slot:
    """One person let in on an account and not yet seen."""

    gate: int  # row in the store's gates
    t_ns: int
    trip: str
    is_known: bool = True  # by a scan; a beam alone knows nobody


@record()
class Entry:
    """When and where a track came onto the floor."""

    t_ns: int
    xy: tuple[float, float]


@record()
class Taken:
    """A slot, and who took it."""

    slot: Slot
    entry: Entry
    xy: tuple[float, float]  # where it was then
    stays: bool = True  # on the spot where it was first seen


@record()
class Naming:
    """Whose a track was: trips[i] from since_ns[i] on, "" where nobody's is likelier than not."""

    track_id: int
    goes_on_as: int  # the track it was joined to, or itself
    since_ns: tuple[int, ...]  # the first is 0
    trips: tuple[str, ...]


@record(eq=False)
class Identity:
    """Who is who. A person is named by the track_id they were first seen as."""

    slots: tuple[Slot, ...] = ()
    trip_of: Mapping[int, str] = field(default_factory=dict)  # person -> trip
    alias: Mapping[int, int] = field(default_factory=dict)  # joined track_id -> the one that goes on
    beliefs: Beliefs = field(default_factory=Beliefs)
    encounters: Encounters = field(default_factory=dict)
    entries: Mapping[int, Entry] = field(default_factory=dict)  # track_id -> its entry, while it has no trip
    taken: Mapping[int, Taken] = field(default_factory=dict)  # track_id -> the slot it took


def trips_p(identity: Identity, track_id: int, t_ns: int) -> dict[str, float]:
    """Return the probability of each trip a track may have belonged to at t_ns; "" is nobody with a trip."""
    track_id = identity.alias.get(track_id, track_id)
    if track_id not in identity.beliefs.home:
        return {identity.trip_of.get(track_id, ""): 1.0}
    out: dict[str, float] = {}
    for person, p in person_p(identity.beliefs, track_id, t_ns).items():
        trip = identity.trip_of.get(person, "")
        out[trip] = out.get(trip, 0.0) + p
    return out


def likeliest_trip(identity: Identity, track_id: int, t_ns: int) -> tuple[str, float]:
    """Return the likeliest trip of a track at t_ns, "" for nobody with a trip, and its probability."""
    p = trips_p(identity, track_id, t_ns)
    best = max(sorted(p), key=lambda trip: p[trip])
    return best, p[best]


def likeliest(identity: Identity, t_ns: int) -> dict[int, str]:
    """Return the likeliest trip of every track that has one at t_ns."""
    out, home = dict(identity.trip_of), identity.beliefs.home
    known = [
        _trips_of(one, int(one.t_ns.searchsorted(t_ns, side="right")), tuple([out.get(k, "") for k in one.tracks]))
        for one in identity.beliefs.components
    ]
    for track_id in home:
        kept = identity.alias.get(track_id, track_id)
        best = known[home[kept]][kept] if kept in home else identity.trip_of.get(kept, "")
        out.pop(track_id, None)
        if best:
            out[track_id] = best
    return out


@lru_cache(maxsize=256)
def _trips_of(component: Component, leg: int, trips: tuple[str, ...]) -> dict[int, str]:
    """Return the likeliest trip of each track of a component, between two steps, by the trips of its persons.

    From slice to slice the same is asked for.
    """
    out = {}
    for row, track_id in enumerate(component.tracks):
        p: dict[str, float] = {}
        for trip, one in zip(trips, component.table[leg, row].tolist(), strict=True):
            if one > 0.0:
                p[trip] = p.get(trip, 0.0) + one
        out[track_id] = max(sorted(p), key=p.__getitem__)
    return out


def stretch(identity: Identity, track_id: int, t_ns: int) -> tuple[int, int]:
    """Name the stretch of a track around t_ns over which it certainly is one person: by the time it begins."""
    track_id = identity.alias.get(track_id, track_id)
    before = steps_ns(identity.beliefs, track_id)[: leg_of(identity.beliefs, track_id, t_ns)]
    return track_id, int(before[-1]) if len(before) else 0


def naming(identity: Identity, track_id: int) -> Naming:
    """Return whose a track was all along, as it is believed now."""
    goes_on_as = identity.alias.get(track_id, track_id)
    since = (0, *dict.fromkeys(steps_ns(identity.beliefs, goes_on_as).tolist()))
    likely = (likeliest_trip(identity, goes_on_as, t_ns) for t_ns in since)
    return Naming(track_id, goes_on_as, since, tuple(trip if p > 0.5 else "" for trip, p in likely))


def forget(
    identity: Identity, open_trips: Collection[str], present: Collection[int]
) -> tuple[Identity, tuple[Naming, ...]]:
    """Forget people who are gone and whose trips are settled, so that a day costs no more than an hour.

    present are the tracks that are followed or waited for. What happened between people who are all gone is of no more
    use: their receipts are written. What happened between them and somebody still here stays. Returns what is believed
    of the tracks that were forgotten.
    """
    ids = {*identity.trip_of, *identity.beliefs.home, *identity.alias.values()}
    over = {k for k in ids if k not in present and identity.trip_of.get(k, "") not in open_trips}
    after = learn(identity, among(identity.beliefs, over), ())
    gone = over - set(after.beliefs.home)
    if not gone:
        return after, ()
    names = [naming(identity, k) for k in sorted({*gone, *(k for k, kept in identity.alias.items() if kept in gone)})]
    return replace(
        after,
        trip_of={k: trip for k, trip in after.trip_of.items() if k not in gone},
        alias={k: kept for k, kept in after.alias.items() if kept not in gone},
        taken={k: one for k, one in after.taken.items() if k not in gone},
    ), tuple(names)


def learn(identity: Identity, gone: Sequence[Step], new: Sequence[Step]) -> Identity:
    """Change the steps of the belief."""
    return replace(identity, beliefs=with_steps(identity.beliefs, gone, new)) if gone or new else identity


def name_exit(identity: Identity, track_id: int, trip: str, t_ns: int, config: IdentityConfig) -> Identity:
    """Take an exit's word for whose track went out; it matters only where that was in doubt."""
    if track_id not in identity.beliefs.home:
        return identity
    persons = {person: 0.0 for person, one in identity.trip_of.items() if one == trip}
    return learn(identity, (), (Clue(t_ns, track_id, persons, -config.exit_names_nats),))


def meet(
    identity: Identity, floor: Floor, carts: Carts, now_ns: int, config: IdentityConfig, tracking: TrackingConfig
) -> tuple[Identity, Floor]:
    """Follow who comes too close to whom to be told apart; tracks that are another's look like that one."""
    tracks = carried_on(floor, now_ns, tracking).tracks  # with no frame for a while, people meet unseen
    encounters, verdicts = watch(identity.encounters, tracks, carts, identity.trip_of, now_ns, config, tracking)
    identity = learn(replace(identity, encounters=encounters), verdicts.gone, verdicts.new)
    return identity, _with_looks(floor, verdicts.looks) if verdicts.looks else floor


def _with_looks(floor: Floor, looks: Sequence[tuple[int, Singles]]) -> Floor:
    look = floor.tracks.look.copy()
    for track_id, one in looks:
        look[np.searchsorted(floor.tracks.track_id, track_id)] = one
    return replace(floor, tracks=replace(floor.tracks, look=look))


def go_on(identity: Identity, joined: Sequence[tuple[int, int]]) -> Identity:
    """Let tracks that turned out to be one person be the one that goes on, also for what was seen before."""
    for ended, goes_on in joined:
        kept = identity.alias.get(goes_on, goes_on)
        alias = {k: kept if to == ended else to for k, to in identity.alias.items()}
        identity = replace(identity, alias={**alias, ended: kept})
    return identity


def admit(identity: Identity, gate: Gate, trip: str, store: Store) -> Identity:
    """Open a slot for each person a scan lets in."""
    row = store.gates.gate_id.index(gate.gate) if gate.gate in store.gates.gate_id else -1
    slot = Slot(row, gate.t_ns, trip, gate.account is not None)
    return replace(identity, slots=(*identity.slots, *[slot] * gate.party))


def name_tracks(
    identity: Identity,
    floor: Floor,
    now_ns: int,
    store: Store,
    config: IdentityConfig,
    tracking: TrackingConfig,
) -> tuple[Identity, Floor]:
    """Give every confirmed track without a trip its slot or its former self, oldest first."""
    expired = now_ns - int(config.scan_wait_s * SECOND_NS)
    slots = tuple(s for s in identity.slots if s.t_ns >= expired)
    if len(slots) < len(identity.slots):
        identity = replace(identity, slots=slots)
    # Where cameras lose frames it is sure only later that a track is somebody, or it is out of sight for a moment.
    is_there = np.isin(floor.tracks.status, (TENTATIVE, CONFIRMED, COASTING))
    unnamed = np.array([k for k in floor.tracks.track_id[is_there].tolist() if k not in identity.trip_of], np.int64)
    entries = _entries(identity.entries, floor.tracks, unnamed, store) if len(unnamed) else {}
    identity = replace(identity, entries=entries) if entries or identity.entries else identity
    identity = _give_back(identity, floor.tracks, now_ns, store, config, tracking) if identity.taken else identity
    confirmed = set(floor.tracks.track_id[floor.tracks.status == CONFIRMED].tolist()) if entries else set()
    arrived = np.array([k for k in unnamed.tolist() if k in entries and k in confirmed], np.int64)
    if not len(arrived):
        return identity, floor
    # A gate's word can come after the step, and a track that begins on the floor can be a second sight of somebody:
    # all who have arrived compete for the slots, and who has been here for a moment gets theirs.
    ripe_ns = now_ns - int(config.entry_after_s * SECOND_NS)
    for track_id, slot, nats in _slots_of(identity, arrived, now_ns, store, config):
        if entries[track_id].t_ns <= ripe_ns:
            identity, floor = _name(identity, floor, track_id, slot, nats, now_ns, config, tracking)
    return identity, floor


def _waits(slot: Slot | None, nats: float, now_ns: int, config: IdentityConfig) -> bool:
    """Tell whether whom a scan was for may still come in: who fits it badly does not take it before."""
    if slot is None:
        return False
    lead_s = config.scan_lead_s + config.scan_lead_sd_s if slot.is_known else config.beam_sd_s
    return nats < config.bad_slot_nats and now_ns < slot.t_ns + int((lead_s + config.entry_after_s) * SECOND_NS)


def _name(
    identity: Identity,
    floor: Floor,
    track_id: int,
    slot: Slot | None,
    slot_nats: float,
    now_ns: int,
    config: IdentityConfig,
    tracking: TrackingConfig,
) -> tuple[Identity, Floor]:
    row = int(np.searchsorted(floor.tracks.track_id, track_id))
    stranger = config.stranger_nats if slot is None else slot_nats
    lost = _former_nats(floor.tracks, row, now_ns, stranger, config, tracking)
    known = {k for k in lost if int(floor.tracks.track_id[k]) in identity.trip_of}
    if slot is None:
        # What nobody saw come in is mostly nobody: a second sight, or something that stands about.
        lost = {k: nats + (0.0 if k in known else float(np.log(config.stranger_p))) for k, nats in lost.items()}
    else:  # a scan explains somebody who comes in; a lost track nobody knew explains nothing
        lost = {k: nats for k, nats in lost.items() if k in known and floor.tracks.status[k] == LOST}
    best = max(lost, key=lambda k: (lost[k], -k), default=-1)
    if best >= 0 and lost[best] > stranger:
        if floor.tracks.status[best] != LOST:
            return identity, floor  # in a moment they are seen again, and are two, or they are lost
        sure = {k: nats for k, nats in lost.items() if floor.tracks.status[k] == LOST}
        return _join(identity, floor, best, row, sure, config)
    if slot is None:
        return identity, floor
    slots = list(identity.slots)
    slots.remove(slot)
    named = {**identity.trip_of, track_id: slot.trip}
    x, y = floor.tracks.mean[row, :2].tolist()
    taken = {**identity.taken, track_id: Taken(slot, identity.entries[track_id], (x, y))}
    return replace(identity, slots=tuple(slots), trip_of=named, taken=taken), floor


def _give_back(
    identity: Identity, tracks: Tracks, now_ns: int, store: Store, config: IdentityConfig, tracking: TrackingConfig
) -> Identity:
    """Give the slot of what never left its spot and is gone to who came in with it: it has been nobody.

    Mannequins and reflections stand about, people who come in do not stay where they were first seen and vanish.
    """
    ids = tracks.track_id.tolist()
    for track_id, one in identity.taken.items():
        if not one.stays:
            continue
        row = int(np.searchsorted(tracks.track_id, track_id))
        known = row < len(ids) and ids[row] == track_id and track_id in identity.trip_of
        unseen_s = (now_ns - int(tracks.seen_ns[row])) / SECOND_NS if known else 0.0
        if not known or (unseen_s < tracking.missed_s and _walked_m(one, tracks, row) > config.spot_m):
            identity = replace(identity, taken={**identity.taken, track_id: replace(one, stays=False)})
        elif tracks.status[row] == LOST and unseen_s >= config.spot_s:
            identity = _slots_without(identity, track_id, ids, store, config)
    return identity


def _walked_m(one: Taken, tracks: Tracks, row: int) -> float:
    """Return how far a track was from its spot when it took its slot, or is now: it wanders, and is born anywhere."""
    at = np.array([tracks.born_xy[row], tracks.mean[row, :2]])
    return float(np.linalg.norm(at - one.xy, axis=1).max())


def _slots_without(
    identity: Identity, nobody: int, present: Sequence[int], store: Store, config: IdentityConfig
) -> Identity:
    """Hand out the slots of those who came in about when one that is nobody seemed to, if they are one too few.

    Who came in first may have got the slot of the next, and the next none.
    """
    slot, near_ns = identity.taken[nobody].slot, int(config.scan_wait_s * SECOND_NS)
    named = [
        k
        for k, one in identity.taken.items()
        if k != nobody
        and k in present
        and identity.trip_of.get(k) == one.slot.trip
        and abs(one.slot.t_ns - slot.t_ns) <= near_ns
    ]
    entries = {k: identity.taken[k].entry for k in named}
    entries |= {k: one for k, one in identity.entries.items() if k not in identity.trip_of}
    if not entries:
        return identity
    slots = (slot, *(identity.taken[k].slot for k in named))
    found = _handed_out(tuple(entries.values()), slots, len(named), store, config)
    if 0 not in [j for j, _ in found]:
        return identity  # nobody came in without a slot
    taken = {k: one for k, one in identity.taken.items() if k != nobody}
    trip_of = {k: trip for k, trip in identity.trip_of.items() if k != nobody}
    for (track_id, entry), (j, _) in zip(entries.items(), found, strict=True):
        if j >= 0:
            taken[track_id] = replace(taken.get(track_id, Taken(slots[j], entry, entry.xy)), slot=slots[j])
            trip_of[track_id] = slots[j].trip
    return replace(identity, taken=taken, trip_of=trip_of)


def _entries(entries: Mapping[int, Entry], tracks: Tracks, unnamed: Ints, store: Store) -> dict[int, Entry]:
    """Note the unnamed tracks that are on the floor for the first time; those still outside have not come in."""
    rows = np.searchsorted(tracks.track_id, unnamed)
    on_floor = inside(tracks.mean[rows, :2], store.outline)
    born_there = inside(tracks.born_xy[rows], store.outline)
    out: dict[int, Entry] = {}
    for track_id, row, on, there in zip(unnamed.tolist(), rows.tolist(), on_floor, born_there, strict=True):
        if track_id in entries:
            out[track_id] = entries[track_id]
        elif there:
            x, y = tracks.born_xy[row].tolist()
            out[track_id] = Entry(int(tracks.born_ns[row]), (x, y))
        elif on:
            x, y = tracks.mean[row, :2].tolist()
            out[track_id] = Entry(int(tracks.seen_ns[row]), (x, y))
    return out


def _slots_of(
    identity: Identity, nameless: Ints, now_ns: int, store: Store, config: IdentityConfig
) -> list[tuple[int, Slot | None, float]]:
    """Return for each track the slot it takes, with its nats; None where none fits.

    Who fits a scan badly waits, and takes it from nobody meanwhile: whom it was for may still come in.
    """
    came = tuple(identity.entries[int(k)] for k in nameless)
    found = _handed_out(came, identity.slots, 0, store, config)
    slots = [(identity.slots[j] if j >= 0 else None, nats) for j, nats in found]
    waits = np.array([_waits(slot, nats, now_ns, config) for slot, nats in slots], np.bool_)
    if waits.any():
        return _slots_of(identity, nameless[~waits], now_ns, store, config) if not waits.all() else []
    return [(int(k), slot, nats) for k, (slot, nats) in zip(nameless, slots, strict=True)]


@lru_cache(maxsize=16)
def _handed_out(
    came: tuple[Entry, ...], slots: tuple[Slot, ...], sure: int, store: Store, config: IdentityConfig
) -> tuple[tuple[int, float], ...]:
    """Return for each entry which slot it takes, all solved together, with its nats; -1 where none fits.

    The first `sure` entries are surely people with a slot. Lateness costs by its square, so people who come in one
    after the other take their slots in that order. Who waits asks the same slice after slice.
    """
    nats = _slot_nats(came, slots, store, config)
    missed = np.full((len(came), len(came)), config.no_slot_nats)
    missed[:sure] -= UNHEARD_OF_NATS
    cost = -np.hstack([np.maximum(nats, config.no_slot_nats), missed])
    return tuple(
        (j, float(nats[i, j])) if j < len(slots) and (i < sure or nats[i, j] > config.no_slot_nats) else (-1, -np.inf)
        for i, j in enumerate(_cheapest(cost).tolist())
    )


def _slot_nats(came: Sequence[Entry], slots: Sequence[Slot], store: Store, config: IdentityConfig) -> Floats:
    """Return how well some entries fit some slots, (n, s) nats.

    A beam is cut by the step over the line itself; now and then by a bag or a door, and where a scan let somebody in
    about then, who comes in is sooner that one.
    """
    came_ns, came_xy = np.array([e.t_ns for e in came]), np.array([e.xy for e in came])
    scan_ns, gate = np.array([s.t_ns for s in slots], np.int64), np.array([s.gate for s in slots], np.int64)
    known = np.array([s.is_known for s in slots], np.bool_)
    off_s = (came_ns[:, None] - scan_ns) / SECOND_NS - np.where(known, config.scan_lead_s, 0.0)
    early_sd_s = np.where(known, config.scan_lead_sd_s, config.beam_sd_s)
    late_sd_s = np.where(known, config.scan_late_sd_s, config.beam_sd_s)
    when = -0.5 * (off_s / np.where(off_s < 0, early_sd_s, late_sd_s)) ** 2 + np.where(known, 0.0, config.beam_nats)
    far = line_distances(came_xy, store.gates.line)
    at = np.where(far <= config.entry_reach_m, -0.5 * (far / config.entry_sd_m) ** 2, -np.inf)
    # Of a party let in at one gate some come in through the next.
    is_way_in = np.array([kind != "exit" for kind in store.gates.kind], np.bool_)
    is_beside = is_way_in & (np.arange(len(is_way_in)) != gate[:, None])
    beside = np.where(is_beside, at[:, None], -np.inf).max(axis=2, initial=-np.inf)
    here = np.column_stack([at, np.zeros(len(at))])[:, gate]  # -1 is a scan at no known gate: it fits anywhere
    fit = np.maximum(when + here, when + config.beside_nats + beside)
    return np.where(np.isfinite(fit), fit, config.no_slot_nats)


def _former_nats(
    tracks: Tracks, row: int, now_ns: int, least: float, identity: IdentityConfig, config: TrackingConfig
) -> dict[int, float]:
    """Return how well each track (by row) that is lost, or about to be, fits a new one in nats; {} if none over least.

    Looks decide, distance forbids. A track can live on for a while on false detections after its person has been found
    again; one that was beside another for longer was mostly something that stands about. But what has walked since is a
    person: a second sight that goes on where the first is lost.
    """
    out: dict[int, float] = {}
    known = (tracks.status == CONFIRMED) | (tracks.status == COASTING)
    unseen = known & (tracks.seen_ns < now_ns - int(config.missed_s * SECOND_NS))
    rows = np.flatnonzero(unseen | (tracks.status == LOST))
    born_ns, born_xy, now_xy = int(tracks.born_ns[row]), tracks.born_xy[row].tolist(), tracks.mean[row, :2].tolist()
    walks = _apart_m(now_xy, born_xy) > identity.walked_m
    # Plain numbers: who has no trip is asked about in every slice, and numpy takes longer for each of a few.
    each = zip(rows.tolist(), tracks.seen_ns[rows].tolist(), tracks.mean[rows, :2].tolist(), strict=True)
    for lost, seen_ns, xy in each:
        gap_s, at = (born_ns - seen_ns) / SECOND_NS, born_xy
        overlap_s, gap_s = max(0.0, -gap_s), max(0.0, gap_s)
        if overlap_s > config.join_overlap_s:
            if not walks:
                continue
            overlap_s, gap_s, at = config.join_overlap_s, (now_ns - seen_ns) / SECOND_NS, now_xy
        excess = max(0.0, _apart_m(at, xy) - config.join_slack_m - config.join_speed_mps * gap_s)
        place = -((excess / 0.7) ** 2) - 0.02 * gap_s - 0.5 * overlap_s
        out[lost] = place
    if max(out.values(), default=-np.inf) + config.look_nats_max <= least:
        return {}  # however alike they look
    length = np.sqrt(tracks.look[row].dot(tracks.look[row]))
    return {k: place + _alike_nats(tracks.look[k], tracks.look[row], length, config) for k, place in out.items()}


def _apart_m(a: Sequence[float], b: Sequence[float]) -> float:
    """Return how far two places are from each other."""
    dx, dy = a[0] - b[0], a[1] - b[1]
    return sqrt(dx * dx + dy * dy)


def _alike_nats(a: Singles, b: Singles, b_length: np.float32, config: TrackingConfig) -> float:
    """Return how much likelier two looks (d,) are one person's than two people's, in nats; b has a known length."""
    norm = float(np.sqrt(a.dot(a)) * b_length)
    if norm < 1e-6:
        return 0.0
    cosine = float(a @ b) / norm
    same = -0.5 * (min(cosine - 0.9, 0.0) / config.look_same_sd) ** 2
    other = -0.5 * ((cosine - config.look_other_mean) / config.look_other_sd) ** 2
    return min(max(same - other, -config.look_nats_max), config.look_nats_max)


def _cheapest(cost: Floats) -> Ints:
    """Return the column of each row, cheapest in all; cost (r, c), r <= c."""
    if len(cost) == 1:
        return np.asarray(cost.argmin(axis=1))
    # Less than nothing each: no row stays without. (scipy's solver is the same, and takes 0.2 s to load.)
    return np.asarray(assign(cost - cost.max() - 1.0))


def _join(
    identity: Identity, floor: Floor, lost: int, row: int, nats: Mapping[int, float], config: IdentityConfig
) -> tuple[Identity, Floor]:
    """Let the lost track go on where the new one is; others it may be, and a stranger, stay possible.

    The stranger is the person the new track would have been: they have no trip.
    """
    from scipy.special import expit  # here: a store where nobody is lost need not wait 0.2 s for it

    tracks = thaw(floor.tracks)
    old_id, new_id, born_ns = int(tracks.track_id[lost]), int(tracks.track_id[row]), int(tracks.born_ns[row])
    doubts = {int(tracks.track_id[k]): one for k, one in nats.items() if k != lost} | {new_id: config.stranger_nats}
    mixes = [Mix(born_ns, old_id, other, float(expit(one - nats[lost]))) for other, one in doubts.items()]
    identity = learn(identity, (), [m for m in mixes if m.swap >= config.swap_p_min])
    for name in ("mean", "cov", "device_id", "seen_by_ns", "found", "exist", "sight", "seen_ns"):
        getattr(tracks, name)[lost] = getattr(tracks, name)[row]
    move(tracks.status, np.array([lost]), Seen.JOINED)
    keep = np.flatnonzero(np.arange(len(tracks)) != row)
    identity = replace(identity, alias={**identity.alias, new_id: old_id})
    return identity, replace(floor, tracks=take(tracks, keep))
