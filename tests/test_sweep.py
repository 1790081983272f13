"""Sweeps: what is tried, how cases are split, how receipts are counted, and one whole run."""

import json
import shutil
from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.accuracy.scoring import load_judge
from bench.golden import STORE, tape_of
from bench.sweep.commands import add_sweep
from bench.sweep.scoring import Counts, Prices, count
from bench.sweep.space import SweepError, draws, grid, numbers, read_parameter, with_values
from bench.sweep.told import Sweep
from bench.sweep.trying import family_of, split
from fusion.cli import main
from fusion.config import Config

PRICES = Prices({"cola": 250.0, "soap": 399.0, "plums": 720.0}, frozenset({"plums"}))
JUDGED = {"cola": (250.0, "each"), "soap": (399.0, "each"), "plums": (720.0, "kg")}
Capture = pytest.CaptureFixture[str]

quantities = st.dictionaries(st.sampled_from(sorted(JUDGED)), st.integers(1, 4), max_size=3)
trips = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), quantities), max_size=6)


def grams(sku: str, quantity: int) -> float:
    return 150.0 * quantity + 3.0 if sku in PRICES.weighed else float(quantity)


def row(account: str, lines: dict[str, int], status: str) -> dict[str, Any]:
    said = [
        {"sku": sku, "qty": n, "g": 151.0 * n if sku in PRICES.weighed else None, "amount": None}
        for sku, n in lines.items()
    ]
    return {"account": account, "lines": said, "status": status, "confidence": 1.0}


@given(true=trips, given_=st.lists(st.tuples(trips.map(lambda t: t[:1]), st.sampled_from(["settled", "open"]))))
def test_lines_and_money_are_those_of_the_judge(true: Any, given_: Any, shared: Path) -> None:
    truth = {"receipts": [{"account": a, "lines": {s: grams(s, n) for s, n in lines.items()}} for a, lines in true]}
    receipts = [row(*trip[0], status) for trip, status in given_ if trip]
    ours = count(truth, receipts, PRICES)
    judge = load_judge(shared / "judge" / "score.py")
    theirs, _ = judge.score_receipts(truth["receipts"], receipts, JUDGED)
    assert (ours.right, ours.given, ours.wanted) == (theirs["tp"], theirs["given"], theirs["wanted"])
    for name in ("over", "under", "sales"):
        assert getattr(ours, f"{name}_cents") == pytest.approx(theirs[name])


@given(values=st.lists(st.floats(-5, 5), min_size=1, max_size=4), whole=st.lists(st.integers(1, 9), min_size=1))
def test_a_grid_has_every_combination_once_and_the_default_first(values: list[float], whole: list[int]) -> None:
    texts = (f"shelf.change_sds={','.join(map(repr, values))}", f"shelf.block={','.join(map(str, whole))}")
    found = grid([read_parameter(text) for text in texts])
    tried = {with_values(Config(), one).digest(): one for one in found}
    assert found[0] == () and len(tried) == len(found)
    wanted = {(float(a), b) for a in values for b in whole}
    made = {(c.shelf.change_sds, c.shelf.block) for c in (with_values(Config(), one) for one in found)}
    assert {(c, b) for c, b in made} >= wanted and len(made) <= len(wanted) + 1
    assert all(isinstance(b, int) for _, b in made)


@given(seed=st.integers(0, 99), n=st.integers(0, 20))
def test_draws_are_within_their_ranges_and_the_same_again(seed: int, n: int) -> None:
    parameters = [read_parameter("cart.push_m=0.5:1.5"), read_parameter("shelf.block=4:12")]
    found = draws(parameters, n, seed)
    assert found == draws(parameters, n, seed) and found[0] == ()
    assert all(0.5 <= push <= 1.5 and 4 <= block <= 12 for (_, push), (_, block) in found[1:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shelf.blok=3", "expected shelf.block"),
        ("shelf=3", "expected .*, received 'shelf'"),
        ("shelf.block=2.5", "expected whole numbers"),
        ("shelf.change_sds=nan", "expected finite numbers"),
        ("shelf.change_sds=3:3", "expected LOW below HIGH"),
        ("shelf.change_sds=much", "expected shelf.change_sds=V,V,... or shelf.change_sds=LOW:HIGH"),
    ],
)
def test_what_cannot_be_tried_is_said_in_one_line(text: str, expected: str) -> None:
    with pytest.raises(SweepError, match=expected) as refused:
        read_parameter(text)
    assert len(str(refused.value).splitlines()) == 1


def test_every_number_of_the_configuration_can_be_tried() -> None:
    known = dict(numbers(Config()))
    assert {name.partition(".")[0] for name in known} == {field.name for field in fields(Config)}
    refused = []
    for name, value in known.items():
        try:
            changed = dict(numbers(with_values(Config(), ((name, value + 1),))))
        except SweepError as error:  # found here: some stages know which numbers fit each other
            assert str(error).startswith(f"{name}: expected a value that its stage takes")
            refused.append(name)
            continue
        assert {n: v for n, v in changed.items() if known[n] != v} == {name: value + 1}
    assert len(refused) < len(known) // 20


@given(st.sets(st.tuples(st.sampled_from("abcdef"), st.integers(1, 3)), min_size=1), st.floats(0.05, 0.95))
def test_no_family_stands_on_both_sides(drawn: set[tuple[str, int]], share: float) -> None:
    cases = sorted(f"{family}-{seed}" for family, seed in drawn)
    if len({family_of(case) for case in cases}) == 1:
        with pytest.raises(SweepError, match="two families or more"):
            split(cases, share, 1)
        return
    try:
        train, held = split(cases, share, 1)
    except SweepError:
        assert round(share * len(set(map(family_of, cases)))) == len(set(map(family_of, cases)))
        return
    assert sorted(train + held) == cases and train and held
    assert not {family_of(case) for case in train} & {family_of(case) for case in held}


def test_the_default_is_picked_where_nothing_is_better() -> None:
    same, worse = Counts(3, 4, 4, 10.0, 0.0, 100.0), Counts(3, 4, 4, 11.0, 0.0, 100.0)
    other, third = (("shelf.block", 5.0),), (("shelf.block", 7.0),)
    sweep = Sweep(("x",), (), {(): {"x": same}, other: {"x": same}, third: {"x": worse}})
    assert sweep.order() == [(), other, third]


def test_a_sweep_picks_on_some_cases_and_reports_on_those_held_back(tmp_path: Path, capsys: Capture) -> None:
    """Truth is what the engine says by default, so that whatever makes it say something else is worse."""
    for name in ("exchange", "empty-visit"):
        place = tmp_path / "cases" / f"{name}-1"
        place.mkdir(parents=True)
        shutil.copy(tape_of(name), place / "recording.mcap")
        shutil.copytree(STORE, place / "store")
        (place / "truth.json").write_text('{"receipts": []}')
    picking = tmp_path / "cases" / "exchange-1"
    assert main(["replay", str(picking / "recording.mcap"), "--store", str(STORE), "--out", str(tmp_path / "o")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "o" / "receipts.jsonl").read_text().splitlines()]
    true = [{"account": r["account"], "lines": {x["sku"]: x["qty"] for x in r["lines"]}} for r in rows]
    (picking / "truth.json").write_text(json.dumps({"receipts": true}))
    seed = next(n for n in range(99) if split(["exchange-1", "empty-visit-1"], 0.5, n)[0] == ["exchange-1"])
    parser = ArgumentParser()
    add_sweep(parser.add_subparsers())
    words = ["sweep", str(tmp_path / "cases"), "--try", "shelf.change_sds=500", "--out", str(tmp_path / "sweep")]
    args = parser.parse_args([*words, "--workers", "1", "--held-back", "0.5", "--seed", str(seed)])
    assert args.run(args) == 0
    told = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    assert (told["best"], told["train"], told["held_back"]) == ({}, ["exchange-1"], ["empty-visit-1"])
    default, blind = told["candidates"]
    assert default["train"]["right"] == default["train"]["wanted"] > 0 == default["held_back"]["given"]
    assert blind["values"] == {"shelf.change_sds": 500.0} and blind["train"]["right"] < default["train"]["right"]
    assert blind["held_back"] is None and "nothing tried is better" in capsys.readouterr().out
    assert len(list((tmp_path / "sweep" / "tried").iterdir())) == 3
