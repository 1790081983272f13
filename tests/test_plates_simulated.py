"""Simulated load plates: what goods, hands and shoves do to them, and how they compare with real ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.realism import are_alike, main, sd_ratios
from bench.realism_measures import idle_sd, swings, touches
from bench.realism_steps import steps_of
from bench.realism_traces import Traces, real_traces, simulated_traces
from scenarios.simulate import EPOCH_NS, staged
from sensors.clocks import Clock
from sensors.plate_loads import CREEP_SHARE, CROSS_MAX, LEAN_MAX, add_presses, add_steps, draw_cells
from sensors.plate_noise import LEVEL_SD_G, PLATE_HZ, SD_MAX_G, SD_MIN_G, draw_character, ground, shelf_levels
from sensors.plate_shaking import add_bumps, rumble
from sensors.plates import BATCH, STEP_G, controller_messages, read
from sensors.world import Bumps, LoadSteps, Presses, World, generator

REAL = Path(__file__).parents[2] / "shared" / "real" / "aifi_benchmark1"
SECONDS = 12.0
times = np.arange(int(SECONDS * PLATE_HZ)) / PLATE_HZ
NO_STEPS = LoadSteps(np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
NO_PRESSES = Presses(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0))
NO_BUMPS = Bumps(np.zeros(0), (), np.zeros(0))

seeds = st.integers(0, 2**32 - 1)


def still(**changes: object) -> World:
    """Return a shop in which nobody is and nothing happens but what is asked for."""
    world = staged("corner", 1).world
    bodies = replace(world.bodies, present=np.zeros_like(world.bodies.present))
    empty = replace(world, bodies=bodies, crossings=(), steps=NO_STEPS, presses=NO_PRESSES, bumps=NO_BUMPS)
    return replace(empty, **changes)


def one_step(plate: int, delta_g: float, *, t_s: float = 5.0, ramp_s: float = 0.15) -> LoadSteps:
    return LoadSteps(np.array([t_s]), np.array([plate]), np.array([delta_g]), np.array([ramp_s]))


def one_press(plate: int, peak_g: float, t0_s: float, t1_s: float) -> Presses:
    return Presses(np.array([t0_s]), np.array([t1_s]), np.array([plate]), np.array([peak_g]))


PLATES = still().store.plates
ROWS = np.arange(len(PLATES.plate_id))
plates = st.integers(0, len(ROWS) - 1)
grams = st.floats(20.0, 3000.0) | st.floats(-3000.0, -20.0)


def others(plate: int, places: int) -> np.ndarray:
    """Tell which plates are not on the shelf of a plate, or further from it than so many places."""
    away = np.linalg.norm(PLATES.centre - PLATES.centre[plate], axis=1)
    same = np.array([shelf == PLATES.shelf[plate] for shelf in PLATES.shelf])
    return ~same | (away > (places + 0.5) * PLATES.size[plate, 0])


@given(plate=plates, delta_g=grams, ramp_s=st.floats(0.02, 4.0), seed=seeds)
@settings(max_examples=40, deadline=None)
def test_a_step_stays_on_its_plate_and_neighbours_feel_a_percent(plate, delta_g, ramp_s, seed):
    world = still(steps=one_step(plate, delta_g, ramp_s=ramp_s))
    g = np.zeros((times.size, ROWS.size))
    add_steps(g, world, draw_cells(PLATES, ROWS, generator(seed)), times)
    assert not g[times < 5.0 - 0.5 * ramp_s].any()
    kept = g[-1] / delta_g
    assert abs(kept[plate] - 1.0) < 0.015 + 10 * sum(CREEP_SHARE)
    assert not kept[others(plate, 2)].any()
    beside = ~others(plate, 2) & (plate != ROWS)
    assert (kept[beside] >= 0.0).all() and (kept[beside] <= 1.03 * CROSS_MAX).all()
    half_way = times[np.argmax(g[:, plate] / g[-1, plate] > 0.5)]
    assert abs(half_way - 5.0) < 0.05 + 0.05 * ramp_s


@given(plate=plates, peak_g=grams, t0_s=st.floats(0.0, 8.0), long_s=st.floats(0.1, 3.0), seed=seeds)
@settings(max_examples=40, deadline=None)
def test_a_press_leaves_nothing_and_leans_on_one_neighbour(plate, peak_g, t0_s, long_s, seed):
    world = still(presses=one_press(plate, peak_g, t0_s, t0_s + long_s))
    rng = generator(seed)
    g = np.zeros((times.size, ROWS.size))
    add_presses(g, world, draw_cells(PLATES, ROWS, rng), times, rng)
    outside = (times < t0_s) | (times > t0_s + long_s)
    assert not g[outside].any() and not g[:, others(plate, 2)].any()
    peak = g[np.abs(g[:, plate]).argmax()] / peak_g
    assert 0.5 < peak[plate] < 1.3
    assert (np.delete(peak, plate) > 2 * CROSS_MAX * peak[plate]).sum() <= 1
    assert (np.delete(peak, plate) <= (LEAN_MAX + 2 * CROSS_MAX) * peak[plate]).all()


@given(plate=plates, peak_g=st.floats(10.0, 300.0), seed=seeds)
@settings(max_examples=25, deadline=None)
def test_a_shove_swings_its_gondola_and_dies_away(plate, peak_g, seed):
    gondola = PLATES.gondola[plate]
    world = still(bumps=Bumps(np.array([3.0]), (gondola,), np.array([peak_g])))
    g = np.zeros((times.size, ROWS.size))
    add_bumps(g, world, ROWS, times, generator(seed))
    own = np.array([name == gondola for name in PLATES.gondola])
    assert not g[:, ~own].any() and not g[times < 3.0].any() and not g[times > 7.0].any()
    swing = np.abs(g).max(axis=0)
    assert 0.5 * peak_g < swing.max() <= peak_g
    first = np.flatnonzero(own)[0]  # in an empty shop it swings most at its first plate
    away = np.linalg.norm(PLATES.centre[own] - PLATES.centre[first], axis=1)
    assert np.corrcoef(away, swing[own])[0, 1] < -0.8


@given(seed=seeds, load_g=st.floats(0.0, 30_000.0))
@settings(max_examples=10, deadline=None)
def test_readings_lie_on_the_grid_and_inside_the_range(seed, load_g):
    world = still(steps=one_step(7, load_g, t_s=2.0))
    rows = ROWS[:12]
    g = read(world, rows, times, generator(seed))
    assert np.allclose(g / STEP_G, np.rint(g / STEP_G), atol=1e-6)
    assert (np.abs(g) <= PLATES.capacity_g[rows] + STEP_G).all()
    if load_g > 26_000.0:
        assert g[-60:, 7].min() > PLATES.capacity_g[7] - STEP_G


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_the_same_stream_gives_the_same_bytes(seed):
    world = staged("single", 4).world
    sent = [controller_messages(world, "ctl-G2", Clock(0.01, 3.0), EPOCH_NS, generator(seed)) for _ in range(2)]
    assert [(t, m.t_ns, m.g.tobytes()) for t, m in sent[0]] == [(t, m.t_ns, m.g.tobytes()) for t, m in sent[1]]
    assert {m.g.shape for _, m in sent[0]} == {(BATCH, 48)} and {m.g.dtype.str for _, m in sent[0]} == {"<f4"}
    assert all(t_s >= (m.t_ns - EPOCH_NS) * 1e-9 + 0.18 - 0.02 for t_s, m in sent[0])


def test_a_scenario_shorter_than_a_batch_sends_none():
    world = replace(still(), seconds=0.6)
    assert controller_messages(world, "ctl-G1", Clock(0.0, 0.0), EPOCH_NS, generator(1)) == []


def test_every_shop_has_quiet_and_shaky_shelves_and_any_process_knows_which():
    seen = set()
    for seed in range(1, 5):
        world = staged("corner", seed).world
        levels = shelf_levels(world)
        assert levels == shelf_levels(world)
        seen.add(tuple(levels.values()))
        low, middle, high = np.quantile(list(levels.values()), [0.1, 0.5, 0.9])
        assert LEVEL_SD_G[0] < low < 0.6 and 0.6 < middle < 0.8 and 2.0 < high < LEVEL_SD_G[-1]
    assert len(seen) == 4
    sd = draw_character(world, ROWS, generator(1)).sd_g
    assert sd.min() >= SD_MIN_G and sd.max() <= SD_MAX_G


def test_the_building_sways_alike_under_all_controllers():
    world = still()
    early, late = ground(world, times), ground(world, times[100:])
    for one, other in zip(early, late, strict=True):
        assert np.allclose(one[100:], other)
    wave = ground(world, np.arange(60_000) / PLATE_HZ)
    assert np.allclose([part.std() for part in wave], 1.0, atol=0.1)


def test_only_people_who_walk_shake_a_gondola_and_near_ones_most():
    busy = staged("single", 2).world
    shelf = np.zeros(ROWS.size, np.int64)
    t_s = np.arange(int(busy.seconds * PLATE_HZ)) / PLATE_HZ
    assert not rumble(still(), ROWS, shelf, t_s, generator(1)).any()
    shaken = rumble(replace(busy, crossings=()), ROWS, shelf, t_s, generator(1))
    at = np.argsort(shaken[:, 0])
    foot = busy.bodies.foot[0, busy.rows_at(t_s)]
    away = np.linalg.norm(foot - PLATES.centre[:48, :2].mean(axis=0), axis=1)
    assert away[at[-50:]].mean() < away.mean()
    assert (shaken >= 0.0).all() and 0.5 < np.quantile(shaken, 0.99) < 8.0


@pytest.mark.parametrize("ramp_s", [0.1, 0.8, 3.0])
def test_a_slow_lift_is_as_slow_on_the_plate(ramp_s):
    world = still(steps=one_step(30, -600.0, ramp_s=ramp_s))
    g = read(world, ROWS, times, generator(5))[:, 30]
    passed = (g - np.median(g[:120])) / -600.0
    rise_s = (np.flatnonzero(passed > 0.9)[0] - np.flatnonzero(passed < 0.1)[-1]) / PLATE_HZ
    assert 0.5 * ramp_s - 0.04 < rise_s < 0.75 * ramp_s + 0.04


def test_what_is_set_down_rings_and_what_is_slipped_off_hardly():
    swing = {}
    for delta_g in (500.0, -500.0):
        g = np.zeros((times.size, ROWS.size))
        add_steps(g, still(steps=one_step(30, delta_g, ramp_s=0.08)), draw_cells(PLATES, ROWS, generator(6)), times)
        swing[delta_g] = np.ptp(g[(times > 5.05) & (times < 5.5), 30])
    assert swing[500.0] > 3.0 * swing[-500.0] > 0.0


def test_measures_find_what_was_put_into_traces():
    t_s = np.arange(1200) / PLATE_HZ
    g = generator(3).normal(0.0, 0.5, (t_s.size, 3))
    g[:, 0] += 120.0 * np.exp(-(((t_s - 6.0) / 0.2) ** 2))
    g[:, 1] -= 400.0 * np.clip((t_s - 10.0) / 0.2 + 0.5, 0.0, 1.0)
    g[:, 2] += 40.0 * np.sin(2 * np.pi * 8.0 * t_s) * (np.abs(t_s - 3.0) < 0.3)
    felt, steps = touches(g), steps_of(Traces("made", g, ("a", "a", "b")))
    assert np.allclose(idle_sd(g), 0.46, atol=0.06)
    assert felt.column.tolist() == [0] and abs(felt.peak_g[0] - 115.0) < 8.0 and abs(felt.sample[0] - 360) < 12
    assert steps.column == (1,) and abs(steps.delta_g[0] + 400.0) < 1.0 and abs(steps.rise_s[0] - 0.16) < 0.035
    assert steps.crossed.size == 1 and abs(steps.crossed[0]) < 0.002
    assert (swings(g) > 50.0).tolist() == [True, False, True]


def test_the_verdict_needs_all_three_ratios():
    assert are_alike(np.array([0.7, 1.0, 1.45]))
    assert not are_alike(np.array([0.6, 1.0, 1.0])) and not are_alike(np.array([1.0, 1.0, 1.55]))


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["--real", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.skipif(not REAL.is_dir(), reason="the real test case is not beside this repository")
@pytest.mark.parametrize("seed", [1, 2])
def test_idle_noise_is_spread_as_on_real_plates(seed):
    real = real_traces(REAL)
    assert real.g.shape[1] == 240
    ratios = sd_ratios(simulated_traces("corner", seed), real)
    assert are_alike(ratios), ratios


@pytest.mark.skipif(not REAL.is_dir(), reason="the real test case is not beside this repository")
def test_both_are_printed_and_drawn_side_by_side(tmp_path, capsys):
    png = tmp_path / "plates.png"
    assert main(["--real", str(REAL), "--scenario", "single", "--png", str(png)]) == 0
    assert "alike" in capsys.readouterr().out and png.stat().st_size > 50_000
