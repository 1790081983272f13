"""Properties of the whole engine, message by message, through the real stages."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import EPOCH, Action, frames, run, tape, tiny_store

from fusion.checkout.goods import balances
from fusion.checkout.receipts import SETTLED
from fusion.config import SECOND_NS, Config
from fusion.engine import Outputs, first_state, make_engine, step
from fusion.intake import Sequencer
from fusion.messages import Frame, Plates
from fusion.session import Session

SLOW = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def scripts(draw: st.DrawFn) -> list[Action]:
    """Draw up to five actions of two shoppers in which nobody puts back what they do not carry."""
    carried: Counter[tuple[int, int]] = Counter()
    actions = []
    for _ in range(draw(st.integers(1, 5))):
        shopper = draw(st.integers(0, 1))
        mine = sorted(plate for (who, plate), n in carried.items() if who == shopper and n > 0)
        if mine and draw(st.booleans()):
            plate = draw(st.sampled_from(mine))
            carried[shopper, plate] -= 1
            actions.append(Action(shopper, plate, 1, draw(st.sampled_from([None, 5]))))
        else:
            plate, pieces = draw(st.integers(0, 4)), draw(st.integers(1, 2))
            carried[shopper, plate] += pieces
            actions.append(Action(shopper, plate, -pieces))
    return actions


def replay(actions: list[Action], **changes: object) -> tuple[Outputs, ...]:
    """Drive step over a scripted tape and return all outputs."""
    store = tiny_store(*changes.pop("skus", []))  # type: ignore[misc]
    return run(store, tape(actions, **changes))  # type: ignore[arg-type]


def charged(outputs: tuple[Outputs, ...]) -> dict[str | None, dict[str, int]]:
    return {r.account: {line.sku: line.quantity for line in r.lines} for o in outputs for r in o.receipts}


def truth(actions: list[Action]) -> dict[str, dict[str, int]]:
    taken = {0: Counter[str](), 1: Counter[str]()}
    for a in actions:
        taken[a.shopper]["abcdef"[a.plate]] -= a.pieces
    return {name: {k: n for k, n in taken[i].items() if n} for i, name in enumerate(("ann", "bob"))}


@SLOW
@given(scripts())
def test_everybody_pays_for_what_they_carry_out_and_goods_are_conserved(actions: list[Action]) -> None:
    outputs = replay(actions)
    assert charged(outputs) == truth(actions)
    transfers = [t for o in outputs for t in o.transfers]
    held = balances(transfers)
    for sku in {s for _, s in held}:
        assert sum(n for (_, s), n in held.items() if s == sku) == 0, "what leaves one account enters another"
    assert all(n >= 0 for (account, _), n in held.items() if account.startswith(("cart:", "sold:", "suspense:")))
    assert all(n == 0 for (account, _), n in held.items() if account.startswith("cart:")), "carts end empty"
    for entry in (e for o in outputs for e in o.entries):
        assert sum(leg.amount_cents for leg in entry.legs) == 0
    for receipt in (r for o in outputs for r in o.receipts):
        assert receipt.total_cents == sum(line.amount_cents for line in receipt.lines) + receipt.tax_cents
        assert 0.0 <= receipt.confidence <= 1.0
        if receipt.closed_ns is not None:
            assert receipt.left_ns is not None
            assert 0 <= receipt.closed_ns - receipt.left_ns <= 10 * SECOND_NS, "a trip closes soon after the last left"


@SLOW
@given(st.lists(st.integers(0, 4), min_size=1, max_size=3), st.permutations(range(3)))
def test_a_full_put_back_charges_nothing(plates: list[int], order: list[int]) -> None:
    back = [plates[i] for i in order if i < len(plates)]
    outputs = replay([*[Action(0, p, -1) for p in plates], *[Action(0, p, 1) for p in back]])
    assert charged(outputs) == {"ann": {}, "bob": {}}
    assert [e for o in outputs for e in o.entries] == []


@SLOW
@given(scripts(), st.permutations("abcdef"))
def test_renaming_accounts_and_products_renames_the_receipts_and_nothing_else(
    actions: list[Action], names: list[str]
) -> None:
    plain = charged(replay(actions))
    skus = tuple(f"sku-{n}" for n in names)
    other = charged(replay(actions, skus=[skus], accounts=("zoe", "yan", "xi")))
    to_sku = dict(zip("abcdef", skus, strict=True))
    to_name = {"ann": "zoe", "bob": "yan"}
    assert other == {to_name[str(a)]: {to_sku[s]: n for s, n in lines.items()} for a, lines in plain.items()}


@SLOW
@given(st.integers(0, 4), st.floats(-300.0, 300.0))
def test_a_pick_while_the_shelf_controller_restarts_is_not_settled_as_nothing(plate: int, zero_g: float) -> None:
    first_ns, last_ns = (EPOCH + int(t_s * SECOND_NS) for t_s in (10.4, 13.4))  # the hand is there at 12.1 s
    before = [m for m in tape([Action(0, plate, -1)]) if not (isinstance(m, Plates) and first_ns <= m.t_ns < last_ns)]
    restarted = [m for m in before if isinstance(m, Plates) and m.t_ns >= last_ns]
    new = {id(m): replace(m, seq=m.seq - restarted[0].seq, g=m.g + np.float32(zero_g)) for m in restarted}
    outputs = run(tiny_store(), [new.get(id(m), m) for m in before])
    (receipt,) = (r for o in outputs for r in o.receipts if r.account == "ann")
    assert receipt.confidence < 0.7, "what is cheap may be settled by what a mistake costs, but not as sure"
    (other,) = (r for o in outputs for r in o.receipts if r.account == "bob")
    assert other.status == SETTLED and not other.lines


def test_the_engine_forgets_who_left_long_ago() -> None:
    """Every trip of a run stayed in its state, and in each snapshot of it."""
    store = tiny_store()
    engine = make_engine(store, Config())
    state, sequencer, begun = first_state(engine), Sequencer(engine.config.intake), Counter[str]()
    for visit in range(4):
        visited = [replace(m, t_ns=m.t_ns + visit * 900 * SECOND_NS) for m in tape([Action(0, 1, -1)], shoppers=1)]
        for message in sorted(visited, key=lambda m: m.t_ns):
            for part in sequencer.push(replace(message, seq=begun[message.src]), b""):
                state, _ = step(engine, state, part)
            begun[message.src] += 1
    for part in sequencer.flush():
        state, _ = step(engine, state, part)
    assert len(state.trips.live) + len(state.trips.ended) == 1


def test_plates_that_have_never_been_silent_are_not_dark() -> None:
    """Found in a market: before the first message nobody had spoken, and all plates were dark for two minutes."""
    engine = make_engine(tiny_store(), Config())
    sequencer, state = Sequencer(engine.config.intake), first_state(engine)
    for message in sorted(tape([]), key=lambda m: m.t_ns):
        for part in sequencer.push(message, b""):
            state, _ = step(engine, state, part)
            assert not state.attribution.dark


def outputs_of(tape_frames: list[Frame], out: Path) -> tuple[bytes, bytes, str]:
    session = Session(tiny_store(), out)
    for frame in tape_frames:
        session.feed(frame)
    session.finish()
    record = session.close()
    return (out / "receipts.jsonl").read_bytes(), (out / "events.jsonl").read_bytes(), record["ledger"]


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(scripts(), st.integers(0, 2**32 - 1), st.floats(0.0, 0.2))
def test_arrival_order_and_duplicates_change_no_byte(actions: list[Action], seed: int, twice: float) -> None:
    rng = np.random.default_rng(seed)
    messages = tape(actions)
    plain = frames(messages)
    window_ns = Config().intake.reorder_window_ns
    late = [m.t_ns + int(rng.uniform(0, 0.95 * window_ns)) for m in messages]
    copies = [i for i in range(len(plain)) if rng.random() < twice]
    again = [(messages[i].t_ns + int(rng.uniform(0, 0.95 * window_ns)), plain[i]) for i in copies]
    shuffled = sorted([*zip(late, plain, strict=True), *again], key=lambda pair: pair[0])
    with TemporaryDirectory() as a, TemporaryDirectory() as b:
        assert outputs_of(plain, Path(a)) == outputs_of([f for _, f in shuffled], Path(b))


def test_outputs_have_the_contracts_keys(tmp_path: Path) -> None:
    outputs_of(frames(tape([Action(0, 1, -2), Action(1, 3, -1)])), tmp_path)
    receipts = [json.loads(line) for line in (tmp_path / "receipts.jsonl").read_text().splitlines()]
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert {tuple(sorted(r)) for r in receipts} == {tuple(sorted(
        ("trip", "account", "party", "entered", "left", "closed", "status", "confidence", "lines", "tax", "total")
    ))}  # fmt: skip
    assert {e["outcome"] for e in events} == {"attributed"} and len(events) == 2
    assert [e["qty"] for e in events] == [2, 1] and all(e["p"] > 0.9 for e in events)
    tracks = pl.read_parquet(tmp_path / "tracks.parquet")
    assert dict(tracks.schema) == {
        "t": pl.Int64, "track": pl.Int64, "x": pl.Float32, "y": pl.Float32, "account": pl.String,
    }  # fmt: skip
    assert set(tracks["account"]) == {"ann", "bob"} and len(set(tracks["track"])) == 2


def test_bad_bytes_are_counted_and_kept_and_change_nothing(tmp_path: Path) -> None:
    plain = frames(tape([Action(0, 2, -1)]))
    junk = [Frame("plates/ctl", b"\xff\x00junk", 1), Frame("people/cam", b"", 2)]
    assert outputs_of(plain, tmp_path / "a") == outputs_of([*junk, *plain, *junk], tmp_path / "b")
    run = json.loads((tmp_path / "b" / "run.json").read_text())
    assert sum(run["messages"]["dropped"].values()) == 4
    assert run["ledger_faults"] == []
    assert len((tmp_path / "b" / "rejected.jsonl").read_text().splitlines()) == 4
