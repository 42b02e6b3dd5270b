import math
import random

import pytest

from ecoflap.demo.scenes import (
    CELL,
    EDGE,
    MAX_ITEMS,
    SIDE,
    SPLITS,
    Item,
    random_scene,
    scene_of,
    scene_seed,
)

SCENES = [random_scene(random.Random(seed)) for seed in range(300)]


def test_every_scene_seed_gives_back_its_split_index_and_seed():
    for split in SPLITS:
        for index in (0, 1, 2**31, 2**32 - 1):
            for seed in (0, 1, 977):
                rest, place = divmod(scene_seed(split, index, seed), len(SPLITS))
                assert (SPLITS[place], rest % 2**32, rest >> 32) == (split, index, seed)


def test_train_calibration_and_evaluation_seeds_never_meet():
    seeds = {split: {scene_seed(split, i, s) for i in range(2000) for s in range(5)} for split in SPLITS}
    assert len(set.union(*seeds.values())) == 3 * 2000 * 5


def test_the_splits_show_different_scenes():
    first = {split: {scene_of(split, index).items for index in range(200)} for split in SPLITS}
    assert len(set.union(*first.values())) == 600


@pytest.mark.parametrize(
    ("split", "index", "seed"), [("test", 0, 0), ("train", -1, 0), ("train", 2**32, 0), ("train", 0, -1)]
)
def test_a_place_outside_the_splits_is_refused(split, index, seed):
    with pytest.raises(ValueError, match="split 'test'|index lies in"):
        scene_seed(split, index, seed)


def test_the_same_seed_makes_the_same_scene():
    assert scene_of("train", 7, 3) == scene_of("train", 7, 3)
    assert scene_of("train", 7, 3) != scene_of("train", 8, 3)


def test_items_lie_inside_apart_and_off_the_cell_borders():
    for scene in SCENES:
        assert 1 <= len(scene.items) <= MAX_ITEMS
        for number, item in enumerate(scene.items):
            for middle in (item.x, item.y):
                assert item.radius <= middle <= SIDE - item.radius
                assert EDGE <= middle % CELL <= CELL - EDGE
            for other in scene.items[:number]:
                assert math.hypot(item.x - other.x, item.y - other.y) > item.radius + other.radius


def test_items_come_in_reading_order_one_to_a_cell():
    for scene in SCENES:
        cells = [item.cell for item in scene.items]
        assert cells == sorted(set(cells))


def test_the_cell_is_counted_row_by_row():
    assert Item("circle", "red", "small", 70, 10, 18).cell == 1
    assert Item("circle", "red", "small", 10, 70, 18).cell == 4
    assert Item("circle", "red", "small", 250, 250, 18).cell == 15


def test_every_number_shape_colour_size_style_and_ground_occurs():
    items = [item for scene in SCENES for item in scene.items]
    assert {len(scene.items) for scene in SCENES} == {1, 2, 3, 4, 5, 6}
    assert len({item.shape for item in items}) == 4
    assert len({item.colour for item in items}) == 6
    assert len({item.style for item in items}) == 4
    assert {item.size for item in items} == {"small", "large"}
    assert len({scene.ground.kind for scene in SCENES}) == 6
