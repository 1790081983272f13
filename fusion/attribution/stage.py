"""The attribution stage: queue what shelves, hands and carts said, and read it in order of time."""

from collections.abc import Collection

from fusion.attribution.cart_pass import CartPass
from fusion.attribution.cart_reading import read_cart_pass, read_carts, read_move
from fusion.attribution.dark import Reach
from fusion.attribution.handover import Meeting, meetings
from fusion.attribution.hypotheses import made_final
from fusion.attribution.lasting import over_by
from fusion.attribution.letting_go import let_go, read_let_go
from fusion.attribution.passing import (
    look_at_hands,
    read_content,
    read_meeting,
    read_reach,
    read_stoop,
    read_unwatched,
)
from fusion.attribution.possession import Content, sought
from fusion.attribution.reading import read_change
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution, People, limited
from fusion.attribution.unwatched import Unwatched
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange
from fusion.store import Store
from fusion.tracking.carts import SeenMove

NEVER_S = 1e9  # nothing stays open for so long


def attribute(
    state: Attribution,
    new: tuple[ShelfChange, ...],
    now_ns: int,
    people: People,
    store: Store,
    config: AttributionConfig,
) -> tuple[Attribution, tuple[Settled, ...]]:
    """Queue new changes; read changes and meetings whose hands have been watched to the end of the window."""
    waiting = sorted((*state.waiting, *new), key=lambda c: (c.step_ns, c.plates)) if new else state.waiting
    until = now_ns - int(config.held_window_s * SECOND_NS)
    due: list[ShelfChange | Meeting | SeenMove | CartPass | Content | Unwatched | Reach] = [
        *[c for c in waiting if c.step_ns <= until]
    ]
    met, touching = meetings(state.touches, until, config)
    hidden, going_on = over_by(state.unwatched, until, config.unwatched.break_s, config.unwatched.together_s)
    if store.handover == "holder":
        # Whose goods went into a cart is asked before they are in it.
        due += [*met, *[p for p in state.passes if p.t_ns <= until], *hidden]
    due += [m for m in state.moves if m.move.t_ns <= until]
    reached, reaching = over_by(state.reaches, until, config.dark.break_s, config.dark.reach_s)
    due += reached
    stooped, stooping = over_by(state.stoops, until, config.stoop.break_s, config.stoop.lasts_s)
    put_together_ns = state.moment_ns
    moment = int(config.possession.moment_s * SECOND_NS)
    state, seen_in_hands = look_at_hands(state, until, people, store, config, moment)
    due += seen_in_hands
    state = replace(
        state,
        waiting=tuple([c for c in waiting if c.step_ns > until]),
        touches=touching,
        moves=tuple([m for m in state.moves if m.move.t_ns > until]),
        passes=tuple([p for p in state.passes if p.t_ns > until]),
        unwatched=going_on,
        reaches=reaching,
        stoops=stooping,
    )
    settled: list[Settled] = []
    for one in sorted(due, key=_at_ns):
        if isinstance(one, ShelfChange):
            state, done = read_change(state, one, people, store, config)
            settled += done
        elif isinstance(one, Meeting):
            state = read_meeting(state, one, people, store, config)
        elif isinstance(one, SeenMove):
            state = read_move(state, one, people, store, config)
        elif isinstance(one, Content):
            state = read_content(state, one, people, store, config)
        elif isinstance(one, Unwatched):
            state = read_unwatched(state, one, people, store, config)
        elif isinstance(one, Reach):
            state = read_reach(state, one, people, store, config)
        else:
            state = read_cart_pass(state, one, people, store, config)
    for stoop in stooped:  # all that moved about then is read by now
        state = read_stoop(state, stoop, people, store, config)
    state = read_let_go(state, let_go(state, put_together_ns, state.moment_ns, config), store, config)
    state = read_carts(state, now_ns, people, store, config)
    final_ns = now_ns - int(config.final_after_s * SECOND_NS)
    may_be_old = config.final_after_s < NEVER_S
    old = [event for event, change in state.open.items() if change.step_ns < final_ns] if may_be_old else []
    if old:
        groups = (made_final(g, [e for e in old if g.reads(e)]) for g in state.groups)
        state = replace(state, groups=tuple(groups))
    cut = sum([g.cut for g in state.groups])
    if cut:
        counted = tuple(replace(g, cut=0) for g in state.groups)
        state = limited(replace(state, groups=counted), "attribution.hypotheses_max", cut)
    return state, tuple(settled)


def look_before_exit(
    state: Attribution,
    trips: Collection[str],
    now_ns: int,
    people: People,
    store: Store,
    config: AttributionConfig,
) -> Attribution:
    """Read what hands have shown up to now, though the moment is not over: some trips are about to be settled.

    What their people have left behind may be in somebody's hands already; where nobody shows such goods, nothing is
    read before its time.
    """
    until = now_ns - int(config.held_window_s * SECOND_NS)
    put_together_ns = state.moment_ns
    length = until - put_together_ns
    # What was shown for less tells nothing of goods that somebody else left.
    if not put_together_ns or length < config.possession.found_after_s * SECOND_NS:
        return state
    looked, seen_in_hands = look_at_hands(state, until, people, store, config, length)
    others = [one for one in seen_in_hands if people.trip_of.get(one.track_id, "") not in trips]
    own = {
        product
        for group in state.groups
        for trip in group.trips.intersection(trips)
        for goods in group.carried(trip)
        for product, _, _ in goods
    }
    if not any(own.intersection(sought(one, config.possession)) for one in others):
        return state
    for one in seen_in_hands:
        looked = read_content(looked, one, people, store, config)
    return read_let_go(looked, let_go(looked, put_together_ns, looked.moment_ns, config), store, config)


def _at_ns(one: ShelfChange | Meeting | SeenMove | CartPass | Content | Unwatched | Reach) -> int:
    if isinstance(one, SeenMove):
        return one.move.t_ns
    return one.step_ns if isinstance(one, ShelfChange) else one.t_ns
