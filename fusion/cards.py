"""Card numbers: telling what passes as one, so that it is refused before it is kept or said anywhere; pure.

A card number (ISO/IEC 7812) has 13 to 19 digits whose Luhn sum is right. One in ten numbers of that length passes
without being one, so only whole groups of digits count: `tok_4111111111111111` and `4111-1111 1111.1111` hold a card
number, twenty digits in a row do not. Ids that we make, times and SKUs of a catalogue are never searched.
"""

import re
from collections.abc import Iterator, Mapping

PAN_DIGITS = range(13, 20)  # how long a card number is
NOT_SHOWN = "a card number, not shown"
_RUN = re.compile(r"\d+(?:[\s._-]+\d+)*")
_GROUP = re.compile(r"\d+")


def is_card_number(value: str) -> bool:
    """Tell whether a text passes as a card number: 13 to 19 digits, however grouped, whose Luhn sum is right."""
    digits = re.sub(r"[\s._-]", "", value)
    if not (digits.isascii() and digits.isdigit() and len(digits) in PAN_DIGITS):
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    total = sum(int(digit) for digit in digits[-1::-2]) + sum(two - 9 if two > 9 else two for two in doubled)
    return total % 10 == 0


def holds_card_number(text: str) -> bool:
    """Tell whether a card number stands anywhere in a text, among other words and other numbers."""
    runs = (_GROUP.findall(run) for run in _RUN.findall(text))
    return any(is_card_number(number) for groups in runs for number in _numbers(groups))


def holds_card(value: object) -> bool:
    """Tell whether a card number stands anywhere in a value: text, bytes, numbers, and whatever they are nested in."""
    left = [value]  # not recursion: who sends a value decides how deep it is
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple)):
            left += one
        elif one is not None and holds_card_number(_text(one)):
            return True
    return False


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else repr(value)


def _numbers(groups: list[str]) -> Iterator[str]:
    """Yield the number that each stretch of neighbouring groups makes, in ASCII; none longer than a card number."""
    digits = ["".join(str(int(digit)) for digit in group) for group in groups]
    for first in range(len(digits)):
        number = ""
        for group in digits[first:]:
            number += group
            if len(number) >= PAN_DIGITS.stop:
                break
            yield number
