"""Hypothesis strategies: random ledgers, with any names, and every way in which an entry can follow another."""

from hypothesis import strategies as st

from fusion.checkout import goods
from fusion.checkout.postings import post, reverse, void
from fusion.checkout.records import Entry, Leg, Transfer, derive_id

DAY_NS = 86_400_000_000_000
SKUS = st.sampled_from(["cola", "COLA", "Cola", "012345678905", "a.b-c_", "x'y"])
REASONS = ("not-taken", "returned", "damaged", "wrong-price")
instants = st.integers(-3 * DAY_NS, 3 * DAY_NS)
# As the engine has them, and anything else that a ledger takes.
labels = st.sampled_from(["a", "acct-1", "Ann", "9", "x-Z"]) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
)
kinds = st.sampled_from(["receivable", "sales", "tax", "tender:card", "coupon", "odd"])
accounts = st.builds("{}:{}".format, kinds, labels) | st.just("deposits")
MEMOS = st.sampled_from(["sale", "tender", "(sale)", "a; b | c", "! x"]) | labels


@st.composite
def drawn_transfers(draw: st.DrawFn, skus: st.SearchStrategy[str] = SKUS) -> tuple[Transfer, ...]:
    """Goods that wander: from the supply to plates, to carts, and to wherever goods can end."""
    plates = st.sampled_from([goods.plate(f"P{n}") for n in range(4)])
    trips = draw(st.lists(labels, min_size=1, max_size=3, unique=True))
    trip = st.sampled_from(trips)
    carts = trip.map(goods.cart)
    ends = st.sampled_from([goods.UNCLAIMED, goods.FLOOR, goods.STAFF]) | plates
    ends |= trip.flatmap(lambda t: st.sampled_from([goods.sold(t), goods.suspense(t), goods.hand(t)]))
    steps = st.one_of(
        st.tuples(st.just(goods.SUPPLY), plates), st.tuples(plates, carts), st.tuples(plates, ends),
        st.tuples(trip.map(goods.suspense), ends), st.tuples(carts, ends), st.tuples(st.just(goods.FLOOR), carts),
    )  # fmt: skip
    moved: list[Transfer] = []
    held: dict[tuple[str, str], int] = {}
    for number, (source, target) in enumerate(draw(st.lists(steps, max_size=40))):
        sku, quantity = draw(skus), draw(st.integers(1, 3))
        if not goods.may_overdraw(source):
            quantity = min(quantity, held.get((source, sku), 0))
        if quantity and source != target:
            held[source, sku] = held.get((source, sku), 0) - quantity
            held[target, sku] = held.get((target, sku), 0) + quantity
            grams = draw(st.none() | st.floats(0, 1e6))
            moved.append(
                goods.move(
                    "nano",
                    evidence=f"e{number}",
                    t_ns=draw(instants),
                    sku=sku,
                    quantity=quantity,
                    grams=grams,
                    source=source,
                    target=target,
                )
            )
    return tuple(moved)


@st.composite
def drawn_entries(draw: st.DrawFn, memos: st.SearchStrategy[str] = MEMOS) -> tuple[Entry, ...]:
    """Entries of two to four legs; some are posted, voided or reversed later on."""
    made: list[Entry] = []
    for number in range(draw(st.integers(0, 12))):
        cents = draw(st.lists(st.integers(-(10**12), 10**12).filter(bool), min_size=1, max_size=3).filter(sum))
        legs = [Leg(draw(accounts), one) for one in (*cents, -sum(cents))]
        state = draw(st.sampled_from(["posted", "pending"]))
        entry = Entry(derive_id("e", str(number)), draw(instants), draw(labels), draw(memos), state, tuple(legs))
        made.append(entry)
        later = entry.t_ns + draw(st.integers(0, DAY_NS))
        match draw(st.sampled_from(["nothing", "follow", "other"])), state:
            case "follow", "pending":
                made.append(post(entry, later))
            case "other", "pending":
                made.append(void(entry, later))
            case "follow", "posted":
                made.append(reverse(entry, later, "refund"))
    return tuple(made)
