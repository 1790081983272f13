"""What people decided on a ledger outlives the next replay into its folder."""

import json
from pathlib import Path

import pytest

from bench.golden import STORE, tape_of
from fusion.aside import keep_decided, move_aside
from fusion.cli import main


def replay(out: Path) -> None:
    assert main(["replay", str(tape_of("single")), "--store", str(STORE), "--out", str(out)]) == 0


def trip_and_sku(out: Path) -> tuple[str, str]:
    receipt = json.loads((out / "receipts.jsonl").read_text())
    return receipt["trip"], receipt["lines"][0]["sku"]


def test_a_replay_moves_a_ledger_aside_that_people_have_decided_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found in the closing review: replaying into the same folder replaced the ledger, refunds and all."""
    replay(tmp_path)
    replay(tmp_path)
    assert not (tmp_path / "earlier-1").exists(), "what the engine wrote it makes again"
    trip, sku = trip_and_sku(tmp_path)
    words = ["ledger", "refund", str(tmp_path / "ledger.db"), trip, sku, "--store", str(STORE)]
    assert main([*words, "--reason", "damaged", "--author", "kim", "--at", "2026-01-02T10:00:00"]) == 0
    decided = (tmp_path / "ledger.db").read_bytes()
    capsys.readouterr()
    replay(tmp_path)
    assert "people have decided" in capsys.readouterr().err
    assert (tmp_path / "earlier-1" / "ledger.db").read_bytes() == decided
    assert main(["ledger", "verify", str(tmp_path / "earlier-1" / "ledger.db")]) == 0
    replay(tmp_path)
    assert not (tmp_path / "earlier-2").exists()


def test_what_is_no_ledger_is_moved_and_not_removed(tmp_path: Path) -> None:
    assert keep_decided(tmp_path, with_purchases=True) is None
    (tmp_path / "ledger.db").write_text("somebody's notes")
    (tmp_path / "purchases.db").write_text("asked outside")
    assert keep_decided(tmp_path, with_purchases=False) == tmp_path / "earlier-1"
    assert (tmp_path / "earlier-1" / "ledger.db").read_text() == "somebody's notes"
    assert (tmp_path / "purchases.db").exists()
    assert move_aside(tmp_path, ["purchases.db"]) == tmp_path / "earlier-2"
