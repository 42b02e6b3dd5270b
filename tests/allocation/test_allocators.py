"""Every allocator: the budget to the weight under the cap whatever the facts, and its own rule on a toy."""

import numpy as np
import pytest

from ecoflap.allocation import ALLOCATORS, Plan
from ecoflap.allocation.groups import Groups
from ecoflap.allocation.registry import find
from ecoflap.types import Recipe, ScoreBundle
from tests.allocation.bundles import every_fact, layer, profile

NAMES = [allocator.name for allocator in ALLOCATORS]


def kept(name, layers, count, cap=1.0):
    """Weights that each layer, a group of its own, keeps."""
    sizes = np.array([one.size for one in layers])
    scores = np.array([find(name).score_of(one) for one in layers], dtype=float)
    return find(name).keep(Groups(sizes, scores, tuple((one,) for one in layers)), count, cap).tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("granularity", ["layer", "block", "model"])
def test_the_budget_is_exact_and_no_group_beyond_its_size_or_the_cap(name, granularity):
    for seed in range(6):
        bundle = every_fact(seed)
        recipe = Recipe(0.0, allocator=name, granularity=granularity)
        plan = Plan(bundle, recipe)
        sizes = plan.groups.sizes
        for target, cap in ((0.0, 0.1), (0.13, 0.23), (0.5, 0.5), (0.5, 0.6), (0.62, 1.0), (0.95, 0.97), (1.0, 1.0)):
            found = plan.group_kept(target, cap)
            assert found.sum() == round((1 - target) * sizes.sum())
            assert (found >= 0).all() and (found <= sizes).all()
            # One weight more than the cap where the ceilings alone overspend the budget.
            assert (sizes - found <= np.floor(cap * sizes + 1e-6) + (target == cap) + (name == "uniform")).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("atp",)])
def test_the_order_of_the_groups_does_not_matter(name):
    """But for ATP, whose rule is the order; and for a weight of ties."""
    bundle = every_fact(3)
    turned = ScoreBundle(bundle.model, bundle.method, bundle.layers[::-1])
    recipe = Recipe(0.5, allocator=name, granularity="layer")
    straight, back = (
        dict(zip((one.name for one in b.layers), Plan(b, recipe).group_kept(0.5, 0.7))) for b in (bundle, turned)
    )
    assert max(abs(int(straight[key]) - int(back[key])) for key in straight) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_what_a_block_gives_up_is_shared_among_its_matrices(name):
    bundle = every_fact(1)
    found = Plan(bundle, Recipe(0.5, allocator=name)).table()
    assert np.isfinite(found).all() and ((found >= 0) & (found <= 1)).all()


def test_erk_keeps_by_the_sum_of_the_sides():
    layers = [layer("a", 2, 10), layer("b", 8, 8), layer("c", 40, 10)]
    # (rows + cols): 12, 16, 50; 468 weights in all.
    assert kept("erk", layers, 78) == [12, 16, 50]
    # Twice as many: a has 20 only, the other two share what it leaves, 136, by 16 to 50, which b could take.
    assert kept("erk", layers, 156) == [20, 33, 103]


def test_magnitude_has_one_threshold_for_all():
    small, large = np.arange(1, 101), np.arange(101, 201)
    layers = [layer("a", 10, 10, magnitudes=profile(small)), layer("b", 10, 10, magnitudes=profile(large))]
    assert kept("magnitude", layers, 100) == [0, 100]
    found = kept("magnitude", layers, 150)
    assert found[1] == 100 and found[0] == 50


@pytest.mark.parametrize("target", [0.2, 0.5, 0.77])
def test_magnitude_and_lamp_are_near_a_sort_of_everything(target):
    draw = np.random.default_rng(0)
    weights = [np.abs(draw.normal(scale=s, size=(60, 50))) for s in (0.5, 1.0, 2.0)]
    lamps = []
    for one in weights:
        squares = np.sort(one.ravel()) ** 2
        lamps.append(squares / np.cumsum(squares[::-1])[::-1])
    layers = [
        layer(str(i), 60, 50, magnitudes=profile(w), lamp=profile(v)) for i, (w, v) in enumerate(zip(weights, lamps))
    ]
    count = round((1 - target) * 9000)
    for name, values in (("magnitude", [w.ravel() for w in weights]), ("lamp", lamps)):
        threshold = np.sort(np.concatenate(values))[9000 - count]
        plain = np.array([(one >= threshold).sum() for one in values])
        assert np.abs(np.array(kept(name, layers, count)) - plain).max() < 0.01 * 3000


def test_lamp_empties_no_matrix():
    values = np.arange(1, 101) ** 2.0
    lamp = profile(values / np.cumsum(values[::-1])[::-1])
    layers = [layer("a", 10, 10, lamp=lamp), layer("b", 10, 10, lamp=lamp)]
    assert kept("lamp", layers, 20) == [10, 10]


def test_multiflow_has_a_threshold_for_each_modality():
    small, large = profile(np.arange(1, 101)), profile(np.arange(101, 201))
    layers = [
        layer("v1", 10, 10, "vision", magnitudes=small),
        layer("l1", 10, 10, magnitudes=small),
        layer("l2", 10, 10, magnitudes=large),
    ]
    assert kept("multiflow", layers, 150) == [50, 0, 100]


def test_owl_spares_by_outliers_around_a_mean_weighted_by_size():
    layers = [layer("a", 10, 10, outliers=0.0), layer("b", 10, 30, outliers=0.02), layer("c", 10, 10, outliers=0.04)]
    # 2 * 0.08 * minmax = 0, 0.08, 0.16, mean by weights (0 + 24 + 16) / 500 = 0.08: densities 0.42, 0.50, 0.58.
    assert kept("owl", layers, 250) == [42, 150, 58]


def test_dlp_spares_what_has_a_small_median():
    layers = [layer("a", 10, 10, median=3.0), layer("b", 10, 10, median=1.0)]
    # 2 * 0.15 * minmax(1 - I / sum I) = 0, 0.3, mean 0.15: densities 0.35 and 0.65.
    assert kept("dlp", layers, 100) == [35, 65]


def test_alphapruning_takes_from_light_tails():
    layers = [layer("a", 10, 10, alpha=2.0), layer("b", 10, 30, alpha=4.0)]
    # q = 0.7, 1.3; sum N q = 70 + 390; sparsities 0.5 * q * 400 / 460.
    assert kept("alphapruning", layers, 200) == [
        100 - round(0.5 * 0.7 * 400 / 460 * 100),
        300 - round(0.5 * 1.3 * 400 / 460 * 300),
    ]


def test_tamp_spares_blocks_whose_tokens_differ():
    layers = [layer("a", 10, 10, diversity=0.2), layer("b", 10, 10, diversity=0.6)]
    # Under a cap of 0.6 each keeps 40; the remaining 20 are shared 1 to 3.
    assert kept("tamp", layers, 100, 0.6) == [45, 55]
    # Equal diversity is equal sparsity, however large the group.
    layers = [layer("a", 10, 10, diversity=0.2), layer("b", 10, 30, diversity=0.2)]
    assert kept("tamp", layers, 200, 0.6) == [50, 150]


def test_ressa_gives_every_modality_the_target():
    layers = [layer("v", 10, 10, "vision", score=9.0), layer("l1", 10, 10, score=1.0), layer("l2", 10, 10, score=3.0)]
    # Language keeps 100: 40 each under the cap of 0.6, the remaining 20 are shared 1 to 3.
    assert kept("ressa", layers, 150, 0.6) == [50, 45, 55]


def test_atp_rises_with_depth_by_the_step_that_the_curves_like_best():
    early = ((0.4, 1.0, 0.0), (1.0, 3.0, 0.0))
    late = ((0.4, 0.0, 0.0), (1.0, 0.1, 0.0))
    layers = [layer(str(i), 10, 10, curve=early if i < 2 else late) for i in range(4)]
    # The largest step keeps the first at 0 and the last at 1: sparsities 0, 1/3, 2/3, 1.
    assert kept("atp", layers, 200) == [100, 67, 33, 0]
    # Where the first ones are harmless to prune, no step is the best one.
    assert kept("atp", layers[::-1], 200) == [50, 50, 50, 50]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("ecoflap-")])
def test_ecoflap_by_another_score_is_ecoflap_with_that_score(name):
    stat = find(name).score
    layers = [layer(str(i), 10, 10, **{stat: value}) for i, value in enumerate((1.0, 3.0))]
    scored = [layer(str(i), 10, 10, score=value) for i, value in enumerate((1.0, 3.0))]
    assert kept(name, layers, 100, 0.6) == kept("ecoflap", scored, 100, 0.6) == [45, 55]


def test_every_need_names_the_way_to_measure_it():
    bare = every_fact(0).layers[0]
    bare = layer("x", bare.rows, bare.cols)
    for allocator in ALLOCATORS:
        lacking = allocator.lacks([bare])
        assert (lacking is None) == (not set(allocator.needs) - {"score"})
        assert lacking is None or allocator.method, allocator.name


def test_joint_is_linear_between_its_targets_and_exact():
    layers = [layer("a", 10, 10, joint=(0.5, 0.2, 0.8, 0.7)), layer("b", 10, 10, joint=(0.5, 0.8, 0.8, 0.9))]
    assert kept("joint", layers, 100) == [80, 20]
    assert kept("joint", layers, 40) == [30, 10]
    # Half of the way between both: 45% and 85% are 65% together.
    assert kept("joint", layers, 70) == [55, 15]
    # Below the first target in proportion, above the last one toward everything.
    assert kept("joint", layers, 150) == [90, 60]
    assert kept("joint", layers, 0) == [0, 0]
