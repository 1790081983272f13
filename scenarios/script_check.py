"""What cannot be done in a script, told before it is played."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from scenarios.person_check import wrong_in_person
from scenarios.rehearsal import rehearse
from scenarios.script import Script, Together, people_of
from scenarios.script_words import RULES, RULES_OF
from scenarios.step_check import CATEGORIES, PRODUCTS, wrong_in_step, wrong_name
from sensors.faults import FaultPlan, check_plan

HANDOVERS: Final = ("holder", "picker")
PLATES_OF: Final = "of:"  # begins a fault's pattern for the plates of a product


def check_script(script: Script) -> list[str]:
    """Return what cannot be done in a script, one line each: place, expected, received."""
    goods = {part.name for part in script.parts}
    wrong = [f"{script.name}: {text}" for text in _wrong_in_script(script, goods)]
    for shopper in script.shoppers:
        place = f"{script.name}, {shopper.name}"
        wrong += [f"{place}: {text}" for text in wrong_in_person(shopper, script)]
        for at, intention in enumerate(shopper.does, start=1):
            wrong += [f"{place}, step {at}: {text}" for text in wrong_in_step(intention, shopper, script, goods)]
    if len(people_of(script)) == len(script.shoppers):
        wrong += [f"{script.name}, {name}, step {at}: {text}" for name, at, text in rehearse(script)]
    return wrong


def _wrong_in_script(script: Script, goods: set[str]) -> Iterator[str]:
    if not script.shoppers and script.crowd is None:
        yield "expected a person or a crowd, received nobody"
    if script.handover not in HANDOVERS:
        yield f"handover: expected one of {', '.join(HANDOVERS)}, received {script.handover!r}"
    if script.next_lane_tags < 0:
        yield f"next lane tags: expected 0 or more, received {script.next_lane_tags}"
    if not script.lasts_s > 0.0:
        yield f"lasts: expected more than 0 s, received {script.lasts_s:g}"
    yield from _wrong_crowd(script)
    yield from _wrong_counts(script)
    yield from _wrong_parts(script)
    for stale in script.stale:
        yield from wrong_name(stale.product, goods)
        yield from wrong_name(stale.instead, goods)
    yield from _wrong_faults(script.faults, goods)


def _wrong_crowd(script: Script) -> Iterator[str]:
    crowd = script.crowd
    if crowd is not None and not (crowd.people >= 1 and crowd.over_s >= 0.0 and 0.0 <= crowd.hard <= 1.0):
        yield f"crowd: expected 1 person or more, seconds of 0 or more, hard from 0 to 1, received {crowd}"


def _wrong_counts(script: Script) -> Iterator[str]:
    """Yield names that several people have, and marks that one person comes to alone."""
    for name, count in Counter(shopper.name for shopper in script.shoppers).items():
        if count > 1:
            yield f"expected a name for each person, received {count} called {name!r}"
    marks = (
        {intention.mark for intention in shopper.does if isinstance(intention, Together)} for shopper in script.shoppers
    )
    for mark, count in Counter(mark for own in marks for mark in sorted(own)).items():
        if count < 2:
            yield f"mark {mark!r}: expected two people or more to come together, received one"


def _wrong_parts(script: Script) -> Iterator[str]:
    before: set[str] = set()
    for part in script.parts:
        place, others = f"part {part.name!r}", (before | PRODUCTS) - {part.name}
        before.add(part.name)
        if part.name in PRODUCTS:
            yield f"{place}: expected a name that no product has, received {part.name!r}"
        if part.how in RULES:
            yield from _unless(not part.of, f"{place}: expected nothing after {part.how!r}", part.of)
        elif part.how == "category":
            yield from _unless(part.of in CATEGORIES, f"{place}: expected one of {_listed(CATEGORIES)}", part.of)
        elif part.how in RULES_OF:
            yield from _unless(part.of in others, f"{place}: expected a part above it or a product", part.of)
        else:
            yield f"{place}: expected one of {', '.join(RULES + RULES_OF)}, received {part.how!r}"


def _wrong_faults(plan: FaultPlan, goods: set[str]) -> Iterator[str]:
    yield from (
        f"{problem.place}: expected {problem.expected}, received {problem.received}" for problem in check_plan(plan)
    )
    for fault in plan:
        for pattern in fault.plates:
            if pattern.startswith(PLATES_OF):
                yield from wrong_name(pattern.removeprefix(PLATES_OF), goods)


def _unless(is_right: bool, expected: str, received: object) -> Iterator[str]:
    if not is_right:
        yield f"{expected}, received {received!r}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
