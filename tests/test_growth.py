"""The bench of growth: power laws are found again with their errors, stores double along one axis and no other."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.growth.__main__ import main, table_of
from bench.growth.axes import AXES, WHOLE, axes_named
from bench.growth.fitting import FULL, SHOWN, Growth, cost_of, fit
from bench.growth.picture import draw
from bench.rush.report import STRETCH_S
from bench.rush.stages import STAGES
from scenarios.layout import build_store
from scenarios.shops import shop_named
from sensors.world import generator

SIZES = st.lists(st.integers(1, 10_000), min_size=3, max_size=8, unique=True)


@given(SIZES, st.floats(0.0, 3.0), st.floats(1e-3, 1e3))
def test_a_power_law_is_found_again_without_error(sizes, exponent: float, factor: float) -> None:
    found = fit(sizes, [factor * size**exponent for size in sizes])
    assert found.exponent == pytest.approx(exponent, abs=1e-6) and found.error == pytest.approx(0.0, abs=1e-5)
    assert found.factor == pytest.approx(factor, rel=1e-4)


@given(st.integers(0, 2**32))
def test_the_standard_error_says_how_far_off_an_exponent_may_be(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = 2.0 ** np.arange(12)
    found = fit(sizes.tolist(), np.exp(1.3 * np.log(sizes) + rng.normal(0.0, 0.2, 12)).tolist())
    assert abs(found.exponent - 1.3) < 8.0 * found.error


@given(st.lists(st.lists(st.floats(0.0, 9.0), min_size=len(STAGES), max_size=len(STAGES)), min_size=4, max_size=6))
def test_costs_are_of_the_stretches_with_everybody_inside(cpu_s) -> None:
    found = cost_of(cpu_s)
    assert found[WHOLE] == pytest.approx(sum(found[stage] for stage in STAGES))
    spent = sum(sum(row) for row in cpu_s[FULL])
    assert found[WHOLE] == pytest.approx(spent / (STRETCH_S * len(cpu_s[FULL])))


@pytest.mark.parametrize("name", AXES)
def test_one_number_doubles_from_store_to_store(name: str) -> None:
    axis = AXES[name]
    stores = [build_store(shop_named(load.shop), generator(1, 0, 0)) for load in axis.loads]
    plates, cameras = (
        [len(store.plates.plate_id) for store in stores],
        [len(store.cameras.camera_id) for store in stores],
    )
    people = [load.people for load in axis.loads]
    doubled = {"plates": [plates], "cameras": [cameras], "density": [plates, cameras, people], "area": [people]}[name]
    for numbers in (plates, cameras, people):
        times = {round(more / less, 3) for less, more in pairwise(numbers)}
        assert times == ({2.0} if numbers in doubled else {1.0})
    assert list(axis.sizes) == doubled[-1]


def growth(exponent: float) -> Growth:
    axis = AXES["cameras"]
    return Growth(axis, {name: 0.01 * np.array(axis.sizes, float) ** exponent for name in SHOWN})


def test_an_exponent_above_its_bar_is_missed_and_told() -> None:
    assert growth(1.0).missed() == []
    title = "cameras (300 m2, 480 plates, 16 people)"
    assert growth(1.2).missed() == [
        f"{title}: exponent of whole 1.20 (at most 1.05)",
        f"{title}: exponent of tracking 1.20 (at most 1.05)",
    ]
    assert table_of(growth(1.2)).row_count == 5
    told = json.loads(json.dumps(growth(1.0).to_json()))
    assert told["exponent_and_error"][WHOLE] == pytest.approx([1.0, 0.0], abs=1e-6)


def test_a_stage_that_costs_nothing_has_no_exponent(tmp_path) -> None:
    nothing = Growth(AXES["cameras"], {**growth(1.0).costs, "shelf": np.zeros(4)})
    assert "shelf" not in nothing.fits() and nothing.missed() == []
    draw([growth(1.0), growth(1.5), nothing], tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_axis_is_told_in_one_line(capsys) -> None:
    assert main(["--axes", "plates,height"]) == 2
    expected = "--axes: expected some of plates, cameras, density, area, received 'height'"
    assert capsys.readouterr().err == f"bench.growth: {expected}\n"
    assert [axis.name for axis in axes_named("area,plates")] == ["area", "plates"]
