"""The noun phrases of the demo's language: what a phrase means on a scene, and how it is put into words."""

import random
from dataclasses import dataclass

from ecoflap.demo.scenes import COLOURS, SHAPES, SIZES, Item, Scene

THINGS = ("shape", "object", "thing")
SYNONYMS = {"small": ("small", "small", "little", "tiny"), "large": ("large", "large", "big")}
COLOUR_WORDS = ("colour", "color")
PLACES = ("top left", "top right", "bottom left", "bottom right")
OPENINGS = (
    "describe the picture",
    "describe the image",
    "describe this picture",
    "what is in the picture",
    "what do you see",
    "what does the picture show",
    "write a caption",
    "caption",
)


@dataclass(frozen=True)
class Phrase:
    """Attributes that an item must have; None leaves one open."""

    size: str | None = None
    colour: str | None = None
    shape: str | None = None

    def fits(self, item: Item) -> bool:
        """Whether the item has every attribute that the phrase names."""
        pairs = ((self.size, item.size), (self.colour, item.colour), (self.shape, item.shape))
        return all(want is None or want == have for want, have in pairs)

    def count(self, scene: Scene) -> int:
        """How many items of the scene the phrase fits."""
        return sum(self.fits(item) for item in scene.items)

    def say(self, rng: random.Random, plural: bool = False) -> str:
        """The phrase in words, without an article: "small red circle", "blue things"."""
        noun = self.shape or rng.choice(THINGS)
        size = rng.choice(SYNONYMS[self.size]) if self.size else None
        return " ".join(word for word in (size, self.colour, noun + "s" * plural) if word)


def article(words: str) -> str:
    """The words behind "a" or "an"."""
    return ("an " if words[0] in "aeiou" else "a ") + words


def phrase_of(item: Item, names: tuple[str, ...]) -> Phrase:
    """The phrase that names these attributes of the item."""
    return Phrase(**{name: getattr(item, name) for name in names})


NAMINGS = (
    ("shape",),
    ("colour",),
    ("size",),
    ("colour", "shape"),
    ("size", "shape"),
    ("size", "colour"),
    ("size", "colour", "shape"),
)


def unique_phrases(scene: Scene, item: Item, without: str = "") -> list[Phrase]:
    """The phrases that fit this item alone, not naming the attribute `without`."""
    phrases = [phrase_of(item, names) for names in NAMINGS if without not in names]
    return [phrase for phrase in phrases if phrase.count(scene) == 1]


def any_phrase(rng: random.Random, scene: Scene) -> Phrase:
    """A phrase of one to three attributes, mostly made of what is on the scene, so that a "no" is a near miss."""
    names = rng.choice(NAMINGS)
    pool = {"size": SIZES, "colour": COLOURS, "shape": SHAPES}
    seen = {name: [getattr(item, name) for item in scene.items] for name in pool}
    return Phrase(**{name: rng.choice(seen[name] if rng.random() < 0.6 else pool[name]) for name in names})


def place_of(item: Item) -> str:
    """The quarter of the picture that holds the item's centre, one of PLACES."""
    return PLACES[2 * (item.cell >= 8) + (item.cell % 4 >= 2)]


def caption_of(scene: Scene) -> str:
    """All items in reading order: "a large red circle, a small blue star and a small green square"."""
    items = [f"a {item.size} {item.colour} {item.shape}" for item in scene.items]
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)
