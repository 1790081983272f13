"""`aisle report`: one file that asks nobody for anything, says everything once, and takes no name for markup."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outs import START_NS, Row, outs, write_out

from fusion.cli import main
from fusion.explain_facts import change_of
from fusion.report.floor import GAP_S, POINTS_MAX, path_facts
from fusion.report.page import page
from fusion.report.truths import events_right, receipts_judged, truth_facts
from scenarios.simulate import Recipe, simulate

FETCHES = re.compile(r"https?:|//[a-z]|\burl\(|@import|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\(|innerHTML|eval\(")
FEW = settings(max_examples=40, deadline=None)


class Reader(HTMLParser):
    """Collects elements, their attributes, and what stands in scripts and styles, as a browser splits them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        if tag in ("script", "style"):
            self.inside.append((tag, ""))

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.inside[-1] = (self._open, self.inside[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def report(rows: dict[str, list[Row]], *more: str) -> tuple[Reader, dict[str, Any]]:
    """Write a report by the command; return the page and what is embedded in it."""
    with TemporaryDirectory() as folder:
        out = write_out(Path(folder) / "</title><b>", rows)
        html = Path(folder) / "report.html"
        assert main(["report", str(out), "--html", str(html), *more]) == 0
        read = Reader(html.read_text(encoding="utf-8"))
    (_, embedded), _ = (one for one in read.inside if one[0] == "script")
    return read, json.loads(embedded)


@FEW
@given(outs())
def test_a_page_is_self_contained_whatever_the_names_are(rows: dict[str, list[Row]]) -> None:
    read, found = report(rows)
    empty, _ = report({name: [] for name in rows})
    assert read.elements[:4] == empty.elements[:4] and [e[0] for e in read.elements] == [e[0] for e in empty.elements]
    for tag, attributes in read.elements:
        assert not {"src", "srcset", "data", "action", "style"} & attributes.keys(), tag
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style, script = (next(text for tag, text in reversed(read.inside) if tag == kind) for kind in ("style", "script"))
    assert not FETCHES.search(style) and not FETCHES.search(script)
    policy = next(a["content"] or "" for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    for text in (style, script):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert found["title"] == "</title><b>".rpartition("/")[2]


@FEW
@given(outs())
def test_every_receipt_and_event_is_there_once_and_totals_are_theirs(rows: dict[str, list[Row]]) -> None:
    _, found = report(rows)
    assert sorted(r["trip"] for r in found["receipts"]) == sorted(r["trip"] for r in rows["receipts"])
    parts = [part for change in found["changes"] for part in change["parts"]]
    assert sorted(p["event"] for p in parts) == sorted(e["event"] for e in rows["events"])
    changes = [change["id"] for change in found["changes"]]
    assert sorted(changes) == sorted({row["event"] for row in rows["evidence"]})
    assert all(change_of(p["event"]) == c["id"] for c in found["changes"] for p in c["parts"])
    assert [c["t"] for c in found["changes"]] == sorted(c["t"] for c in found["changes"])
    assert found["totals"]["total"] == sum(r["total"] for r in rows["receipts"])
    assert found["totals"]["count"] == sum(one["count"] for one in found["totals"]["by_status"].values())
    assert found["totals"]["total"] == sum(one["total"] for one in found["totals"]["by_status"].values())
    told = {r["trip"]: r for r in found["receipts"]}
    for receipt in rows["receipts"]:
        mine = told[receipt["trip"]]
        assert [(x["sku"], x["qty"], x["amount"]) for x in mine["lines"]] == [
            (x["sku"], x["qty"], x["amount"]) for x in receipt["lines"]
        ]
    review = [r["status"] == "review" for r in found["receipts"]]
    assert review == sorted(review, reverse=True), "what waits for a person comes first"
    assert all(a["confidence"] <= b["confidence"] for a, b in pairwise(found["receipts"]) if a["status"] == b["status"])


@FEW
@given(outs())
def test_what_is_the_truth_is_right_and_one_wrong_line_is_found(rows: dict[str, list[Row]]) -> None:
    closed = [r for r in rows["receipts"] if r["status"] != "open"]
    weighed = {x["sku"] for r in rows["receipts"] for x in r["lines"] if x["g"] is not None}

    def amount(line: Row) -> float:
        return (line["g"] or 0.0) if line["sku"] in weighed else line["qty"]

    receipts = [{"account": r["account"], "lines": {x["sku"]: amount(x) for x in r["lines"]}} for r in closed]
    events = [{k: e[k] for k in ("kind", "sku", "qty", "account")} | {"t": e["t0"]} for e in rows["events"]]
    facts = truth_facts({"receipts": receipts, "events": events}, rows["receipts"], rows["events"], ())
    assert not facts["missed"] and all(facts["events"].values())
    assert facts["calibration"]["events"]["right"] == len(events)
    for receipt in closed:
        judged = facts["receipts"][receipt["trip"]]
        dropped = [x for x in receipt["lines"] if not amount(x)]  # a weighed product that nobody weighed
        assert judged["exact"] or dropped
    counted = [r for r in closed if r["lines"] and all(amount(x) for x in r["lines"])]
    if counted and [r["account"] for r in closed].count(counted[0]["account"]) == 1:
        wrong = [dict(row, lines=dict(row["lines"])) for row in receipts]
        first = wrong[closed.index(counted[0])]["lines"]
        sku = counted[0]["lines"][0]["sku"]
        first[sku] = 2.0 * first[sku] + 20.0
        judged = receipts_judged(wrong, closed, weighed)[counted[0]["trip"]]
        assert not judged["exact"] and not judged["lines"][sku] and judged["should"] == {sku: first[sku]}


def test_an_event_is_right_within_three_seconds_of_the_truth() -> None:
    event = {"kind": "pick", "sku": "a", "qty": 1, "account": "ann", "t0": 10 * 10**9, "t1": 11 * 10**9}
    true = {k: event[k] for k in ("kind", "sku", "qty", "account")}
    assert events_right([true | {"t": 14 * 10**9}], [event], ()) == {0: 0}
    assert events_right([true | {"t": 14 * 10**9 + 1}], [event], ()) == {}
    assert events_right([true | {"t": 10 * 10**9, "account": "bob"}], [event], ()) == {}
    assert events_right([true | {"t": 10 * 10**9, "qty": 200}], [event], ("a",)) == {0: 0}


@FEW
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400), st.sampled_from(["ann", "bob", None]))))
def test_paths_keep_accounts_apart_and_in_order(seen: list[tuple[int, int, str | None]]) -> None:
    rows = sorted({(track, tenth): account for track, tenth, account in seen}.items(), key=lambda row: row[0])
    table = pl.DataFrame(
        {
            "t": pl.Series([START_NS + tenth * 10**8 for (_, tenth), _ in rows], dtype=pl.Int64),
            "track": pl.Series([track for (track, _), _ in rows], dtype=pl.Int64),
            "x": pl.Series([float(track) for (track, _), _ in rows], dtype=pl.Float32),
            "y": pl.Series([0.0] * len(rows), dtype=pl.Float32),
            "account": pl.Series([account for _, account in rows], dtype=pl.String),
        }
    )
    with TemporaryDirectory() as folder:
        table.write_parquet(Path(folder) / "tracks.parquet")
        paths = path_facts(Path(folder) / "tracks.parquet", START_NS)
    assert sum(len(path["points"]) for path in paths) <= POINTS_MAX
    at = {(float(track), tenth): account for (track, tenth), account in rows}
    for path in paths:
        times = [p[0] for p in path["points"]]
        assert times == sorted(times) and all(b - a <= GAP_S + 1e-6 for a, b in pairwise(times))
        assert all(at[x, round(10 * t)] == path["account"] for t, x, _ in path["points"])


def test_a_place_named_in_data_is_never_filled() -> None:
    text = page({"title": "{{CONTENTS}}", "names": {"a": "{{SCRIPT}}</script>"}})
    assert "<title>{{CONTENTS}} " in text and '{{SCRIPT}}\\u003c/script\\u003e"' in text


def test_a_simulated_shop_from_sensors_to_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case, out = tmp_path / "case", tmp_path / "out"
    simulate(Recipe("single", 5, "corner"), case)
    store = ["--store", str(case / "store")]
    assert main(["replay", str(case / "recording.mcap"), *store, "--out", str(out)]) == 0
    assert main(["report", str(out), *store, "--truth", str(case / "truth.json")]) == 0
    assert "report.html" in capsys.readouterr().out
    read = Reader((out / "report.html").read_text(encoding="utf-8"))
    found = json.loads(read.inside[1][1])
    assert found["receipts"] and found["paths"] and found["floor"]["fixtures"]
    moved = [change for change in found["changes"] if change["parts"]]
    assert moved and all(change["gondola"] in found["gondolas"] and change["grams"] for change in moved)
    assert any(any(hand for hand in change["hands"]) for change in moved)
    assert found["truth"]["calibration"]["receipts"]["n"] == len(found["receipts"])
    assert found["run"]["messages"]["read"] > 0 and found["run"]["seconds"]["wall"] > 0
    assert main(["compare", str(out), str(out)]) == 0
    assert main(["compare", str(out), str(out), "--json"]) == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "receipts.jsonl: line 2: expected one JSON object, received"),
        ('{"trip": 3}', "receipts.jsonl: line 2: expected `str`, got `int` - at `$.trip`"),
        ('{"trip": "t"}', "receipts.jsonl: line 2: object missing required field"),
    ],
)
def test_a_row_that_is_none_costs_one_line(
    tmp_path: Path, line: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = write_out(tmp_path, {"receipts": [], "events": [], "evidence": []})
    (out / "receipts.jsonl").write_text("\n" + line + "\n", encoding="utf-8")
    for words in (["report", str(out)], ["compare", str(out), str(out)]):
        assert main(words) == 2
        text, err = capsys.readouterr()
        assert text == "" and err.count("\n") == 1 and expected in err
    assert not (out / "report.html").exists()
    assert main(["report", str(tmp_path / "nowhere")]) == 2
    assert "received no such folder" in capsys.readouterr().err
