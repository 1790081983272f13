"""What the service tells the world: a line for each receipt, and every output on the bus."""

import json

from fusion.checkout.receipts import Line, Receipt
from fusion.live.bus import Outbox
from fusion.settlement import Outputs


def announce(outputs: Outputs, store_id: str, currency: str, outbox: Outbox | None) -> None:
    """Print each receipt and each fault as a line; publish receipts, events, what is provisional and health."""
    for one in outputs.health:
        print(f"health  {one.src}  {one.state}  {one.text}", flush=True)
    for receipt in outputs.receipts:
        print(receipt_line(receipt, currency), flush=True)
    if outbox is None:
        return
    for one in outputs.health:
        said = {"t": one.t_ns, "src": one.src, "state": one.state, "text": one.text}
        outbox.publish(f"health/{store_id}", json.dumps(said))
    for event in outputs.provisional:
        outbox.publish(f"provisional/{store_id}", event.to_json())
    for event in outputs.events:
        outbox.publish(f"event/{store_id}", event.to_json())
    for receipt in outputs.receipts:
        outbox.publish(f"receipt/{store_id}", receipt.to_json())


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
