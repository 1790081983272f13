"""Who the people of a script are: accounts, heights, what they look like, and their bodies over time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from scenarios.motion import holding, pose
from scenarios.performance import Performance, Undressing
from scenarios.script import Script, Shopper
from sensors.world import RATE_HZ, Bodies

LOOK_D: Final = 16
ALIKE: Final = 0.15  # length of what tells look-alikes apart, beside a unit vector
JACKET_KEPT: Final = 0.5  # share of a look that a change of jacket leaves: face, trousers, shoes
ADULT_M: Final = (1.69, 0.09, 1.5, 1.95)  # mean, spread, least, most
CHILD_M: Final = (1.15, 0.1, 0.95, 1.35)


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The people of a script as they are, one row each."""

    person: tuple[str, ...]
    account: tuple[str | None, ...]
    height_m: Floats  # (n,)
    look: Floats  # (n, d) unit vectors


def cast_people(script: Script, rng: np.random.Generator) -> Cast:
    """Draw accounts, heights and looks."""
    people = len(script.shoppers)
    return Cast(
        person=tuple(f"p{row + 1:02d}" for row in range(people)),
        account=_accounts(script, rng),
        height_m=np.array([_height(shopper, rng) for shopper in script.shoppers]),
        look=_looks(script, rng),
    )


def bodies_of(script: Script, cast: Cast, performance: Performance, rng: np.random.Generator) -> Bodies:
    """Return the people in space and time."""
    people, ticks = len(script.shoppers), performance.foot.shape[1]
    held = holding(performance.grips, people, ticks)
    foot, head, hands = pose(performance, cast.height_m, held, rng)
    looks, outfit = _outfits(cast.look, performance.undressings, ticks, rng)
    return Bodies(
        person=cast.person,
        account=cast.account,
        role=tuple(shopper.role for shopper in script.shoppers),
        height_m=cast.height_m,
        looks=looks,
        outfit=outfit,
        present=performance.present,
        foot=foot,
        head=head,
        hands=hands,
        held=held,
    )


def _accounts(script: Script, rng: np.random.Generator) -> tuple[str | None, ...]:
    """Give an account to whoever has none through somebody else."""
    numbers = rng.choice(900_000, len(script.shoppers), replace=False) + 100_000
    own: dict[str, str | None] = {}
    for number, shopper in zip(numbers.tolist(), script.shoppers, strict=True):
        own[shopper.name] = f"staff-{number % 100:02d}" if shopper.role == "staff" else f"acct-{number}"
        own[shopper.name] = None if shopper.tailgates else own[shopper.name]
    owner = {shopper.name: shopper.party_of or shopper.account_of for shopper in script.shoppers}

    def account(name: str) -> str | None:
        through = owner[name]
        return own[name] if through is None else account(through)

    return tuple(account(shopper.name) for shopper in script.shoppers)


def _height(shopper: Shopper, rng: np.random.Generator) -> float:
    mean, spread, least, most = CHILD_M if shopper.is_child else ADULT_M
    return float(np.clip(rng.normal(mean, spread), least, most))


def _looks(script: Script, rng: np.random.Generator) -> Floats:
    row = {shopper.name: at for at, shopper in enumerate(script.shoppers)}
    look = _unit(rng.normal(0.0, 1.0, (len(row), LOOK_D)))
    for at, shopper in enumerate(script.shoppers):
        if shopper.looks_like is not None:
            apart = ALIKE * rng.normal(0.0, 1.0, LOOK_D) / np.sqrt(LOOK_D)
            look[at] = look[row[shopper.looks_like]] + apart
        elif shopper.account_of is not None:
            look[at] = look[row[shopper.account_of]]  # the same person once more
    return _unit(look)


def _outfits(
    look: Floats, undressings: tuple[Undressing, ...], ticks: int, rng: np.random.Generator
) -> tuple[Floats, Ints]:
    """Return all looks, (o, d), and which of them everybody wears, (n, k)."""
    looks = list(look)
    outfit = np.repeat(np.arange(len(look))[:, None], ticks, axis=1)
    for change in sorted(undressings, key=lambda one: one.t_s):
        old = looks[int(outfit[change.person, -1])]
        other = _unit(rng.normal(0.0, 1.0, (1, LOOK_D)))[0]
        looks.append(_unit((JACKET_KEPT * old + (1.0 - JACKET_KEPT) * other)[None])[0])
        outfit[change.person, round(change.t_s * RATE_HZ) :] = len(looks) - 1
    return np.array(looks), outfit


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
