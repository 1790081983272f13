"""The tables of a store folder: each key of store.toml and each column of the CSV files with its rule."""

from fusion import store_rules as rules
from fusion.store_rules import Rule, one_of

IDENTIFIER = Rule("1 to 64 of A-Z a-z 0-9 . _ -", rules.identifier)
TEXT = Rule("a text", rules.text)
NUMBER = Rule("a finite number", rules.number)
POSITIVE = Rule("a number above 0", rules.positive)
NOT_NEGATIVE = Rule("a number of 0 or more", rules.not_negative)
COUNT = Rule("an integer of 0 or more", rules.count)
OUTLINE = Rule("at least 3 points [x, y] around an area", rules.outline)
YES_NO = one_of("true", "false")

TOP: dict[str, Rule] = {
    "contract": Rule("1", rules.contract_version),
    "store_id": IDENTIFIER,
    "currency": TEXT,
    "timezone": TEXT,
    "handover": one_of("holder", "picker"),
}
FLOOR: dict[str, Rule] = {"outline": OUTLINE}
TAX_RATE = Rule("a rate from 0 to 1", rules.share)

ROWS: dict[str, dict[str, Rule]] = {
    "fixture": {"id": IDENTIFIER, "outline": OUTLINE, "height": POSITIVE},
    "gate": {
        "id": IDENTIFIER,
        "kind": one_of("entry", "exit", "both"),
        "line": Rule("two different points [x, y]", rules.line),
    },
    "camera": {
        "id": IDENTIFIER,
        "kind": one_of("image", "depth"),
        "size": Rule("[width, height] in px, both above 0", rules.size_px),
        "K": Rule("[fx, fy, cx, cy] in px, fx and fy above 0", rules.camera_matrix),
        "dist": Rule("5 finite numbers", rules.numbers(5)),
        "R": Rule("9 numbers of a rotation matrix, row-major", rules.rotation),
        "T": Rule("3 finite numbers", rules.numbers(3)),
        "fps": POSITIVE,
    },
    "cart": {"id": IDENTIFIER},
    "portal": {"id": IDENTIFIER, "gate": IDENTIFIER},
}

PLATES: dict[str, Rule] = {
    "plate": IDENTIFIER,
    "gondola": IDENTIFIER,
    "shelf": IDENTIFIER,
    "controller": IDENTIFIER,
    "channel": COUNT,
    "x": NUMBER,
    "y": NUMBER,
    "z": NUMBER,
    "yaw": NUMBER,
    "width": POSITIVE,
    "depth": POSITIVE,
    "capacity_g": POSITIVE,
}
PRODUCTS: dict[str, Rule] = {
    "sku": IDENTIFIER,
    "name": TEXT,
    "price": Rule("an integer of 0 or more, in cents", rules.count),
    "unit": one_of("each", "kg"),
    "mass_g": POSITIVE,
    "mass_sd_g": NOT_NEGATIVE,
    "category": TEXT,
    "tax_class": TEXT,
    "snap": YES_NO,
    "min_age": Rule("an integer of 0 or more, or nothing", rules.age),
    "epc_prefix": Rule("hexadecimal digits, or nothing", rules.epc_prefix),
}
FACINGS: dict[str, Rule] = {
    "facing": IDENTIFIER,
    "sku": IDENTIFIER,
    "plates": Rule("different plate ids separated by spaces", rules.identifiers),
    "qty": COUNT,
}
