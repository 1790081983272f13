"""Gates that count people whom nobody sees are named, and take nothing from anybody."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import Action, frames, run, tape, tiny_store

from fusion.config import Config
from fusion.engine import Outputs
from fusion.health.crossings import Crossings, check_entries, note_entry, note_exit
from fusion.health.settings import HealthConfig
from fusion.health.stage import first_watch, note_crossing
from fusion.messages import Gate, Message
from fusion.store import Cameras
from fusion.wire import decode
from sensors.fault_stream import disturb_all, since_first
from sensors.faults import Fault

S = 10**9
CONFIG = HealthConfig()
STORE = tiny_store()
WAIT_S = 12.0


@given(st.lists(st.booleans(), max_size=40), st.lists(st.floats(0.1, 9.0), max_size=20))
def test_a_gate_whose_people_are_seen_is_never_named(inside: list[bool], followed_s: list[float]) -> None:
    crossings = Crossings()
    for k, is_exit in enumerate(inside):
        if is_exit:
            crossings = note_exit(crossings, "door", True, k * S, CONFIG)
        else:
            crossings = note_entry(crossings, "door", f"t{k}", k * S)
    seen = {f"t{k}": s for k, s in enumerate(followed_s)}
    crossings = check_entries(crossings, seen, set(seen), WAIT_S, 100 * S, CONFIG)
    assert crossings.entered == () and not any(doubt.on for doubt in crossings.of.values())


@given(st.integers(0, 8), st.integers(0, 8))
def test_a_gate_is_named_by_enough_that_nobody_made_and_asked_only_when_cameras_have_had_time(
    enters: int, exits: int
) -> None:
    crossings = Crossings()
    for k in range(enters):
        crossings = note_entry(crossings, "door", f"t{k}", 10 * S)
    for _ in range(exits):
        crossings = note_exit(crossings, "door", False, 10 * S, CONFIG)
    trips = {f"t{k}" for k in range(enters)}
    early = check_entries(crossings, {}, trips, WAIT_S, 21 * S, CONFIG)
    assert len(early.entered) == enters and early.of == crossings.of
    late = check_entries(crossings, {}, trips, WAIT_S, 23 * S, CONFIG)
    assert late.entered == ()
    assert ("door" in late.of and late.of["door"].on) == (enters + exits >= 3)


def told(messages: list[Message]) -> tuple[dict[str, str], dict[str | None, tuple[str, list[str]]]]:
    """Return what was said of sensors, and the receipts of accounts."""
    outputs: tuple[Outputs, ...] = run(STORE, messages)
    receipts = [one for out in outputs for one in out.receipts if one.account]
    lines = {one.account: (one.status, [line.sku for line in one.lines]) for one in receipts}
    return {one.src: one.text for out in outputs for one in out.health}, lines


@settings(deadline=None, max_examples=4)
@given(st.integers(0, 2**16))
def test_a_beam_that_is_cut_by_nobody_again_and_again_is_named_and_charges_are_as_without(seed: int) -> None:
    shopping = [Action(0, 1, -1), Action(1, 5, -1), *[Action(0, 3, -1)] * 6]
    plan = (Fault("miscounting", src="door", from_s=8.0, to_s=40.0, p=0.4),)
    disturbed = disturb_all(plan, since_first(frames(tape(shopping))), store=STORE, seed=seed)
    words, lines = told([decode(one.topic, one.payload) for _, one in disturbed])  # type: ignore[misc]
    assert set(words) == {"door"} and "counts people whom nobody sees" in words["door"]
    assert (told(tape(shopping))[0], lines) == ({}, told(tape(shopping))[1])


def test_a_gate_of_a_store_without_cameras_is_not_blamed_for_people_whom_nobody_could_see() -> None:
    n = Cameras((), np.zeros(0, bool), np.zeros((0, 2)), np.zeros((0, 4)), np.zeros((0, 5)), np.zeros((0, 3, 3)),
                np.zeros((0, 3)), np.zeros(0))  # fmt: skip
    watch = first_watch(replace(STORE, cameras=n), Config())
    assert note_crossing(watch, Gate("door", 0, S, "door", "exit", None, 1, "shopper"), "", Config()) == watch
    seeing = first_watch(STORE, Config())
    assert note_crossing(seeing, Gate("door", 0, S, "door", "exit", None, 1, "shopper"), "", Config()) != seeing
