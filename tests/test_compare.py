"""What changed between two runs: nothing is nothing, every change is told once, and totals add up."""

import copy
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seen import ACTIONS, opened, run

from fusion.cli import main
from fusion.compare.differences import compare
from fusion.compare.pairing import EVENT_NS, pair_events, pair_receipts
from fusion.compare.words import WIDTH, compared_words
from fusion.outfolder import Out

Capture = pytest.CaptureFixture[str]
SECOND = 10**9

times = st.integers(0, 60 * SECOND)
accounts = st.sampled_from(["ann", "bob", None])


@st.composite
def event_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw the events of a run."""
    return [
        {"event": f"ev-{n}", "t0": t, "t1": t + SECOND, "kind": draw(st.sampled_from(["pick", "put"]))}
        | {"plates": draw(st.sampled_from([["P1"], ["P1", "P2"], ["P3"]])), "delta_g": -1.0, "sku": "a", "qty": 1}
        | {"account": draw(accounts), "p": draw(st.floats(0.0, 1.0)), "outcome": "attributed"}
        for n, t in enumerate(draw(st.lists(times, max_size=6)))
    ]


@st.composite
def receipt_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw the receipts of a run."""
    found = []
    for n, t in enumerate(draw(st.lists(times, max_size=4))):
        wares = draw(st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)))
        lines = [
            {"sku": k, "qty": q, "g": None, "amount": 100 * q, "confidence": draw(st.floats(0, 1)), "events": []}
            for k, q in wares.items()
        ]
        found.append(
            {"trip": f"trip-{n}", "account": draw(accounts), "entered": t, "left": t, "closed": t, "lines": lines}
            | {"status": draw(st.sampled_from(["settled", "review", "open"])), "confidence": draw(st.floats(0, 1))}
            | {"tax": 0, "total": sum(line["amount"] for line in lines)}
        )
    return found


def out(receipts: list[dict[str, Any]], events: list[dict[str, Any]]) -> Out:
    return Out(Path("x"), tuple(receipts), tuple(events), (), (), pl.DataFrame(), {}, ())


@given(receipt_rows(), event_rows())
def test_a_run_is_the_same_as_itself_whatever_its_ids_are(
    receipts: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    a = out(receipts, events)
    assert compare(a, a, {}, None)["same"]
    far = [{**row, "t0": 10 * k * SECOND, "entered": 0} for k, row in enumerate(events)]
    renamed = [{**row, "event": f"other-{k}"} for k, row in enumerate(far)]
    assert compare(out([], far), out([], renamed), {}, None)["same"]


@given(receipt_rows(), receipt_rows(), event_rows(), event_rows())
def test_every_row_stands_in_one_pair_and_differences_make_the_totals(
    ra: list[dict[str, Any]], rb: list[dict[str, Any]], ea: list[dict[str, Any]], eb: list[dict[str, Any]]
) -> None:
    for pairs, a, b, key in ((pair_receipts(ra, rb), ra, rb, "trip"), (pair_events(ea, eb), ea, eb, "event")):
        assert sorted(x[key] for x, _ in pairs if x) == sorted(row[key] for row in a)
        assert sorted(y[key] for _, y in pairs if y) == sorted(row[key] for row in b)
    said = compare(out(ra, ea), out(rb, eb), {}, None)
    gained = sum((one["total"][1] or 0) - (one["total"][0] or 0) for one in said["receipts"])
    assert said["totals"]["a"]["cents"] + gained == said["totals"]["b"]["cents"]
    pieces = sum((x["qty"][1] or 0) - (x["qty"][0] or 0) for one in said["receipts"] for x in one["lines"])
    assert said["totals"]["a"]["pieces"] + pieces == said["totals"]["b"]["pieces"]
    lines = compared_words(said)
    assert max(map(len, lines)) <= WIDTH


@given(event_rows(), st.data())
def test_one_change_of_an_event_is_one_difference(events: list[dict[str, Any]], data: st.DataObject) -> None:
    if not events:
        return
    changed = copy.deepcopy(events)
    row = data.draw(st.sampled_from(changed))
    key, value = data.draw(st.sampled_from([("qty", 7), ("sku", "z"), ("account", "cem"), ("outcome", "unclaimed")]))
    row[key] = value
    said = compare(out([], events), out([], changed), {}, None)
    assert [one["what"] for one in said["events"]] == [[key]]


def test_events_of_one_plate_pair_with_the_nearest_in_time() -> None:
    def event(name: str, t: int) -> dict[str, Any]:
        return {"event": name, "t0": t, "kind": "pick", "plates": ["P1"]}

    a, b = [event("a", 0), event("b", SECOND)], [event("c", SECOND + 1), event("d", EVENT_NS + SECOND + 1)]
    assert [(x and x["event"], y and y["event"]) for x, y in pair_events(a, b)] == [
        ("a", None),
        ("b", "c"),
        (None, "d"),
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs: in the second one shopper takes one piece less and the other one more."""
    folder = tmp_path_factory.mktemp("compare")
    fewer = [*ACTIONS[:1], *ACTIONS[2:]]
    return run(folder / "a"), run(folder / "b", fewer)


def test_the_command_tells_what_changed_and_exits_one(runs: tuple[Path, Path], tmp_path: Path, capsys: Capture) -> None:
    a, b = map(str, runs)
    assert main(["compare", a, a]) == 0
    assert "0 of 2 receipts differ" in capsys.readouterr().out
    assert main(["compare", a, b, "--html", str(tmp_path / "c.html")]) == 1
    told = capsys.readouterr().out
    assert "qty 2 -> -" in told and max(map(len, told.splitlines())) <= WIDTH
    assert main(["compare", a, b, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    with opened(tmp_path / "c.html", viewport={"width": 390, "height": 844}) as page:
        assert page.locator("#receipts details").count() == len(said["receipts"])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("#events tbody tr").count() == len(said["events"])


def test_bad_input_costs_one_line(runs: tuple[Path, Path], tmp_path: Path, capsys: Capture) -> None:
    assert main(["compare", str(runs[0]), str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "expected an output folder with receipts.jsonl and events.jsonl" in told
