"""Why something was charged: nats that add up by witness, evidence on disk for every change, and words for it."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import Action, frames, tape, tiny_store

from fusion.attribution.cart_pass import CartPass, cart_pass_readings
from fusion.attribution.evidence import Candidate
from fusion.attribution.explanations import Claim, Explanation, Goods, Mover, movers
from fusion.attribution.handover import Meeting, handover_readings, ways
from fusion.attribution.looks import Looks
from fusion.attribution.masses import masses_of
from fusion.attribution.picking import picks
from fusion.attribution.priors import weigh_change
from fusion.attribution.returning import puts
from fusion.attribution.swapping import swaps
from fusion.attribution.unexplained import nobody, settling
from fusion.attribution.why import WITNESSES, add
from fusion.attribution.witnesses import Witnesses
from fusion.cli import main
from fusion.config import AttributionConfig, Config
from fusion.explain import explained, words
from fusion.explain_facts import DOUBT_SHOWN, WHY, Folder, change_of, told
from fusion.explain_verdict import TIE_NATS, compare, turning
from fusion.explain_words import WIDTH
from fusion.messages import CartMove, Frame
from fusion.session import Session
from fusion.shelf import ShelfChange
from fusion.tracking.carts import SeenMove

Capture = pytest.CaptureFixture[str]
SLOW = settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.too_slow])
CONFIG, STORE = AttributionConfig(), tiny_store()
MASSES = masses_of({}, STORE, CONFIG)

nats = st.floats(-8.0, 8.0)
weights = st.dictionaries(st.integers(0, 5), st.floats(0.0, 5.0), max_size=3)
looks = st.builds(Looks, weights, st.floats(-3.0, 0.0))


@st.composite
def changes(draw: st.DrawFn) -> ShelfChange:
    """Draw a change of one or two plates side by side."""
    first = draw(st.integers(0, 4))
    plates = tuple(range(first, first + draw(st.integers(1, 2))))
    sign = draw(st.sampled_from([-1.0, 1.0]))
    grams = tuple(sign * draw(st.floats(3.0, 1500.0)) for _ in plates)
    return ShelfChange(0, 1, 0, plates, grams, tuple(draw(st.floats(0.1, 9.0)) for _ in plates))


@st.composite
def people(draw: st.DrawFn) -> tuple[Mover, ...]:
    """Draw movers by way of candidates, some strangers, some in doubt, some with a cart that saw something."""
    seen = []
    for track in range(draw(st.integers(1, 3))):
        body, hands = draw(nats), draw(nats)
        seen.append(Candidate(track, body + hands, draw(looks), draw(looks), (("body", body), ("hands", hands))))
    trip = draw(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=len(seen), max_size=len(seen)))
    doubt = draw(st.booleans())

    def who(track: int, t_ns: int) -> tuple[tuple[str, float, tuple[Claim, ...]], ...]:
        claims = (Claim((track, 0), t_ns, trip[track], -0.7),) if doubt else ()
        return ((trip[track], -0.7 if doubt else 0.0, claims),)

    found = movers(tuple(seen), 0, who, frozenset(draw(st.sampled_from(["", "a"]))), CONFIG)
    cart = draw(weights)
    return tuple(replace(m, after=replace(m.after, cart=cart)) for m in found)


goods_in_hand = st.dictionaries(st.integers(0, 5), st.integers(1, 3), min_size=1, max_size=3)


@given(changes(), people(), goods_in_hand)
def test_what_the_witnesses_say_adds_up_to_the_weight(
    change: ShelfChange, who: tuple[Mover, ...], carried: dict[int, int]
) -> None:
    goods: Goods = tuple((k, n, float(STORE.products.mass_g[k])) for k, n in sorted(carried.items()))
    moved = weigh_change(change, {0: 1.0}, MASSES, STORE, CONFIG)
    readings: list[Explanation] = [settling(change, CONFIG), *nobody(moved, STORE, CONFIG)]
    if change.total_g < 0:
        readings += picks(moved, who, STORE, CONFIG)
    else:
        for mover in who:
            readings += puts(moved, mover, goods, STORE, CONFIG, {goods[0][0]: (goods[0][2] * 1.01,)})
    readings += [e for mover in who for e in swaps(moved, mover, goods, STORE, CONFIG)]
    for reading in readings:
        assert abs(sum(one for _, one in add(reading.why)) - reading.nats) < 1e-9, reading
        names = [witness for witness, _ in add(reading.why)]
        assert names == [w for w in WITNESSES if w in names], "each witness once, in order"


@given(weights, st.integers(2, 20), st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True))
def test_what_speaks_for_a_passing_adds_up_too(cart: dict[int, float], touches: int, mine: list[int]) -> None:
    goods: dict[str, Goods] = {"a": tuple((k, 1, 100.0) for k in sorted(mine)), "b": ((5, 2, 80.0),)}
    meeting = Meeting(0, 1, 2, touches)
    move = SeenMove("cart-1", CartMove(0, 1, (), 0.9), {}, {})
    basket = {k: nats - 2.0 for k, nats in cart.items()}
    seen = CartPass(move, "b", ("a",), tuple(sorted(cart.items())))
    readings = [
        *handover_readings(ways(meeting, ("a", "b"), Witnesses(), {}, STORE, CONFIG), goods),
        *cart_pass_readings(seen, basket, (), goods, CONFIG),
    ]
    for reading in readings:
        assert abs(sum(one for _, one in reading.why) - reading.nats) < 1e-9, reading


@given(changes(), people())
def test_a_reading_is_the_same_whoever_speaks_for_it(change: ShelfChange, who: tuple[Mover, ...]) -> None:
    silent = tuple(replace(m, why=()) for m in who)
    moved = weigh_change(change, {}, MASSES, STORE, CONFIG)
    assert picks(moved, who, STORE, CONFIG) == picks(moved, silent, STORE, CONFIG)


@given(st.lists(st.lists(st.tuples(st.sampled_from(WITNESSES), nats), max_size=9), max_size=3))
def test_sums_of_nats_keep_the_total(parts: list[list[tuple[str, float]]]) -> None:
    total = sum(one for part in parts for _, one in part)
    assert abs(sum(one for _, one in add(*map(tuple, parts))) - total) < 1e-9


@given(st.lists(st.floats(-9.0, 9.0), min_size=1, max_size=6))
def test_a_verdict_turns_on_the_fewest_witnesses(differences: list[float]) -> None:
    named = [(str(i), nats) for i, nats in enumerate(differences)]
    without, left = turning(named)
    assert abs(left - sum(x for name, x in named if name not in without)) < 1e-9 or not without
    if without:
        strongest = sorted(differences, reverse=True)[: len(without) - 1]
        assert left < TIE_NATS <= sum(differences) - sum(strongest) + 1e-9, "with one fewer it would still stand"
    else:
        assert sum(differences) < TIE_NATS or sum(min(x, 0.0) for x in differences) >= TIE_NATS - 1e-9


@given(st.dictionaries(st.sampled_from(WITNESSES), nats), st.dictionaries(st.sampled_from(WITNESSES), nats))
def test_a_comparison_tells_the_odds(mine: dict[str, float], yours: dict[str, float]) -> None:
    one = compare({"why": mine, "p": 0.9}, {"why": yours, "p": 0.05})
    assert abs(one.rest + sum(a - b for _, a, b in one.witnesses) - one.total) < 1e-9
    assert abs(one.total - 2.8904) < 1e-3


def run(tape_frames: list[Frame], out: Path) -> None:
    session = Session(tiny_store(), out)
    for frame in tape_frames:
        session.feed(frame)
    session.finish()
    session.close()


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said(words: list[str], capture: Capture) -> str:
    """Return what `aisle explain` prints, which must fit the page."""
    assert main(["explain", *words]) == 0
    text = capture.readouterr().out
    assert max(map(len, text.splitlines())) <= WIDTH
    return text


@st.composite
def picks_and_puts(draw: st.DrawFn) -> list[Action]:
    """Draw picks of two shoppers, some of them put back."""
    taken = draw(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(1, 2)), min_size=1, max_size=3))
    back = [Action(who, plate, 1) for who, plate, _ in taken if draw(st.booleans())]
    return [*(Action(who, plate, -n) for who, plate, n in taken), *back]


@SLOW
@given(picks_and_puts())
def test_every_event_of_a_receipt_is_found_and_told(actions: list[Action]) -> None:
    with TemporaryDirectory() as folder:
        out = Path(folder)
        run(frames(tape(actions)), out)
        evidence = {str(row["event"]): row for row in rows(out / "evidence.jsonl")}
        receipts = rows(out / "receipts.jsonl")
        named = {e for r in receipts for line in r["lines"] for e in line["events"]}  # type: ignore[attr-defined]
        events = {change_of(str(row["event"])): row for row in rows(out / "events.jsonl")}
        assert named | events.keys() <= evidence.keys()
        for event, row in events.items():
            decided = evidence[event]["readings"][0]  # type: ignore[index]
            assert decided["parts"][0]["sku"] == row["sku"] and abs(decided["p"] - row["p"]) < 1e-5  # type: ignore[operator]
            assert abs(sum(decided["why"].values()) - decided["nats"]) < 1e-3
            (plate,) = evidence[event]["plates"]  # type: ignore[misc]
            before, after = (sum(x) / len(x) for x in (plate["g"][:8], plate["g"][-8:]))
            assert abs(after - before - plate["delta_g"]) < 5.0, "the trace shows the step"
            mover = next(p for p in evidence[event]["people"] if p["account"] == row["account"])  # type: ignore[attr-defined]
            assert min(mover["hand"]["m"]) < 0.3, "the hand that moved the goods was at them"
        for what in (*named, *events, *(str(r["account"]) for r in receipts)):
            assert main(["explain", folder, what]) == 0


@settings(SLOW, max_examples=2)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_arrival_changes_no_evidence(seed: int) -> None:
    chance = Random(seed)
    messages = tape([Action(0, 1, -1), Action(1, 3, -1), Action(0, 1, 1)])
    window_ns = Config().intake.reorder_window_ns
    late = [m.t_ns + int(chance.uniform(0, 0.95 * window_ns)) for m in messages]
    plain = frames(messages)
    shuffled = [plain[i] for i in sorted(range(len(plain)), key=lambda i: late[i])]
    with TemporaryDirectory() as a, TemporaryDirectory() as b:
        run(plain, Path(a))
        run(shuffled, Path(b))
        assert (Path(a) / "evidence.jsonl").read_bytes() == (Path(b) / "evidence.jsonl").read_bytes()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shop")
    run(frames(tape([Action(1, 2, -1), Action(1, 4, -2), Action(0, 1, -1), Action(0, 1, 1)])), out)
    return out


def test_of_two_people_at_a_plate_both_are_named_and_what_their_hands_say(shop: Path, capsys: Capture) -> None:
    first = next(row for row in rows(shop / "events.jsonl") if row["sku"] == "c")
    assert first["account"] == "bob"
    text = said([str(shop), str(first["event"])], capsys)
    assert "bob took 1 x c" in text and "Rather than: ann took 1 x c" in text
    against_ann = text.partition("Rather than: ann")[2].splitlines()
    hands = next(line.split() for line in against_ann if line.startswith("  hands "))
    mine, yours, difference = map(float, hands[-3:])
    assert mine > 0.0 > yours and abs(mine - yours - difference) < 0.11
    assert any("What would have changed the verdict: without hands" in line for line in against_ann)
    assert {line.split()[0] for line in text.partition("Who was near")[2].splitlines()[1:]} == {"ann", "bob"}


def test_a_receipt_and_a_line_of_it(shop: Path, capsys: Capture) -> None:
    whole = said([str(shop), "bob"], capsys)
    assert whole.startswith("bob: settled") and "2 x e" in whole and "bob took 1 x c" in whole
    line = said([str(shop), "bob:e"], capsys)
    assert "bob took 2 x e" in line and "1 x c\n" not in line.partition("---")[2]
    back = said([str(shop), "ann:b"], capsys)
    assert "Nothing was charged." in back and "ann put back 1 x b" in back, "what is on no line is explained as well"


def test_json_says_the_same(shop: Path, capsys: Capture) -> None:
    found = json.loads(said_json([str(shop), "bob:c"], capsys))
    (event,) = found["events"]
    assert event["decided"] == "bob took 1 x c" and event["outcome"] == "attributed"
    (other,) = [one for one in event["comparisons"] if one["other"] == "ann took 1 x c"]
    by_witness = sum(row["difference"] for row in other["witnesses"])
    assert abs(by_witness + other["all else"] - other["in all"]) < 1e-2
    assert [r["account"] for r in found["receipts"]] == ["bob"]


def said_json(words: list[str], capture: Capture) -> str:
    assert main(["explain", *words, "--json"]) == 0
    return capture.readouterr().out


def test_the_picture_is_drawn(shop: Path, tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("matplotlib")
    png = tmp_path / "why.png"
    said([str(shop), "bob", "--png", str(png)], capsys)
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("bop", "expected an event, ACCOUNT or ACCOUNT:SKU, received bop; there is bob"),
        ("bob:zzz", "bob moved no zzz; the receipt has"),
        ("ev-zz", "received ev-zz; there is ev-"),
        ("", "received ; there is"),
    ],
)
def test_what_is_not_there_costs_one_line(shop: Path, what: str, expected: str, capsys: Capture) -> None:
    assert main(["explain", str(shop), what]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and expected in err


def test_a_folder_of_something_else_costs_one_line(tmp_path: Path, capsys: Capture) -> None:
    assert main(["explain", str(tmp_path / "nowhere"), "ann"]) == 2
    assert "received no such folder" in capsys.readouterr().err
    (tmp_path / "notes.txt").touch()
    assert main(["explain", str(tmp_path), "ann"]) == 2
    assert "expected an output folder with receipts.jsonl" in capsys.readouterr().err
    assert main(["explain"]) == 2


@given(
    st.lists(st.sampled_from(("doubt", "age", "tender", "sensor cam-1 was turned before that was found")), unique=True)
)
def test_a_receipt_that_waits_for_another_reason_than_doubt_says_so(holds: list[str]) -> None:
    """Found in a crowd: receipts that were right with p 0.999 were in review "by what a mistake would cost"."""
    money, times = {"total": 100, "tax": 0, "lines": []}, {"entered": 0, "left": 1, "closed": 2}
    receipt = {"trip": "t", "account": "ann", "status": "review", "confidence": 0.9} | money | times
    row = receipt | ({"hold": holds} if holds else {})
    said = " ".join(words(explained((row,), (), Folder((row,), (), ()), None))).replace("\n", " ")
    for why in holds:
        assert (f"A person must look: {WHY.get(why, why)}"[:60] in said) == (why != "doubt")
    assert ("by what a mistake would cost" in said) == (not set(holds) - {"doubt"})


@given(st.floats(0.05, 1.0), st.floats(0.5, 1.0))
def test_grams_that_are_doubtful_are_said_to_be(right: float, p: float) -> None:
    """Found in produce: receipts were in review, and nothing told that their apples were known only to 6 g."""
    part = {"account": "ann", "kind": "pick", "sku": "apples", "qty": 1}
    rows = ({"event": "ev-1", "t": 1, "kind": "shelf", "readings": [{"parts": [part], "p": p}]},)
    line = {"sku": "apples", "qty": 1, "g": 163.4, "amount": 65, "confidence": p * right, "events": ["ev-1"]}
    receipt = {"trip": "t", "account": "ann", "status": "review", "confidence": p * right, "total": 65, "tax": 0}
    receipt |= {"lines": [line], "entered": 0, "left": 2, "closed": 3}
    folder = Folder((receipt,), (), rows)
    facts = explained((receipt,), (), folder, None)
    assert facts["receipts"][0]["lines"][0]["grams_off_p"] == pytest.approx(1.0 - right, abs=1e-6)
    said = " ".join(words(facts)).replace("\n", " ")
    assert ("163 g of apples may be off" in said) == (round(1.0 - right, 6) >= DOUBT_SHOWN)
    packed = explained(({**receipt, "lines": [{**line, "g": None}]},), (), folder, None)
    assert packed["receipts"][0]["lines"][0]["grams_off_p"] == 0.0


def test_an_exchange_for_as_heavy_a_piece_is_no_gift_to_oneself() -> None:
    def part(kind: str, account: str | None, sku: str) -> dict[str, object]:
        return {"kind": kind, "account": account, "known": True, "sku": sku, "qty": 1}

    own, other = part("put", "ann", "a"), part("pick", "ann", "b")
    assert told({"parts": [own, other]}, "passing", {}) == "ann took 1 x b for as heavy a piece, 1 x a"
    assert told({"parts": [own, part("pick", "ben", "a")]}, "passing", {}) == "ann gave 1 x a to ben"
