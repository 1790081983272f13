"""The outside world of the purchase port: somebody who takes money once an id, and answers well or badly."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from fusion.purchase.answers import Accepted, Answer, Declined, Later


class Killed(BaseException):
    """The process ends here; nothing of ours catches it."""


@dataclass
class Outside:
    """Takes each id once; `mood` says how the next request is met."""

    mood: Callable[[], str] = lambda: "accept"
    done: dict[str, dict[str, object]] = field(default_factory=dict)  # by id, what was taken over
    asked: list[str] = field(default_factory=list)  # "trip/kind" in order of the first time each was taken over

    def ask(self, request_id: bytes, body: str) -> Answer:
        """Take a request over, or do not, and say so, or do not."""
        fields, mood = json.loads(body), self.mood()
        assert fields["id"] == request_id.hex()
        if mood == "stall":
            return Later("no answer")
        if mood == "decline" and fields["id"] not in self.done:
            return Declined("not enough money")
        if fields["id"] not in self.done:
            self.done[fields["id"]] = fields
            assert self.kept_cents(fields["trip"]) >= 0, "nothing is given back that was never paid"
            self.asked.append(f"{fields['trip']}/{fields['kind']}")
        assert self.done[fields["id"]] == fields, "the same id asks for the same"
        if mood == "kill":
            raise Killed
        return Later("answer lost") if mood == "lose" else Accepted()

    def close(self) -> None:
        """Nothing to close."""

    def kept_cents(self, trip: str) -> int:
        """Return what was charged for a trip, refunds taken off."""
        mine = [one for one in self.done.values() if one["trip"] == trip]
        charged = [one["total"] for one in mine if one["kind"] == "adjust" or one.get("held") is False]
        assert len(charged) <= 1, "a trip is charged once"
        return sum(map(int, map(str, charged))) - sum(int(str(one["total"])) for one in mine if one["kind"] == "refund")
