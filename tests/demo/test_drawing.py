from dataclasses import replace

import numpy as np
import pytest

from ecoflap.demo.drawing import draw, outline
from ecoflap.demo.scenes import GROUNDS, SHAPES, STYLES, Ground, Item, Scene, scene_of

RED = (214, 44, 48)


def _item(shape="circle", style="flat", brush=0.0):
    return Item(shape, "red", "large", 100.0, 150.0, 32.0, 0.3, RED, style, brush)


def test_a_picture_is_256_pixels_of_rgb_and_always_the_same():
    scene = scene_of("train", 3)
    first, second = draw(scene), draw(scene)
    assert (first.size, first.mode) == ((256, 256), "RGB")
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_a_flat_shape_is_drawn_where_the_scene_says_in_its_tint():
    pixels = np.asarray(draw(Scene((_item(),))))
    assert tuple(pixels[150, 100]) == RED
    assert tuple(pixels[30, 30]) == (255, 255, 255)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("style", STYLES)
def test_every_shape_in_every_style_stays_near_its_circle_and_fills_part_of_it(shape, style):
    pixels = np.asarray(draw(Scene((_item(shape, style, 6.0),), texture=5))).astype(int)
    red = np.abs(pixels - RED).sum(axis=2) < 40
    y, x = np.nonzero(red)
    assert red.sum() > 300
    assert np.hypot(x - 100, y - 150).max() < 32 + 8


@pytest.mark.parametrize("kind", GROUNDS[1:])
def test_a_ground_shows_its_colours_and_a_pattern_both(kind):
    pixels = np.asarray(draw(Scene((), Ground(kind, (240, 230, 220), (200, 210, 250), 32.0, 0.4))))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1 or kind == "plain"
    assert pixels.min() >= 200 and pixels.max() <= 250


def test_noise_changes_the_picture_by_its_standard_deviation():
    scene = Scene((), Ground("plain", (128, 128, 128)), noise=5.0, texture=1)
    grain = np.asarray(draw(scene)).astype(float) - np.asarray(draw(replace(scene, noise=0.0)))
    assert 4.5 < grain.std() < 5.5


def test_a_star_has_ten_corners_at_two_distances():
    corners = np.hypot(*(np.asarray(outline(_item("star"))) - (100, 150)).T)
    assert corners.round(2).tolist() == [32.0, 14.72] * 5
