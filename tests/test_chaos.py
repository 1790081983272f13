"""Short versions of `python -m bench.chaos`; the kills are in test_recovery.py, most attacks in test_keys.py."""

import shutil
from pathlib import Path

import pytest
from test_live import CASE, needs_case

from bench.chaos import attacks, cuts, load, machine, network
from bench.chaos.proxy import Faults
from bench.chaos.tape import undisturbed
from bench.golden import STORE, tape_of


def test_no_byte_of_the_last_segment_matters_to_what_came_before(tmp_path: Path) -> None:
    done = cuts.spoil_every_byte(tmp_path, seed=3, records=30)
    assert done.places > 100 and done.failures == 0


@needs_case
def test_a_network_without_promises_changes_nothing_in_the_ledger(tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(CASE, case)
    case.chmod(0o755)
    done = network.disturb(case, tmp_path / "out", Faults(0.3, 0.5, 0.2, 0.7, 2.0, 3.0), seed=4, rate=4.0)
    assert done.counts.lost and done.counts.doubled and done.counts.shuffled and done.counts.hang_ups
    assert (done.missing, done.doubled, done.same_ledger, done.same_outputs) == (0, 0, True, True)


@needs_case
def test_a_full_disk_slow_syncs_and_a_clock_that_steps_back_cost_time_and_nothing_else(tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(CASE, case)
    case.chmod(0o755)
    trouble = machine.Trouble(fsync_ms=30, full_s=(3.0, 5.0), clock_s=(4.0, -3600.0))
    done = machine.strain(case, tmp_path / "out", trouble, rate=3.0)
    assert any("No space left" in line for line in done.said)
    assert (done.missing, done.doubled, done.same_ledger, done.same_outputs) == (0, 0, True, True)


@pytest.mark.parametrize("attack", ["replayed bytes", "replayed messages", "slow handshakes"])
def test_an_attack_delivers_nothing_and_harms_nobody(
    attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attacks, "GOOD_S", 0.6)
    monkeypatch.setattr(attacks, "JUNK", 40)
    done = attacks.under(tmp_path, attack)
    assert done.delivered == 0 and done.good_kept >= done.good_sent and done.restarts == 0


def test_every_acknowledged_message_of_a_crowd_with_keys_is_in_the_journal_once(tmp_path: Path) -> None:
    done = load.measure(tmp_path, sensors=12, seconds=0.5, rate=None)
    assert done.messages > 0


def test_what_an_undisturbed_run_makes_of_a_tape_is_this_engines(tmp_path: Path) -> None:
    """Found by bench.chaos: after a change of the engine every recovery was said to make another ledger."""
    shutil.copy(tape_of("single"), tmp_path / "recording.mcap")
    shutil.copytree(STORE, tmp_path / "store")
    first = (undisturbed(tmp_path) / "receipts.jsonl").read_bytes()
    (tmp_path / "undisturbed" / "receipts.jsonl").write_text("of an engine before this one\n")
    assert (undisturbed(tmp_path) / "receipts.jsonl").read_bytes() == first
