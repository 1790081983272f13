"""What is known before anybody is looked at: which product stands here, how many are taken at once, what they weigh."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from fusion.arrays import Bools, Floats
from fusion.attribution.masses import OUTLIER_SDS, Masses
from fusion.attribution.normal import log_normal
from fusion.attribution.why import COUNT, MASS, PLANOGRAM, Why
from fusion.config import AttributionConfig
from fusion.frozen import record
from fusion.shelf import ShelfChange
from fusion.store import Store, facings_of_plate

NO_STRAYS: Mapping[int, tuple[float, float]] = MappingProxyType({})


@record(eq=False)
class Moved:
    """A change, and what speaks for n pieces of each product having moved, whoever moved them; in nats."""

    change: ShelfChange
    masses: Masses
    mass: Floats  # (k, qty_max)
    prior: Floats  # (k,)
    count: Floats  # (k, qty_max)
    here: Mapping[int, frozenset[int]]  # products that may stand on plates of the change -> those plates
    hidden: Mapping[int, tuple[float, float]]  # product -> what plates of its facings may hide: g, variance g2
    loose: Bools  # (k,) sold by weight

    def nats(self) -> Floats:
        """Return all of it together, (k, qty_max)."""
        return self.mass + self.prior[:, None] + self.count

    def grams(self, product: int, n: int) -> float:
        """Return what n pieces that moved weigh, g: what plates say, unless no such packages weigh that.

        Then some of it lay where no plate noticed, and whoever puts one back brings back all of it.
        """
        seen_g, masses = abs(self.change.total_g), self.masses
        off = seen_g - n * float(masses.mean_g[product])
        var = self.change.total_var + n * float(masses.sd_g[product]) ** 2 + (n * float(masses.bias_sd_g[product])) ** 2
        return seen_g if self.loose[product] or off * off <= OUTLIER_SDS**2 * var else seen_g - off

    def why(self, product: int, n: int) -> Why:
        """Return what is behind one cell of nats()."""
        mass, count = float(self.mass[product, n]), float(self.count[product, n])
        return (MASS, mass), (PLANOGRAM, float(self.prior[product])), (COUNT, count)


def weigh_change(
    change: ShelfChange,
    misplaced: Mapping[int, float],
    masses: Masses,
    store: Store,
    config: AttributionConfig,
    strays: Mapping[int, tuple[float, float]] = NO_STRAYS,
) -> Moved:
    """Weigh what may have moved; misplaced gives the pieces believed on these plates off the planogram.

    strays gives, by product, how well one of those is what went, in nats, and how likely it is there (strays.py).
    """
    prior, hidden = product_prior(change, misplaced, store, config), hidden_shares(change, store)
    return Moved(
        change=change,
        masses=masses,
        mass=_or_stray(moved_nats(change, hidden, masses, config), strays),
        prior=prior,
        count=count_nats(store, config) + _beyond_stock(prior, change, misplaced, store, config),
        here=_standing_here(change, misplaced, store),
        hidden=hidden,
        loose=store.products.by_weight,
    )


def _or_stray(mass: Floats, strays: Mapping[int, tuple[float, float]]) -> Floats:
    """Return the log density (k, qty_max) where one piece may be one whose grams are known."""
    for product, (nats, p) in strays.items():
        mass[product, 0] = np.logaddexp(np.log1p(-p) + mass[product, 0], np.log(p) + nats)
    return mass


def product_prior(
    change: ShelfChange, misplaced: Mapping[int, float], store: Store, config: AttributionConfig
) -> Floats:
    """Return log prior (k,) of each product having stood on these plates: planogram, misplaced goods, anything else.

    Goods stand on the plates of their facing: the more of a change lies elsewhere, the less it is theirs alone.
    """
    k = len(store.products.sku)
    share = np.zeros(k)
    total = sum(abs(d) for d in change.delta_g)
    weight = dict(zip(change.plates, (abs(d) / max(total, 1e-9) for d in change.delta_g), strict=True))
    for row in facing_rows(change.plates, store):
        covered = sum(weight.get(p, 0.0) for p in store.facings.plates[row])
        product = int(store.facings.product[row])
        share[product] = max(share[product], covered**config.facing_power)
    for product, pieces in sorted(misplaced.items()):
        share[product] += config.stock_weight * pieces
    planned = share / max(share.sum(), 1.0) * config.planogram_p
    return np.asarray(np.log(planned + (1.0 - config.planogram_p) / k), dtype=np.float64)


def _standing_here(change: ShelfChange, misplaced: Mapping[int, float], store: Store) -> dict[int, frozenset[int]]:
    moved = frozenset(change.plates)
    here = {product: moved for product, pieces in sorted(misplaced.items()) if pieces > 0.5}
    for row in facing_rows(change.plates, store):
        product = int(store.facings.product[row])
        here[product] = here.get(product, frozenset()) | (moved & frozenset(store.facings.plates[row]))
    return here


def facing_rows(plates: tuple[int, ...], store: Store) -> list[int]:
    """Return the facings that touch some plates, in file order."""
    rows = facings_of_plate(store.facings)
    return sorted({row for plate in plates for row in rows.get(plate, ())})


def count_nats(store: Store, config: AttributionConfig) -> Floats:
    """Return log prior (k, qty_max) of taking n pieces at once: loose goods are taken by the handful."""
    further = np.arange(config.qty_max)
    packed = [pieces_nats(n + 1, config) for n in further.tolist()]
    loose = np.log(config.loose_decay) * further
    return np.asarray(np.where(store.products.by_weight[:, None], loose, packed), dtype=np.float64)


def pieces_nats(n: int, config: AttributionConfig) -> float:
    """Return log prior of n packages of one product having been taken at once, against one."""
    return float(np.log(config.several_p) + (n - 2) * np.log(config.qty_decay)) if n > 1 else 0.0


def _beyond_stock(
    prior: Floats, change: ShelfChange, misplaced: Mapping[int, float], store: Store, config: AttributionConfig
) -> Floats:
    """Return (k, qty_max) nats of taking more pieces than have been set down here of goods that belong elsewhere.

    That a further one stood here is no likelier than of any other product.
    """
    out = np.zeros((len(prior), config.qty_max))
    planned = {int(store.facings.product[row]) for row in facing_rows(change.plates, store)}
    rest = np.log((1.0 - config.planogram_p) / len(prior))
    for product, pieces in misplaced.items():
        if product not in planned:
            out[product, max(1, round(pieces)) :] = min(0.0, rest - prior[product])
    return out


def hidden_shares(change: ShelfChange, store: Store) -> dict[int, tuple[float, float]]:
    """Return, by product, the grams that plates of its facings beside a change may hide, and their variance."""
    out: dict[int, tuple[float, float]] = {}
    for row in facing_rows(change.plates, store) if change.hidden else ():
        inside = [(g, var) for plate, g, var in change.hidden if plate in store.facings.plates[row]]
        if inside:
            out[int(store.facings.product[row])] = sum(g for g, _ in inside), sum(var for _, var in inside)
    return out


def moved_nats(
    change: ShelfChange, hidden: Mapping[int, tuple[float, float]], masses: Masses, config: AttributionConfig
) -> Floats:
    """Return log density (k, qty_max) of a change if n pieces of each product were moved, on or off.

    Where plates of a product's facing may hide a share of it, what they show counts in one reading of two. Now and then
    goods weigh unlike all of their kind: then hands and place say what they are.
    """
    return np.asarray(np.logaddexp(*_usual_and_odd(change, hidden, masses, config)))


def odd_share(
    change: ShelfChange, product: int, n: int, masses: Masses, store: Store, config: AttributionConfig
) -> float:
    """Return how likely n pieces of a product that made a change weigh unlike all of their kind."""
    hidden = hidden_shares(change, store)
    own = {0: hidden[product]} if product in hidden else {}
    usual, odd = _usual_and_odd(change, own, masses.of(product), config)
    return float(1.0 / (1.0 + np.exp(usual[0, n - 1] - odd[0, n - 1])))


def _usual_and_odd(
    change: ShelfChange, hidden: Mapping[int, tuple[float, float]], masses: Masses, config: AttributionConfig
) -> tuple[Floats, Floats]:
    """Return log density and prior (k, qty_max) of a change if pieces weigh like their kind, and if they do not."""
    sign = 1.0 if change.total_g < 0 else -1.0
    usual = mass_nats(sign * change.total_g, change.total_var, masses, config)
    for product, (grams, var) in hidden.items():
        total_g, total_var = sign * (change.total_g + grams), change.total_var + var
        whole = mass_nats(total_g, total_var, masses.of(product), config)[0]
        usual[product] = either_nats(usual[product], whole, config)
    odd_var = change.total_var + (config.odd_sd * change.total_g) ** 2
    odd = mass_nats(sign * change.total_g, odd_var, masses, config)
    return usual + np.log1p(-config.odd_p), odd + np.log(config.odd_p)


def either_nats(shown: Floats | float, whole: Floats | float, config: AttributionConfig) -> Floats:
    """Return the log density of grams of which plates may show all or hide a share, given that of each."""
    return np.asarray(np.logaddexp(np.log1p(-config.hidden_p) + shown, np.log(config.hidden_p) + whole))


def mass_nats(total_g: float, var: float, masses: Masses, config: AttributionConfig) -> Floats:
    """Return log density (k, qty_max) of losing -total_g if n pieces of each product went."""
    n = np.arange(1, config.qty_max + 1)[None, :]
    mass, sd, bias_sd = masses.mean_g[:, None], masses.sd_g[:, None], masses.bias_sd_g[:, None]
    # The packages of one batch are off the catalogue together: the bias does not average out over pieces.
    spread = var + n * sd**2 + (bias_sd * n) ** 2
    return log_normal(-total_g - n * mass, spread)
