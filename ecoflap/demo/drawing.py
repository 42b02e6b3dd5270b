"""Scenes to pictures: PIL and numpy only, shapes at twice the size and reduced, the same picture for the same scene."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ecoflap.demo.scenes import SIDE, Ground, Item, Scene

SCALE = 2
CORNERS = {"square": 4, "triangle": 3, "star": 10}
Point = tuple[float, float]


def draw(scene: Scene) -> Image.Image:
    """The scene as a 256 x 256 RGB picture."""
    rng = np.random.default_rng(scene.texture)
    ground = _ground(scene.ground)
    layer = Image.new("RGBA", (SIDE * SCALE, SIDE * SCALE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    for item in scene.items:
        _draw_item(pen, item, rng)
    layer = layer.reduce(SCALE)
    if any(item.style == "flat" for item in scene.items):
        ground = _shaded(ground, layer)
    ground.paste(layer, (0, 0), layer)
    return _noisy(ground, scene.noise, rng)


def outline(item: Item) -> list[Point]:
    """The corners of the item's outline in picture pixels; a circle is a polygon of 40."""
    count = CORNERS.get(item.shape, 40)
    # A circle's disc looks larger than a star of the same circumscribed radius, so it is drawn a little smaller.
    full = item.radius * (0.9 if item.shape == "circle" else 1.0)
    points = []
    for corner in range(count):
        reach = full * (0.46 if item.shape == "star" and corner % 2 else 1.0)
        angle = item.angle + 2 * math.pi * corner / count
        points.append((item.x + reach * math.cos(angle), item.y + reach * math.sin(angle)))
    return points


def stroke(pen: ImageDraw.ImageDraw, points: list[Point], width: float, tint: tuple[int, int, int]) -> None:
    """A round brush drawn along the points (picture pixels) on a layer of twice the size."""
    path = [(x * SCALE, y * SCALE) for x, y in points]
    pen.line(path, fill=(*tint, 255), width=max(1, round(width * SCALE)), joint="curve")
    reach = width * SCALE / 2
    for x, y in (path[0], path[-1]):
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(*tint, 255))


def _draw_item(pen: ImageDraw.ImageDraw, item: Item, rng: np.random.Generator) -> None:
    """The item in its style: flat with a darker rim, or as a hand with a brush would draw it."""
    points = outline(item)
    if item.style == "outline" and item.shape == "star" and rng.random() < 0.5:
        # The star of five crossing lines that people draw without lifting the pen.
        points = [points[corner] for corner in (0, 4, 8, 2, 6)]
    if item.style == "flat":
        rim = tuple(round(level * 0.72) for level in item.tint)
        pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=(*item.tint, 255))
        stroke(pen, [*points, points[0]], 2.0, rim)
        return
    path = _wobbly(points, item, rng)
    if item.style == "filled":
        pen.polygon([(x * SCALE, y * SCALE) for x, y in path], fill=(*item.tint, 255))
    if item.style == "scribble":
        stroke(pen, _zigzag(path, item.brush, rng), item.brush, item.tint)
    # A scribbled star or triangle without its rim is a blot.
    if item.style != "scribble" or item.shape in ("star", "triangle") or rng.random() < 0.6:
        stroke(pen, path, item.brush, item.tint)


def _wobbly(points: list[Point], item: Item, rng: np.random.Generator) -> list[Point]:
    """The closed outline as an unsteady hand follows it, inside the brush's own width; the ends overshoot or gape."""
    corners = np.asarray([*points, points[0]])
    steps = np.linspace(0, len(points), 64)
    path = np.stack([np.interp(steps, np.arange(len(corners)), corners[:, axis]) for axis in (0, 1)], axis=1)
    centre = np.array([item.x, item.y])
    path = centre + (path - centre) * (1 - item.brush / (2.4 * item.radius))
    turns = np.linspace(0, 2 * np.pi, 64)[:, None]
    shake = sum(np.sin(turns * wave + rng.uniform(0, 6.3, 2)) / wave for wave in (2, 3, 5, 8))
    path = path + shake * item.radius * rng.uniform(0.02, 0.07)
    start = rng.integers(0, 63)
    closed = np.roll(path[:-1], start, axis=0)
    end = 64 if rng.random() < 0.7 else 60
    return [tuple(point) for point in np.concatenate([closed, closed[:2]])[:end]]


def _zigzag(path: list[Point], width: float, rng: np.random.Generator) -> list[Point]:
    """A scribble that fills the closed path: to and fro along scan lines tilted by a random angle."""
    tilt = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    flat = np.asarray(path) @ turn
    after = np.roll(flat, -1, axis=0)
    found = []
    for level in np.arange(flat[:, 1].min() + width * 0.3, flat[:, 1].max(), width * rng.uniform(0.6, 1.0)):
        crossing = (flat[:, 1] <= level) != (after[:, 1] <= level)
        part = (level - flat[crossing, 1]) / (after[crossing, 1] - flat[crossing, 1])
        across = np.sort(flat[crossing, 0] + part * (after[crossing, 0] - flat[crossing, 0]))
        line = [(x, level + rng.uniform(-1, 1)) for x in across]
        found += line if len(found) % 4 == 0 else line[::-1]
    if len(found) < 2:
        found = flat.tolist()
    return [tuple(point) for point in np.asarray(found) @ turn.T]


def _ground(ground: Ground) -> Image.Image:
    """The background as a picture: one colour, or two mixed by a smooth pattern."""
    if ground.kind in ("white", "plain"):
        return Image.new("RGB", (SIDE, SIDE), ground.base)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    along = (x * math.cos(ground.angle) + y * math.sin(ground.angle)).astype(np.float32)
    across = (y * math.cos(ground.angle) - x * math.sin(ground.angle)).astype(np.float32)
    wave = np.sin(along * (2 * math.pi / ground.period))
    if ground.kind == "gradient":
        mix = (along - along.min()) / (along.max() - along.min())
    elif ground.kind == "stripes":
        mix = np.clip(wave * 4 + 0.5, 0, 1)
    else:
        other = np.sin(across * (2 * math.pi / ground.period))
        mix = np.clip((wave * other if ground.kind == "checks" else wave + other - 1.2) * 4 + 0.5, 0, 1)
    base, accent = np.asarray(ground.base, np.float32), np.asarray(ground.accent, np.float32)
    return Image.fromarray((base + mix[..., None] * (accent - base)).astype(np.uint8))


def _shaded(ground: Image.Image, layer: Image.Image) -> Image.Image:
    """The ground under a soft shadow of the layer, to the lower right."""
    shadow = Image.new("L", ground.size)
    shadow.paste(layer.getchannel("A").point(lambda level: level * 0.3), (3, 4))
    shadow = shadow.filter(ImageFilter.BoxBlur(3))
    return Image.composite(Image.new("RGB", ground.size, (20, 20, 30)), ground, shadow)


def _noisy(picture: Image.Image, noise: float, rng: np.random.Generator) -> Image.Image:
    """The picture with Gaussian noise of that standard deviation (levels of 255)."""
    if not noise:
        return picture
    grain = rng.standard_normal((SIDE, SIDE, 1), dtype=np.float32) * noise
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
