"""A tiny store and its messages, written out by hand: one depth camera, one door, one gondola of six plates.

Not a simulation: just enough signal to drive the real engine through scripted picks and put-backs in a property test.
"""

from dataclasses import dataclass, replace

import numpy as np

from fusion.config import Config
from fusion.engine import Outputs, finish, first_state, make_engine, step
from fusion.intake import Sequencer
from fusion.messages import Frame, Gate, Health, Message, People, Plates
from fusion.store import Cameras, Facings, Fixture, Gates, Products, Store
from fusion.store import Plates as PlateTable
from fusion.wire import encode, topic_of

SECOND = 1_000_000_000
EPOCH = 1_700_000_000 * SECOND
MASSES = (100.0, 175.0, 260.0, 355.0, 480.0, 620.0)


def tiny_store(skus: tuple[str, ...] = ("a", "b", "c", "d", "e", "f")) -> Store:
    """Six products of clearly different mass, one a plate."""
    n = len(MASSES)
    x = 1.0 + 0.3 * np.arange(n)
    return Store(
        store_id="tiny",
        currency="USD",
        timezone="UTC",
        handover="holder",
        outline=np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]]),
        fixtures=(Fixture("G", np.array([[0.8, 2.5], [2.8, 2.5], [2.8, 3.0], [0.8, 3.0]]), 1.5),),
        gates=Gates(("door",), ("both",), np.array([[[0.0, 0.5], [0.0, 1.5]]])),
        cameras=Cameras(
            ("cam",), np.array([True]), np.array([[640.0, 480.0]]), np.array([[500.0, 500.0, 320.0, 240.0]]),
            np.zeros((1, 5)), np.eye(3)[None], np.zeros((1, 3)), np.array([10.0]),
        ),
        carts=(),
        portals=(),
        tax_rates=(("general", 0.0825),),
        plates=PlateTable(
            tuple(f"P{i}" for i in range(n)), ("G",) * n, ("G-1",) * n, ("ctl",) * n, np.arange(n),
            np.stack([x, np.full(n, 2.7), np.full(n, 1.0)], axis=1), np.zeros(n), np.full((n, 2), (0.28, 0.4)),
            np.full(n, 20000.0),
        ),
        products=Products(
            skus, skus, np.arange(1, n + 1) * 100, np.zeros(n, bool), np.array(MASSES), np.full(n, 0.5),
            ("c",) * n, ("general",) * n, np.zeros(n, bool), np.zeros(n, np.int64), ("",) * n,
        ),
        facings=Facings(tuple(f"F{i}" for i in range(n)), np.arange(n), tuple((i,) for i in range(n)), np.full(n, 12)),
    )  # fmt: skip


@dataclass(frozen=True)
class Action:
    """One shopper moves pieces of the product of one plate: onto `onto` where that is another plate."""

    shopper: int
    plate: int
    pieces: int  # negative: taken; positive: put back
    onto: int | None = None


STEP_S, ENTER_S = 4.0, 4.0
RISE = 4  # samples in which a hand takes goods off a plate; only a bad cell is faster


def tape(actions: list[Action], shoppers: int = 2, accounts: tuple[str, ...] = ("ann", "bob", "cem")) -> list[Message]:
    """Write the messages of shoppers who come in, act one after the other, and go out."""
    rng = np.random.default_rng(7)
    begin_s = ENTER_S + 3.0 * shoppers
    end_s = begin_s + STEP_S * len(actions) + 4.0
    total_s = end_s + 3.0 * shoppers + 14.0
    messages: list[Message] = []
    for k in range(shoppers):
        messages.append(Gate("door", 0, _ns(ENTER_S + 3.0 * k - 2.0), "door", "enter", accounts[k], 1, "shopper"))
        messages.append(Gate("door", 0, _ns(end_s + 3.0 * k + 3.0), "door", "exit", None, 1, "shopper"))
    for t_s in np.arange(0.0, total_s, 0.1):
        messages.append(_frame(float(t_s), actions, shoppers, begin_s, end_s, rng))
    messages += _plates(actions, begin_s, total_s, rng)
    messages += [Health(s, 0, _ns(float(t)), "ok", "") for s in ("door", "cam") for t in np.arange(0, total_s, 1.0)]
    return _numbered(messages)


def frames(messages: list[Message], late_ns: int = 100_000_000) -> list[Frame]:
    """Encode messages as they would arrive."""
    return [Frame(topic_of(m), encode(m), m.t_ns + late_ns) for m in messages]


def run(store: Store, messages: list[Message], config: Config | None = None) -> tuple[Outputs, ...]:
    """Drive the real step over messages in order of time, to the end of the tape; return all outputs."""
    engine = make_engine(store, config or Config())
    sequencer, state, outputs = Sequencer(engine.config.intake), first_state(engine), []
    for message in sorted(messages, key=lambda m: m.t_ns):
        for part in sequencer.push(message, b""):
            state, out = step(engine, state, part)
            outputs.append(out)
    for part in sequencer.flush():
        state, out = step(engine, state, part)
        outputs.append(out)
    return (*outputs, finish(engine, state)[1])


def _ns(t_s: float) -> int:
    return EPOCH + round(t_s * 1e3) * 1_000_000


def _numbered(messages: list[Message]) -> list[Message]:
    messages = sorted(messages, key=lambda m: (m.t_ns, m.src, type(m).__name__))
    count: dict[str, int] = {}
    out = []
    for message in messages:
        out.append(replace(message, seq=count.get(message.src, 0)))
        count[message.src] = count.get(message.src, 0) + 1
    return out


def _place(k: int, t_s: float, actions: list[Action], shoppers: int, begin_s: float, end_s: float) -> np.ndarray | None:
    """Where shopper k is: in by the door, to each plate in turn, out again; None while outside."""
    came, goes = ENTER_S + 3.0 * k, end_s + 3.0 * k + 3.0
    if not came <= t_s <= goes:
        return None
    stops = [(came, (0.1, 1.0)), (came + 1.5, (0.9 + 0.9 * k, 1.2))]
    for i, action in enumerate(actions):
        at = begin_s + STEP_S * i
        if action.shopper == k:
            x = 1.0 + 0.3 * (action.plate if action.onto is None else action.onto)
            stops += [(at + 1.4, (x, 2.1)), (at + 2.8, (x, 2.1)), (at + 3.9, (0.9 + 0.9 * k, 1.2))]
    stops += [(goes - 2.5, (0.9 + 0.9 * k, 1.2)), (goes - 0.1, (0.0, 1.0)), (goes, (-0.1, 1.0))]
    times = [s for s, _ in stops]
    return np.array([np.interp(t_s, times, [p[i] for _, p in stops]) for i in range(2)])


def _frame(
    t_s: float, actions: list[Action], shoppers: int, begin_s: float, end_s: float, rng: np.random.Generator
) -> People:
    rows = [(k, p) for k in range(shoppers) if (p := _place(k, t_s, actions, shoppers, begin_s, end_s)) is not None]
    n = len(rows)
    head, hands, look = np.zeros((n, 3)), np.full((n, 2, 3), np.nan), np.zeros((n, 8))
    for row, (k, place) in enumerate(rows):
        head[row] = np.array([*place, 1.55 + 0.08 * k]) + rng.normal(0, 0.02, 3)
        hands[row] = [[*place, 0.9], [*place, 0.9]]
        look[row, k] = 1.0
        for i, action in enumerate(actions):
            if action.shopper == k and abs(t_s - (begin_s + STEP_S * i + 2.1)) < 0.6:
                x = 1.0 + 0.3 * (action.plate if action.onto is None else action.onto)
                hands[row, 0] = np.array([x, 2.6, 1.08]) + rng.normal(0, 0.02, 3)
    f4 = np.float32
    return People.of(
        "cam", 0, _ns(t_s), head.astype(f4), hands.astype(f4), np.full(n, 0.03, f4), np.full(n, 0.9, f4),
        look.astype(f4), (None,) * n, (),
    )  # fmt: skip


def _plates(actions: list[Action], begin_s: float, total_s: float, rng: np.random.Generator) -> list[Message]:
    samples = int(total_s * 60)
    load = np.full((samples, len(MASSES)), 5000.0) + rng.normal(0, 0.6, (samples, len(MASSES)))
    for i, action in enumerate(actions):
        plate = action.plate if action.onto is None else action.onto
        at = int((begin_s + STEP_S * i + 2.1) * 60)
        gone = np.clip((np.arange(samples) - at + 1.0) / RISE, 0.0, 1.0)
        load[:, plate] += gone * action.pieces * MASSES[action.plate] * 1.01
    return [
        Plates("ctl", 0, _ns(i / 60), 16_666_667, load[i : i + 12].astype(np.float32)) for i in range(0, samples, 12)
    ]
