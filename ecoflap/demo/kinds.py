"""The nine types of question: each maker turns a scene into a question and its answer, or None if none fits.

They are balanced by choosing the answer before the question.
"""

import random
from collections.abc import Callable

from ecoflap.demo.scenes import COLOURS, SHAPES, SIZES, Item, Scene
from ecoflap.demo.words import (
    COLOUR_WORDS,
    OPENINGS,
    THINGS,
    Phrase,
    any_phrase,
    article,
    caption_of,
    place_of,
    unique_phrases,
)

Pair = tuple[str, str]
CLEAR = 40
TRIES = 12


def colour(scene: Scene, rng: random.Random) -> Pair | None:
    """What colour is the circle?"""
    found = _pick(scene, rng, "colour")
    if not found:
        return None
    words, item = found
    shade = rng.choice(COLOUR_WORDS)
    form = rng.choice(
        (f"what {shade} is the {words}", f"which {shade} does the {words} have", f"the {words} is what {shade}")
    )
    return form, item.colour


def shape(scene: Scene, rng: random.Random) -> Pair | None:
    """What shape is the red thing?"""
    found = _pick(scene, rng, "shape")
    if not found:
        return None
    words, item = found
    return rng.choice(
        (f"what shape is the {words}", f"which shape does the {words} have", f"what is the {words}")
    ), item.shape


def size(scene: Scene, rng: random.Random) -> Pair | None:
    """What size is the red circle?"""
    found = _pick(scene, rng, "size")
    if not found:
        return None
    words, item = found
    forms = (
        f"what size is the {words}",
        f"is the {words} small or large",
        f"is the {words} big or small",
        f"how big is the {words}",
    )
    return rng.choice(forms), item.size


def count(scene: Scene, rng: random.Random) -> Pair:
    """How many red shapes are there? The number is drawn first, among those that some question has."""
    by_number: dict[int, list[Phrase]] = {}
    for phrase in (Phrase(), *(any_phrase(rng, scene) for _ in range(TRIES))):
        by_number.setdefault(phrase.count(scene), []).append(phrase)
    number = rng.choice(sorted(by_number))
    words = rng.choice(by_number[number]).say(rng, plural=True)
    forms = (
        f"how many {words} are there",
        f"how many {words} do you see",
        f"how many {words} are in the picture",
        f"count the {words}",
    )
    return rng.choice(forms), str(number)


def existence(scene: Scene, rng: random.Random) -> Pair | None:
    """Is there a red circle?"""
    wanted = rng.random() < 0.5
    phrase = _first(rng, scene, lambda phrase: (phrase.count(scene) > 0) == wanted)
    if not phrase:
        return None
    one, many = article(phrase.say(rng)), phrase.say(rng, plural=True)
    forms = (f"is there {one}", f"is there {one} in the picture", f"are there any {many}", f"do you see {one}")
    return rng.choice(forms), _yes(wanted)


def where(scene: Scene, rng: random.Random) -> Pair | None:
    """Where is the red circle? One of the four quarters of the picture."""
    found = _pick(scene, rng, "")
    if not found:
        return None
    words, item = found
    return rng.choice(
        (f"where is the {words}", f"in which corner is the {words}", f"which quarter holds the {words}")
    ), place_of(item)


def relation(scene: Scene, rng: random.Random) -> Pair | None:
    """Is the red circle left of the blue square? Or: left or right of it? Never when the two are nearly level."""
    pairs = [
        (first, second, axis)
        for first in scene.items
        for second in scene.items
        for axis in "xy"
        if abs(getattr(first, axis) - getattr(second, axis)) >= CLEAR
    ]
    rng.shuffle(pairs)
    for first, second, axis in pairs:
        options = [unique_phrases(scene, item) for item in (first, second)]
        if all(options):
            one, other = (rng.choice(phrases).say(rng) for phrases in options)
            return _relation(rng, one, other, axis, getattr(first, axis) < getattr(second, axis))
    return None


def comparison(scene: Scene, rng: random.Random) -> Pair | None:
    """Are there more red shapes than blue shapes?"""
    wanted, kind = rng.random() < 0.5, rng.choice(("more", "fewer", "same"))
    for _ in range(3 * TRIES):
        name = rng.choice(("colour", "colour", "shape", "shape", "size"))
        pool = {"colour": COLOURS, "shape": SHAPES, "size": SIZES}[name]
        seen = sorted({getattr(item, name) for item in scene.items})
        first, second = (rng.choice(seen if rng.random() < 0.75 else pool) for _ in range(2))
        if first == second:
            continue
        phrases = [Phrase(**{name: value}) for value in (first, second)]
        gap = phrases[0].count(scene) - phrases[1].count(scene)
        if {"more": gap > 0, "fewer": gap < 0, "same": gap == 0}[kind] == wanted:
            one, other = (phrase.say(rng, plural=True) for phrase in phrases)
            return _comparison(rng, kind, one, other), _yes(wanted)
    return None


def caption(scene: Scene, rng: random.Random) -> Pair:
    """Describe the picture."""
    return rng.choice(OPENINGS), caption_of(scene)


KINDS: dict[str, Callable[[Scene, random.Random], Pair | None]] = {
    maker.__name__: maker for maker in (colour, shape, size, count, existence, where, relation, comparison, caption)
}


def _pick(scene: Scene, rng: random.Random, without: str) -> tuple[str, Item] | None:
    """An item and words that fit it alone without naming one attribute."""
    options = [(phrase, item) for item in scene.items for phrase in unique_phrases(scene, item, without)]
    if not options:
        return None
    phrase, item = rng.choice(options)
    noun_given = phrase.shape or without != "shape"
    words = phrase.say(rng) if noun_given else phrase.say(rng).rsplit(" ", 1)[0] + " " + rng.choice(THINGS[1:])
    return words, item


def _first(rng: random.Random, scene: Scene, fits: Callable[[Phrase], bool]) -> Phrase | None:
    """The first of some random phrases that fits."""
    return next((phrase for phrase in (any_phrase(rng, scene) for _ in range(TRIES)) if fits(phrase)), None)


def _relation(rng: random.Random, one: str, other: str, axis: str, before: bool) -> Pair:
    """The words of a relation: `before` when the first lies left of or above the second."""
    near, far = ("left", "right") if axis == "x" else ("above", "below")
    of = " of" if axis == "x" else ""
    if rng.random() < 0.5:
        return f"is the {one} {near} or {far}{of} the {other}", near if before else far
    asked = rng.choice((near, far))
    to = "to the " if axis == "x" and rng.random() < 0.5 else ""
    return f"is the {one} {to}{asked}{of} the {other}", _yes((asked == near) == before)


def _comparison(rng: random.Random, kind: str, one: str, other: str) -> str:
    if kind == "same":
        forms = (f"are there as many {one} as {other}", f"is the number of {one} and {other} the same")
        return rng.choice(forms)
    form = rng.choice(("are there {} {} than {}", "do you see {} {} than {}"))
    return form.format(kind, one, other)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"
