"""The training pictures: drawn once by all cores, kept as small integers beside a table of what is on them."""

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from transformers import BlipImageProcessor

from ecoflap.demo.drawing import draw
from ecoflap.demo.scenes import COLOURS, MAX_ITEMS, SHAPES, SIDE, SIZES, Item, Scene, scene_of

PIXELS = 96
COLUMNS = ("present", "colour", "shape", "size", "x", "y", "radius")
CHUNK = 500


@dataclass(frozen=True)
class Pictures:
    """`pixels` [n, 3, 96, 96] in 0..255 and `items` [n, 6, 7], columns as COLUMNS, absent items all zero."""

    pixels: np.ndarray
    items: np.ndarray


def image_processor() -> BlipImageProcessor:
    """The processor that the model ships with: bicubic to 96 pixels, then around zero."""
    return BlipImageProcessor(
        size={"height": PIXELS, "width": PIXELS}, image_mean=[0.5] * 3, image_std=[0.25] * 3, resample=3
    )


def item_table(scene: Scene) -> np.ndarray:
    """What is on the scene as float32 [6, 7], columns as COLUMNS, names as indices into their lists."""
    table = np.zeros((MAX_ITEMS, len(COLUMNS)), np.float32)
    for row, item in zip(table, scene.items, strict=False):
        names = COLOURS.index(item.colour), SHAPES.index(item.shape), SIZES.index(item.size)
        row[:] = 1, *names, item.x, item.y, item.radius
    return table


def scene_from(table: np.ndarray) -> Scene:
    """The scene of a table [6, 7] as far as questions need it: items in reading order, no looks."""
    items = [
        Item(SHAPES[int(row[2])], COLOURS[int(row[1])], SIZES[int(row[3])], float(row[4]), float(row[5]), float(row[6]))
        for row in table
        if row[0]
    ]
    return Scene(tuple(sorted(items, key=lambda item: item.cell)))


def turned(pixels: np.ndarray, table: np.ndarray, turn: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture [3, h, w] and its table under one of the eight symmetries of the square (turn in 0..7)."""
    table = table.copy()
    x, y = table[:, 4].copy(), table[:, 5].copy()
    if turn & 1:
        pixels, x = pixels[:, :, ::-1], SIDE - x
    if turn & 2:
        pixels, y = pixels[:, ::-1], SIDE - y
    if turn & 4:
        pixels, x, y = pixels.transpose(0, 2, 1), y, x
    table[:, 4], table[:, 5] = np.where(table[:, 0], x, 0), np.where(table[:, 0], y, 0)
    return pixels, table


def load_pictures(folder: Path, count: int, seed: int = 0) -> Pictures:
    """The first `count` training scenes of the seed, drawn into `folder` unless they lie there already."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels, items = folder / f"pixels-{seed}-{count}.npy", folder / f"items-{seed}-{count}.npy"
    if not (pixels.exists() and items.exists()):
        _draw_all(pixels, items, count, seed)
    return Pictures(np.load(pixels, mmap_mode="r"), np.load(items))


def _draw_all(pixels: Path, items: Path, count: int, seed: int) -> None:
    """Draw into files beside the wanted ones, then rename: a file of that name is always whole."""
    drawn = np.lib.format.open_memmap(
        pixels.with_suffix(".part"), mode="w+", dtype=np.uint8, shape=(count, 3, PIXELS, PIXELS)
    )
    tables = np.zeros((count, MAX_ITEMS, len(COLUMNS)), np.float32)
    for start, chunk, chunk_tables in _drawn_chunks(count, seed):
        drawn[start : start + len(chunk)] = chunk
        tables[start : start + len(chunk)] = chunk_tables
    drawn.flush()
    with open(items.with_suffix(".part"), "wb") as file:
        np.save(file, tables)
    os.replace(items.with_suffix(".part"), items)
    os.replace(pixels.with_suffix(".part"), pixels)


def _drawn_chunks(count: int, seed: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """All chunks in any order; a single one is not worth the start of other processes."""
    jobs = [(start, min(count, start + CHUNK), seed) for start in range(0, count, CHUNK)]
    if len(jobs) == 1:
        yield _draw_chunk(jobs[0])
        return
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        yield from pool.imap_unordered(_draw_chunk, jobs)


def _draw_chunk(job: tuple[int, int, int]) -> tuple[int, np.ndarray, np.ndarray]:
    """Scenes start..stop of the seed, reduced exactly as the model's own processor does it, but left in 0..255."""
    start, stop, seed = job
    scenes = [scene_of("train", index, seed) for index in range(start, stop)]
    small = image_processor()(
        [draw(scene) for scene in scenes], do_rescale=False, do_normalize=False, return_tensors="np"
    )
    return start, small["pixel_values"].astype(np.uint8), np.stack([item_table(scene) for scene in scenes])
