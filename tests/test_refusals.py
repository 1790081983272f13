"""What is no store, recording, journal, ledger, key or script: one line that says what to do, and exit status 2."""

from pathlib import Path

import pytest
from corner_store import write

from fusion.cli import main
from fusion.recording import RecordingWriter

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder with a store and a recording in shop/, a live run in out/, notes.txt and an empty folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    write(tmp_path / "shop" / "store")
    with RecordingWriter(tmp_path / "shop" / "recording.mcap", "corner-1"):
        pass
    (tmp_path / "out" / "journal").mkdir(parents=True)
    (tmp_path / "out" / "ledger.db").touch()
    (tmp_path / "notes.txt").write_text("hello\n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    (tmp_path / "empty").mkdir()


REPLAY = "replay shop/recording.mcap --store shop/store --out x"
REFUSED = (
    (REPLAY.replace("shop/recording.mcap", "shop"), "received a folder; try shop/recording.mcap"),
    (
        REPLAY.replace("shop/recording.mcap", "empty"),
        "empty: file: expected a recording, one MCAP file, received a folder",
    ),
    (REPLAY.replace("shop/store", "shop"), "received a folder without it; try shop/store"),
    (
        REPLAY.replace("shop/store", "notes.txt"),
        "notes.txt: folder: expected a store folder, with store.toml, received a file",
    ),
    (
        REPLAY.replace("shop/store", "nowhere"),
        "nowhere: folder: expected a store folder, with store.toml, received no such",
    ),
    (REPLAY.replace("--out x", "--out notes.txt"), "notes.txt: expected a folder, or a place for one, received a file"),
    ("explain notes.txt ann", "receipts.jsonl, events.jsonl, evidence.jsonl, received a file"),
    ("export empty --out e.mcap", "empty: expected the folder of a journal, received one without segments"),
    ("journal info out", "received one without segments; try out/journal"),
    ("journal retain empty --age 1d", "received one without segments"),
    ("journal retain out/journal", "out/journal: expected --age or --size as well, received neither"),
    ("journal forget empty --older 1h", "received one without segments"),
    ("ledger verify out", "out: expected a ledger, received a folder; try out/ledger.db"),
    ("ledger close empty", "empty: expected a ledger, received a folder"),
    ("ledger report notes.txt", "notes.txt: expected a ledger (SQLite), received another kind of file"),
    ("ledger review notes.txt", "notes.txt: expected a ledger (SQLite), received another kind of file"),
    ("ledger review notes.txt T --waive --author kim", "expected a ledger (SQLite), received another kind of file"),
    ("keys list nowhere", "nowhere: expected a folder of keys, received none"),
    ("keys list notes.txt", "notes.txt: expected a folder of keys, received a file"),
    ("keys allow keys a nowhere --src a", "expected a key file, received none; `aisle keys new` makes one"),
    ("keys allow keys a empty --src a", "empty: expected a key file, received a folder"),
    ("keys allow keys a notes.txt --src a", "notes.txt: expected a key file, received a file without a key"),
    ("simulate single --out s --faults nowhere", "nowhere: file: expected a fault plan, received no such file"),
    ("simulate single --out s --faults latin.txt", "latin.txt: byte 3: expected UTF-8 text, received"),
    (
        "simulate nothing-like-it --out s",
        "expected a name that `aisle scenarios` lists, or a file *.txt, received 'nothing",
    ),
    ("simulate singel --out s", "scenario: expected one of single, crossing, received 'singel'"),
    ("simulate mine.txt --out s", "mine.txt: expected a script file, received no such file"),
    ("simulate notes.txt --out s", "received 'hello' (and 2 more; `aisle scenarios` with the same script lists them)"),
    ("sensors notes.txt --to tcp://127.0.0.1:1", "(and 2 more; "),
    ("demo --scenario notes.txt --out s", "(and 2 more; "),
    ("relay x", "aisle: expected `replay`, received 'relay' (see aisle --help)"),
    ("zzz", "aisle: expected a command, received 'zzz' (see aisle --help)"),
)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("typed", "expected"), REFUSED, ids=[typed for typed, _ in REFUSED])
def test_what_is_something_else_is_refused_in_one_line(typed: str, expected: str, capsys: Capture) -> None:
    before = sorted(Path().rglob("*"))
    assert main(typed.split()) == 2
    said = capsys.readouterr()
    assert expected in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert sorted(Path().rglob("*")) == before, "nothing is written by what is refused"


@pytest.mark.usefixtures("shop")
def test_a_folder_of_keys_without_a_list_lets_nobody_in_and_says_so(capsys: Capture) -> None:
    assert main(["keys", "list", "empty"]) == 0
    assert "nobody is allowed; `aisle keys allow` lets sensors in" in capsys.readouterr().err
