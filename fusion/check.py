"""The validation of a store folder, a recording or a case folder that holds both."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fusion.messages import Kind
from fusion.store import Problem, Store, StoreError, load_store
from fusion.store_terms import Terms
from fusion.survey import Survey, counts_by_kind, sources, survey


@dataclass(frozen=True, slots=True)
class Report:
    """What is fine, what is wrong, and the counts behind it."""

    fine: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def check_path(path: Path) -> Report:
    """Validate a store folder, a recording, or a folder with store/ and recording.mcap.

    Raises StoreError, RecordingError or OSError when there is nothing to validate.
    """
    if not path.is_dir():
        return _recording_report(path, survey(path), None)
    store_folder, recording = path / "store", path / "recording.mcap"
    if not store_folder.is_dir() and not recording.is_file():
        if not (path / "store.toml").is_file():
            expected = "store.toml, or store/ and recording.mcap"
            raise StoreError([Problem(str(path), "folder", expected, "neither")])
        return _store_report(path)[0]
    report, store = _store_report(store_folder)
    return _joined(report, _recording_report(recording, survey(recording), store))


def _joined(one: Report, other: Report) -> Report:
    return Report(one.fine + other.fine, one.problems + other.problems, one.counts | other.counts)


def _store_report(folder: Path) -> tuple[Report, Store | None]:
    try:
        store = load_store(folder)
    except StoreError as error:
        return Report(problems=tuple(error.problems)), None
    counts = {
        "plates": len(store.plates.plate_id),
        "products": len(store.products.sku),
        "facings": len(store.facings.facing_id),
        "cameras": len(store.cameras.camera_id),
        "gates": len(store.gates.gate_id),
        "carts": len(store.carts),
        "portals": len(store.portals),
        **_terms_counts(store.terms),
    }
    text = ", ".join(f"{name} {number}" for name, number in counts.items())
    return Report((f"{folder}: store {store.store_id}: {text}",), counts={"store": counts}), store


def _terms_counts(terms: Terms) -> dict[str, int]:
    """Return how much the optional files hold, of those that are there."""
    counts = {
        "prices": sum(map(len, terms.prices.values())),
        "promotions": len(terms.promotions),
        "deposits": len(terms.deposits),
        "tenders": sum(map(len, terms.tenders.values())),
    }
    return {name: number for name, number in counts.items() if number}


def _recording_report(path: Path, found: Survey, store: Store | None) -> Report:
    file = str(path)
    kinds = counts_by_kind(found)
    table = sources(found.messages)
    flow = {name: int(table[name].sum()) for name in ("gaps", "duplicates", "restarts")}
    total = f"{file}: {found.messages.height} messages of {table.height} sources"
    fine = [
        f"{total}: {', '.join(f'{kind} {number}' for kind, number in kinds.items())}",
        f"{file}: sequence: {', '.join(f'{name} {number}' for name, number in flow.items())}",
    ]
    problems = [*_refusals(file, found), *_damage(file, found)]
    if store is not None:
        problems += _strangers(file, found, store)
    reasons = Counter(str(refusal.reason) for refusal in found.refusals)
    counts = {"messages": kinds, "malformed": dict(sorted(reasons.items())), "sequence": flow}
    return Report(tuple(fine), tuple(problems), counts)


def _refusals(file: str, found: Survey) -> Iterator[Problem]:
    """Yield one problem a reason: how many, and the first of them."""
    counts = Counter(refusal.reason for refusal in found.refusals)
    for reason, number in sorted(counts.items()):
        first = next(refusal for refusal in found.refusals if refusal.reason == reason)
        place = f"message {first.number}" + (f" (first of {number})" if number > 1 else "")
        yield Problem(file, place, "a message of the contract", f"{reason}: {first.text}")


def _damage(file: str, found: Survey) -> Iterator[Problem]:
    if found.damage:
        place, _, rest = found.damage.partition(": expected ")
        expected, _, received = rest.partition(", received ")
        yield Problem(file, place, expected, received)


def _strangers(file: str, found: Survey, store: Store) -> Iterator[Problem]:
    """Yield what the recording says of a store that this store does not."""
    if found.store_id not in ("", store.store_id):
        yield Problem(file, "metadata store", f"store_id {store.store_id}", found.store_id)
    plates = Counter(store.plates.controller)
    for controller, channels in found.channels:
        if plates[controller] != channels:
            expected = f"{plates[controller]} channels as in plates.csv"
            yield Problem(file, f"source {controller}", expected, str(channels))
    known = {
        Kind.PEOPLE: store.cameras.camera_id,
        Kind.BOXES: store.cameras.camera_id,
        Kind.CART: store.carts,
    }
    for kind, src in found.messages.select("kind", "src").unique(maintain_order=True).iter_rows():
        if src not in known.get(kind, (src,)):
            yield Problem(file, f"source {src}", f"a source of {kind} that store.toml names", repr(src))
