"""Runs of the engine and where their ledgers go."""

import json
from pathlib import Path

import pytest

from bench.golden import STORE, tape_of
from fusion.cli import main
from fusion.ledger.book import open_book
from fusion.ledger.verify import verify


def replay(out: Path, *flags: str) -> str:
    """Replay a small tape and return the ledger digest of the run."""
    words = ["replay", str(tape_of("cart")), "--store", str(STORE), "--out", str(out), *flags]
    assert main(words) == 0
    digest: str = json.loads((out / "run.json").read_text())["ledger"]
    return digest


def test_a_replay_closes_its_ledger_and_the_key_is_no_part_of_the_digest(tmp_path: Path) -> None:
    first, again, other = replay(tmp_path / "a"), replay(tmp_path / "a"), replay(tmp_path / "b")
    assert first == again == other
    reports = [verify(tmp_path / name / "ledger.db") for name in "ab"]
    assert [report.findings for report in reports] == [(), ()]
    assert reports[0].keys != reports[1].keys and reports[0].digest == reports[1].digest == first
    assert (tmp_path / "a" / "ledger.key").stat().st_mode & 0o777 == 0o600


def test_a_ledger_elsewhere_is_added_to_once(tmp_path: Path, database: str) -> None:
    """A file or a server: the same digest, and replaying the same tape into it adds no row."""
    expected = replay(tmp_path / "alone")
    key = ("--key", str(tmp_path / "store.key"))
    for place, name in ((str(tmp_path / "all.db"), "file"), (database, "server")):
        for run in ("first", "second"):
            assert replay(tmp_path / name / run, "--ledger", place, *key) == expected
            assert not (tmp_path / name / run / "ledger.db").exists()
    assert verify(tmp_path / "all.db").findings == ()
    report = verify(database, seal=tmp_path / "server" / "second" / "ledger.seal")
    assert report.findings == () and report.digest == expected and len(report.keys) == 1


def test_a_ledger_that_cannot_be_used_costs_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_book(tmp_path / "other.db", "elsewhere", "USD").close()
    for place in (str(tmp_path / "other.db"), "postgresql://me:secret@/x?host=/nowhere"):
        words = ["--store", str(STORE), "--out", str(tmp_path / "out"), "--ledger", place]
        assert main(["replay", str(tape_of("cart")), *words]) == 2
        assert main(["serve", *words, "--listen", "tcp://127.0.0.1:*"]) == 2
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 2 and "secret" not in said
