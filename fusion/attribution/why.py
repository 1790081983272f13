"""Nats by witness: what a weight is made of, so that a verdict can be explained and not only stated.

A `Why` is (witness, nats) pairs that add up to the weight they explain; one witness may come more than once. It is
carried beside the weight and never used to compute it: the readings stay the same to the last bit whether anybody asks
why or not. Of all the readings of a change few are ever told: what is said of one is added up by who tells it.
"""

Why = tuple[tuple[str, float], ...]

MASS = "mass"  # what the plates weighed, against what so many pieces weigh
PLANOGRAM = "planogram"  # which products stand on these plates
COUNT = "count"  # how many are taken at once
BODY = "body"  # where somebody stood
HANDS = "hands"  # where their hands were
HELD = "held"  # what a classifier saw in them
CART = "cart"  # what a cart's camera saw
PRIOR = "prior"  # how often such a thing happens at all
WITNESSES = (MASS, PLANOGRAM, COUNT, BODY, HANDS, HELD, CART, PRIOR)


def add(*whys: Why) -> Why:
    """Return the sum of several, one pair a witness, in the order of WITNESSES; what says nothing is left out."""
    total: dict[str, float] = {}
    for why in whys:
        for witness, nats in why:
            total[witness] = total.get(witness, 0.0) + nats
    return tuple([(witness, total[witness]) for witness in WITNESSES if total.get(witness)])


def explained(why: Why, nats: float) -> Why:
    """Return why, or where nobody said why, that a weight is what is believed of such things beforehand."""
    return why if why or nats == 0.0 else ((PRIOR, nats),)
