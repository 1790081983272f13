"""Plates: silent, still, noisy, spiking, drifting; by their own samples."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, ShelfConfig
from fusion.frozen import record, replace
from fusion.health import jumps, repeats
from fusion.health.alarms import Alarms, no_alarms, watch
from fusion.health.jumps import Sharp, not_sharp
from fusion.health.middles import medians, medians_since
from fusion.health.repeats import Repeats, no_repeats, stuck
from fusion.health.samples import Rules, feel_batches
from fusion.health.settings import HealthConfig
from fusion.shelf.batches import Batches
from fusion.shelf.levels import Levels, Noise, swings
from fusion.shelf.tails import Tail, last
from fusion.store import Store

PARTS = 4  # of the looks that tell a drift
SHAKEN = 20.0  # a spike is so much larger than what a batch of samples swings by: shaking is no fault
EVEN = 0.5  # the slowest way of a drift is this share of the fastest
RESTS_MAX = 2
LONG = 4  # the noise of some plates hides a drift for so many times longer
JUMPS = 6.0  # in noise of a block: goods that go within one look
NOISES = 1.25  # and longer than what noise does to it, 0.5, in noise of a block: a drift makes noise of its own
LOUDER = 3.0  # times the usual noise of the other plates of its gondola
CALM = 0.7  # of the noise that makes an alarm: it ends one
NOISE_NEEDED = 30.0  # blocks that a noise estimate rests on before it is an accusation


@record(eq=False)
class PlateHealth:
    """One row a plate, in the store's plate order."""

    repeats: Repeats
    sharp: Sharp
    spikes: Floats  # (p,) lone samples far off, fading
    spike_g: Floats  # (p,) the largest of late
    looks_g: Floats  # (p, LONG * drift_s + 1) level at the last looks, latest last; NaN where there was none
    rate: Floats  # (p,) g/s by which the level walks
    held_g: Floats  # (p,) what it showed when it last stood still, NaN before
    noise_g: Floats  # (p,) of a block
    silent: Alarms
    still: Alarms
    noisy: Alarms
    blind: Alarms  # so noisy that it weighs nothing it bears
    spiking: Alarms
    drifting: Alarms


def first_plates(store: Store, config: HealthConfig) -> PlateHealth:
    """Return plates of which nothing is known."""
    p = len(store.plates.plate_id)
    looks = np.full((p, LONG * config.drift_s + 1), np.nan)
    return PlateHealth(
        no_repeats(p),
        not_sharp(p),
        np.zeros(p),
        np.zeros(p),
        looks,
        np.zeros(p),
        np.full(p, np.nan),
        np.zeros(p),
        *(no_alarms(p) for _ in range(6)),
    )


def feel(health: PlateHealth, batches: Batches, noise: Noise, shelf: ShelfConfig, config: HealthConfig) -> PlateHealth:
    """Follow what repeats and what jumps, and count lone samples far off both their neighbours, which agree.

    Nobody moves a plate for a sixtieth of a second. While a plate is disturbed its samples swing by themselves.
    """
    again, sharp = repeats.thawed(health.repeats), jumps.thawed(health.sharp)
    spikes, largest = health.spikes.copy(), health.spike_g.copy()
    rules = Rules(
        config.spike_sds, config.spike_g_min, 2.0 * config.spikes, shelf.change_sds, shelf.noise_sd_g_min**2, SHAKEN
    )
    columns = [getattr(again, name) for name in repeats.COLUMNS] + [getattr(sharp, name) for name in jumps.COLUMNS]
    feel_batches(
        *columns, spikes, largest, health.still.on, noise.var, noise.disturbed, rules, batches.t_ns, batches.dt_ns,
        batches.first, batches.begin, batches.rows, batches.g,
    )  # fmt: skip
    return replace(health, repeats=again, sharp=sharp, spikes=spikes, spike_g=largest)


def look_at_plates(
    health: PlateHealth,
    levels: Levels,
    heard: Bools,
    now_ns: int,
    store: Store,
    shelf: ShelfConfig,
    config: HealthConfig,
) -> PlateHealth:
    """Return the health of all plates after a look; heard (p,) are those whose controller speaks."""
    late = now_ns - levels.last_ns > config.silent_s * SECOND_NS
    alive = ~late
    still = np.asarray(stuck(health.repeats, levels.last_ns, config) & alive)
    moving = np.asarray(alive & ~still)
    health = replace(health, spikes=health.spikes * np.exp(-config.look_s / config.spike_memory_s))
    spiking, calm = health.spikes >= config.spikes, health.spikes < 0.5 * config.spikes
    health = replace(health, spike_g=np.where(health.spikes < 0.1, 0.0, health.spike_g))
    noise_var, restless = swings(levels, now_ns)
    hides_g, is_known = hidden_by_noise(noise_var, shelf), restless | (levels.noise_blocks >= NOISE_NEEDED)
    least_g, most_g = pieces_on(store)
    light_g, heavy_g = config.noisy_share * least_g, config.blind_share * most_g
    noise_g = np.sqrt(np.maximum(noise_var, shelf.noise_sd_g_min**2))
    loud = _louder(moving & is_known & (hides_g > np.minimum(light_g, heavy_g)), noise_g, store)
    noisy, blind = loud & (hides_g > light_g), loud & (hides_g > heavy_g) & (noise_g > config.blind_g_min)
    lately = np.where(moving, _lately(levels.history, now_ns), np.nan)
    looks = np.concatenate([health.looks_g[:, 1:], lately[:, None]], axis=1)
    rate, walks, stays = drifts(looks, noise_g, config)
    leave = config.leave_s
    return replace(
        health,
        looks_g=looks,
        rate=rate,
        held_g=np.where(still, last(levels.history, np.arange(len(late)), 1)[0][0, :, 0], health.held_g),
        noise_g=noise_g,
        silent=watch(health.silent, late & heard, alive, now_ns, config.enter_s, leave),
        still=watch(health.still, still, moving, now_ns, 0.0, leave),
        noisy=watch(health.noisy, noisy, moving & (hides_g < CALM * light_g), now_ns, config.noisy_s, leave),
        blind=watch(health.blind, blind, moving & (hides_g < CALM * heavy_g), now_ns, config.blind_s, leave),
        spiking=watch(health.spiking, spiking, alive & calm, now_ns, 0.0, 0.0),
        drifting=watch(health.drifting, walks, stays, now_ns, config.enter_s, leave),
    )


def _louder(asked: Bools, noise_g: Floats, store: Store) -> Bools:
    """Return which of the plates asked about (p,) are much noisier than those of their gondola.

    noise_g (p,) is that of a block. A crowd shakes a gondola as a whole, and no plate of it is to blame.
    """
    out, rows_of = asked.copy(), _rows_of(store)
    for row in np.flatnonzero(asked).tolist():
        mine = rows_of[store.plates.gondola[row]]
        if len(mine) > 1:
            out[row] = noise_g[row] > LOUDER * np.median(noise_g[mine[mine != row]])
    return out


@lru_cache(maxsize=8)
def _rows_of(store: Store) -> Mapping[str, Ints]:
    """Return the plates of each gondola."""
    rows: dict[str, list[int]] = {}
    for row, gondola in enumerate(store.plates.gondola):
        rows.setdefault(gondola, []).append(row)
    return {gondola: np.array(mine) for gondola, mine in rows.items()}


def unharmed(health: PlateHealth, levels: Levels, now_ns: int, shelf: ShelfConfig) -> Bools:
    """Return which plates (p,) have just been found well at the level they stood still at: nothing went meanwhile."""
    ended = (health.still.ended_ns == now_ns) & ~health.still.on
    return np.asarray(
        ended & (np.abs(health.looks_g[:, -1] - health.held_g) <= hidden_by_noise(levels.noise_var, shelf))
    )


def hidden_by_noise(noise_var: Floats, shelf: ShelfConfig) -> Floats:
    """Return the largest changes (k,) g that the noise of plates, variances (k,) g2 of a block, would hide."""
    return np.asarray(shelf.change_sds * np.sqrt(np.maximum(noise_var, shelf.noise_sd_g_min**2) * 2.0 / 3.0))


@lru_cache(maxsize=8)
def pieces_on(store: Store) -> tuple[Floats, Floats]:
    """Return what the lightest and the heaviest piece of its facings weigh for each plate, (p,) g; inf without any."""
    least, most = np.full(len(store.plates.plate_id), np.inf), np.full(len(store.plates.plate_id), -np.inf)
    for row, plates in enumerate(store.facings.plates):
        mass_g = store.products.mass_g[store.facings.product[row]]
        least[list(plates)] = np.minimum(least[list(plates)], mass_g)
        most[list(plates)] = np.maximum(most[list(plates)], mass_g)
    return least, np.where(most > 0.0, most, np.inf)


def _lately(history: Tail, now_ns: int) -> Floats:
    """Return the middle of what each plate showed within the last second, (p,) g; NaN where it said nothing."""
    shown = history.values[0], history.ns, history.end, history.kept
    return np.asarray(medians_since(*shown, now_ns - SECOND_NS))


def drifts(looks: Floats, noise_g: Floats, config: HealthConfig) -> tuple[Floats, Bools, Bools]:
    """Return at what rate plates drift (p,) g/s, which do, and which do not.

    looks (p, LONG * drift_s + 1) g are of once a look, noise_g (p,) that of a block: it may take the longer to see.
    """
    rate, walks, stays = walk(looks[:, -config.drift_s - 1 :], noise_g, config)
    slow_rate, creeps = np.zeros(len(looks)), np.zeros(len(looks), np.bool_)
    some = np.flatnonzero(may_walk(looks, noise_g, config))
    slow_rate[some], creeps[some], _ = walk(looks[some], noise_g[some], config)
    creeps[some] &= ~_jumps(looks[some], slow_rate[some], noise_g[some], config)
    return np.where(creeps & ~walks, slow_rate, rate), walks | creeps, stays & ~creeps


def may_walk(looks: Floats, noise_g: Floats, config: HealthConfig) -> Bools:
    """Return which levels may walk, (p,): all that do lie as far apart as ways of a walk together; hardly any other.

    To see that takes a tenth of the time that the middles take.
    """
    each = looks.shape[1] // PARTS
    asked = looks[:, -each * PARTS :]
    apart = asked.max(axis=1) - asked.min(axis=1)
    return np.asarray(apart > 0.99 * (PARTS - 1) * _least_way(each, noise_g, config))


def _least_way(each: int, noise_g: Floats, config: HealthConfig) -> Floats:
    """Return the shortest way, (p,) g, of a walk from one part of so many looks to the next."""
    return np.asarray(np.maximum(config.drift_g_per_s * each * config.look_s, NOISES * noise_g))


def walk(looks: Floats, noise_g: Floats, config: HealthConfig) -> tuple[Floats, Bools, Bools]:
    """Return at what rate levels walk (p,) g/s, which walk one way at an even pace, and which do not.

    The looks are cut into four, and the three ways between their middles compared: goods go by one jump, a hand comes
    and goes, and noise is uneven. noise_g (p,) is that of a block.
    """
    each = looks.shape[1] // PARTS
    middles = medians(looks[:, -each * PARTS :].reshape(-1, each)).reshape(len(looks), PARTS)
    ways = np.diff(middles, axis=1)
    whole = np.asarray(np.isfinite(ways).all(axis=1))
    ways = np.where(whole[:, None], ways, 0.0)
    least, most = np.abs(ways).min(axis=1), np.abs(ways).max(axis=1)
    seconds = each * config.look_s
    one_way = np.asarray((np.sign(ways) == np.sign(ways[:, :1])).all(axis=1))
    walks = whole & one_way & (least > EVEN * most)
    walks &= least > _least_way(each, noise_g, config)
    rate = medians(ways) / seconds
    # Where noise cannot hide it, hardly a step rests: goods that go piece by piece do.
    some = np.flatnonzero(walks)
    steps = np.diff(looks[some], axis=1) * np.sign(rate[some, None]) / config.look_s
    rests = (steps < 0.25 * np.abs(rate[some, None])).sum(axis=1)
    walks[some] = (rests <= RESTS_MAX) | (np.abs(rate[some]) * config.look_s < 2.0 * noise_g[some])
    stays = whole & ~walks & (np.abs(rate) < 0.7 * config.drift_g_per_s)
    return rate, walks, stays


def _jumps(looks: Floats, rate: Floats, noise_g: Floats, config: HealthConfig) -> Bools:
    """Return which plates (p,) went somewhere by a jump: goods did, one piece after the other is no drift."""
    steps = np.abs(np.diff(looks, axis=1) - rate[:, None] * config.look_s)
    return np.asarray((np.where(np.isfinite(steps), steps, 0.0) > JUMPS * noise_g[:, None]).any(axis=1))
