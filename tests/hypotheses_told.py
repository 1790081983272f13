"""A beam as tests look at it: every hypothesis put together in full."""

from fusion.attribution.beam import Group, Hypothesis


def beam_of(group: Group) -> tuple[Hypothesis, ...]:
    """Return all hypotheses of a group, in their order."""
    nats, barred = group.nats.tolist(), group.barred.tolist()
    claims = [group.claims[k] for k in group.claimed.tolist()]
    return tuple(
        Hypothesis(nats[row], group.goods.in_row(row), group.choice.in_row(row), claims[row], barred[row])
        for row in range(len(group))
    )
