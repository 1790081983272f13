"""When to ask again, and when to stop asking; pure.

The wait doubles with every try up to a cap, and only a part of it is certain: a store that comes back on line must not
send everything at once, and neither must a thousand stores. The uncertain part is drawn from the id of the request and
the number of the try, so it is the same after a crash, and different for any two requests.
"""

from dataclasses import dataclass
from hashlib import blake2b

from fusion.config import SECOND_NS
from fusion.purchase.answers import Accepted, Answer, Declined, Later
from fusion.purchase.life import Outcome
from fusion.purchase.standing import Event, Open

DRAW_BYTES = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer."""

    base_ns: int = SECOND_NS  # after the first try
    cap_ns: int = 900 * SECOND_NS  # the longest wait that is ours; an answer may ask for a longer one
    certain: float = 0.5  # part of each wait that is not drawn
    ask_again_ns_max: int = 3600 * SECOND_NS  # the longest wait that an answer may ask for
    give_up_ns: int = 86_400 * SECOND_NS  # a day after its first try, a request without an answer is dead

    def __post_init__(self) -> None:
        assert 0 < self.base_ns <= self.cap_ns and self.give_up_ns >= 0
        assert 0.0 <= self.certain <= 1.0 and self.ask_again_ns_max >= 0


def event_of(one: Open, answer: Answer, now_ns: int, patience: Patience) -> Event:
    """Return what to keep of an answer that came at now_ns."""
    request_id = one.request.head.request_id
    match answer:
        case Accepted():
            return Event(request_id, now_ns, Outcome.ACCEPTED)
        case Declined(reason):
            return Event(request_id, now_ns, Outcome.DECLINED, reason)
        case Later(reason, wait_s):
            if one.tries and now_ns - one.first_ns >= patience.give_up_ns:
                return Event(request_id, now_ns, Outcome.DEAD, reason)
            asked_ns = min(round(wait_s * SECOND_NS), patience.ask_again_ns_max)
            due_ns = now_ns + max(asked_ns, wait_ns(request_id, one.tries + 1, patience))
            return Event(request_id, now_ns, Outcome.LATER, reason, due_ns)


def wait_ns(request_id: bytes, tries: int, patience: Patience) -> int:
    """Return how long to wait after so many tries."""
    assert tries >= 1
    whole = min(patience.cap_ns, patience.base_ns << min(tries - 1, 62))
    return int(whole * (patience.certain + (1.0 - patience.certain) * _draw(request_id, tries)))


def _draw(request_id: bytes, tries: int) -> float:
    """Return a number in [0, 1)."""
    digest = blake2b(request_id + tries.to_bytes(8), digest_size=DRAW_BYTES, person=b"aisle backoff").digest()
    return int.from_bytes(digest) / (1 << 8 * DRAW_BYTES)
