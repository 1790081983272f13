"""A store folder for an AiFi NanoStore test case."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fusion.arrays import Floats
from sensors.aifi_shelves import Facing, Plate, Product, Slot, axes

STORE_ID = "aifi-nanostore"
CAMERA = "aifi-targets"
ENTRY, EXIT = "entry", "exit"
CAPACITY_G = 20_000
QTY_UNKNOWN = 10  # the planogram does not count: enough that stock forbids nothing
MARGIN_M = 0.5  # floor around everything that was seen
GATE_WIDTH_M = 1.2
ABOVE_SHELF_M = 0.4  # how far a gondola rises above its highest plates
CAMERA_HEIGHT_M = 10.0  # nominal, so that the whole floor is in its view

PLATE_COLUMNS = "plate,gondola,shelf,controller,channel,x,y,z,yaw,width,depth,capacity_g"
PRODUCT_COLUMNS = "sku,name,price,unit,mass_g,mass_sd_g,category,tax_class,snap,min_age,epc_prefix"

HEAD = """\
contract = 1
store_id = "{store_id}"
currency = "USD"
timezone = "America/Los_Angeles"
handover = "holder"

[floor]
outline = {outline}
"""
FIXTURE = """
[[fixture]]
id = "{name}"
outline = {outline}
height = {height:.3f}
"""
GATE = """
# The test cases have no gate: this line lies where targets were {seen} seen.
[[gate]]
id = "{name}"
kind = "{name}"
line = {line}
"""
DEPTH_CAMERA = """
# Stands for the store's pose system as a whole; its calibration is nominal, the real one is not published.
[[camera]]
id = "{name}"
kind = "depth"
size = [1280, 720]
K = [600.0, 600.0, 640.0, 360.0]
dist = [0.0, 0.0, 0.0, 0.0, 0.0]
R = [1, 0, 0, 0, -1, 0, 0, 0, -1]
T = [{x:.3f}, {y:.3f}, {z:.3f}]
fps = 16
"""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What the targets tell about the floor; NaN where there were none."""

    low: Floats  # (2,) m, corner of everything seen
    high: Floats  # (2,) m
    entry: Floats  # (2,) m, where targets were first seen
    exit: Floats  # (2,) m, where they were last seen


def controller_of(gondola: int) -> str:
    """Return the source a gondola's plates come from."""
    return f"gondola-{gondola}"


def write_store(
    folder: Path, plates: dict[Slot, Plate], facings: list[Facing], products: list[Product], scene: Scene
) -> None:
    """Write store.toml, plates.csv, products.csv and planogram.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store.toml").write_text(_toml(plates, scene), encoding="utf-8")
    _write_csv(folder / "plates.csv", PLATE_COLUMNS, _plate_rows(plates))
    _write_csv(folder / "products.csv", PRODUCT_COLUMNS, (_product_row(product) for product in products))
    _write_csv(folder / "planogram.csv", "facing,sku,plates,qty", _facing_rows(facings))


def _toml(plates: dict[Slot, Plate], scene: Scene) -> str:
    corners = {slot: _corners(plate) for slot, plate in plates.items()}
    everything = np.vstack([*corners.values(), scene.low, scene.high])
    low, high = np.nanmin(everything, axis=0) - MARGIN_M, np.nanmax(everything, axis=0) + MARGIN_M
    centre = (low + high) / 2
    parts = [HEAD.format(store_id=STORE_ID, outline=_box(low, high))]
    for gondola in dict.fromkeys(slot[0] for slot in plates):
        own = [slot for slot in plates if slot[0] == gondola]
        points = np.vstack([corners[slot] for slot in own])
        height = max(plates[slot].centre[2] for slot in own) + ABOVE_SHELF_M
        outline = _box(points.min(axis=0), points.max(axis=0))
        parts.append(FIXTURE.format(name=f"G{gondola}", outline=outline, height=height))
    for name, seen, place in ((ENTRY, "first", scene.entry), (EXIT, "last", scene.exit)):
        x, y = place if np.isfinite(place).all() else np.array([centre[0], low[1] + MARGIN_M])
        line = [[x, y - GATE_WIDTH_M / 2], [x, y + GATE_WIDTH_M / 2]]
        parts.append(GATE.format(name=name, seen=seen, line=_points(np.array(line))))
    parts.append(DEPTH_CAMERA.format(name=CAMERA, x=-centre[0], y=centre[1], z=CAMERA_HEIGHT_M))
    return "".join(parts)


def _corners(plate: Plate) -> Floats:
    """Return a plate's corners on the floor, (4, 2) m."""
    width, depth = axes(plate.yaw_rad)
    half_width, half_depth = plate.width_m / 2 * width[:2], plate.depth_m / 2 * depth[:2]
    return np.array([plate.centre[:2] + i * half_width + j * half_depth for i in (-1, 1) for j in (-1, 1)])


def _box(low: Floats, high: Floats) -> str:
    return _points(np.array([low, [high[0], low[1]], high, [low[0], high[1]]]))


def _points(points: Floats) -> str:
    return json.dumps(np.round(points, 3).tolist())


def _plate_rows(plates: dict[Slot, Plate]) -> Iterable[list[str]]:
    channels: dict[int, int] = {}
    for slot, plate in plates.items():
        gondola, shelf, _ = slot
        channel = channels.get(gondola, 0)
        channels[gondola] = channel + 1
        x, y, z = (f"{value:.4f}" for value in plate.centre)
        yaw = f"{np.degrees(plate.yaw_rad):.3f}"
        size = [f"{plate.width_m:.4f}", f"{plate.depth_m:.4f}", str(CAPACITY_G)]
        names = [plate_id(slot), f"G{gondola}", f"G{gondola}-S{shelf}", controller_of(gondola), str(channel)]
        yield [*names, x, y, z, yaw, *size]


def plate_id(slot: Slot) -> str:
    """Return the name of a plate, such as G1-S5-P11."""
    return "G{}-S{}-P{}".format(*slot)


def _product_row(product: Product) -> list[str]:
    mass = [f"{product.mass_g:.2f}", f"{product.mass_sd_g:.2f}"]
    known = [product.sku, product.name, str(product.price_cents), "each", *mass]
    return [*known, "grocery", "grocery", "false", "", ""]


def _facing_rows(facings: list[Facing]) -> Iterable[list[str]]:
    for number, facing in enumerate(facings, start=1):
        slots = dict.fromkeys(facing.slots)
        names = " ".join(plate_id(slot) for slot in slots)
        yield [f"F{number:03d}", facing.sku, names, str(QTY_UNKNOWN)]


def _write_csv(path: Path, columns: str, rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns.split(","))
        writer.writerows(rows)
