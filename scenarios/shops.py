"""The shops that scenarios are played in, by name: three small ones drawn by hand, the others by their size."""

from functools import lru_cache
from typing import Final

from scenarios.island import WIDE
from scenarios.load_shops import LOAD_SIZES, nano_load, size_given
from scenarios.plan import Block, CeilingCamera, Door, Gondola, Shop, place
from scenarios.shop_size import AREA_M2, PLACES, Size, shop_of_size, size_of

CEILING_M: Final = 3.0
NANO_SHELVES: Final = (0.2, 0.5, 0.8, 1.1, 1.4, 1.7)

# Each has a store room, open at one side, whose inside no camera sees.
KIOSK: Final = Shop(
    store_id="kiosk-01",
    size=(3.8, 3.0),
    doors=(Door("door", "both", 0.7, 1.9),),
    gondolas=(Gondola("G1", (2.2, 2.5), 0.0, shelf_z=(0.35, 0.8, 1.25), height_m=1.6),),
    blocks=(
        Block("store-room", (2.72, 0.0), (2.82, 1.3), CEILING_M),
        Block("counter", (1.5, 0.0), (2.3, 0.4), 0.95),
    ),
    places={"nook": place((3.3, 0.38), (3.45, 0.2, 0.0)), "counter": place((1.9, 0.78), (1.9, 0.25, 0.95))},
    cameras=(
        CeilingCamera("cam-01", "depth", (0.2, 2.8, 2.7), (1.9, 1.3, 1.2)),
        CeilingCamera("cam-02", "depth", (2.5, 0.2, 2.7), (2.2, 2.0, 1.0)),
        CeilingCamera("cam-03", "depth", (2.4, 1.8, 2.9), (2.4, 1.9, 0.0)),
        CeilingCamera("cam-04", "image", (0.7, 0.2, 2.7), (2.0, 1.9, 1.0), fps=15.0),
    ),
    carts=("cart-01",),
    articles=(
        "sea salt crisps",
        "paprika crisps",
        "oat cookies",
        "milk chocolate",
        "dark chocolate",
        "cola",
        "lemonade",
        "tuna can",
        "hand soap",
        "batteries",
    ),
)

CORNER: Final = Shop(
    store_id="corner-01",
    size=(6.0, 5.0),
    doors=(Door("door", "both", 0.7, 1.9),),
    gondolas=(
        Gondola("G1", (2.2, 4.55), 0.0),
        Gondola("G2", (3.75, 4.55), 0.0),
        Gondola("G3", (5.55, 3.4), -90.0),
    ),
    blocks=(
        Block("store-room", (4.95, 0.0), (5.05, 1.3), CEILING_M),
        Block("counter", (3.2, 0.0), (4.2, 0.4), 0.95),
    ),
    places={"nook": place((5.55, 0.42), (5.7, 0.2, 0.0)), "counter": place((3.7, 0.8), (3.7, 0.25, 0.95))},
    cameras=(
        CeilingCamera("cam-01", "depth", (0.3, 4.7, 2.7), (2.2, 2.6, 0.9)),
        CeilingCamera("cam-02", "depth", (4.8, 0.3, 2.7), (3.6, 2.6, 0.9)),
        CeilingCamera("cam-03", "depth", (2.9, 3.3, 2.9), (2.9, 3.9, 0.0)),
        CeilingCamera("cam-04", "depth", (0.9, 1.4, 2.9), (1.0, 1.5, 0.0)),
        CeilingCamera("cam-05", "image", (0.3, 0.3, 2.7), (2.6, 2.4, 0.9), fps=15.0),
        CeilingCamera("cam-06", "image", (5.7, 4.4, 2.7), (3.2, 3.3, 0.9), fps=15.0),
        CeilingCamera("cam-07", "image", (4.6, 2.9, 2.9), (4.7, 3.5, 0.0), fps=15.0),
    ),
    carts=("cart-01", "cart-02"),
)

# Four gondolas along the back wall and one at the side, as in AiFi's store; a store room opens into the left corner.
NANO: Final = Shop(
    store_id="nano-01",
    size=(6.4, 4.0),
    doors=(Door("door", "both", 1.4, 2.6),),
    gondolas=(
        *(
            Gondola(f"G{at + 1}", (1.3 + 1.08 * at, 3.56), 0.0, NANO_SHELVES, plates=10, height_m=2.0)
            for at in range(4)
        ),
        Gondola("G5", (5.96, 2.9), -90.0, NANO_SHELVES, plates=10, height_m=2.0),
    ),
    blocks=(
        Block("store-room", (0.0, 0.86), (1.3, 0.96), CEILING_M),
        Block("counter", (2.2, 0.0), (3.2, 0.45), 0.95),
    ),
    places=PLACES,
    cameras=(
        CeilingCamera("cam-01", "image", (1.9, 0.2, 2.8), (1.9, 2.4, 0.9)),
        CeilingCamera("cam-02", "depth", (3.3, 0.2, 2.8), (3.3, 2.4, 0.9)),
        CeilingCamera("cam-03", "image", (4.7, 0.2, 2.8), (4.7, 2.4, 0.9)),
        CeilingCamera("cam-04", "depth", (1.9, 3.8, 2.8), (1.9, 1.6, 0.9)),
        CeilingCamera("cam-05", "image", (3.3, 3.8, 2.8), (3.3, 1.4, 0.9)),
        CeilingCamera("cam-06", "depth", (4.7, 3.8, 2.8), (4.7, 1.6, 0.9)),
        CeilingCamera("cam-07", "depth", (2.3, 2.8, 2.9), (2.3, 2.9, 0.0)),
        CeilingCamera("cam-08", "image", (4.3, 2.8, 2.9), (4.3, 2.9, 0.0)),
        CeilingCamera("cam-09", "image", (0.2, 3.8, 2.8), (1.5, 2.2, 0.9)),
        CeilingCamera("cam-10", "depth", (0.9, 2.0, 2.9), (1.0, 2.0, 0.0)),
        CeilingCamera("cam-11", "depth", (6.2, 3.8, 2.8), (6.1, 2.0, 0.9)),
        CeilingCamera("cam-12", "image", (6.2, 0.2, 2.8), (5.2, 2.0, 0.9)),
    ),
    carts=("cart-01", "cart-02"),
    cart_bay=(3.7, 0.35),
    is_drawn=True,
)

DRAWN_BY_HAND: Final = {"kiosk": KIOSK, "corner": CORNER, "nano": NANO}
SIZES: Final = {
    "go": Size("go-01", 170.0, plates=1500, cameras=40, carts=0, produce_islands=0),
    "market": Size("market-01", 800.0, plates=4000, cameras=120, carts=12, produce_islands=2, unit=WIDE),
}
SHOPS: Final = (*DRAWN_BY_HAND, *SIZES)


@lru_cache(maxsize=8)
def shop_named(name: str) -> Shop:
    """Return the plan of a named shop, or of one of any size, as "250m2"; raises ValueError with what is known."""
    if name in DRAWN_BY_HAND:
        return DRAWN_BY_HAND[name]
    if name == "load-s":
        return nano_load(NANO)
    if (given := size_given(name)) is not None:
        return shop_of_size(given)
    if name in LOAD_SIZES:
        return shop_of_size(LOAD_SIZES[name])
    if name in SIZES:
        return shop_of_size(SIZES[name])
    digits = name.removesuffix("m2")
    if digits != name and digits.isdigit() and AREA_M2[0] <= int(digits) <= AREA_M2[1]:
        return shop_of_size(size_of(int(digits)))
    sizes = f'a size from "{AREA_M2[0]}m2" to "{AREA_M2[1]}m2"'
    raise ValueError(f"store: expected one of {', '.join(SHOPS)} or {sizes}, received {name!r}")
