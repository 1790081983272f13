"""The named scenarios."""

from typing import Final

from scenarios.script import (
    Hold,
    IntoCart,
    Leave,
    Look,
    Pick,
    PutBack,
    Script,
    Shopper,
    TakeCart,
    Touch,
    Walk,
)

SCRIPTS: Final = (
    Script(
        store="corner",
        name="corner",
        about="four shoppers in a small shop: picks, a put-back in place, one elsewhere, a cart",
        shoppers=(
            Shopper(
                "ann",
                2.0,
                (
                    Pick("sea salt crisps"),
                    Look(1.5),
                    Pick("oat cookies"),
                    Hold(1.5),
                    PutBack("oat cookies"),
                    Pick("cola", 2),
                    Leave(),
                ),
            ),
            Shopper(
                "ben",
                6.0,
                (
                    TakeCart("cart-01"),
                    Pick("orange juice"),
                    IntoCart("orange juice"),
                    Touch("tuna can"),
                    Pick("hand soap"),
                    IntoCart("hand soap"),
                    Look(1.0),
                    Pick("peanut butter"),
                    IntoCart("peanut butter"),
                    Leave(),
                ),
            ),
            Shopper(
                "cat",
                11.0,
                (
                    Pick("milk chocolate"),
                    Look(2.0),
                    Pick("plain yogurt"),
                    Look(1.0),
                    PutBack("milk chocolate", beside="ramen bag"),
                    Pick("nougat bar"),
                    Leave(),
                ),
            ),
            Shopper(
                "dan",
                17.0,
                (
                    Pick("corn chips"),
                    Touch("granola bars"),
                    Pick("still water"),
                    Look(1.5),
                    Pick("batteries"),
                    Leave(),
                ),
            ),
        ),
    ),
    Script(
        store="corner",
        name="single",
        about="one shopper, three picks",
        shoppers=(Shopper("ann", 2.0, (Pick("popcorn"), Pick("lemonade"), Pick("lentil soup"), Leave())),),
    ),
    Script(
        store="corner",
        name="put-back",
        about="one shopper takes two things and puts both back in their places",
        shoppers=(
            Shopper(
                "ann",
                2.0,
                (
                    Pick("dark chocolate"),
                    Hold(2.0),
                    PutBack("dark chocolate"),
                    Pick("apple juice"),
                    Look(3.0),
                    PutBack("apple juice"),
                    Leave(),
                ),
            ),
        ),
    ),
    Script(
        store="corner",
        name="crossing",
        about="two shoppers at neighbouring gondolas pick at the same time, then change sides",
        shoppers=(
            Shopper("ann", 2.0, (Pick("fruit gums"), Pick("iced tea"), Leave())),
            Shopper("ben", 4.0, (Pick("sparkling water"), Pick("ginger cookies"), Leave())),
        ),
    ),
    Script(
        store="corner",
        name="cart",
        about="one shopper fills a cart",
        shoppers=(
            Shopper(
                "ann",
                2.0,
                (
                    TakeCart("cart-01"),
                    Pick("cup noodles", 2),
                    IntoCart("cup noodles"),
                    Pick("butter"),
                    IntoCart("butter"),
                    Pick("cold coffee"),
                    IntoCart("cold coffee"),
                    Leave(),
                ),
            ),
        ),
    ),
    Script(
        store="corner",
        name="produce",
        about="one shopper chooses fruit by the piece that is sold by weight, and puts one piece back",
        shoppers=(
            Shopper(
                "ann",
                2.0,
                (
                    Pick("nectarine"),
                    Pick("nectarine"),
                    PutBack("nectarine"),
                    Pick("zucchini"),
                    Leave(),
                ),
            ),
        ),
    ),
    Script(
        store="corner",
        name="empty-visit",
        about="one shopper looks round, touches two products and buys nothing",
        shoppers=(Shopper("ann", 2.0, (Touch("wafer rolls"), Walk("batteries"), Look(2.0), Touch("butter"), Leave())),),
    ),
)


def script_named(name: str) -> Script:
    """Return a scenario; raises ValueError that lists the known names."""
    for script in SCRIPTS:
        if script.name == name:
            return script
    known = ", ".join(script.name for script in SCRIPTS)
    raise ValueError(f"scenario: expected one of {known}, received {name!r}")
