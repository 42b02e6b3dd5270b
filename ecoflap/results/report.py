"""docs/results.md and its figure, written from the committed CSV files alone."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from statistics import mean, stdev

from ecoflap.allocation import ALLOCATORS
from ecoflap.comparing import DRAWS, Difference, Measured
from ecoflap.errors import EcoflapError
from ecoflap.results import chart
from ecoflap.results.measuring import BLANK, EARLIER_SEED, EVAL_SEED, SAMPLES
from ecoflap.sweep import SweepPoint
from ecoflap.sweep_file import points_at
from ecoflap.types.bundle import write_text
from ecoflap.validation.agreement import interval
from ecoflap.validation.tables import table

PRUNER = "wanda"
TITLES = {allocator.name: allocator.title for allocator in ALLOCATORS}
# Lines of the figure, as far as they are measured; the first one is drawn on top.
DRAWN = ("joint", "response", "ecoflap", "ecoflap-abs", "owl", "uniform")
AGAINST = ("uniform", "ecoflap")
# What was to be the best one, and what was before it.
OURS, BEFORE = "joint", "response"
NEEDED = (OURS, *AGAINST)
# Uniform pruning must have lost this much, and be this far above guessing, for a target to tell methods apart.
MARGIN = 0.05
MACHINE = "two cores, no GPU, nothing beside it"
# What the paper says, as an allocator less the uniform one from a target to another.
CLAIMS = (
    ("At 40% and below the methods tie.", "ecoflap", 0.0, 0.4),
    ("At 50% and 60% ECoFLaP's allocation is better than the uniform one.", "ecoflap", 0.5, 0.6),
    ("So it is with first-order scores.", "ecoflap-abs", 0.5, 0.6),
    ("An allocation by a local score is worse than the uniform one.", "ecoflap-local", 0.0, 0.6),
)
Method = tuple[str, str]


def write(docs: Path, loop: float) -> None:
    """Write the page and its figure into the folder `docs`.

    Args:
        docs: holds results/demo.csv, results/costs.csv, and results/response.csv of the round before.
        loop: block forwards of the public code's loop on as many samples.
    """
    points = points_at(docs / "results" / "demo.csv").values()
    earlier = points_at(docs / "results" / f"{BEFORE}.csv").values()
    with (docs / "results" / "costs.csv").open(encoding="utf-8") as file:
        costs = [*csv.DictReader(file)]
    text = page(points, costs, loop, earlier)
    write_text(docs / "results" / "accuracy.svg", figure(points))
    write_text(docs / "results.md", text)


def figure(points: Iterable[SweepPoint]) -> str:
    """Accuracy against target of some methods, with the range between the calibration seeds."""
    found, blank = _read(points)
    names = [name for name in DRAWN if (PRUNER, name) in found.methods()]
    lines = [chart.Line(TITLES[name], _band(found, (PRUNER, name))) for name in names]
    note = "Masks by Wanda; lines are means over the calibration seeds, bands reach from the worst to the best one."
    return chart.figure(lines, _description(found), note, found.dense.accuracy, blank.accuracy)


def _band(found: Measured, method: Method) -> list[tuple[float, float, float, float]]:
    shares = {target: [point.accuracy for point in found.at(method, target)] for target in found.targets(method)}
    return [(target, mean(values), min(values), max(values)) for target, values in shares.items()]


def _description(found: Measured) -> str:
    return f"Right answers of the pruned embedded model, {found.dense.questions:,} questions"


def _read(points: Iterable[SweepPoint]) -> tuple[Measured, SweepPoint]:
    """The points, and that of the blank pictures."""
    points = list(points)
    blank = next(point for point in points if point.allocator == BLANK)
    return Measured(point for point in points if point is not blank), blank


def telling(found: Measured, blank: SweepPoint) -> list[float]:
    """Targets at which uniform pruning has lost MARGIN at least and is as far above guessing."""
    uniform = (PRUNER, "uniform")
    shares = {target: found.accuracy(uniform, target) for target in found.targets(uniform)}
    low, high = blank.accuracy + MARGIN, found.dense.accuracy - MARGIN
    return [target for target, share in shares.items() if low <= share <= high and 0.5 <= target <= 0.8]


def page(
    points: Iterable[SweepPoint], costs: Sequence[Mapping[str, str]], loop: float, earlier: Iterable[SweepPoint]
) -> str:
    """The document.

    Raises:
        EcoflapError: what it is about is not measured yet.
    """
    found, blank = _read(points)
    missing = [name for name in NEEDED if (PRUNER, name) not in found.methods()]
    targets = [] if missing else telling(found, blank)
    if not targets:
        raise EcoflapError("results_missing", names=", ".join(missing or NEEDED))
    template = files("ecoflap.results").joinpath("page.md").read_text(encoding="utf-8")
    seeds = {point.seed for method in found.methods() for t in found.targets(method) for point in found.at(method, t)}
    return template.format(
        ours=OURS,
        questions=f"{found.dense.questions:,}",
        eval_seed=EVAL_SEED,
        seeds=len(seeds),
        samples=SAMPLES,
        dense=f"{found.dense.accuracy:.1%}",
        blank=f"{blank.accuracy:.1%}",
        description=_description(found),
        accuracy=_accuracy(found),
        unmeasured=_unmeasured(found),
        telling=_listed(targets),
        shared=_listed(_shared(found, targets)),
        draws=f"{DRAWS:,}",
        differences=_differences(found, _shared(found, targets)),
        by_target=_by_target(found, targets, OURS),
        by_seed=_by_seed(found, targets),
        verdict=_verdict(found, targets),
        falls=_falls(found),
        machine=MACHINE,
        loop=f"{loop:,.0f}",
        costs=_costs(costs),
        claims=_claims(found),
        **_earlier(*_read(earlier)),
    )


def _rows(found: Measured, cells: Callable[[Method], Sequence[str]]) -> list[list[str]]:
    """A row for every method, the best first: its name, then `cells`."""
    shared = found.targets(*found.methods())
    order = sorted(found.methods(), key=lambda method: -mean(found.accuracy(method, target) for target in shared))
    return [[f"`{method[1]}`", *cells(method)] for method in order]


def _accuracy(found: Measured) -> str:
    targets = sorted({target for method in found.methods() for target in found.targets(method)})

    def cells(method: Method) -> list[str]:
        there = found.targets(method)
        return [_spread([point.accuracy for point in found.at(method, t)]) if t in there else "" for t in targets]

    return table("|".join(["allocator", *(f"{target:.0%}" for target in targets)]), _rows(found, cells))


def _shared(found: Measured, targets: Sequence[float]) -> list[float]:
    """Those of `targets` at which every method was measured."""
    return [target for target in targets if target in found.targets(*found.methods())]


def _complete(found: Measured, targets: Sequence[float]) -> list[Method]:
    """Methods that were measured at all of `targets`, but the best one."""
    return [method for method in found.methods() if method[1] != OURS and {*targets} <= {*found.targets(method)}]


def _listed(targets: Sequence[float]) -> str:
    return ", ".join(f"{target:.0%}" for target in targets)


def _unmeasured(found: Measured) -> str:
    """A sentence on the allocators that the files lack."""
    names = [f"`{name}`" for name in TITLES if (PRUNER, name) not in found.methods()]
    return f" Not measured yet: {', '.join(names)}." if names else ""


def _spread(shares: Sequence[float]) -> str:
    around = f" ({100 * stdev(shares):.1f})" if len(shares) > 1 else ""
    return f"{100 * mean(shares):.1f}{around}"


def _differences(found: Measured, targets: Sequence[float]) -> str:
    def cells(method: Method) -> list[str]:
        pairs = [found.against(method, (PRUNER, name), targets) for name in AGAINST]
        return ["" if pair is None or name == method[1] else words(pair) for name, pair in zip(AGAINST, pairs)]

    return table("|".join(["allocator", *(f"less `{name}`" for name in AGAINST)]), _rows(found, cells))


def words(pair: Difference) -> str:
    """A difference in points with its interval; what it may be chance alone is said."""
    mean, low, high = (round(100 * share, 1) + 0.0 for share in (pair.mean, pair.low, pair.high))  # no minus zero
    text = f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
    return text if pair.sure else f"{text}, no difference"


def _earlier(found: Measured, blank: SweepPoint) -> dict[str, str]:
    """What the page says of the round before: on which questions, and what came of it."""
    facts = {"earlier_questions": f"{found.dense.questions:,}", "earlier_seed": str(EARLIER_SEED)}
    return facts | {"earlier_by_target": _by_target(found, telling(found, blank), BEFORE)}


def _by_target(found: Measured, targets: Sequence[float], name: str) -> str:
    """`name` less the uniform allocator at every target."""
    ours, others = (PRUNER, name), (PRUNER, "uniform")
    rows = [[f"{target:.0%}", words(found.against(ours, others, [target]))] for target in targets]
    return table("target|points", rows)


def _seed_means(found: Measured, other: Method, targets: Sequence[float]) -> list[float]:
    """`OURS` less `other`, the mean over `targets` of every seed that both have at all of them."""
    ours = (PRUNER, OURS)
    seeds = sorted(set.intersection(*(set(found.seeds(target, ours, other)) for target in targets)))
    gaps = [found.marks(ours, target, seeds) - found.marks(other, target, seeds) for target in targets]
    return sum(gaps).mean(axis=1) / len(targets)


def _by_seed(found: Measured, targets: Sequence[float]) -> str:
    rows = []
    for other in _complete(found, targets):
        means = _seed_means(found, other, targets)
        each = ", ".join(f"{round(100 * value, 1) + 0.0:+.1f}" for value in means)
        rows.append([f"`{other[1]}`", each, _t_words(means)])
    return table(f"`{OURS}` less|seed by seed|t-interval", rows)


def _t_words(means: Sequence[float]) -> str:
    """The t-interval of the mean; one seed has none."""
    if len(means) < 2:
        return ""
    low, high = interval(means)
    return f"{100 * low:+.1f} to {100 * high:+.1f}"


def _above(found: Measured, other: Method, targets: Sequence[float]) -> bool:
    """Whether `OURS` is above `other` by the bootstrap and by the t-interval over the seeds."""
    pair, means = found.against((PRUNER, OURS), other, targets), _seed_means(found, other, targets)
    return pair.low > 0 and len(means) > 1 and interval(means)[0] > 0


def _verdict(found: Measured, targets: Sequence[float]) -> str:
    """What was asked of `OURS`: above uniform at every target, and above ECoFLaP in the mean."""
    missed = [f"{target:.0%}" for target in targets if not _above(found, (PRUNER, "uniform"), [target])]
    every = f"not surely above `uniform` at {', '.join(missed)}" if missed else "above `uniform` at every one of them"
    names = [name for _, name in _complete(found, targets) if name.startswith("ecoflap")]
    sure = {name: _above(found, (PRUNER, name), targets) for name in names}
    above = [f"`{name}`" for name in names if sure[name]]
    rest = [f"`{name}`" for name in names if not sure[name]]
    told = f"in their mean it is above {', '.join(above)}" if above else "in their mean it is above none of ECoFLaP's"
    open_ones = f", not surely above {', '.join(rest)}" if rest else ""
    return f"`{OURS}` is {every}; {told}{open_ones}."


def _falls(found: Measured) -> str:
    def cells(method: Method) -> list[str]:
        there = [found.falls(method, points) for points in (0.05, 0.10, 0.50)]
        return ["beyond" if sparsity is None else f"{100 * sparsity:.1f}%" for sparsity in there]

    return table("allocator|5 points|10 points|50 points", _rows(found, cells))


def _costs(costs: Sequence[Mapping[str, str]]) -> str:
    rows = [
        [
            f"`{row['method']}`",
            f"{float(row['seconds']):.0f}",
            f"{int(row['peak_bytes']) / 1e9:.2f}",
            f"{float(row['block_forwards']):,.0f}",
        ]
        for row in costs
    ]
    return table("method|seconds|GB|block forwards", rows)


def _claims(found: Measured) -> str:
    """The paper's claims, each with what was measured here."""
    lines = []
    for claim, name, first, last in CLAIMS:
        pair = ((PRUNER, name), (PRUNER, "uniform"))
        targets = [t for t in found.targets(*pair) if first <= t <= last] if pair[0] in found.methods() else []
        told = found.against(*pair, targets)
        if told is not None:
            lines.append(f"- *{claim}* Here, `{name}` less `uniform`, {_span(targets)}, in points: {words(told)}.")
    return "\n".join(lines)


def _span(targets: Sequence[float]) -> str:
    return f"{targets[0]:.0%}" if len(targets) == 1 else f"{targets[0]:.0%} to {targets[-1]:.0%}"
