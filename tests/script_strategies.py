"""Hypothesis strategies: any script that can be written, whether or not it can be played."""

from math import inf

from hypothesis import strategies as st

from scenarios import script as s
from scenarios.phrases import RESERVED
from sensors.faults import PLATE_FAULTS, WIRE_FAULTS, Fault

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = st.text(LETTERS + "-0123456789", min_size=1, max_size=5).filter(lambda word: word not in RESERVED)
FIRST_WORDS = st.builds(str.__add__, st.sampled_from(LETTERS), st.text(LETTERS + "-", max_size=5)).filter(
    lambda word: word not in RESERVED
)
GOODS = st.builds(lambda first, rest: " ".join([first, *rest]), FIRST_WORDS, st.lists(WORDS, max_size=2))
PEOPLE = st.builds(str.__add__, st.sampled_from(LETTERS), st.text(LETTERS + "-.0123456789", max_size=5))
CARTS = st.builds("cart-{:02d}".format, st.integers(0, 99))
SECONDS = st.floats(0.0, 1e6)
COUNTS = st.integers(1, 40)
PACES = st.sampled_from(("slow", "normal", "fast"))
TEXTS = st.text(LETTERS + " ,:'()", min_size=1, max_size=30).map(str.strip).filter(bool)
ALSO = st.lists(st.tuples(GOODS, COUNTS), max_size=2).map(tuple)

STEPS = st.one_of(
    *(st.builds(kind, GOODS) for kind in (s.Walk, s.Touch, s.Bump, s.Eat, s.PickUp)),
    *(st.builds(kind, SECONDS) for kind in (s.Look, s.Hold)),
    *(st.builds(kind, PEOPLE) for kind in (s.Go, s.Together)),
    *(st.builds(kind, GOODS, PEOPLE) for kind in (s.Give, s.Receive, s.LayDown)),
    *(st.builds(kind, GOODS, COUNTS) for kind in (s.Restock, s.Face)),
    *(st.builds(kind) for kind in (s.LeaveCart, s.ChangeJacket, s.Leave, s.Stay)),
    *(st.builds(kind, GOODS, st.none() | CARTS, st.booleans()) for kind in (s.IntoCart, s.OutOfCart)),
    st.builds(s.Follow, PEOPLE, st.none() | SECONDS),
    st.builds(s.Pick, GOODS, COUNTS, PACES, SECONDS, ALSO),
    st.builds(s.Lift, GOODS, COUNTS, SECONDS, st.integers(0, 3)),
    st.builds(s.PutBack, GOODS, COUNTS, st.none() | GOODS, PACES),
    st.builds(s.Swap, GOODS, GOODS),
    st.builds(s.Exchange, GOODS, PEOPLE, GOODS),
    st.builds(s.TakeCart, CARTS),
    st.builds(s.Weigh, CARTS, st.floats(0.5, 1e5)),
)
SHOPPERS = st.builds(
    s.Shopper,
    PEOPLE,
    SECONDS,
    st.lists(STEPS, max_size=6).map(tuple),
    st.sampled_from(("shopper", "staff")),
    st.none() | PEOPLE,
    st.none() | PEOPLE,
    st.booleans(),
    st.booleans(),
    st.none() | PEOPLE,
)
PATTERNS = st.sampled_from(("*", "cam-*", "ctl-G[12]", "G1-s?-p01", "of:a", "of:sea salt crisps"))
FAULTS = st.builds(
    Fault,
    st.sampled_from(WIRE_FAULTS + PLATE_FAULTS),
    st.sampled_from(("*", "cam-0[1-6]", "ctl-G1", "door")),
    SECONDS,
    SECONDS,
    st.floats(0.0, 1.0),
    SECONDS,
    st.lists(PATTERNS, max_size=3).map(tuple),
    st.floats(-5e3, 5e3),
    st.floats(-5.0, 5.0),
)
PART_NAMES = st.text(LETTERS, min_size=1, max_size=6).filter(
    lambda word: word not in (*RESERVED, "name", "about", "store", "handover", "stale", "crowd", "fault", "lasts")
)
PARTS = st.one_of(
    st.builds(s.Part, PART_NAMES, st.sampled_from(("any", "by weight", "each", "tagged", "low", "not snap", "snap"))),
    st.builds(s.Part, PART_NAMES, st.sampled_from(("beside", "weighs like", "category")), GOODS),
)
SCRIPTS = st.builds(
    s.Script,
    PEOPLE,
    TEXTS,
    st.lists(SHOPPERS, max_size=3).map(tuple),
    PEOPLE,
    st.sampled_from(("holder", "picker")),
    st.lists(PARTS, max_size=4, unique_by=lambda part: part.name).map(tuple),
    st.lists(st.builds(s.Stale, GOODS, GOODS), max_size=2).map(tuple),
    st.none() | st.builds(s.Crowd, COUNTS, SECONDS, st.floats(0.0, 1.0)),
    st.lists(FAULTS, max_size=2).map(tuple),
    st.integers(0, 9),
    st.just(inf) | SECONDS,
)
