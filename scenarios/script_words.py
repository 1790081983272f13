"""The words of scripts as text: a form for every intention, and for what a script says of people, parts and faults."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from scenarios.phrases import Phrase, Values, read_phrase, usage, write_phrase
from scenarios.script import (
    Bump,
    ChangeJacket,
    Crowd,
    Eat,
    Exchange,
    Face,
    Follow,
    Give,
    Go,
    Hold,
    IntoCart,
    LayDown,
    Leave,
    LeaveCart,
    Lift,
    Look,
    OutOfCart,
    Pick,
    PickUp,
    PutBack,
    Receive,
    Restock,
    Shopper,
    Stale,
    Stay,
    Swap,
    TakeCart,
    Together,
    Touch,
    Walk,
    Weigh,
)
from sensors.faults import Fault

KEYS: Final = ("name", "about", "store", "handover", "stale", "crowd", "fault", "next lane tags", "lasts")
SENTENCES: Final = (
    Phrase(Walk, "walk to {product}"),
    Phrase(Go, "go to {place}"),
    Phrase(Follow, "follow {person}[ for {seconds}]"),
    Phrase(Together, "together {mark}"),
    Phrase(Look, "look {seconds}"),
    Phrase(Hold, "hold {seconds}"),
    Phrase(Touch, "touch {product}"),
    Phrase(Bump, "bump into {product}"),
    Phrase(Pick, "pick[ {qty}] {product}[ plus {also}][ {pace}][ after holding {hold_s}]"),
    Phrase(Lift, "lift {qty} {product} for {seconds}[ take {taken}]"),
    Phrase(PutBack, "put back[ {qty}] {product}[ beside {beside}][ {pace}]"),
    Phrase(Swap, "swap {product} for {into}"),
    Phrase(Give, "give {product} to {to}"),
    Phrase(Receive, "receive {product} from {giver}"),
    Phrase(Exchange, "exchange {product} with {other} for {theirs}"),
    Phrase(LayDown, "lay down {product}[ at {place}]"),
    Phrase(PickUp, "pick up {product}"),
    Phrase(Eat, "eat {product}"),
    Phrase(TakeCart, "take {cart}"),
    Phrase(LeaveCart, "leave cart"),
    Phrase(IntoCart, "put {product} into cart[ {hidden}]"),
    Phrase(IntoCart, "put {product} into {cart}[ {hidden}]"),
    Phrase(OutOfCart, "take {product} out of cart[ {hidden}]"),
    Phrase(OutOfCart, "take {product} out of {cart}[ {hidden}]"),
    Phrase(ChangeJacket, "change jacket"),
    Phrase(Restock, "restock {qty} {product}"),
    Phrase(Face, "face {qty} {product}"),
    Phrase(Weigh, "weigh {plate} with {grams} g"),
    Phrase(Leave, "leave"),
    Phrase(Stay, "stay"),
)


# How a product is chosen for a part: rules that say all, and rules that say it of something else.
RULES: Final = ("any", "by weight", "each", "tagged", "low", "not snap", "snap")
RULES_OF: Final = ("beside", "weighs like", "category")
PART_RULES: Final = (
    *(Phrase(partial(dict, how=how), how) for how in RULES),
    *(Phrase(partial(dict, how=how), f"{how} {{of}}") for how in RULES_OF),
)
STALE: Final = Phrase(Stale, "{product} is {instead}")
CROWD: Final = Phrase(Crowd, "{people} over {over_s}[ hard {hard}]")
# Clauses follow in any order, with a comma before each.
PERSON: Final = Phrase(Shopper, "{name} at {at_s}")
PERSON_CLAUSES: Final = (
    "{role}",
    "party of {party_of}",
    "account of {account_of}",
    "{is_child}",
    "{tailgates}",
    "looks like {looks_like}",
)
FAULT: Final = Phrase(Fault, "{kind}[ of {src}]")
FAULT_CLAUSES: Final = (
    "plates {plates}",
    "from {from_s}",
    "until {to_s}",
    "share {p}",
    "by {seconds}",
    "size {size}",
    "clock {jump_s}",
)


def read_first(phrases: Sequence[Phrase], said: str) -> Any:
    """Return the value that a text says in one of the phrases; raises ValueError with the nearest form if none."""
    for phrase in phrases:
        values = read_phrase(phrase, said)
        if values is not None:
            return phrase.make(**values)
    raise ValueError(f"expected {_forms(phrases, said)}, received {said!r}")


def read_clauses(phrase: Phrase, clauses: Sequence[str], said: str) -> Values:
    """Return the fields of what a phrase and clauses after it say; raises ValueError with the nearest form."""
    # A comma also stands between the plates of one fault: a clause begins where its first word is known.
    starts = "|".join(_first_word(Phrase(dict, clause)) for clause in clauses)
    first, *rest = re.split(rf",\s*(?=(?:{starts})(?:\s|,|$))", said)
    values = read_phrase(phrase, first)
    if values is None:
        raise ValueError(f"expected `{usage(_with(phrase, clauses))}`, received {said!r}")
    for one in rest:
        found: Values = read_first([Phrase(dict, clause) for clause in clauses], one)
        if found.keys() & values.keys():
            raise ValueError(f"expected each clause once, received {one!r} again")
        values |= found
    return values


def write_clauses(phrase: Phrase, clauses: Sequence[str], value: Any) -> str:
    """Return a value in the words of a phrase and of the clauses that it needs."""
    return write_phrase((_with(phrase, clauses),), value)


def _with(phrase: Phrase, clauses: Sequence[str]) -> Phrase:
    return Phrase(phrase.make, phrase.form + "".join(f"[, {one}]" for one in clauses))


def _forms(phrases: Sequence[Phrase], said: str) -> str:
    """Return the forms that begin as a text does or nearly so; all first words where none does."""
    firsts = [_first_word(phrase) for phrase in phrases]
    word = said.partition(" ")[0]
    word = word if word in firsts else nearest(word, firsts) or ""
    like = [usage(phrase) for phrase, first in zip(phrases, firsts, strict=True) if first == word]
    return " or ".join(f"`{form}`" for form in like) or f"a line that begins with {', '.join(dict.fromkeys(firsts))}"


def _first_word(phrase: Phrase) -> str:
    found = re.match(r"[\w|]+", usage(phrase))
    assert found is not None
    return found[0]


def nearest(said: str, known: Sequence[str]) -> str | None:
    """Return the known word that a text is most like, if any."""
    close = get_close_matches(said, known, n=1)
    return close[0] if close else None


def nearest_of(said: str, known: Sequence[str]) -> str:
    """Return the known words that a text is like, for a message; all of them where none is."""
    return ", ".join(get_close_matches(said, known, n=3, cutoff=0.5) or known)
