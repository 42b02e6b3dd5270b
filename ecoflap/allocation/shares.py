"""How the coarse step comes to the sparsity of one layer's group: the numbers of its formula, for people to follow."""

from dataclasses import dataclass

from ecoflap.allocation import budget
from ecoflap.allocation.plan import Plan
from ecoflap.errors import EcoflapError
from ecoflap.types import Recipe, ScoreBundle


@dataclass(frozen=True)
class Share:
    """One group's share of the weights that stay: kept = floor + rest * score / all_scores, but for rounding.

    Groups that are kept whole have left: what they could not take is in `rest`, and their scores are not in
    `all_scores`. While there are none, sparsity = cap - (cap - target) * (score / all_scores) * (total / size).

    Attributes:
        group: its name: a layer's, a block's or a modality's.
        size: weights in it; without those that a lock inside it has taken out.
        score: its importance in the bundle's unit, summed over its layers (or per weight, as the recipe says).
        all_scores: of all groups that share `rest`.
        total: weights in all groups of its pool.
        keep: weights that stay in all of them.
        cap: largest sparsity of one of them.
        floor: weights that the group keeps whatever its score, so that the cap holds.
        rest: weights that are shared by score.
        whole: how many groups keep every weight.
        kept: weights that stay in it.
        held: whether a lock decides about it alone, so that nothing is shared.
    """

    group: str
    size: int
    score: float
    all_scores: float
    total: int
    keep: int
    cap: float
    floor: int
    rest: int
    whole: int
    kept: int
    held: bool


def share_of(bundle: ScoreBundle, recipe: Recipe, name: str) -> Share | None:
    """The share of the group that the layer `name` is in; None where the recipe's allocator never sees that layer.

    Raises:
        EcoflapError: no layer has this name, or there is no such allocation.
    """
    plan = Plan(bundle, recipe)
    place = next((i for i, layer in enumerate(plan.layers) if layer.name == name), None)
    if place is None:
        raise EcoflapError("inspect_layer", layer=name)
    if recipe.fixed or not plan.prunable[place]:
        return None
    own = int(plan.member[plan.chosen.tolist().index(place)])
    every = plan.group_kept(recipe.target, recipe.cap)
    pools = enumerate(plan.budgets(recipe.target, recipe.cap))
    number, (chosen, groups, keep, cap) = next(found for found in pools if own in found[1][0])
    at = chosen.tolist().index(own)
    held = number > 0 and len(chosen) == 1
    kept = every[chosen]
    floors = budget.floors(groups.sizes, cap, keep)
    whole = kept == groups.sizes
    sums = [sum(map(plan.allocator.score_of, layers)) for layers in groups.layers]
    scores = [score / int(size) if recipe.aggregate == "avg" else score for score, size in zip(sums, groups.sizes)]
    return Share(
        group=plan.names[own],
        size=int(groups.sizes[at]),
        score=scores[at],
        all_scores=sum(score for score, full in zip(scores, whole) if not full),
        total=groups.total,
        keep=int(keep),
        cap=cap,
        floor=int(floors[at]),
        rest=int(keep - floors.sum() - (groups.sizes - floors)[whole].sum()),
        whole=int(whole.sum()),
        kept=int(kept[at]),
        held=held,
    )
