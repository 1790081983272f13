"""The command line: what it prints, and that bad input costs one line and exit status 2."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from corner_store import TOML, write

from fusion.cli import main, parser_of
from fusion.messages import Frame, Gate, Health, Message, Plates
from fusion.overview import overview
from fusion.recording import RecordingWriter
from fusion.wire import encode, topic_of
from scenarios.library import names

SECOND_NS = 10**9
Capture = pytest.CaptureFixture[str]


def plates(src: str, seq: int, t_ns: int) -> Plates:
    return Plates(src, seq, t_ns, 10**7, np.zeros((4, 2), np.float32))


def record(path: Path, messages: list[tuple[Message, int]], store_id: str = "corner-1") -> Path:
    """Write messages with their lateness in ms."""
    with RecordingWriter(path, store_id) as writer:
        for message, late_ms in messages:
            frame = Frame(topic_of(message), encode(message), message.t_ns + late_ms * 10**6)
            writer.write(frame, message.t_ns, message.seq)
    return path


def ten_seconds(src: str = "ctl") -> list[tuple[Message, int]]:
    return [(plates(src, i, i * SECOND_NS // 10), 100 + i % 2) for i in range(101)]


def one_line(capture: Capture) -> str:
    """Return what was said on standard error, which must be one line."""
    said = capture.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    return said.err


def info(path: Path, capture: Capture) -> dict[str, dict[str, object]]:
    """Return the rows of `aisle info --json` by source."""
    assert main(["info", str(path), "--json"]) == 0
    return {row["src"]: row for row in json.loads(capture.readouterr().out)["sources"]}


def test_info_counts_what_is_there(tmp_path: Path, capsys: Capture) -> None:
    row = info(record(tmp_path / "r.mcap", ten_seconds()), capsys)["ctl"]
    assert (row["kinds"], row["count"], row["gaps"], row["duplicates"]) == ("plates", 101, 0, 0)
    assert row["rate_hz"] == pytest.approx(10.0)
    assert row["span_s"] == pytest.approx(10.0)
    assert row["late_p50_ms"] == pytest.approx(100.0)
    assert row["late_max_ms"] == pytest.approx(101.0)


def test_info_tells_losses_from_restarts(tmp_path: Path, capsys: Capture) -> None:
    first = ten_seconds()
    swapped = [first[1], first[0], *first[2:40], *first[45:], first[50], first[50]]
    again = [(plates("ctl", i, (200 + i) * SECOND_NS // 10), 100) for i in range(30)]
    row = info(record(tmp_path / "r.mcap", swapped + again), capsys)["ctl"]
    assert (row["gaps"], row["duplicates"], row["restarts"]) == (5, 2, 1)


def test_info_fits_the_page_and_groups_a_crowd(tmp_path: Path, capsys: Capture) -> None:
    crowd = [message for i in range(300) for message in ten_seconds(f"controller-{i:03d}")[:3]]
    path = record(tmp_path / "r.mcap", crowd)
    assert main(["info", str(path)]) == 0
    short = capsys.readouterr().out
    assert "300 sources" in short
    assert main(["info", str(path), "--all"]) == 0
    long = capsys.readouterr().out
    assert len(long.splitlines()) > 300
    assert "controller-299" in long
    table = [line for line in (short + long).splitlines() if str(path) not in line]
    assert max(map(len, table)) <= 100


def test_an_empty_recording_is_shown_and_checked(tmp_path: Path, capsys: Capture) -> None:
    path = record(tmp_path / "r.mcap", [])
    assert main(["info", str(path)]) == 0
    assert "0 messages" in capsys.readouterr().out
    assert main(["check", str(path)]) == 0


def test_check_passes_a_good_case(tmp_path: Path, capsys: Capture) -> None:
    write(tmp_path / "store")
    door = [(Gate("door", 0, 5, "door", "enter", "a", 1, "shopper"), 0), (Health("x", 0, 5, "ok", ""), 0)]
    record(tmp_path / "recording.mcap", ten_seconds() + door)
    assert main(["check", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "plates 101, gate 1, health 1" in said
    assert said.endswith("no problems\n")


def test_check_names_every_problem(tmp_path: Path, capsys: Capture) -> None:
    write(tmp_path / "store", store=TOML.replace("corner-1", "corner-2"))
    path = tmp_path / "recording.mcap"
    with RecordingWriter(path, "corner-1") as writer:
        writer.write(Frame("plates/ctl", b"junk", 0), 0, 0)
        writer.write(Frame("plates/stranger", encode(plates("stranger", 0, 0)), 0), 0, 0)
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["check", str(tmp_path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    texts = [f"{problem['place']}: {problem['expected']}" for problem in report["problems"]]
    assert texts[0] == "message 1: a message of the contract"
    assert "closing magic" in texts[1]
    assert texts[2] == "metadata store: store_id corner-2"
    assert texts[3] == "source stranger: 0 channels as in plates.csv"
    assert report["counts"]["malformed"] == {"not msgpack": 1}


def test_check_of_a_bad_store_says_how_many(tmp_path: Path, capsys: Capture) -> None:
    write(tmp_path / "store", store=TOML.replace("fps = 15", "fps = 0").replace("1.9", "-1"))
    assert main(["check", str(tmp_path / "store")]) == 1
    assert capsys.readouterr().out.endswith("2 problems\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["info", "nowhere.mcap"], "nowhere.mcap: expected a file that can be used, received No such file"),
        (["info", __file__], "test_cli.py: byte 0: expected the magic bytes of an MCAP file"),
        (["check", str(Path(__file__).parent)], "folder: expected store.toml, or store/ and recording.mcap"),
        (["check"], "aisle check: the following arguments are required: PATH"),
        (["info", "x", "--al"], "unrecognized arguments: --al"),
        (["import", "csv", "x", "--out", "y"], "invalid choice: 'csv'"),
    ],
)
def test_bad_input_costs_one_line(words: list[str], expected: str, capsys: Capture) -> None:
    assert main(words) == 2
    assert expected in one_line(capsys)


def test_a_command_whose_module_is_missing_is_skipped(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "sensors.commands", None)
    assert main(["import", "aifi", "x", "--out", "y"]) == 2
    assert "aisle: command import is left out" in capsys.readouterr().err


def test_help_teaches(capsys: Capture) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr()
    assert max(map(len, said.out.splitlines())) <= 100
    commands = parser_of(())._subparsers._group_actions[0].choices
    shown = [line.split()[0] for line in said.out.splitlines() if re.match(r"  [a-z]+  ", line)]
    assert sorted(shown) == sorted(commands), "each command stands there once"
    assert "\nmore:\n" not in said.out, "each has a job"
    for name in commands:
        assert main([name, "--help"]) == 0
        assert re.search(rf"examples?:\n(.*\n)*?.*aisle {name}\b", capsys.readouterr().out), name


def test_a_command_that_a_package_adds_is_shown_among_more() -> None:
    said = overview("what it does", {"serve": "runs a store", "tidy": "tidies up"})
    assert "run a store:\n  serve  runs a store\n\nmore:\n  tidy   tidies up\n" in said


def test_help_of_all_needs_no_arrays() -> None:
    code = "import sys; from fusion.cli import main; main(['--help']); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_bash_completes_commands_flags_and_what_may_be_chosen(tmp_path: Path, capsys: Capture) -> None:
    assert main(["completion", "bash"]) == 0
    (tmp_path / "aisle.bash").write_text(capsys.readouterr().out)

    def completed(*words: str) -> list[str]:
        typed = " ".join(f"'{word}'" for word in words)
        ask = f"source aisle.bash; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; "
        function = "$(complete -p aisle | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
        show = f'{function} aisle "{words[-1]}" "{words[-2]}"; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", ask + show], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert completed("aisle", "re") == ["replay", "report"]
    assert "--store" in completed("aisle", "replay", "--s")
    assert completed("aisle", "ledger", "ver") == ["verify"]
    (tmp_path / "shop.mcap").touch()
    assert "shop.mcap" in completed("aisle", "replay", "sh")


def test_scenarios_are_listed_within_the_page_and_for_programs(capsys: Capture) -> None:
    assert main(["scenarios"]) == 0
    table = capsys.readouterr().out
    assert max(map(len, table.splitlines())) <= 100
    assert main(["scenarios", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert tuple(row["scenario"] for row in rows) == names()
    assert all(row["people"] > 0 and row["about"] and row["store"] for row in rows)
    assert all(f" {row['scenario']} " in table for row in rows)


def test_who_is_allowed_is_told_programs_too(tmp_path: Path, capsys: Capture) -> None:
    keys = str(tmp_path / "keys")
    assert main(["keys", "new", keys, "cam-01"]) == 0
    assert main(["keys", "allow", keys, "cam-01", f"{keys}/cam-01.key", "--src", "cam-01"]) == 0
    capsys.readouterr()
    assert main(["keys", "list", keys, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["name"], said["srcs"], said["reads"], len(said["public"])) == ("cam-01", ["cam-01"], False, 40)


def test_one_thread_of_blas_serves_unless_more_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert main(["--version"]) == 0 and os.environ["OPENBLAS_NUM_THREADS"] == "3"
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    assert main(["--version"]) == 0 and os.environ["OPENBLAS_NUM_THREADS"] == "1"


def test_version_is_told(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("aisle 0.")


def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    path = record(tmp_path / "r.mcap", ten_seconds())
    code = f"import sys; from fusion.cli import main; sys.exit(main(['info', {str(path)!r}]))"
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert b"Traceback" not in run.stderr
