"""Seeded scenes of one to six drawn shapes: what is where, on which ground. The drawing is in drawing.py."""

import math
import random
from dataclasses import dataclass

SIDE = 256
GRID = 4
CELL = SIDE // GRID
EDGE = 3
SHAPES = ("circle", "square", "triangle", "star")
SIZES = ("small", "large")
RADII = {"small": (17.0, 21.0), "large": (29.0, 35.0)}
SPLITS = ("train", "calibration", "evaluation")
MAX_ITEMS = 6

# Two anchors per colour: a shape's tint lies anywhere between them, the six colours stay clearly apart.
PALETTE = {
    "red": ((214, 44, 48), (250, 10, 20)),
    "green": ((44, 160, 72), (0, 185, 30)),
    "blue": ((40, 90, 214), (20, 40, 245)),
    "yellow": ((244, 206, 44), (255, 235, 20)),
    "purple": ((140, 62, 180), (125, 0, 150)),
    "orange": ((244, 130, 32), (255, 150, 0)),
}
COLOURS = tuple(PALETTE)

STYLES = ("flat", "filled", "outline", "scribble")
GROUNDS = ("white", "plain", "gradient", "dots", "stripes", "checks")


@dataclass(frozen=True)
class Item:
    """One shape: centre (x, y) and circumscribed radius in pixels of the 256-pixel picture, angle in radians."""

    shape: str
    colour: str
    size: str
    x: float
    y: float
    radius: float
    angle: float = 0.0
    tint: tuple[int, int, int] = (0, 0, 0)
    style: str = "flat"
    brush: float = 0.0

    @property
    def cell(self) -> int:
        """Cell of the 4 x 4 grid that holds the centre, counted in reading order from 0."""
        return int(self.y // CELL) * GRID + int(self.x // CELL)


@dataclass(frozen=True)
class Ground:
    """The background: a kind of GROUNDS in two colours, the period of its pattern in pixels, its angle in radians."""

    kind: str = "white"
    base: tuple[int, int, int] = (255, 255, 255)
    accent: tuple[int, int, int] = (255, 255, 255)
    period: float = 32.0
    angle: float = 0.0


@dataclass(frozen=True)
class Scene:
    """Items in reading order of their cells, on a ground; `texture` seeds noise and the wobble of the hand."""

    items: tuple[Item, ...]
    ground: Ground = Ground()
    noise: float = 0.0
    texture: int = 0


def scene_seed(split: str, index: int, seed: int = 0) -> int:
    """A seed that no other (split, index, seed) has: the three are digits of one number, the split the last one.

    `index` is below 2**32 and both numbers are at least 0; ValueError otherwise.
    """
    if split not in SPLITS:
        raise ValueError(f"There is no split '{split}': choose one of {', '.join(SPLITS)}.")
    if not 0 <= index < 2**32 or seed < 0:
        raise ValueError(f"Scene {index} of seed {seed} cannot be: index lies in 0 to 2**32 - 1, seed at 0 or above.")
    return ((seed << 32) + index) * len(SPLITS) + SPLITS.index(split)


def scene_of(split: str, index: int, seed: int = 0) -> Scene:
    """The scene that belongs to this place of this split."""
    return random_scene(random.Random(scene_seed(split, index, seed)))


def random_scene(rng: random.Random) -> Scene:
    """A scene drawn from the whole variety: half of them repeat few colours and shapes, so that counts differ."""
    few = rng.random() < 0.5
    colours = rng.sample(COLOURS, rng.randint(2, 3)) if few else COLOURS
    shapes = rng.sample(SHAPES, rng.randint(1, 2)) if few and rng.random() < 0.6 else SHAPES
    by_hand = rng.random() < 0.3
    items: list[Item] = []
    cells = rng.sample(range(GRID * GRID), GRID * GRID)
    wanted = rng.randint(1, MAX_ITEMS)
    while cells and len(items) < wanted:
        item = _place(rng, cells.pop(), items, rng.choice(shapes), rng.choice(colours))
        if item:
            items.append(_styled(rng, item, by_hand))
    items.sort(key=lambda item: item.cell)
    return Scene(tuple(items), _ground(rng, by_hand), _noise(rng), rng.getrandbits(32))


def _place(rng: random.Random, cell: int, others: list[Item], shape: str, colour: str) -> Item | None:
    """An item centred in the cell, off its border and inside the picture, that touches no other; None if none fits.

    The strip along the cell's border stays free of centres, so that "top" and "left" are never a matter of a pixel.
    """
    size = rng.choice(SIZES)
    for _ in range(6):
        radius = rng.uniform(*RADII[size])
        low, high = radius + 2, SIDE - radius - 2
        left, top = (cell % GRID) * CELL, (cell // GRID) * CELL
        x = rng.uniform(max(low, left + EDGE), min(high, left + CELL - EDGE))
        y = rng.uniform(max(low, top + EDGE), min(high, top + CELL - EDGE))
        if all(math.hypot(x - o.x, y - o.y) > radius + o.radius + 3 for o in others):
            return Item(shape, colour, size, x, y, radius, rng.uniform(0, 2 * math.pi))
    return None


def _styled(rng: random.Random, item: Item, by_hand: bool) -> Item:
    """The item with a tint between its colour's anchors, and a brush when it is drawn by hand."""
    first, second = PALETTE[item.colour]
    mix = rng.random()
    tint = tuple(
        max(0, min(255, round(a + (b - a) * mix + rng.uniform(-8, 8)))) for a, b in zip(first, second, strict=True)
    )
    style = rng.choice(STYLES[1:]) if by_hand else "flat"
    # A brush wider than half the radius would leave a blob that nobody could name.
    brush = min(rng.uniform(3.5, 16), 0.45 * item.radius) if by_hand else 0.0
    return Item(item.shape, item.colour, item.size, item.x, item.y, item.radius, item.angle, tint, style, brush)


def _ground(rng: random.Random, by_hand: bool) -> Ground:
    """White or plain under a hand drawing, anything else otherwise: tints, low-contrast patterns, one in six dark."""
    kind = rng.choices(GROUNDS[:2], (4, 1))[0] if by_hand else rng.choice(GROUNDS)
    if kind == "white":
        return Ground()
    low, high = (18, 62) if rng.random() < 1 / 6 else (205, 255)
    level = rng.uniform(low, high)
    base = tuple(round(max(0, min(255, level + rng.uniform(-14, 14)))) for _ in range(3))
    accent = tuple(round(max(0, min(255, c + rng.uniform(-22, 22)))) for c in base)
    return Ground(kind, base, accent, rng.uniform(14, 48), rng.uniform(0, math.pi))


def _noise(rng: random.Random) -> float:
    """Standard deviation of the pixel noise in levels of 255; two pictures in three have none."""
    return rng.uniform(1, 7) if rng.random() < 1 / 3 else 0.0
