"""`aisle compare`: whatever changed is found, nothing else is, and either run may come first."""

import copy
import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outs import Row, outs, write_out

from fusion.cli import main
from fusion.compare.differences import differences
from fusion.outputs import OutFolder

FEW = settings(max_examples=60, deadline=None)


def folder(rows: dict[str, list[Row]]) -> OutFolder:
    return OutFolder(tuple(rows["receipts"]), tuple(rows["events"]), tuple(rows["evidence"]), {})


def said(words: list[str]) -> tuple[int, str]:
    """Run a command; return its exit status and what it printed."""
    with redirect_stdout(StringIO()) as out:
        status = main(words)
    return status, out.getvalue()


def exchanged(found: Any) -> Any:
    """Return differences with the sides of each pair exchanged."""
    pairs = {"trip", "account", "event"}
    out: dict[str, Any] = {"same": found["same"]}
    for name in ("totals", "run"):
        out[name] = {k: pair[::-1] for k, pair in found[name].items()}
    for name in ("receipts", "events"):
        out[name] = [_row_exchanged(row, pairs) for row in found[name]]
    return out


def _row_exchanged(row: Row, pairs: set[str]) -> Row:
    turned = {k: v[::-1] if k in pairs else v for k, v in row.items()}
    turned["fields"] = {k: pair[::-1] for k, pair in row["fields"].items()}
    if "lines" in row:
        turned["lines"] = [{**one, "fields": {k: p[::-1] for k, p in one["fields"].items()}} for one in row["lines"]]
    return turned


@FEW
@given(outs())
def test_a_run_is_the_same_as_itself(rows: dict[str, list[Row]]) -> None:
    found = differences(folder(rows), folder(copy.deepcopy(rows)))
    assert found["same"] and not found["receipts"] and not found["events"]
    assert all(a == b for a, b in found["totals"].values())


@FEW
@given(outs(), outs(), st.booleans())
def test_comparing_is_symmetric(one: dict[str, list[Row]], other: dict[str, list[Row]], renamed: bool) -> None:
    if renamed:  # no id in common: what is near is paired
        for row in other["receipts"]:
            row["trip"] = "u" + row["trip"]
        for row in other["events"]:
            row["event"] = "ew" + row["event"][2:]
    there, back = differences(folder(one), folder(other)), differences(folder(other), folder(one))
    for found in (there, back):
        found["events"].sort(key=lambda row: sorted(map(str, row["event"])))
        found["receipts"].sort(key=lambda row: sorted(map(str, row["trip"])))
    assert exchanged(there) == back
    shown = [trip for row in there["receipts"] for trip in row["trip"] if trip is not None]
    assert len(shown) == len(set(shown)) or not renamed
    assert there["totals"]["amount"] == [sum(r["total"] for r in rows["receipts"]) for rows in (one, other)]


@FEW
@given(outs().filter(lambda rows: any(r["lines"] for r in rows["receipts"])), st.data())
def test_any_changed_line_is_found(rows: dict[str, list[Row]], data: st.DataObject) -> None:
    changed = copy.deepcopy(rows)
    receipt = data.draw(st.sampled_from([r for r in changed["receipts"] if r["lines"]]))
    line = data.draw(st.sampled_from(receipt["lines"]))
    field = data.draw(st.sampled_from(["qty", "amount", "confidence", "g", "all"]))
    if field == "all":
        receipt["lines"].remove(line)
    else:
        line[field] = (line[field] or 0) + 1
    found = differences(folder(rows), folder(changed))
    assert not found["same"] and not found["events"]
    (row,) = found["receipts"]
    assert row["trip"] == [receipt["trip"]] * 2 and row["fields"] == {}
    (told,) = row["lines"]
    assert told["sku"] == line["sku"]
    assert field == "all" or told["fields"].keys() == {field}


@FEW
@given(outs().filter(lambda rows: rows["events"]), st.data())
def test_any_changed_or_missing_event_is_found(rows: dict[str, list[Row]], data: st.DataObject) -> None:
    changed = copy.deepcopy(rows)
    event = data.draw(st.sampled_from(changed["events"]))
    gone = data.draw(st.booleans())
    if gone:
        changed["events"].remove(event)
    else:
        event["account"] = "somebody else"
    found = differences(folder(rows), folder(changed))
    (row,) = found["events"]
    assert row["event"] == ([event["event"], None] if gone else [event["event"]] * 2)
    assert gone or row["fields"].keys() == {"account"}


@FEW
@given(outs(), outs())
def test_the_command_says_what_the_exit_status_says(one: dict[str, list[Row]], other: dict[str, list[Row]]) -> None:
    with TemporaryDirectory() as place:
        a, b = write_out(Path(place) / "a", one), write_out(Path(place) / "b", other)
        status, text = said(["compare", str(a), str(b)])
        again, as_json = said(["compare", str(a), str(b), "--json"])
    found = json.loads(as_json)
    assert again == status
    assert status == (0 if found["same"] else 1)
    place_lines = text.splitlines()[0 if found["same"] else 2 :]
    assert all(len(line) <= 100 for line in place_lines)
    assert found["same"] == text.startswith("the same")


def test_a_folder_of_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = write_out(tmp_path / "a", {"receipts": [], "events": []})
    assert main(["compare", str(out), str(tmp_path)]) == 2
    text, err = capsys.readouterr()
    assert text == "" and err.count("\n") == 1 and "expected an output folder with receipts.jsonl" in err
