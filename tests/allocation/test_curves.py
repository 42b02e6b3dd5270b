"""Spending a budget along measured curves: literal cases, an independent solver, and what every allocator promises."""

import numpy as np
import pytest

from ecoflap.allocation import Plan, allocate
from ecoflap.allocation.curves import PRIOR, convex_slopes, marginals, shrunk
from ecoflap.errors import EcoflapError
from ecoflap.types import Layer, Recipe, ScoreBundle


def layer(name, size, curve, block=None, **stats):
    return Layer(name, block or name, "language", 1, size, 1.0, curve=tuple(curve), stats=stats)


def bundle(*layers):
    return ScoreBundle("toy", "response", layers)


def quadratic(scale):
    """Points of scale * s^2, known exactly."""
    return [(s, scale * s * s, 0.0) for s in (0.25, 0.5, 0.75, 1.0)]


def sparsities(layers, target, **settings):
    return list(allocate(bundle(*layers), Recipe(target, allocator="response", **settings)).groups().values())


def test_equal_curves_per_weight_get_equal_sparsities():
    layers = [layer("a", 1000, quadratic(1.0)), layer("b", 3000, quadratic(3.0))]
    assert sparsities(layers, 0.4) == pytest.approx([0.4, 0.4], abs=1e-3)


def test_equal_marginals_by_hand():
    # Marginals 2 s and 6 s per weight: three times the sparsity in the cheaper group.
    layers = [layer("a", 1000, quadratic(1.0)), layer("b", 1000, quadratic(3.0))]
    assert sparsities(layers, 0.4, max_sparsity=1.0) == pytest.approx([0.6, 0.2], abs=2e-3)


def test_the_cap_holds_and_the_rest_is_spent_elsewhere():
    layers = [layer("a", 1000, quadratic(1.0)), layer("b", 1000, quadratic(3.0))]
    assert sparsities(layers, 0.4, max_sparsity=0.5) == pytest.approx([0.5, 0.3], abs=1e-3)


@pytest.mark.parametrize("granularity", ["layer", "block", "model"])
@pytest.mark.parametrize("cap_margin", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("target", [0.0, 0.1, 0.5, 0.77, 0.95, 1.0])
def test_the_budget_is_met_to_the_weight_and_the_cap_holds(granularity, cap_margin, target):
    rng = np.random.default_rng(1)
    layers = []
    for i in range(12):
        steps = rng.normal(0.2, 1.0, 3).cumsum()
        curve = [(s, float(v), 0.3) for s, v in zip((0.3, 0.6, 0.9), steps)]
        layers.append(layer(f"l{i}", int(rng.integers(5, 500)), curve, block=f"b{i // 3}"))
    recipe = Recipe(target, allocator="response", granularity=granularity, cap_margin=cap_margin)
    found = allocate(bundle(*layers), recipe)
    assert found.total_kept == round((1 - target) * found.total)
    assert max(found.groups().values()) <= recipe.cap + 1.5 / min(x.size for x in layers)


def test_no_other_split_has_a_smaller_sum_of_increases():
    rng = np.random.default_rng(2)
    scales = rng.uniform(0.1, 5.0, 6)
    sizes = rng.integers(200, 2000, 6)
    grid = np.linspace(0.05, 1, 20)
    layers = [
        layer(f"l{i}", int(n), [(float(s), float(n * k * s**3), 0.0) for s in grid])
        for i, (n, k) in enumerate(zip(sizes, scales))
    ]
    found = np.array(sparsities(layers, 0.5, max_sparsity=1.0))

    def cost(s):
        return float((sizes * scales * s**3).sum())

    best = cost(found)
    for _ in range(300):
        i, j = rng.choice(6, 2, replace=False)
        moved = found.copy()
        step = rng.uniform(0.01, 0.1)
        moved[i] += step / sizes[i] * 1000
        moved[j] -= step / sizes[j] * 1000
        if (moved >= 0).all() and (moved <= 1).all():
            assert cost(moved) > best * (1 - 1e-3)


def test_sparsities_rise_with_the_target_and_do_not_jump():
    layers = [layer(f"l{i}", 1000, quadratic(1.0 + i)) for i in range(5)]
    table = Plan(bundle(*layers), Recipe(allocator="response", max_sparsity=1.0)).table()
    assert (np.diff(table, axis=0) >= -1e-3).all()
    assert np.diff(table, axis=0).max() < 0.06


def test_slopes_by_pooling_adjacent_violators():
    assert convex_slopes(np.array([0.5, 1.0]), np.array([1.0, 3.0])).tolist() == [2.0, 4.0]
    assert convex_slopes(np.array([0.5, 1.0]), np.array([3.0, 4.0])).tolist() == [4.0, 4.0]
    assert convex_slopes(np.array([0.25, 0.5, 1.0]), np.array([-1.0, 1.0, 1.0])).tolist() == pytest.approx(
        [0, 8 / 3, 8 / 3]
    )


def test_slopes_are_the_nearest_rising_ones():
    rng = np.random.default_rng(3)
    grid, values = np.linspace(0.2, 1, 5), rng.normal(size=5).cumsum() + np.arange(5) * 3.0
    found = convex_slopes(grid, values)
    raw = np.diff(values, prepend=0.0) / 0.2
    for _ in range(500):
        other = np.sort(found + rng.normal(0, 0.3, 5)).clip(0)
        assert ((other - raw) ** 2).sum() >= ((found - raw) ** 2).sum() - 1e-9


def test_what_is_noise_becomes_the_prior_and_what_is_known_stays():
    sizes, prior = np.array([100.0, 100.0]), np.array([1.0, 3.0])
    increases = np.array([[1.0, 1.0], [2.0, 5.0]])
    sure = shrunk(increases, np.zeros((2, 2)), sizes, prior)
    assert sure == pytest.approx(increases / 100)
    lost = shrunk(increases, np.full((2, 2), 100.0), sizes, np.ones(2))
    assert lost == pytest.approx(np.array([[1.5, 3.0], [1.5, 3.0]]) / 100)
    told = shrunk(increases, np.full((2, 2), 100.0), sizes, prior)
    # Least squares through the origin: (1 * 1 + 3 * 2) / (1 + 9) and (1 * 1 + 3 * 5) / (1 + 9).
    assert told == pytest.approx(np.array([[0.7, 1.6], [2.1, 4.8]]) / 100)


def test_noise_alone_allocates_uniformly_or_by_the_first_order_score():
    noise = [[(0.5, 0.010, 0.5), (1.0, 0.9, 9.0)], [(0.5, 0.012, 0.5), (1.0, 1.1, 9.0)]]
    same = [layer(name, 1000, curve) for name, curve in zip("ab", noise)]
    assert sparsities(same, 0.5) == pytest.approx([0.5, 0.5], abs=1e-3)
    told = [layer(name, 1000, curve, **{PRIOR: value}) for name, curve, value in zip("ab", noise, (1.0, 4.0))]
    first, second = sparsities(told, 0.5)
    assert first > 0.55 > 0.45 > second


def test_layers_of_a_block_share_its_sparsity():
    halves = [(s, v / 2, e) for s, v, e in quadratic(2.0)]
    layers = [layer("a", 500, halves, "x"), layer("b", 500, halves, "x"), layer("c", 1000, quadratic(6.0), "y")]
    one, other, third = sparsities(layers, 0.4, granularity="layer", max_sparsity=1.0)
    assert one == pytest.approx(other, abs=2e-3)
    assert [one, third] == pytest.approx(sparsities(layers, 0.4, max_sparsity=1.0), abs=2e-3)


def test_a_curve_that_ends_early_goes_on_as_before():
    short = [(0.25, 1.0, 0.0), (0.5, 3.0, 0.0)]
    found = marginals([[layer("a", 10, short)], [layer("b", 10, [*short, (1.0, 7.0, 0.0)])]])
    assert found.prices[0] == pytest.approx(found.prices[1])


def test_a_noisy_group_does_not_disturb_what_is_known_of_the_others():
    known = [layer(f"l{i}", 1000, [(s, v, 0.01) for s, v, _ in quadratic(1.0 + 3 * i)]) for i in range(8)]
    alone = sparsities(known, 0.4, max_sparsity=1.0)
    for error in (5.0, 1e6):
        noisy = layer("noisy", 1, [(s, v, error) for s, v, _ in quadratic(0.005)])
        assert sparsities([*known, noisy], 0.4, max_sparsity=1.0)[:8] == pytest.approx(alone, abs=0.01)


def test_a_bundle_without_curves_is_refused_with_the_remedy():
    bare = ScoreBundle("toy", "zeroth-order", (Layer("a", "a", "language", 2, 2, 1.0),))
    with pytest.raises(EcoflapError, match=r"allocator response needs curve.*zeroth-order.*--method response"):
        allocate(bare, Recipe(allocator="response"))


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e307])
def test_the_unit_of_the_loss_does_not_matter(scale):
    layers = [
        layer("a", 1000, [(s, v * scale, scale / 100) for s, v, _ in quadratic(1.0)], **{PRIOR: scale}),
        layer("b", 1000, [(s, v * scale / 9, 1e308) for s, v, _ in quadratic(9.0)], **{PRIOR: scale}),
    ]
    one, other = sparsities(layers, 0.4)
    assert 0.3 <= one <= 0.5
    assert one + other == pytest.approx(0.8, abs=1e-3)
