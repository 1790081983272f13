"""Witnesses by name, and how the engine does without each: numbers of its configuration, nothing else.

A new witness is a line in WITHOUT.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from fusion.config import Config

Change = Callable[[Config], Config]


def within(part: str, **numbers: float) -> Change:
    """Return a change of some numbers of a part of attribution: within("tags", witness=0.0)."""

    def change(config: Config) -> Config:
        inner = replace(getattr(config.attribution, part), **numbers)
        return replace(config, attribution=replace(config.attribution, **{part: inner}))

    return change


def setting(**stages: Mapping[str, float]) -> Change:
    """Return a change of some numbers of some stages: setting(cart={"move_nats_max": 0.0})."""

    def change(config: Config) -> Config:
        new: dict[str, Any] = {stage: replace(getattr(config, stage), **numbers) for stage, numbers in stages.items()}
        return replace(config, **new)

    return change


WITHOUT: Final[dict[str, Change]] = {
    "hands": setting(attribution={"hand_nats_max": 0.0}),
    "held": setting(attribution={"held_rare": 0.0, "held_unseen_p": 1.0}),
    # One in a thousand spreads over the facing as over any other product; at 0 its logarithm would be infinite.
    "planogram": setting(attribution={"planogram_p": 1e-3}),
    # No move counts, no owner is clear enough for goods to be put into the cart by others, and it names nobody.
    "cart": setting(
        cart={"move_nats_max": 0.0, "basket_nats_max": 0.0},
        attribution={"cart_owner_p": 2.0, "cart_out_nats": 0.0},
        identity={"same_cart_nats": 0.0},
    ),
    "hands all along": within("possession", trust=0.0),
    "out of sight": within("unwatched", passes_per_s=1e-9),
    "dark plates": within("dark", takes_p=1e-9, puts_p=1e-9),
    "dynamic stock": setting(attribution={"stock_weight": 0.0}),
    "portal": within("tags", witness=0.0),
    "joint solve": setting(attribution={"hypotheses_max": 1}),
    # A change is final as soon as its hands have been watched: nothing that comes later counts.
    "exit re-solve": setting(attribution={"final_after_s": 6.0}),
}
