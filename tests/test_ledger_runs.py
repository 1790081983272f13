"""Runs of the engine and where their ledgers go."""

import json
import subprocess
from pathlib import Path

import pytest
from test_live import AISLE, serving, stop

import bench.cluster
from bench.cluster import ClusterError, find_binaries
from bench.golden import STORE, tape_of
from bench.ledger import main as bench_ledger
from fusion.cli import main
from fusion.ledger.book import open_book, open_existing
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
    with open_existing(tmp_path / "a" / "ledger.db") as book:
        assert [issue.line for issue in book.receipts()] == (tmp_path / "a" / "receipts.jsonl").read_text().splitlines()
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


def test_serving_writes_to_a_server_what_a_replay_writes_to_a_file(tmp_path: Path, database: str) -> None:
    with serving(tmp_path / "live", "--ledger", database, store=STORE) as (serve, _, address):
        words = ("publish", str(tape_of("cart")), "--to", address, "--rate", "max")
        assert subprocess.run([*AISLE, *words], check=False).returncode == 0
        stop(serve)
    report = verify(database, seal=tmp_path / "live" / "ledger.seal")
    assert report.findings == () and report.records > 1
    recording, again = tmp_path / "live" / "recording.mcap", tmp_path / "again"
    assert main(["replay", str(recording), "--store", str(STORE), "--out", str(again)]) == 0
    assert verify(again / "ledger.db").digest == report.digest


def test_receipts_post_at_a_rate_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_ledger(["--receipts", "60"]) == 0
    said = capsys.readouterr().out
    assert said.count("receipts/s") == 4 and "1 digest in all" in said


def test_without_a_server_the_tests_fail_and_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.cluster, "DEBIAN", Path("/nowhere"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ClusterError, match=r"expected PostgreSQL's initdb .* `make server` installs it"):
        find_binaries()
