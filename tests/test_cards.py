"""No card number is kept: whatever a gate sends, none reaches a file, a text or the tape."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgpack
import pytest
from cards import check_digit, kept, pans, texts_around
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import EPOCH, frames, tape, tiny_store

from fusion.cards import holds_card, holds_card_number, is_card_number
from fusion.journal import Record
from fusion.live.admission import Refusal, admit
from fusion.messages import Frame, Malformed, Reason
from fusion.session import Session
from fusion.wire import decode

GATE = {"v": 1, "kind": "gate", "src": "door", "seq": 0, "t": EPOCH, "gate": "door", "event": "enter",
        "account": "ann", "party": 1, "role": "shopper"}  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz-_. "


@given(st.data())
def test_a_card_number_is_found_in_any_text(data: st.DataObject) -> None:
    pan = data.draw(pans())
    text = data.draw(texts_around(pan))
    assert holds_card_number(text)
    assert holds_card({"a": [None, {text: 1}], "b": 2}) and holds_card(("x", [text.encode()]))
    digits = "".join(filter(str.isdigit, pan))
    assert holds_card({"a": {"b": int(digits)}}) or digits.startswith("0")


@given(st.text("0123456789", min_size=12, max_size=18), st.integers(1, 9))
def test_a_wrong_last_digit_is_no_card_number(digits: str, off: int) -> None:
    last = (int(check_digit(digits)) + off) % 10
    assert not holds_card_number(f"{digits}{last}") and not is_card_number(f"{digits}{last}")


def test_what_a_store_calls_things_is_no_card_number() -> None:
    for name in ("acct-171762", "047495117806", "tok_1NirD82eZvKYlo2C", "4111111111111111" * 2, "2026-10-19 12:00", ""):
        assert not holds_card_number(name), name
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    assert not holds_card(deep)


@given(st.data())
def test_a_gate_that_sends_one_is_refused_before_the_tape_and_by_the_wire(data: st.DataObject) -> None:
    pan = data.draw(pans())
    text = data.draw(texts_around(pan))
    key = data.draw(st.sampled_from([*sorted(GATE.keys() - {"kind"}), "card"]))
    payload: bytes = msgpack.packb(GATE | {key: text})
    refused = decode("gate/door", payload)
    assert isinstance(refused, Malformed) and pan not in refused.text
    assert refused.reason is Reason.CARD_NUMBER or key in ("seq", "t")
    assert admit([b"gate/door", payload], 1) is Refusal.CARD
    assert admit([b"door", payload], 1) is Refusal.CARD
    assert admit([b"gate/door", b"\xc1" + pan.encode()], 1) is Refusal.CARD


def test_a_card_number_behind_an_escaped_character_is_not_shown() -> None:
    refused = decode("gate/door", msgpack.packb(GATE | {"seq": "\x19000000000000000018"}))
    assert isinstance(refused, Malformed) and "000000000000000018" not in refused.text


def test_a_card_number_packed_as_a_number_is_one() -> None:
    payload = msgpack.packb(GATE | {"card": 4111111111111111})
    assert admit([b"gate/door", payload], 1) is Refusal.CARD
    assert isinstance(admit([b"gate/door", msgpack.packb(GATE)], 1), Record)


@settings(max_examples=15)
@given(st.data())
def test_no_file_of_a_run_holds_one(data: st.DataObject) -> None:
    """A recording made elsewhere may hold anything: as an account, in the wrong place, in bytes that are no message."""
    pan = data.draw(pans().filter(lambda text: len(text) >= 13))
    text = data.draw(texts_around(pan))
    good = frames(tape([], shoppers=1))[:40]
    wrong = [
        Frame("gate/door", msgpack.packb(GATE | {"account": text}), EPOCH),
        Frame("gate/door", msgpack.packb(GATE | {"account": pan, "v": 2}), EPOCH),
        Frame("health/cam", msgpack.packb({"v": text, "kind": "health"}), EPOCH),
        Frame(f"gate/{pan}", b"\xc1" + text.encode(), EPOCH),
        Frame(pan, b"", EPOCH),
    ]
    with TemporaryDirectory() as folder:
        out = Path(folder)
        session = Session(tiny_store(), out)
        for frame in [*good, *wrong, *(replace(frame, topic="plates/x") for frame in wrong)]:
            session.feed(frame)
        session.finish()
        dropped = session.close()["messages"]["dropped"]
        rejected = [json.loads(line) for line in (out / "rejected.jsonl").read_text().splitlines()]
        assert kept(out, pan) == []
    assert dropped[Reason.CARD_NUMBER] >= 2 and sum(dropped.values()) == len(rejected) == 2 * len(wrong)
    assert all(row["payload"] == "" for row in rejected if row["text"] == "received a card number, not shown")


@pytest.mark.parametrize("name", ["seq", "t"])
def test_a_gate_may_count_and_tell_the_time(name: str) -> None:
    payload = msgpack.packb(GATE | {name: 4111111111111111})
    assert not isinstance(decode("gate/door", payload), Malformed)
