"""Simulated sensors: contract-valid on the wire, true to the world within their noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.messages import Boxes, Cart, Gate, Health, Malformed, People, Plates, Portal
from fusion.wire import decode, encode, topic_of
from scenarios.simulate import EPOCH_NS, source_messages, source_names, staged
from sensors.clocks import DELAY_MAX_S, Clock, draw_clock, draw_delays
from sensors.sources import clock_of
from sensors.world import generator

NAME, SEED = "corner", 3


@pytest.fixture(scope="module")
def world():
    return staged(NAME, SEED).world


@pytest.fixture(scope="module")
def sent():
    return {src: source_messages(NAME, SEED, src) for src in source_names(NAME, SEED)}


def clock(world, src):
    return clock_of(world.store, src, seed=SEED)


def true_s(world, message):
    """Undo a sensor's clock."""
    own = clock(world, message.src)
    return ((message.t_ns - EPOCH_NS) * 1e-9 - own.offset_s) / (1.0 + 1e-6 * own.drift_ppm)


def test_every_message_survives_the_wire(sent):
    kinds = set()
    for messages in sent.values():
        for _, message in messages:
            payload = encode(message)
            again = decode(topic_of(message), payload)
            assert not isinstance(again, Malformed), again
            assert encode(again) == payload
            kinds.add(type(message))
    assert kinds == {Plates, People, Boxes, Cart, Gate, Portal, Health}


def test_each_source_counts_all_its_messages_and_reports_health_each_second(sent):
    for src, messages in sent.items():
        assert [message.seq for _, message in messages] == list(range(len(messages))), src
        times = [t for t, _ in messages]
        assert times == sorted(times)
        health = [t for t, message in messages if isinstance(message, Health)]
        assert max(np.diff(health)) <= 1.0


def test_plates_step_by_what_was_taken(world, sent):
    plates = world.store.plates
    series = {}
    for src, messages in sent.items():
        blocks = [message for _, message in messages if isinstance(message, Plates)]
        if blocks:
            t = np.concatenate([true_s(world, m) + np.arange(len(m.g)) * m.dt_ns * 1e-9 for m in blocks])
            series[src] = (t, np.concatenate([m.g for m in blocks]))
    for t_s, plate, delta in zip(world.steps.t_s, world.steps.plate, world.steps.delta_g, strict=True):
        t, g = series[plates.controller[plate]]
        own = g[:, plates.channel[plate]]
        seen = own[(t > t_s + 0.9) & (t < t_s + 1.4)].mean() - own[(t > t_s - 3.4) & (t < t_s - 2.4)].mean()
        near = np.abs(world.steps.t_s[world.steps.plate == plate] - t_s)
        if np.sort(near)[1:2].min(initial=np.inf) > 4.0:
            # Neighbours feel a percent of each other's steps, and a shaky board swings by grams.
            together = np.abs(world.steps.delta_g[np.abs(world.steps.t_s - t_s) < 0.5]).sum()
            assert abs(seen - delta) < 5.0 + 0.02 * together


def test_idle_noise_lies_where_real_plates_have_it(world, sent):
    sd = []
    for messages in sent.values():
        blocks = [m.g for _, m in messages if isinstance(m, Plates)]
        if blocks:
            g = np.concatenate(blocks).astype(np.float64)
            windows = g[: len(g) // 60 * 60].reshape(-1, 60, g.shape[1])
            sd.append(np.quantile(windows.std(axis=1), 0.1, axis=0))  # in the quietest seconds nobody walks near
    low, middle, high = np.quantile(np.concatenate(sd), [0.1, 0.5, 0.9])
    assert 0.2 < low < 0.7 and 0.4 < middle < 1.2 and 0.8 < high < 3.5


def test_the_cart_follows_its_shopper_and_counts_what_goes_in(world, sent):
    cart = [message for _, message in sent["cart-01"] if isinstance(message, Cart)]
    moves = [move for message in cart for move in message.moves]
    assert 2 <= len(moves) <= 4
    for message in cart:
        assert (message.g is not None) == world.carts.has_scale[0]
        at = int(world.rows_at(np.array(true_s(world, message))))
        if message.pos is not None:
            assert np.linalg.norm(world.carts.xy[0, at] - message.pos) < 6 * message.sd


def test_the_gate_knows_who_came_and_only_that_somebody_left(world, sent):
    gate = [message for _, message in sent["door"] if isinstance(message, Gate)]
    assert [m.account for m in gate if m.event == "exit"] == [None] * 4
    assert sorted(m.account for m in gate if m.event == "enter") == sorted(world.bodies.account)


@given(st.integers(0, 2**32), st.integers(1, 500))
def test_clocks_and_delays_keep_their_limits(seed, count):
    rng = generator(seed, 9)
    drawn = draw_clock(rng)
    assert abs(drawn.offset_s) <= 0.25 and abs(drawn.drift_ppm) <= 50.0
    delays = draw_delays(count, rng)
    assert delays.min() >= 0.0 and delays.max() <= DELAY_MAX_S


def test_a_clock_reads_offset_and_drift():
    assert Clock(0.02, 50.0).read_ns(100.0, 10**18) == 10**18 + 100_025_000_000
