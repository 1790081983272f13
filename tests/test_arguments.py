"""What commands are told: any text is read or refused, and what is read comes back as it was meant."""

import argparse
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fusion import arguments

READERS = (
    arguments.name, arguments.trip, arguments.line, arguments.pieces, arguments.reason, arguments.note,
    arguments.instant,
)  # fmt: skip


@given(st.sampled_from(READERS), st.text() | st.text("0123456789=:.-TZ+ ", max_size=40))
@example(arguments.instant, "9" * 19)
@example(arguments.instant, "0001-01-01T00:00:00+23:59")
def test_any_text_is_read_or_refused(read: Callable[[str], object], text: str) -> None:
    with suppress(argparse.ArgumentTypeError):
        read(text)


@given(st.integers(0, arguments.QUANTITY_MAX), st.none() | st.integers(0, 10**8 - 1))
def test_a_line_is_read_as_it_was_written(quantity: int, mg: int | None) -> None:
    grams = "" if mg is None else f":{mg // 1000}.{mg % 1000:03d}"
    read = arguments.line(f"a-1={quantity}{grams}")
    assert read == ("a-1", quantity, None if mg is None else mg / 1000)


def test_a_trip_may_look_like_a_card_number() -> None:
    assert arguments.trip("nano-4111111111111111") == "nano-4111111111111111"
    with pytest.raises(argparse.ArgumentTypeError, match="received a card number, not shown"):
        arguments.name("nano-4111111111111111")


def test_instants_are_utc_where_they_name_no_zone() -> None:
    assert arguments.instant("2026-05-29T08:00:00") == arguments.instant("2026-05-29T10:00:00+02:00")
    assert arguments.shown(arguments.instant("2026-05-29T08:00:00")) == "2026-05-29 08:00:00 UTC"
