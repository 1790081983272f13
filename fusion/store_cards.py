"""No card number stays in a store folder: files about accounts are searched for them before anything else is read."""

import csv
from pathlib import Path

from fusion.cards import NOT_SHOWN, holds_card_number
from fusion.store import Problem


def refuse_cards(path: Path, problems: list[Problem]) -> bool:
    """Tell whether any cell of a file holds a card number, whatever its column; problems never repeat it."""
    found = False
    try:
        reader = csv.reader(path.read_text(encoding="utf-8-sig", errors="replace").splitlines())
        for cells in reader:
            if any(map(holds_card_number, cells)):
                place, found = f"line {reader.line_num}", True
                problems.append(Problem(str(path), place, "a payment token", NOT_SHOWN))
    except (csv.Error, OSError):
        pass  # who reads the table says what is wrong with it
    return found
