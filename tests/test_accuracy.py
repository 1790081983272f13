"""`python -m bench.accuracy`: what it adds up, that it runs, and that doing without a witness does something."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.accuracy.__main__ import main
from bench.accuracy.ablation import WITHOUT
from bench.accuracy.cases import Case, is_made, library_cases
from bench.accuracy.replaying import settle_what_rules_hold
from bench.accuracy.report import figures_of
from bench.accuracy.scoring import BINS, Scored, bins_of, calibration_error, families, load_judge
from fusion.config import Config

PAIRS = st.lists(st.tuples(st.floats(0.0, 1.0) | st.sampled_from([k / BINS for k in range(BINS + 1)]), st.booleans()))
COUNTED = ("receipts_true", "receipts_issued", "ev_true", "ev_given", "cases", "over", "under", "sales")


@pytest.fixture(scope="module")
def judge(shared):
    return load_judge(shared / "judge" / "score.py")


@st.composite
def scored_cases(draw, judge):
    """Cases of a few families, counted by the judge from receipts that are right or not."""
    out = []
    for row in range(draw(st.integers(1, 8))):
        pairs = draw(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), max_size=4))
        wants = [{"account": f"a{i}", "lines": {"cola": 2}} for i in range(len(pairs))]
        gots = [
            {"account": f"a{i}", "status": "settled", "confidence": p, "lines": [{"sku": "cola", "qty": 2 if y else 3}]}
            for i, (p, y) in enumerate(pairs)
        ]
        n, believed = judge.score_receipts(wants, gots, {"cola": (150.0, "each")})
        n.update(ev_true=len(pairs), ev_given=draw(st.integers(0, 5)))
        counts = {**judge.empty(), "n": n, "rc": believed}
        name = f"{draw(st.sampled_from(['one', 'two', 'b-12']))}-{row}"
        out.append(Scored(Case(draw(st.sampled_from(["library", "shared"])), name, None), counts))
    return out


@given(data=st.data())
def test_families_add_up_to_their_source_and_sources_to_all(judge, data):
    scored = data.draw(scored_cases(judge))
    told = figures_of(judge, {"everything": scored})["everything"]
    total = told["totals"].pop("all")
    for rows in (told["cases"], told["families"], told["totals"]):
        for key in COUNTED:
            assert sum(row.get(key, 0) for row in rows.values()) == pytest.approx(total.get(key, 0)), key
    assert total["cases"] == len(scored) == len(told["cases"])
    settled_right = 1.0 - (total["settled_wrong"] or 0.0) - (total.get("review") or 0.0)
    assert settled_right == pytest.approx(total.get("exact") or 0.0) or not total["receipts_issued"]


@given(data=st.data())
def test_families_come_worst_first(judge, data):
    rows = list(families(judge, data.draw(scored_cases(judge))).values())
    assert [row.get("line_f1", 1.0) for row in rows] == sorted(row.get("line_f1", 1.0) for row in rows)


@given(pairs=PAIRS)
def test_bins_hold_every_pair_and_err_as_the_judge_says(judge, pairs):
    bins = bins_of(pairs)
    assert bins.count.sum() == len(pairs)
    assert sum(round(n * y) for n, y in zip(bins.count, bins.right, strict=True) if n) == sum(y for _, y in pairs)
    assert calibration_error(bins) == pytest.approx(judge.ece_brier(pairs)[0])


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_doing_without_a_witness_changes_the_configuration(name):
    shipped = Config()
    changed = WITHOUT[name](shipped)
    assert changed.digest() != shipped.digest()
    assert WITHOUT[name](changed) == changed


def test_a_family_is_a_name_without_its_seed():
    names = {"b01-1": "b01", "hand-over-12": "hand-over", "hand-over": "hand-over", "7": "7"}
    assert {name: Case("shared", name, None).family for name in names} == names


def test_one_scenario_is_made_replayed_told_and_kept(judge, shared, tmp_path, capsys):
    words = ["--scenarios", "empty-visit", "--seeds", "1", "--no-shared", "--jobs", "1", "--out", str(tmp_path)]
    words += ["--score", str(shared / "judge" / "score.py"), "--json", str(tmp_path / "deep" / "all.json")]
    assert main(words) == 0
    assert "TOTAL library, 1 cases" in capsys.readouterr().out
    told = json.loads((tmp_path / "deep" / "all.json").read_text())["everything"]
    assert told["families"]["library/empty-visit"] == told["totals"]["library"] == told["totals"]["all"]
    assert told["totals"]["all"]["receipts_true"] == 1
    assert (tmp_path / "reliability.png").is_file() == bool(find_spec("matplotlib"))
    (case,) = library_cases(["empty-*"], [1], heavy=False, folder=tmp_path / "cases")
    (other,) = library_cases(["empty-*"], [2], heavy=False, folder=tmp_path / "cases")
    assert is_made(case) and not is_made(other)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--scenarios", "market-day"], "needs --all"),
        (["--scenarios", "nothing-such"], "received ['nothing-such']"),
        (["--score", "nowhere.py"], "nowhere.py: expected the judge"),
    ],
)
def test_a_wrong_argument_is_named(judge, shared, tmp_path, capsys, words, why):
    score = ["--score", str(shared / "judge" / "score.py")]
    assert main([*score, "--no-shared", "--out", str(tmp_path), *words]) == 2
    assert why in capsys.readouterr().err


def test_receipts_that_a_rule_holds_are_judged_as_settled_and_doubtful_ones_as_reviewed(tmp_path: Path) -> None:
    holds = (["age"], ["doubt", "age"], ["sensor P1 has never shown anything"], [])
    rows = [{"status": "review", "hold": hold} for hold in holds]
    path = tmp_path / "receipts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settle_what_rules_hold(path)
    assert [json.loads(line)["status"] for line in path.read_text().splitlines()] == ["settled", *["review"] * 3]
