"""The words that expressions are made of: places, sides, ranks, relations and whole phrases."""

from __future__ import annotations

ROWS = (("upper", "top"), ("middle", "central"), ("lower", "bottom"))
COLUMNS = (("left",), ("middle", "central"), ("right",))
COMPASS = {(0, 0): "north west", (2, 0): "north east", (0, 2): "south west", (2, 2): "south east"}
SIDE_WORDS = (
    (
        ("left", "left side", "left hand side", "west"),
        ("right", "right side", "right hand side", "east"),
    ),
    (("top", "upper side", "north"), ("bottom", "lower side", "south")),
)
ADJECTIVE_SIDES = ("left", "right", "top", "bottom")
"""Sides that stand before a noun as they are; the others take an ending, as in "western"."""

# Axis, direction, words: what lies furthest, counted from a side, and beside something else.
EXTREMES = (
    (0, -1, ("leftmost", "far left", "westernmost")),
    (0, 1, ("rightmost", "far right", "easternmost")),
    (1, -1, ("topmost", "uppermost", "highest", "northernmost")),
    (1, 1, ("lowest", "bottommost", "southernmost")),
)
SIDES = (
    (0, -1, "from the left"),
    (0, 1, "from the right"),
    (1, -1, "from the top"),
    (1, 1, "from the bottom"),
)
RELATIONS = (
    (0, -1, ("to the left of", "on the left of", "left of", "west of")),
    (0, 1, ("to the right of", "on the right of", "right of", "east of")),
    (1, -1, ("above", "north of", "over")),
    (1, 1, ("below", "south of", "under")),
)
NEARBY = ("closest to", "nearest to", "next to", "beside", "near")
LARGEST = ("largest", "biggest", "large", "big")
SMALLEST = ("smallest", "tiniest", "small", "little")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

REQUESTS = ("segment", "find", "show", "highlight", "select", "outline", "mask", "extract")
PLACES = ("in the image", "in the picture", "of the image", "in the scene", "in this view")
PLACED = (" of the ", " in the ", "image", "scene")
"""A phrase with one of these already says where."""

# Whole phrases; "{name}" is a noun, "{names}" its plural.
BARE = (
    "{name}",
    "the {name}",
    "all {names}",
    "{names}",
    "the {names}",
    "every {name}",
    "the largest {name}",
    "the {name} on the left",
)
ALL = (
    "all {names}",
    "all the {names}",
    "every {name}",
    "{names}",
    "the {names}",
    "{name}",
    "each {name}",
    "any {name}",
)
ON_SIDE = ("the {name} on the {side}", "the {name} at the {side}", "{name} on the {side}")
CENTRED = (
    "the {name} in the middle",
    "the {name} in the center",
    "the central {name}",
    "the {name} at the center of the image",
    "the {name} in the centre",
)
IN_ZONE = (
    "the {zone} {name}",
    "the {name} in the {zone}",
    "the {name} at the {zone}",
    "the {name} in the {zone} corner",
    "the {name} on the {zone}",
    "the {name} located at the {zone}",
    "{name} at the {zone}",
    "the {name} in the {zone} part",
)
COUNTED = ("the {number} {names}", "all {number} {names}", "{number} {names}")
