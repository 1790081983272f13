"""No card number stays in a store folder: files about accounts are searched for them before anything else is read."""

import csv
import re
from pathlib import Path

from fusion.store import Problem

PAN_DIGITS = range(13, 20)  # ISO/IEC 7812: how long a card number is


def is_card_number(value: str) -> bool:
    """Tell whether a text passes as a card number: 13 to 19 digits, however grouped, whose Luhn sum is right."""
    digits = re.sub(r"[\s._-]", "", value)
    if not (digits.isascii() and digits.isdigit() and len(digits) in PAN_DIGITS):
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    total = sum(int(digit) for digit in digits[-1::-2]) + sum(two - 9 if two > 9 else two for two in doubled)
    return total % 10 == 0


def refuse_cards(path: Path, problems: list[Problem]) -> bool:
    """Tell whether any cell of a file passes as a card number, whatever its column; problems never repeat it."""
    found = False
    try:
        reader = csv.reader(path.read_text(encoding="utf-8-sig", errors="replace").splitlines())
        for cells in reader:
            if any(map(is_card_number, cells)):
                place, found = f"line {reader.line_num}", True
                problems.append(Problem(str(path), place, "a payment token", "a card number, not shown"))
    except (csv.Error, OSError):
        pass  # who reads the table says what is wrong with it
    return found
