"""The assortment of the simulated stores, as data: what goods are called, weigh and cost, and how wide they are.

Masses crowd round the usual package sizes, as they do in shops: mass alone names few of these products.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

ADULT: Final = 21  # years


@dataclass(frozen=True, slots=True)
class Article:
    """One product as its maker describes it."""

    name: str
    category: str
    mass_g: float
    price_cents: int
    width_m: float  # of a package on the shelf
    mass_sd_g: float = 0.6
    tax_class: str = "grocery"
    by_weight: bool = False  # price per kilogram, mass of a typical piece
    snap: bool = True
    tagged: bool = False  # carries an RFID tag
    min_age: int = 0


Row: TypeAlias = tuple[str, float, int, float]  # name, mass_g, price_cents, width_m


def _foods(category: str, *rows: Row, spread: float = 0.005) -> Iterator[Article]:
    """Packages that machines fill: heavier ones are filled less precisely, by `spread` of their mass."""
    for name, mass_g, cents, width_m in rows:
        yield Article(name, category, mass_g, cents, width_m, max(0.5, spread * mass_g))


def _candy(name: str, mass_g: float, price_cents: int, width_m: float) -> Article:
    return Article(name, "candy", mass_g, price_cents, width_m, tax_class="general")


def _drink(name: str, mass_g: float, price_cents: int, width_m: float = 0.068) -> Article:
    return Article(name, "drink", mass_g, price_cents, width_m, mass_sd_g=1.5)


def _deposit(name: str, mass_g: float, price_cents: int) -> Article:
    """A drink in a bottle or can that a deposit is charged for."""
    return Article(name, "soda", mass_g, price_cents, 0.066, mass_sd_g=1.5, tax_class="deposit")


def _alcohol(category: str, name: str, mass_g: float, price_cents: int, width_m: float) -> Article:
    return Article(
        name, category, mass_g, price_cents, width_m, 2.5, tax_class="alcohol", snap=False, min_age=ADULT
    )  # fmt: skip


def _household(name: str, mass_g: float, price_cents: int, width_m: float, *, tagged: bool = True) -> Article:
    return Article(
        name, "household", mass_g, price_cents, width_m, tax_class="general", snap=False, tagged=tagged
    )  # fmt: skip


def _general(category: str, *rows: Row, tagged: bool = False) -> Iterator[Article]:
    """Goods that are taxed and that food stamps do not pay."""
    for name, mass_g, cents, width_m in rows:
        yield Article(name, category, mass_g, cents, width_m, 0.8, tax_class="general", snap=False, tagged=tagged)


def _hot(name: str, mass_g: float, price_cents: int, width_m: float) -> Article:
    """Food that is sold hot: filled by hand, so its mass varies."""
    return Article(name, "hot food", mass_g, price_cents, width_m, 0.02 * mass_g, tax_class="prepared", snap=False)


def _produce(name: str, mass_g: float, price_cents: int, mass_sd_g: float, width_m: float = 0.08) -> Article:
    return Article(name, "produce", mass_g, price_cents, width_m, mass_sd_g, by_weight=True)


# New articles are added at the end: small stores hold the first ones, in this order.
ARTICLES: Final = (
    Article("sea salt crisps", "crisps", 42.5, 199, 0.17),
    Article("paprika crisps", "crisps", 42.5, 199, 0.17),
    Article("corn chips", "crisps", 105.0, 289, 0.20, 1.0),
    Article("pretzel sticks", "crisps", 70.5, 229, 0.12),
    Article("popcorn", "crisps", 100.0, 249, 0.18, 1.0),
    Article("rice crackers", "crisps", 127.0, 329, 0.15),
    Article("oat cookies", "biscuit", 198.0, 349, 0.15),
    Article("ginger cookies", "biscuit", 200.0, 359, 0.15),
    Article("wafer rolls", "biscuit", 115.0, 279, 0.11),
    Article("granola bars", "biscuit", 212.0, 399, 0.13),
    _candy("milk chocolate", 100.5, 219, 0.09),
    _candy("dark chocolate", 100.0, 239, 0.09),
    _candy("mint drops", 38.0, 129, 0.06),
    _candy("fruit gums", 175.0, 249, 0.12),
    _candy("caramel bar", 52.0, 139, 0.06),
    _candy("nougat bar", 51.0, 139, 0.06),
    _drink("cola", 524.0, 189),
    _drink("lemonade", 526.0, 189),
    _drink("still water", 512.0, 129),
    _drink("sparkling water", 513.0, 139),
    _drink("orange juice", 353.0, 279),
    _drink("apple juice", 352.0, 269),
    _drink("iced tea", 516.0, 209),
    _drink("cold coffee", 281.0, 319),
    Article("plain yogurt", "dairy", 162.0, 159, 0.075, 1.2),
    Article("berry yogurt", "dairy", 163.0, 169, 0.075, 1.2),
    Article("cream cheese", "dairy", 226.0, 329, 0.10, 1.0),
    Article("butter", "dairy", 254.0, 449, 0.12, 0.8),
    Article("tomato soup", "pantry", 372.0, 249, 0.075, 1.5),
    Article("lentil soup", "pantry", 430.0, 279, 0.075, 1.5),
    Article("tuna can", "pantry", 183.0, 229, 0.085),
    Article("cup noodles", "pantry", 64.0, 149, 0.10),
    Article("ramen bag", "pantry", 85.5, 119, 0.13),
    Article("peanut butter", "pantry", 503.0, 489, 0.085, 1.5),
    _household("hand soap", 287.0, 399, 0.08),
    _household("batteries", 96.0, 899, 0.09),
    _household("tooth paste", 121.0, 349, 0.16),
    _produce("nectarine", 150.0, 549, 14.0),
    _produce("zucchini", 220.0, 349, 25.0),
    _produce("red apple", 182.0, 399, 18.0),
    *_foods(
        "crisps",
        ("cheese puffs", 99.0, 259, 0.18),
        ("lime tortilla chips", 198.5, 349, 0.22),
        ("blue tortilla chips", 199.0, 369, 0.22),
        ("vinegar crisps", 43.0, 199, 0.17),
        ("onion rings", 71.0, 209, 0.15),
        ("veggie straws", 141.0, 359, 0.18),
        ("salted cashews", 150.0, 549, 0.12),
        ("roasted almonds", 146.5, 529, 0.12),
        ("trail mix", 193.0, 449, 0.13),
        ("beef jerky", 77.0, 699, 0.14),
        ("turkey jerky", 80.0, 699, 0.14),
        ("sunflower seeds", 106.0, 229, 0.12),
    ),
    *_foods(
        "biscuit",
        ("butter cookies", 201.0, 389, 0.15),
        ("fig bars", 217.0, 419, 0.13),
        ("digestive biscuits", 246.0, 299, 0.08),
        ("cocoa biscuits", 251.5, 329, 0.08),
        ("rice cakes", 134.5, 289, 0.11),
        ("graham crackers", 396.0, 449, 0.14),
        ("water crackers", 126.0, 299, 0.10),
        ("protein bar", 60.0, 279, 0.07),
        ("nut bar", 40.0, 189, 0.06),
        ("date bar", 46.5, 199, 0.06),
    ),
    _candy("white chocolate", 110.0, 229, 0.09),
    _candy("hazelnut chocolate", 102.5, 259, 0.09),
    _candy("peanut bar", 53.0, 139, 0.06),
    _candy("coconut bar", 56.5, 149, 0.06),
    _candy("liquorice", 173.0, 249, 0.12),
    _candy("sour worms", 168.5, 259, 0.12),
    _candy("chewing gum", 37.0, 179, 0.06),
    _candy("lollipops", 119.0, 299, 0.12),
    _deposit("cherry cola", 525.0, 199),
    _deposit("diet cola", 522.5, 189),
    _deposit("orange soda", 527.5, 189),
    _deposit("ginger ale", 371.0, 149),
    _deposit("root beer", 373.5, 149),
    _deposit("tonic water", 369.5, 159),
    _deposit("grape soda", 372.5, 149),
    _deposit("energy drink", 263.0, 299),
    _deposit("sugar free energy drink", 267.0, 299),
    _drink("coconut water", 346.0, 329),
    _drink("mango juice", 355.5, 299),
    _drink("green tea", 515.0, 219),
    _drink("peach tea", 517.5, 219),
    _drink("oat drink", 1052.0, 429, 0.075),
    _drink("almond drink", 1044.0, 439, 0.075),
    _drink("vanilla latte", 296.0, 339),
    _drink("berry smoothie", 360.5, 449),
    _drink("vitamin water", 628.0, 249, 0.072),
    _drink("sports drink", 617.0, 239, 0.072),
    *_foods(
        "dairy",
        ("vanilla yogurt", 161.0, 169, 0.075),
        ("peach yogurt", 164.0, 169, 0.075),
        ("whole milk", 1061.0, 259, 0.095),
        ("skimmed milk", 1075.0, 249, 0.095),
        ("chocolate milk", 497.0, 229, 0.07),
        ("kefir", 538.0, 349, 0.07),
        ("cottage cheese", 466.0, 399, 0.11),
        ("sour cream", 237.0, 259, 0.10),
        ("cheddar slices", 227.0, 499, 0.12),
        ("gouda slices", 228.0, 529, 0.12),
        ("mozzarella", 234.0, 479, 0.11),
        ("string cheese", 170.5, 429, 0.12),
        ("hummus", 284.0, 459, 0.11),
        ("salted butter", 255.5, 449, 0.12),
        spread=0.006,
    ),
    *_foods(
        "pantry",
        ("chicken soup", 370.5, 259, 0.075),
        ("bean chili", 442.0, 319, 0.075),
        ("chickpeas can", 428.0, 169, 0.075),
        ("black beans can", 424.5, 169, 0.075),
        ("sweet corn can", 436.5, 179, 0.075),
        ("salmon can", 190.0, 449, 0.085),
        ("sardines", 131.0, 279, 0.11),
        ("spaghetti", 503.5, 219, 0.09),
        ("penne", 504.5, 219, 0.13),
        ("basmati rice", 917.0, 449, 0.13),
        ("rolled oats", 511.0, 429, 0.13),
        ("almond butter", 331.0, 899, 0.08),
        ("strawberry jam", 385.0, 399, 0.08),
        ("honey", 395.0, 629, 0.08),
        ("ketchup", 565.0, 349, 0.085),
        ("mustard", 322.0, 249, 0.07),
        ("olive oil", 889.0, 1099, 0.08),
        ("shrimp ramen bag", 86.0, 119, 0.13),
        ("spicy cup noodles", 65.0, 159, 0.10),
        ("ground coffee", 340.5, 999, 0.11),
    ),
    *_foods(
        "bakery",
        ("sandwich bread", 576.0, 349, 0.13),
        ("wheat bread", 566.0, 379, 0.13),
        ("plain bagels", 482.0, 449, 0.15),
        ("blueberry muffin", 113.0, 279, 0.10),
        ("croissant", 68.0, 249, 0.13),
        ("flour tortillas", 455.0, 379, 0.20),
        spread=0.015,
    ),
    _hot("chicken wrap", 274.0, 799, 0.12),
    _hot("margherita slice", 181.0, 449, 0.18),
    _hot("pepperoni slice", 186.0, 499, 0.18),
    _hot("mac and cheese bowl", 313.0, 699, 0.14),
    _hot("breakfast burrito", 241.0, 649, 0.12),
    _alcohol("beer", "pale ale", 371.5, 329, 0.068),
    _alcohol("beer", "lager", 370.0, 279, 0.068),
    _alcohol("beer", "wheat beer", 551.0, 399, 0.066),
    _alcohol("beer", "stout", 559.5, 429, 0.066),
    _alcohol("beer", "pear cider", 547.0, 389, 0.066),
    _alcohol("wine", "red wine", 1251.0, 1299, 0.082),
    _alcohol("wine", "white wine", 1236.0, 1199, 0.082),
    _alcohol("wine", "rose wine", 1245.0, 1249, 0.082),
    _alcohol("wine", "sparkling wine", 1562.0, 1599, 0.09),
    *_general(
        "supplement",
        ("vitamin c tablets", 98.0, 1199, 0.07),
        ("vitamin d tablets", 91.5, 1099, 0.07),
        ("magnesium tablets", 137.5, 1299, 0.07),
        ("fish oil capsules", 254.5, 1899, 0.08),
        ("whey protein", 930.0, 2999, 0.14),
    ),
    *_general(
        "pet food",
        ("cat food tin", 156.0, 129, 0.085),
        ("kitten food tin", 159.5, 139, 0.085),
        ("dog food tin", 419.0, 219, 0.085),
        ("dog biscuits", 409.0, 499, 0.16),
        ("cat treats", 57.0, 249, 0.13),
    ),
    _household("shampoo", 414.0, 599, 0.075),
    _household("conditioner", 448.5, 599, 0.075),
    _household("deodorant", 107.5, 499, 0.07),
    _household("shaving foam", 305.0, 449, 0.06),
    _household("lip balm", 12.0, 299, 0.05),
    _household("dish soap", 642.0, 349, 0.09, tagged=False),
    _household("paper towels", 278.0, 279, 0.13, tagged=False),
    _household("sponges", 63.0, 299, 0.12, tagged=False),
    *_general(
        "electronics",
        ("charging cable", 41.0, 1499, 0.09),
        ("wall charger", 88.5, 1999, 0.09),
        ("earphones", 67.5, 2499, 0.10),
        ("power bank", 265.5, 2999, 0.10),
        ("button cells", 15.0, 599, 0.08),
        tagged=True,
    ),
    _produce("banana", 118.0, 169, 15.0, 0.10),
    _produce("orange", 191.0, 349, 20.0),
    _produce("lemon", 112.0, 449, 13.0, 0.07),
    _produce("avocado", 205.0, 799, 21.0),
    _produce("tomato", 126.0, 499, 17.0),
    _produce("red pepper", 175.0, 599, 22.0, 0.09),
    _produce("yellow onion", 148.0, 249, 24.0),
    _produce("sweet potato", 241.0, 299, 48.0, 0.09),
    _produce("pear", 171.0, 429, 19.0),
    _produce("kiwi", 88.0, 549, 9.0, 0.06),
    _produce("cucumber", 301.0, 299, 34.0, 0.07),
)
