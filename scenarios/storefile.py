"""A store written as a folder (contract section 2); what is loaded from it is the same store again."""

from collections.abc import Iterable
from pathlib import Path

from fusion.arrays import Floats
from fusion.store import Store
from scenarios.tables import write_csv
from scenarios.termsfile import write_terms


def write_store(store: Store, folder: Path) -> None:
    """Write store.toml, plates.csv, products.csv, planogram.csv and the tables of its terms, if it has any.

    The folder is made if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store.toml").write_text("\n".join(_toml(store)) + "\n", encoding="utf-8")
    _write_plates(store, folder / "plates.csv")
    _write_products(store, folder / "products.csv")
    _write_planogram(store, folder / "planogram.csv")
    write_terms(store.terms, folder)


def _toml(store: Store) -> Iterable[str]:
    yield "contract = 1"
    for key in ("store_id", "currency", "timezone", "handover"):
        yield f'{key} = "{getattr(store, key)}"'
    yield from ("", "[floor]", f"outline = {_array(store.outline)}")
    for fixture in store.fixtures:
        yield from ("", "[[fixture]]", f'id = "{fixture.fixture_id}"')
        yield from (f"outline = {_array(fixture.outline)}", f"height = {fixture.height_m}")
    for row, gate in enumerate(store.gates.gate_id):
        yield from ("", "[[gate]]", f'id = "{gate}"', f'kind = "{store.gates.kind[row]}"')
        yield f"line = {_array(store.gates.line[row])}"
    for row in range(len(store.cameras.camera_id)):
        yield from _camera(store, row)
    for cart in store.carts:
        yield from ("", "[[cart]]", f'id = "{cart}"')
    for portal, gate in store.portals:
        yield from ("", "[[portal]]", f'id = "{portal}"', f'gate = "{gate}"')
    yield from ("", "[tax]")
    for name, rate in store.tax_rates:
        yield f"{name} = {rate}"


def _camera(store: Store, row: int) -> Iterable[str]:
    cameras = store.cameras
    yield from ("", "[[camera]]", f'id = "{cameras.camera_id[row]}"')
    yield f'kind = "{"depth" if cameras.is_depth[row] else "image"}"'
    yield f"size = {[int(edge) for edge in cameras.size_px[row]]}"
    yield f"K = {_array(cameras.K[row])}"
    yield f"dist = {_array(cameras.dist[row])}"
    yield f"R = {_array(cameras.R[row].reshape(-1))}"
    yield f"T = {_array(cameras.T[row])}"
    yield f"fps = {float(cameras.fps[row]):g}"


def _array(values: Floats) -> str:
    return str(values.tolist())


def _write_plates(store: Store, path: Path) -> None:
    p = store.plates
    header = "plate,gondola,shelf,controller,channel,x,y,z,yaw,width,depth,capacity_g"
    names = zip(p.plate_id, p.gondola, p.shelf, p.controller, p.channel.tolist(), strict=True)
    numbers = zip(p.centre.tolist(), p.yaw_deg.tolist(), p.size.tolist(), p.capacity_g.tolist(), strict=True)
    rows = (
        [*name, *centre, yaw, *size, f"{capacity:g}"]
        for name, (centre, yaw, size, capacity) in zip(names, numbers, strict=True)
    )
    write_csv(path, header, rows)


def _write_products(store: Store, path: Path) -> None:
    p = store.products
    header = "sku,name,price,unit,mass_g,mass_sd_g,category,tax_class,snap,min_age,epc_prefix"
    rows = (
        [
            p.sku[row],
            p.name[row],
            int(p.price_cents[row]),
            "kg" if p.by_weight[row] else "each",
            float(p.mass_g[row]),
            float(p.mass_sd_g[row]),
            p.category[row],
            p.tax_class[row],
            "true" if p.snap[row] else "false",
            int(p.min_age[row]) or "",
            p.epc_prefix[row],
        ]
        for row in range(len(p.sku))
    )
    write_csv(path, header, rows)


def _write_planogram(store: Store, path: Path) -> None:
    f, plate_id = store.facings, store.plates.plate_id
    rows = (
        [
            f.facing_id[row],
            store.products.sku[int(f.product[row])],
            " ".join(plate_id[plate] for plate in f.plates[row]),
            int(f.qty[row]),
        ]
        for row in range(len(f.facing_id))
    )
    write_csv(path, "facing,sku,plates,qty", rows)
