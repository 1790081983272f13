"""Settlement: trips that are over become receipts, events, transfers of goods and postings of money."""

from collections.abc import Mapping

from fusion.arrays import Floats, Ints
from fusion.attribution.events import Event, Owner, events_of, transfers_of
from fusion.attribution.evidence_rows import EvidenceRow, evidence_row
from fusion.attribution.holding import without_holds
from fusion.attribution.leaving import carried, close_trip, parts_of, take_weights, weigh_exit
from fusion.attribution.masses import learned
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution
from fusion.attribution.strangers import own_p, with_strangers
from fusion.checkout.charge import choose, unclaimed
from fusion.checkout.postings import close_trip as postings_of
from fusion.checkout.receipts import OPEN, Receipt
from fusion.checkout.records import Entry, Transfer
from fusion.checkout.tenders import Spent, spend
from fusion.checkout.trips import Trip, Trips
from fusion.config import Config
from fusion.frozen import record, replace
from fusion.health.holds import hold
from fusion.health.modes import Mode
from fusion.health.stage import Watch, doubts_of, learn_gains, note_settled
from fusion.messages import Health
from fusion.store import Store
from fusion.tracking.identity import Naming


@record(eq=False)
class TrackRows:
    """Rows of tracks.parquet at one instant."""

    t_ns: int
    track_id: Ints  # (n,)
    xy: Floats  # (n, 2) m


@record(eq=False)
class Outputs:
    """What one step says to the world."""

    events: tuple[Event, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    entries: tuple[Entry, ...] = ()
    tracks: tuple[TrackRows, ...] = ()
    names: tuple[Naming, ...] = ()  # of tracks that are forgotten
    health: tuple[Health, ...] = ()  # sensors of which something else is to be said than before
    modes: tuple[Mode, ...] = ()  # of the store, where it has changed
    evidence: tuple[EvidenceRow, ...] = ()  # of every settled change, also of those that are no event
    provisional: tuple[Event, ...] = ()  # as changes are read at first, seconds after them; nothing is charged by these


def settle(
    attribution: Attribution,
    trips: Trips,
    ids: tuple[str, ...],
    store: Store,
    config: Config,
    spent: Spent,
    watch: Watch,
) -> tuple[Attribution, Outputs, Watch]:
    """Settle ended trips, in order of entry: charge, events, transfers, postings; the watch learns from each."""
    total = Outputs()
    for trip in [t for t in trips.ended if t.trip in ids]:
        by_then = spend(spent, total.receipts)
        attribution, one, watch = _settle_one(attribution, trips, trip, store, config, by_then, watch)
        total = join(total, one)
    return attribution, total, watch


def _settle_one(
    attribution: Attribution,
    trips: Trips,
    trip: Trip,
    store: Store,
    config: Config,
    spent: Spent,
    watch: Watch,
) -> tuple[Attribution, Outputs, Watch]:
    """Choose the charge of one trip and settle every change it explains.

    What these changes tell of the sensors bears on this receipt as well.
    """
    if not trip.is_staff and trip.closed_ns is not None:
        attribution = weigh_exit(attribution, trip.trip, trip.closed_ns, store, config.attribution)
    charge = None
    if not trip.is_staff:
        span = trip.trip, trip.entered_ns, trip.closed_ns
        own = own_p(attribution, *span, config.attribution) if trip.account is not None else 1.0
        charge = choose(carried(attribution, trip.trip, store, config.attribution), store, config.checkout, own)
    goods = None if charge is None else charge.goods
    attribution, settled = close_trip(attribution, trip.trip, goods, store, config.attribution)
    attribution = with_strangers(attribution, settled)
    attribution, right = take_weights(attribution, trip.trip, goods or (), config.attribution)
    attribution = replace(attribution, biases=learned(attribution.biases, settled, store, config.attribution))
    watch = note_settled(learn_gains(watch, settled, store, config), settled, store, config)
    outputs = say(settled, trips, store, config)
    if charge is None:
        return attribution, outputs, watch
    evidence: dict[int, list[str]] = {}
    for one in without_holds(settled, config.attribution):
        for part in parts_of(one, trip.trip):
            evidence.setdefault(part.product, []).append(one.event)
    charge = charge.weighed(right, config.checkout)
    doubts = doubts_of(watch, store)
    receipt = hold(charge.receipt(trip.end(), evidence, store, spent), settled, doubts, store, config.health)
    moved, posted = postings_of(receipt, store) if receipt.status != OPEN else ((), ())
    if receipt.account is None:
        receipt = unclaimed(receipt)
    return attribution, join(outputs, Outputs(receipts=(receipt,), transfers=moved, entries=posted)), watch


def say(settled: tuple[Settled, ...], trips: Trips, store: Store, config: Config) -> Outputs:
    """Turn settled changes into events and transfers of goods, in order of time."""
    if not settled:
        return Outputs()
    owner = OwnerTable({t.trip: Owner(t.account, t.is_staff) for t in (*trips.live, *trips.ended)})
    ordered = sorted(settled, key=lambda s: (s.change.step_ns, s.event))
    events = [
        e for s in without_holds(settled, config.attribution) for e in events_of(s, owner, store, config.attribution)
    ]
    moved = tuple(t for s in ordered for t in transfers_of(s, owner, store))
    return Outputs(tuple(events), (), moved, evidence=tuple(evidence_row(s, owner, store) for s in ordered))


def foresee(fresh: tuple[Settled, ...], trips: Trips, store: Store, config: Config) -> tuple[Event, ...]:
    """Return the events of changes that have just been read, by what is believed of them now, in order of time."""
    if not fresh:
        return ()
    owner = OwnerTable({t.trip: Owner(t.account, t.is_staff) for t in (*trips.live, *trips.ended)})
    ordered = sorted(fresh, key=lambda s: (s.change.step_ns, s.event))
    return tuple(e for s in ordered for e in events_of(s, owner, store, config.attribution))


def join(a: Outputs, b: Outputs) -> Outputs:
    """Return the outputs of both, a first; track rows, names, health, modes and what is provisional come later."""
    return Outputs(
        events=(*a.events, *b.events),
        receipts=(*a.receipts, *b.receipts),
        transfers=(*a.transfers, *b.transfers),
        entries=(*a.entries, *b.entries),
        evidence=(*a.evidence, *b.evidence),
    )


@record()
class OwnerTable:
    """Looks a trip up; nobody and unknown trips have no account."""

    owners: Mapping[str, Owner]

    def __call__(self, trip: str) -> Owner:
        """Return what the trip means outside."""
        return self.owners.get(trip, Owner(None, False))
