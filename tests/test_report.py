"""One file that shows a run: nothing left out, nothing from outside, the same facts as on disk."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seen import rows, run, said_by
from tiny import tiny_store

from fusion.cli import main
from fusion.outfolder import Out, read_out
from fusion.report.changes import TRACED_MAX
from fusion.report.gather import gather
from fusion.report.marks import bins, mark
from fusion.report.page import embedded
from fusion.report.paths import POINTS_MAX, keep, thin_paths

Capture = pytest.CaptureFixture[str]
SECOND = 10**9


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two shoppers; nobody may change it."""
    return run(tmp_path_factory.mktemp("report") / "out")


texts = st.text() | st.sampled_from(["</script><script>alert(1)</script>", "<!--", "&lt;", "\u2028", "]]>"])
values = st.recursive(texts | st.integers() | st.booleans(), lambda v: st.lists(v) | st.dictionaries(texts, v))


@given(values)
def test_no_name_breaks_out_of_the_page(said: object) -> None:
    text = embedded(said)
    assert json.loads(text) == said
    assert not set("<>&\u2028\u2029") & set(text)


walks = st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)), min_size=1, max_size=60)


@given(walks, st.floats(0.01, 0.5))
def test_a_thin_path_is_nowhere_further_off_than_it_says(steps: list[tuple[float, float]], tolerance_m: float) -> None:
    xy = np.cumsum(np.array(steps), axis=0)
    txy = np.column_stack([0.1 * np.arange(len(xy)), xy])
    kept = keep(txy, tolerance_m)
    assert kept[0] and kept[-1]
    thin = np.column_stack([np.interp(txy[:, 0], txy[kept, 0], txy[kept, k]) for k in (1, 2)])
    assert np.linalg.norm(thin - xy, axis=1).max() <= tolerance_m + 1e-9


def test_a_path_breaks_where_nothing_was_seen_and_where_the_account_changes() -> None:
    t = [0, 1, 2, 40, 41, 42, 43]
    table = pl.DataFrame(
        {
            "t": [k * SECOND // 10 for k in t],
            "track": [7] * 7,
            "x": [0.1 * k for k in t],
            "y": [0.0] * 7,
            "account": ["a", "a", "a", "a", "a", None, None],
        }
    )
    paths, _ = thin_paths(table, 0)
    assert [(p["account"], p["points"][0][0], p["points"][-1][0]) for p in paths] == [
        ("a", 0, 2),
        ("a", 40, 41),
        (None, 42, 43),
    ]


def test_paths_of_a_long_day_are_drawn_coarser() -> None:
    n = 3 * POINTS_MAX
    rng = np.random.default_rng(3)
    xy = rng.normal(0.0, 0.04, (n, 2))
    table = pl.DataFrame({"t": np.arange(n) * SECOND // 10, "track": np.zeros(n, int), "x": xy[:, 0], "y": xy[:, 1]})
    paths, tolerance_m = thin_paths(table.with_columns(account=pl.lit("a")), 0)
    assert sum(len(p["points"]) for p in paths) <= POINTS_MAX
    assert tolerance_m > 0.03


def truth_of(receipts: list[dict[str, object]], events: list[dict[str, object]]) -> dict[str, object]:
    """Return the truth as if a run were right in everything."""
    return {
        "receipts": [{"account": r["account"], "lines": {x["sku"]: x["qty"] for x in r["lines"]}} for r in receipts],  # type: ignore[attr-defined]
        "events": [{"t": e["t0"], **{k: e[k] for k in ("kind", "sku", "qty", "account", "plates")}} for e in events],
    }


@given(st.data())
def test_what_is_true_is_marked_right_and_each_change_of_it_wrong(data: st.DataObject) -> None:
    sku, account = st.sampled_from("abc"), st.sampled_from(["ann", "bob", None])
    receipts, events = [], []
    for n in range(data.draw(st.integers(1, 5))):
        lines = data.draw(st.dictionaries(sku, st.integers(1, 3), min_size=1))
        receipts.append(
            {"account": data.draw(account), "status": "settled", "confidence": 0.9}
            | {"lines": [{"sku": k, "qty": q, "g": None} for k, q in lines.items()]}
        )
        t = data.draw(st.integers(0, 10**10))
        events.append(
            {"event": f"ev-{n}", "t0": t, "t1": t + SECOND, "kind": "pick", "sku": data.draw(sku), "qty": 1}
            | {"account": data.draw(account), "plates": ["P"], "outcome": "attributed", "p": 1.0}
        )
    truth = truth_of(receipts, events)
    marks = mark(receipts, events, truth)
    assert all(m["right"] and not m["off"] for m in marks.receipts)
    assert marks.right_events == {e["event"] for e in events}
    assert not marks.missed and not marks.lacking
    receipts[0]["lines"][0]["qty"] += 7  # type: ignore[index]
    events[0]["qty"] = 9
    worse = mark(receipts, events, truth)
    assert sum(not m["right"] for m in worse.receipts) == 1
    assert worse.right_events == {e["event"] for e in events[1:]}
    assert len(worse.missed) == 1


def test_weighed_goods_are_right_within_five_grams_and_open_receipts_are_neither() -> None:
    line = {"sku": "4011", "qty": 2}
    receipt = {"account": "ann", "status": "settled", "lines": [line | {"g": 304.0}]}
    truth = {"receipts": [{"account": "ann", "lines": {"4011": 300.0}}], "events": []}
    assert mark([receipt], [], truth).receipts[0]["right"]
    far = {**receipt, "lines": [line | {"g": 306.0}]}
    assert mark([far], [], truth).receipts[0]["off"] == [{"sku": "4011", "charged": 306.0, "true": 300.0}]
    assert mark([{**far, "status": "open"}], [], truth).receipts[0]["right"] is None
    assert mark([], [], truth).lacking == ({"account": "ann", "lines": {"4011": 300.0}},)


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans())))
def test_bins_hold_every_belief_once(pairs: list[tuple[float, bool]]) -> None:
    found = bins(pairs)
    assert sum(n for n, _, _ in found["rows"]) == found["count"] == len(pairs)
    assert found["right"] == sum(y for _, y in pairs)
    assert (found["error"] is None) == (not pairs)


class Outside(HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {k}={v}" for k, v in attrs if k in ("src", "srcset", "data", "action", "poster")]
        self.found += [f"{tag} href={v}" for k, v in attrs if k == "href" and not (v or "").startswith("#")]


def test_the_page_holds_all_it_shows_and_every_event_and_cent(shop: Path, capsys: Capture) -> None:
    assert main(["report", str(shop)]) == 0
    assert "no store folder was given" in capsys.readouterr().err
    html = (shop / "report.html").read_text(encoding="utf-8")
    page = Outside()
    page.feed(html)
    assert page.found == []
    named = set(re.findall(r"https?://[^\s\"']*", html)) - {"http://www.w3.org/2000/svg"}  # a name, never fetched
    assert not named and "@import" not in html and "url(" not in html
    assert "default-src 'none'" in html
    said, events, receipts = said_by(html), rows(shop / "events.jsonl"), rows(shop / "receipts.jsonl")
    shown = [e for change in said["changes"] for e in change["events"]]
    assert sorted(e["event"] for e in shown) == sorted(e["event"] for e in events)
    assert {c["id"] for c in said["changes"]} >= {r["event"] for r in rows(shop / "evidence.jsonl")}
    assert sum(t["total"] for t in said["trips"]) == sum(r["total"] for r in receipts) > 0
    assert sorted(t["trip"] for t in said["trips"]) == sorted(r["trip"] for r in receipts)


def test_a_run_with_store_and_truth_is_marked(shop: Path) -> None:
    out = read_out(shop)
    truth = truth_of(list(map(dict, out.receipts)), list(map(dict, out.events)))
    truth["events"].append({"t": 0, "kind": "put", "sku": "a", "qty": 1, "account": "ann"})  # type: ignore[attr-defined]
    said = gather(out, tiny_store(), truth, None)
    assert said["judged"]["receipts"]["right"] == len(out.receipts)
    assert said["judged"]["events"]["right"] == len(out.events)
    assert len(said["judged"]["missed"]) == 1
    assert said["lacking"] == []
    assert {c["gondola"] for c in said["changes"] if c["kind"] == "shelf"} == {"G"}
    assert all(e["right"] for c in said["changes"] for e in c["events"])


def test_a_folder_without_evidence_and_tracks_still_makes_a_page(shop: Path, tmp_path: Path, capsys: Capture) -> None:
    for name in ("receipts.jsonl", "events.jsonl"):
        (tmp_path / name).write_bytes((shop / name).read_bytes())
    assert main(["report", str(tmp_path), "--html", str(tmp_path / "x.html")]) == 0
    told = capsys.readouterr().err
    assert "evidence.jsonl is missing" in told and "tracks.parquet is missing" in told
    said = said_by((tmp_path / "x.html").read_text(encoding="utf-8"))
    assert len([e for c in said["changes"] for e in c["events"]]) == len(rows(shop / "events.jsonl"))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("receipts.jsonl", "{", "line 1: expected a JSON object"),
        ("events.jsonl", '{"event": "x"}\n', "line 1: expected the key t0, received only event"),
        ("evidence.jsonl", "[1]\n", "line 1: expected a JSON object, received a list"),
        ("tracks.parquet", "nothing", "expected a parquet table"),
        ("run.json", "\x80", "expected"),
    ],
)
def test_a_broken_file_costs_one_line(
    shop: Path, tmp_path: Path, name: str, text: str, expected: str, capsys: Capture
) -> None:
    for file in shop.iterdir():
        if file.suffix in (".jsonl", ".parquet", ".json"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_text(text, encoding="latin-1")
    assert main(["report", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and name in told and expected in told


def test_no_folder_and_no_truth_cost_one_line(shop: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", str(tmp_path / "none")]) == 2
    assert main(["report", str(tmp_path)]) == 2
    (tmp_path / "t").write_text('{"receipts": [], "events": [{"t": 1}]}')
    assert main(["report", str(shop), "--truth", str(tmp_path / "t")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert "no such folder" in told[0] and "an empty folder" in told[1] and "events, number 0" in told[2]


def test_a_very_long_run_keeps_the_traces_of_its_doubts_and_says_so() -> None:
    plate = {"plate": "P", "delta_g": -1.0, "sd_g": 0.1, "t": [0.0, 0.1], "g": [1.0, 0.0]}
    evidence = tuple(
        {"event": f"ev-{k}", "kind": "shelf", "t": k, "plates": [plate], "people": [], "at": [0.0, 0.0]}
        | {"readings": [{"parts": [], "p": 0.3 if k == 5 else 1.0, "nats": 0.0, "why": {}}]}
        for k in reversed(range(TRACED_MAX + 10))
    )
    out = Out(Path("x"), (), (), evidence, (), pl.DataFrame(schema={"t": pl.Int64, "track": pl.Int64}), {}, ())
    said = gather(out, None, None, None)
    traced = {c["id"] for c in said["changes"] if "g" in c["plates"][0]}
    assert len(said["changes"]) == TRACED_MAX + 10 and len(traced) == TRACED_MAX and "ev-5" in traced
    assert any(f"the {TRACED_MAX} most doubtful show plates" in line for line in said["lacking"])
