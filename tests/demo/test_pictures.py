import numpy as np

from ecoflap.demo.drawing import draw
from ecoflap.demo.pictures import COLUMNS, image_processor, item_table, load_pictures, scene_from, turned
from ecoflap.demo.scenes import SIDE, scene_of


def test_a_table_keeps_what_questions_need():
    scene = scene_of("train", 5)
    again = scene_from(item_table(scene))
    for item, kept in zip(scene.items, again.items, strict=True):
        assert (item.shape, item.colour, item.size, item.cell) == (kept.shape, kept.colour, kept.size, kept.cell)
        assert abs(item.x - kept.x) + abs(item.y - kept.y) < 1e-3


def test_turning_moves_the_items_with_the_pixels():
    table = np.zeros((6, len(COLUMNS)), np.float32)
    table[0] = 1, 2, 1, 0, 30, 70, 18
    pixels = np.zeros((3, SIDE, SIDE), np.uint8)
    pixels[:, 70, 30] = 255
    places = set()
    for turn in range(8):
        picture, moved = turned(pixels, table, turn)
        y, x = (int(axis[0]) for axis in np.nonzero(picture[0]))
        assert abs(moved[0, 4] - x) <= 1 and abs(moved[0, 5] - y) <= 1
        assert not moved[1:].any() and (moved[0, :4] == table[0, :4]).all()
        places.add((x, y))
    assert len(places) == 8


def test_pictures_are_drawn_once_as_the_processor_sees_them(tmp_path):
    first = load_pictures(tmp_path, 6, seed=4)
    wanted = image_processor()(draw(scene_of("train", 2, 4)), return_tensors="np")["pixel_values"][0]
    assert np.abs((first.pixels[2] / 255 - 0.5) / 0.25 - wanted).max() < 1e-5
    assert (first.items[2] == item_table(scene_of("train", 2, 4))).all()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    load_pictures(tmp_path, 6, seed=4)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times
