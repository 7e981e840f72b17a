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
    (0, -1, ("leftmost", "left most", "far left", "furthest left", "westernmost"), "left"),
    (0, 1, ("rightmost", "right most", "far right", "furthest right", "easternmost"), "right"),
    (1, -1, ("topmost", "uppermost", "top most", "highest", "northernmost"), "top"),
    (1, 1, ("lowest", "bottommost", "lowermost", "bottom most", "southernmost"), "bottom"),
)
EXTREME = (
    "the {word} {name}",
    "the {word} {name}",
    "{word} {name}",
    "the {name} furthest to the {side}",
    "the {name} closest to the {side} edge",
    "the first {name} from the {side}",
    "the {name} at the far {side}",
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
LARGEST = ("largest", "biggest", "large", "big", "larger", "bigger")
SMALLEST = ("smallest", "tiniest", "small", "little", "smaller", "tiny")
SIZED = ("the {word} {name}", "the {word} {name}", "{word} {name}", "the {name} that is {word}")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
RANKED = (
    "the {rank} {name} {side}",
    "the {rank} {name} {side}",
    "{rank} {name} {side}",
    "the {name} that is {rank} {side}",
    "the {name} {rank} {side}",
)
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

REQUESTS = (
    "segment",
    "find",
    "show",
    "highlight",
    "select",
    "outline",
    "mask",
    "extract",
    "locate",
    "identify",
    "mark",
    "show me",
    "please segment",
    "where is",
)
PLACES = (
    "in the image",
    "in the picture",
    "of the image",
    "in the scene",
    "in this view",
    "in this image",
    "in the aerial image",
    "in the photo",
    "here",
)
PLACED = (" of the ", " in the ", "image", "scene", " edge")
"""A phrase with one of these already says where."""

# Whole phrases; "{name}" is a noun, "{names}" its plural.
BARE = (
    "{name}",
    "the {name}",
    "all {names}",
    "{names}",
    "the {names}",
    "every {name}",
    "a {name}",
    "any {name}",
    "the largest {name}",
    "the leftmost {name}",
    "the {name} on the left",
    "the {name} on the right",
    "the {name} at the top",
    "the {name} at the lower right",
    "the second {name} from the left",
    "the small {name}",
    "the {name} in the middle",
)
UNIQUE = ("the {name}", "the {name}", "{name}", "the only {name}", "the single {name}", "a {name}")
ALL = (
    "all {names}",
    "all the {names}",
    "every {name}",
    "{names}",
    "the {names}",
    "{name}",
    "each {name}",
    "any {name}",
    "all of the {names}",
    "each of the {names}",
    "all visible {names}",
)
ON_SIDE = (
    "the {name} on the {side}",
    "the {name} at the {side}",
    "{name} on the {side}",
    "the {name} to the {side}",
    "the {name} that is on the {side}",
    "the {name} on the {side} of the image",
)
CENTRED = (
    "the {name} in the middle",
    "the {name} in the center",
    "the central {name}",
    "the {name} at the center of the image",
    "the {name} in the centre",
    "{name} in the middle",
    "the middle {name}",
    "the {name} at the middle of the image",
    "the center {name}",
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
    "the {name} in the {zone} of the image",
    "the {name} situated in the {zone}",
    "the {name} that is at the {zone}",
    "the {name} on the {zone} side",
    "{zone} {name}",
)
COUNTED = ("the {number} {names}", "all {number} {names}", "{number} {names}")

HYPHENATED = r"\b(upper|lower|top|bottom|left|right) (left|right|most)\b"
"""Two words of place that some people join."""
