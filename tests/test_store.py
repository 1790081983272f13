"""Store folders: read into arrays, or every problem named by file and place."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from corner_store import FILES, PLATES, PRODUCTS, TOML, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.store import StoreError, load_store


def problems(folder: Path) -> list[str]:
    """Return the problems of a store folder, without its own path."""
    with pytest.raises(StoreError) as caught:
        load_store(folder)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_a_store_is_arrays(tmp_path: Path) -> None:
    store = load_store(write(tmp_path / "s"))
    assert (store.store_id, store.handover, store.carts) == ("corner-1", "holder", ("cart-07",))
    assert store.outline.tolist() == [[0, 0], [6, 0], [6, 4], [0, 4]]
    assert store.cameras.R.shape == (1, 3, 3)
    assert not store.cameras.is_depth[0]
    assert store.plates.centre[1].tolist() == [1.6, 1.2, 0.5]
    assert store.products.name[0] == "Cola, 12 oz"
    assert store.products.by_weight.tolist() == [False, True, False]
    assert store.products.min_age.tolist() == [0, 0, 21]
    assert store.facings.plates == ((0, 1), (1,))
    assert store.facings.product.tolist() == [0, 1]
    assert store.portals == (("exit-rfid", "door"),)
    assert store.tax_rates == (("general", 0.0825), ("grocery", 0.0))


def test_what_may_be_missing_may_be_missing(tmp_path: Path) -> None:
    toml = TOML[: TOML.index("[[fixture]]")] + TOML[TOML.index("[[gate]]") : TOML.index("[[camera]]")]
    store = load_store(write(tmp_path / "s", store=toml))
    assert store.cameras.R.shape == (0, 3, 3)
    assert (store.fixtures, store.carts, store.portals, store.tax_rates) == ((), (), (), ())


BAD = [
    ("store", "contract = 1", "contract = 2", "store.toml: key contract: expected 1, received 2"),
    ("store", "contract = 1", "contract = true", "key contract: expected 1, received True"),
    ("store", "contract = 1\n", "", "store.toml: key contract: expected 1, received nothing"),
    ("store", "corner-1", "corner 1", "key store_id: expected 1 to 64 of"),
    ("store", "holder", "thief", "key handover: expected 'holder' or 'picker', received 'thief'"),
    ("store", "[floor]", "[cellar]", "[floor], key outline: expected at least 3 points"),
    ("store", ", [6.0, 4.0], [0.0, 4.0]", "", "[floor], key outline: expected at least 3 points"),
    ("store", "[2.2, 1.5]", "[3.4, 1.0]", "[[fixture]] 1, key outline"),
    ("store", "height = 1.9", "height = 0", "[[fixture]] 1, key height: expected a number above 0"),
    ("store", "[0.0, 2.2]", "[0.0, 1.0]", "[[gate]] 1, key line: expected two different points"),
    ("store", '"both"', '"trap"', "[[gate]] 1, key kind: expected 'entry' or 'exit' or 'both'"),
    ("store", '"image"', '"x-ray"', "[[camera]] 1, key kind"),
    ("store", "0,0,-1]", "0,0,1]", "[[camera]] 1, key R: expected 9 numbers of a rotation"),
    ("store", "R = [1,", "R = [1.01,", "[[camera]] 1, key R"),
    ("store", "T = [0.0,", "T = [nan,", "[[camera]] 1, key T: expected 3 finite numbers"),
    ("store", "K = [900.0", "K = [-900.0", "[[camera]] 1, key K"),
    ("store", "fps = 15", 'fps = "15 Hz"', "[[camera]] 1, key fps"),
    ("store", 'gate = "door"', 'gate = "window"', "[[portal]] 1, key gate: expected a known gate"),
    ("store", "0.0825", "8.25", "[tax], key general: expected a rate from 0 to 1, received 8.25"),
    ("store", "[[cart]]", "[cart]", "[[cart]]: expected an array of tables"),
    ("store", "contract = 1", "contract = ", "store.toml: line 1, column 12: expected TOML"),
    ("store", '[[cart]]\nid = "cart-07"', '[[cart]]\nid="a"\n[[cart]]\nid="a"', "[[cart]] 2, key id"),
    ("plates", "P2,G1", "P1,G1", "plates.csv: line 3, column plate: expected an id used once"),
    ("plates", "ctl,1", "ctl,0", "plates.csv: line 3, column channel: expected a channel used once"),
    ("plates", "ctl,1", "ctl,2", "plates.csv: controller ctl: expected channels counted from 0"),
    ("plates", "ctl,1", "ctl,1.0", "line 3, column channel: expected an integer"),
    ("plates", "1.6,1.2", "nan,1.2", "line 3, column x: expected a finite number, received 'nan'"),
    ("plates", "1.6,1.2", "1_6,1.2", "line 3, column x"),
    ("plates", "yaw,", "yawn,", "plates.csv: line 1: expected one column yaw, received 0"),
    ("plates", "20000\nP2", "20000,7\nP2", "plates.csv: line 2: expected 12 cells, received 13"),
    ("products", "199", "1.99", "products.csv: line 2, column price: expected an integer"),
    ("products", "199", "-1", "line 2, column price"),
    ("products", "each,355", "litre,355", "line 2, column unit: expected 'each' or 'kg', received 'litre'"),
    ("products", "355", "-355", "line 2, column mass_g: expected a number above 0"),
    ("products", "true,,3034FD", "yes,,3034FD", "line 2, column snap: expected 'true' or 'false'"),
    ("products", "21,", "adult,", "line 4, column min_age"),
    ("products", "3034FD", "tag", "line 2, column epc_prefix: expected hexadecimal digits"),
    ("products", '"Cola, 12 oz"', '"Cola, 12 oz', "products.csv: line 4: expected CSV"),
    ("planogram", "F2,4011", "F2,999", "planogram.csv: line 3, column sku: expected a SKU of products.csv"),
    ("planogram", "P1 P2", "P1 P9", "line 2, column plates: expected plates of plates.csv, received 'P9'"),
    ("planogram", "P1 P2", "P1 P1", "line 2, column plates: expected different plate ids"),
    ("planogram", "P2,10", ",10", "line 3, column plates"),
    ("planogram", "F2", "F1", "line 3, column facing: expected an id used once, received 'F1', as in line 2"),
]


@pytest.mark.parametrize(("stem", "old", "new", "expected"), BAD)
def test_a_problem_names_its_place(tmp_path: Path, stem: str, old: str, new: str, expected: str) -> None:
    name = next(name for name in FILES if Path(name).stem == stem)
    assert old in FILES[name]
    found = problems(write(tmp_path / "s", **{stem: FILES[name].replace(old, new, 1)}))
    assert any(expected in problem for problem in found), found


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", products=PRODUCTS.replace("199", "x").replace("149", "y"))
    (folder / "plates.csv").unlink()
    (folder / "store.toml").write_bytes(b"\xff\xfe")
    found = problems(folder)
    assert found[0].startswith("store.toml: byte 0: expected UTF-8 text")
    assert found[1].startswith("plates.csv: file: expected a readable file, received no such file")
    assert len(found) == 4


def test_spreadsheets_add_a_mark_and_other_line_ends(tmp_path: Path) -> None:
    folder = write(tmp_path / "s")
    (folder / "plates.csv").write_bytes(b"\xef\xbb\xbf" + PLATES.replace("\n", "\r\n").encode() + b"\r\n")
    assert len(load_store(folder).plates.plate_id) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_mangled_file_is_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    text = FILES[name]
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 12)))
    folder = write(tmp_path / "s")
    mangled = text[:start] + data.draw(st.text('0x,"[]\n\x00=-. é', max_size=4)) + text[stop:]
    (folder / name).write_text(mangled, encoding="utf-8")
    try:
        assert np.isfinite(load_store(folder).plates.centre).all()
    except StoreError as error:
        assert error.problems


def test_stores_made_elsewhere_are_read(shared: Path, tmp_path: Path) -> None:
    folders = sorted((shared / "cases").glob("*/store"))
    assert folders
    for folder in folders:
        assert len(load_store(folder).plates.plate_id) > 200
    copy = shutil.copytree(folders[0], tmp_path / "copy")
    assert load_store(copy).store_id == load_store(folders[0]).store_id
