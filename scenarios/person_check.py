"""What is wrong with a person of a script: who she comes with, and how her script ends."""

from collections.abc import Iterator
from typing import Final

from scenarios.script import Leave, Script, Shopper, Stay, people_of

ROLES: Final = ("shopper", "staff")


def wrong_in_person(shopper: Shopper, script: Script) -> Iterator[str]:
    """Yield what is wrong with the line of a person, and with her last step."""
    people = people_of(script)
    if shopper.at_s < 0.0:
        yield f"expected to come at 0 s or later, received {shopper.at_s}"
    if shopper.role not in ROLES:
        yield f"expected a role of {', '.join(ROLES)}, received {shopper.role!r}"
    for key in ("party_of", "account_of", "looks_like"):
        name = getattr(shopper, key)
        if name is not None and (name not in people or name == shopper.name):
            yield f"{key.replace('_', ' ')}: expected another person of the script, received {name!r}"
    yield from _wrong_company(shopper, people)
    yield from _wrong_end(shopper)


def _wrong_company(shopper: Shopper, people: dict[str, Shopper]) -> Iterator[str]:
    if shopper.is_child and shopper.party_of is None:
        yield "expected a child to be in somebody's party, received a child alone"
    roles = (shopper.role == "staff", shopper.tailgates, shopper.party_of is not None, shopper.account_of is not None)
    if sum(roles) > 1:
        yield "expected one of staff, tailgates, party of, account of, received several"
    leader = people.get(shopper.party_of or shopper.account_of or "")
    if leader is None:
        return
    if leader.role == "staff" or leader.tailgates or leader.is_child or leader.party_of or leader.account_of:
        yield f"expected an adult shopper with an account of her own, received {leader.name!r}"
    if leader.at_s > shopper.at_s:
        yield f"expected to come no earlier than {leader.name} at {leader.at_s} s, received {shopper.at_s}"


def _wrong_end(shopper: Shopper) -> Iterator[str]:
    if not shopper.does or not isinstance(shopper.does[-1], Leave | Stay):
        yield "expected Stay() or Leave() as the last step, received none"
    for at, intention in enumerate(shopper.does[:-1], start=1):
        if isinstance(intention, Leave | Stay):
            yield f"expected {type(intention).__name__}() as the last step only, received it as step {at}"
