"""Cases that benches keep are made anew where they are stale, and never half."""

from pathlib import Path

import pytest

from bench import kept as module
from bench.kept import is_kept, kept


def made(words: str):
    return lambda part: (part / "words.txt").write_text(words)


def test_a_case_is_made_once_and_again_where_something_else_is_asked_or_the_simulator_changed(tmp_path, monkeypatch):
    case = tmp_path / "deep" / "case"
    for words, asked, shown in (("a", "one", "a"), ("b", "one", "a"), ("c", "two", "c")):
        assert kept(case, asked, made(words)) == case
        assert (case / "words.txt").read_text() == shown and is_kept(case, asked)
    monkeypatch.setattr(module, "_sources_digest", lambda: "another simulator")
    assert not is_kept(case, "two")
    kept(case, "two", made("d"))
    assert (case / "words.txt").read_text() == "d"


def test_what_cannot_be_made_leaves_the_old_case(tmp_path: Path) -> None:
    case = kept(tmp_path / "case", "one", made("a"))

    def fails(part: Path) -> None:
        (part / "words.txt").write_text("half")
        raise ValueError("no goods")

    with pytest.raises(ValueError, match="no goods"):
        kept(case, "two", fails)
    assert (case / "words.txt").read_text() == "a" and is_kept(case, "one") and not is_kept(case, "two")
