"""Read and validate a store folder; every problem is collected before any is raised."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fusion.arrays import Floats
from fusion.store import (
    Cameras,
    Facings,
    Fixture,
    Gates,
    Plates,
    Problem,
    Products,
    Store,
    StoreError,
)
from fusion.store_check import check_plates, check_references
from fusion.store_read import Row, read_csv, read_toml
from fusion.store_tables import FACINGS, PLATES, PRODUCTS
from fusion.store_terms import Terms
from fusion.store_terms_load import check_terms, read_files, terms_of


def read_store(folder: Path) -> Store:
    """Return the store of a folder; raises StoreError with every problem found."""
    if not (folder / "store.toml").exists():
        raise StoreError([_no_store(folder)])
    problems: list[Problem] = []
    text = read_toml(folder / "store.toml", problems)
    plates = read_csv(folder / "plates.csv", PLATES, problems)
    products = read_csv(folder / "products.csv", PRODUCTS, problems)
    facings = read_csv(folder / "planogram.csv", FACINGS, problems)
    files = read_files(folder, text, problems)
    if not problems:
        check_plates(folder / "plates.csv", plates, problems)
        check_references(folder, text, plates, products, facings, problems)
        check_terms(folder, text, products, files, problems)
    if problems:
        raise StoreError(problems)
    return _assemble(text, plates, products, facings, terms_of(text, products, files))


def _no_store(folder: Path) -> Problem:
    """Say what stands where a store folder was expected, and where one may be."""
    expected = "a store folder, with store.toml"
    if not folder.is_dir():
        return Problem(str(folder), "folder", expected, "a file" if folder.exists() else "no such folder")
    nested = folder / "store"
    hint = f"; try {nested}" if (nested / "store.toml").exists() else ""
    return Problem(str(folder), "folder", expected, f"a folder without it{hint}")


def _assemble(text: Row, plates: list[Row], products: list[Row], facings: list[Row], terms: Terms) -> Store:
    plate_row = {row["plate"]: i for i, row in enumerate(plates)}
    product_row = {row["sku"]: i for i, row in enumerate(products)}
    fixtures = [Fixture(row["id"], _floats([row["outline"]], -1, 2), row["height"]) for row in text["fixture"]]
    return Store(
        store_id=text["store_id"],
        currency=text["currency"],
        timezone=text["timezone"],
        handover=text["handover"],
        outline=_floats([text["outline"]], -1, 2),
        fixtures=tuple(fixtures),
        gates=_gates(text["gate"]),
        cameras=_cameras(text["camera"]),
        carts=_column(text["cart"], "id"),
        portals=tuple((row["id"], row["gate"]) for row in text["portal"]),
        tax_rates=tuple(sorted(text["tax"].items())),
        plates=_plates(plates),
        products=_products(products),
        facings=Facings(
            facing_id=_column(facings, "facing"),
            product=np.array([product_row[row["sku"]] for row in facings], dtype=np.int64),
            plates=tuple(tuple(plate_row[plate] for plate in row["plates"]) for row in facings),
            qty=np.array(_column(facings, "qty"), dtype=np.int64),
        ),
        terms=terms,
    )


def _column(rows: list[Row], key: str) -> tuple[Any, ...]:
    return tuple(row[key] for row in rows)


def _floats(values: Sequence[Any], *shape: int) -> Floats:
    return np.array(values, dtype=np.float64).reshape(shape)


def _gates(rows: list[Row]) -> Gates:
    return Gates(_column(rows, "id"), _column(rows, "kind"), _floats(_column(rows, "line"), -1, 2, 2))


def _cameras(rows: list[Row]) -> Cameras:
    return Cameras(
        camera_id=_column(rows, "id"),
        is_depth=np.array([row["kind"] == "depth" for row in rows], dtype=np.bool_),
        size_px=_floats(_column(rows, "size"), -1, 2),
        K=_floats(_column(rows, "K"), -1, 4),
        dist=_floats(_column(rows, "dist"), -1, 5),
        R=_floats(_column(rows, "R"), -1, 3, 3),
        T=_floats(_column(rows, "T"), -1, 3),
        fps=_floats(_column(rows, "fps"), -1),
    )


def _plates(rows: list[Row]) -> Plates:
    return Plates(
        plate_id=_column(rows, "plate"),
        gondola=_column(rows, "gondola"),
        shelf=_column(rows, "shelf"),
        controller=_column(rows, "controller"),
        channel=np.array(_column(rows, "channel"), dtype=np.int64),
        centre=_floats([(row["x"], row["y"], row["z"]) for row in rows], -1, 3),
        yaw_deg=_floats(_column(rows, "yaw"), -1),
        size=_floats([(row["width"], row["depth"]) for row in rows], -1, 2),
        capacity_g=_floats(_column(rows, "capacity_g"), -1),
    )


def _products(rows: list[Row]) -> Products:
    return Products(
        sku=_column(rows, "sku"),
        name=_column(rows, "name"),
        price_cents=np.array(_column(rows, "price"), dtype=np.int64),
        by_weight=np.array([row["unit"] == "kg" for row in rows], dtype=np.bool_),
        mass_g=_floats(_column(rows, "mass_g"), -1),
        mass_sd_g=_floats(_column(rows, "mass_sd_g"), -1),
        category=_column(rows, "category"),
        tax_class=_column(rows, "tax_class"),
        snap=np.array([row["snap"] == "true" for row in rows], dtype=np.bool_),
        min_age=np.array(_column(rows, "min_age"), dtype=np.int64),
        epc_prefix=_column(rows, "epc_prefix"),
    )
