"""What must agree between the rows and the files of a store folder."""

from pathlib import Path

from fusion.store import Problem
from fusion.store_read import Row


def check_plates(path: Path, plates: list[Row], problems: list[Problem]) -> None:
    """Check that each controller's channels are 0, 1, 2 and so on, each wired to one plate."""
    channels: dict[str, dict[int, str]] = {}
    for row in plates:
        taken = channels.setdefault(row["controller"], {})
        if row["channel"] in taken:
            received = f"channel {row['channel']} of {row['controller']}, as in {taken[row['channel']]}"
            place = f"{row['place']}, column channel"
            problems.append(Problem(str(path), place, "a channel used once", received))
        taken.setdefault(row["channel"], row["place"])
    for controller, taken in channels.items():
        gap = next(i for i in range(len(taken) + 1) if i not in taken)
        if gap != len(taken):
            received = f"no channel {gap}, but {max(taken)}"
            problems.append(Problem(str(path), f"controller {controller}", "channels counted from 0", received))


def check_references(
    folder: Path,
    text: Row,
    plates: list[Row],
    products: list[Row],
    facings: list[Row],
    problems: list[Problem],
) -> None:
    gates, known_plates = [row["id"] for row in text["gate"]], {row["plate"]: 0 for row in plates}
    skus = {row["sku"]: 0 for row in products}
    for row in text["portal"]:
        if row["gate"] not in gates:
            place = f"{row['place']}, key gate"
            problems.append(Problem(str(folder / "store.toml"), place, "a known gate", repr(row["gate"])))
    file = str(folder / "planogram.csv")
    for row in facings:
        if row["sku"] not in skus:
            place = f"{row['place']}, column sku"
            problems.append(Problem(file, place, "a SKU of products.csv", repr(row["sku"])))
        for plate in row["plates"]:
            if plate not in known_plates:
                place = f"{row['place']}, column plates"
                problems.append(Problem(file, place, "plates of plates.csv", repr(plate)))
