"""What the service tells the world: a line of the log for each receipt, and every output on the bus."""

import json
import time
from pathlib import Path
from typing import Protocol

from fusion.checkout.receipts import Line, Receipt
from fusion.health.modes import CLOSED, OPEN, Mode
from fusion.health.rows import health_row, mode_row, standing
from fusion.health.stage import Watch
from fusion.live.baskets import Baskets, follow
from fusion.live.logs import SAID
from fusion.settlement import Outputs


class Outlet(Protocol):
    """Where outputs go."""

    def publish(self, topic: str, key: str, text: str) -> None:
        """Send one output; it is the last value of its key until the next one."""

    def keep(self, topic: str, key: str, text: str) -> None:
        """Keep an output as the last value of its key, without saying it."""

    def drop(self, topic: str, key: str) -> None:
        """Forget the last value of a key."""


class Announcer:
    """Logs each receipt and fault; publishes receipts, events, what is provisional, carts and health."""

    def __init__(self, store_id: str, currency: str, outlet: Outlet | None) -> None:
        self.baskets: Baskets = {}
        self.mode = self._engines = Mode(0, OPEN)  # as it was said last, and as the engine has it
        self._store_id, self._currency, self._outlet = store_id, currency, outlet

    def begin_with(self, baskets: Baskets, out: Path, watch: Watch) -> None:
        """Go on where a run was: what its files hold is there for who comes later, and not said again.

        So are mode and health as they are: they are said when they change, which may have been long ago.
        """
        self.baskets = baskets
        for kind, name, key in (
            ("provisional", "provisional", "event"),
            ("event", "events", "event"),
            ("receipt", "receipts", "trip"),
        ):
            for line in (out / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
                self._keep(kind, json.loads(line)[key], line)
        for account, goods in baskets.items():
            self._keep("cart", account, json.dumps({"account": account, "lines": goods}))
        for one in standing(watch):
            self._keep("health", one.src, health_row(one))
        self.mode = self._engines = watch.mode
        self._keep("mode", "store", mode_row(watch.mode, self._store_id))

    def say_lag(self, records: int) -> None:
        """Publish how many records the engine is behind."""
        self._publish("lag", "engine", json.dumps({"records": records}))

    def say_silence(self, silence_s: float, *, is_silent: bool) -> None:
        """Close the store to new entries while no sensor has spoken for silence_s.

        Event time stands still meanwhile, so the engine knows nothing of it, and neither does a replay.
        """
        is_told = self.mode is not self._engines
        if is_silent and not is_told:
            why = f"no sensor has said anything for {silence_s:.0f} s"
            self._say_mode(Mode(time.time_ns(), CLOSED, self._engines.blind, (why,)))
        elif is_told and not is_silent:
            self._say_mode(self._engines)

    def __call__(self, outputs: Outputs) -> None:
        """Tell what one step says."""
        for one in outputs.health:
            said = {"sensor": one.src, "state": one.state}
            SAID.info("health  %s  %s  %s", one.src, one.state, one.text, extra=said)
            self._publish("health", one.src, health_row(one))
        for mode in outputs.modes:
            self._engines = mode
            self._say_mode(mode)
        for event in outputs.provisional:
            self._publish("provisional", event.event, event.to_json())
        for event in outputs.events:
            self._publish("event", event.event, event.to_json())
        self.baskets, changed = follow(self.baskets, outputs.provisional, outputs.receipts)
        for account, goods in changed.items():
            self._publish("cart", account, json.dumps({"account": account, "lines": goods}))
            if account not in self.baskets:  # it has its receipt: who comes later need not know that it had a cart
                self._drop("cart", account)
        for receipt in outputs.receipts:
            self._log(receipt)
            self._publish("receipt", receipt.trip, receipt.to_json())

    def _say_mode(self, mode: Mode) -> None:
        self.mode = mode
        why = "; ".join((*mode.reasons, *mode.blind)) or "nothing is blind"
        SAID.info("mode  %s  %s", mode.mode, why, extra={"mode": mode.mode})
        self._publish("mode", "store", mode_row(mode, self._store_id))

    def _log(self, receipt: Receipt) -> None:
        # The line is for people who watch; a log that is kept names the trip and no account.
        fields = {"trip": receipt.trip, "status": receipt.status, "total_cents": receipt.total_cents}
        more = {"line": receipt_line(receipt, self._currency), "confidence": receipt.confidence}
        SAID.info("receipt", extra={**fields, **more, "holds": receipt.holds})

    def _keep(self, kind: str, key: str, text: str) -> None:
        if self._outlet is not None:
            self._outlet.keep(f"{kind}/{self._store_id}", key, text)

    def _drop(self, kind: str, key: str) -> None:
        if self._outlet is not None:
            self._outlet.drop(f"{kind}/{self._store_id}", key)

    def _publish(self, kind: str, key: str, text: str) -> None:
        if self._outlet is not None:
            self._outlet.publish(f"{kind}/{self._store_id}", key, text)


def receipt_line(receipt: Receipt, currency: str) -> str:
    """Return a receipt in one line for people."""
    account = receipt.account or "nobody known"
    goods = ", ".join(_goods(line) for line in receipt.lines) or "nothing"
    total = f"{receipt.total_cents / 100:.2f} {currency}"
    status = " for ".join(filter(None, (receipt.status, " and ".join(receipt.holds))))
    return f"receipt  {account}  {status}  {total}  confidence {receipt.confidence:.2f}  {goods}"


def _goods(line: Line) -> str:
    amount = f"{line.quantity} x" if line.grams is None else f"{line.grams:.0f} g"
    return f"{amount} {line.sku}"
