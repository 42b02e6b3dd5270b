"""The sections of docs/validation.md as Markdown, each from its stored result."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ecoflap.texts import say

Result = Mapping[str, Any]


def table(columns: str, rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; `columns` names them, separated by `|`. All but the first are aligned right."""
    names = columns.split("|")
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cell.strip() for cell in line)} |" for line in lines)


def _range(middle: float, low: float, high: float, digits: int = 2) -> str:
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _spread(found: Mapping[str, float]) -> str:
    return _range(found["median"], found["low"], found["high"])


def gradients(result: Result) -> list[str]:
    """Ratios and rank correlations by draws, the figure, and the plateau."""
    facts = {name: result[name] for name in ("layers", "blocks", "batches", "batch_size", "seeds", "plateau_draws")}
    pooled = result["pooled"]
    rows = [
        [str(row["draws"]), _spread(row["ratio"])]
        + [_range(row[unit]["mean"], *row[unit]["interval"], digits=3) for unit in ("layers", "blocks")]
        for row in result["rows"]
    ]
    best = min(result["plateau"]["float32"], key=lambda row: row["error"]["median"])
    steps = [
        [f"{one['eps']:g}", *_step(one), *_step(wide)]
        for one, wide in zip(result["plateau"]["float32"], result["plateau"]["float64"])
    ]
    return [
        say("validation.gradients.text", **facts, eps=f"{result['eps']:g}", expected=f"{result['expected']:.3f}"),
        table(say("validation.gradients.columns"), rows),
        say(
            "validation.gradients.pooled",
            draws=pooled["draws"] * result["batches"],
            ratio=_spread(pooled["ratio"]),
            inside=f"{pooled['within_two_errors']:.0%}",
        ),
        say("validation.gradients.plateau", **facts, best=f"{best['eps']:g}", eps=f"{result['eps']:g}"),
        f"![{say('validation.figure.description')}](validation/gradients.svg)",
        table(say("validation.gradients.steps"), steps),
    ]


def _step(row: Result) -> list[str]:
    """Ratio, error and rank correlation of one step length in one type."""
    return [_spread(row["ratio"]), f"{row['error']['median']:.0e} ({row['error']['high']:.0e})", f"{row['layers']:.3f}"]


def methods(result: Result) -> list[str]:
    """Rank correlations of every pair of methods."""
    rows = [
        [
            f"{row['one']} / {row['other']}",
            "-" if row["layers"] is None else f"{row['layers']:.2f}",
            f"{row['blocks']:.2f}",
        ]
        for row in result["pairs"]
    ]
    facts = {name: result[name] for name in ("samples", "draws", "shipped_draws", "layers", "blocks")}
    return [say("validation.methods.text", **facts), table(say("validation.methods.columns"), rows)]


def sequential(result: Result) -> list[str]:
    """Masks, answers and seconds of both calibrations, target by target."""
    rows = []
    for row in result["rows"]:
        difference, accuracy, seconds = row["difference"], row["accuracy"], row["seconds"]
        low, high = (f"{100 * end:+.1f}" for end in difference["interval"])
        rows.append(
            [
                f"{row['target']:.0%}",
                f"{row['masks']['same']:.1%}",
                f"{row['masks']['removed_in_common']:.1%}",
                *(_share(accuracy[mode]) for mode in ("dense", "sequential")),
                f"{100 * difference['value']:+.1f} ({low} to {high})",
                *(f"{seconds[mode]:.2f} s" for mode in ("dense", "sequential")),
            ]
        )
    facts = {name: result[name] for name in ("questions", "seed", "samples")}
    text = say("validation.sequential.text", **facts, seconds=f"{result['ranks_seconds']:.0f}")
    return [text, table(say("validation.sequential.columns"), rows)]


def _share(found: Mapping[str, Any]) -> str:
    """An accuracy with its interval."""
    low, high = found["interval"]
    return f"{found['accuracy']:.1%} ({low:.1%} to {high:.1%})"


def fullsize(result: Result) -> list[str]:
    """Towers, scores, memory, and the GPU where there was one."""
    zeros = [sum(counts) for counts in zip(*(tower["zeros"] for tower in result["towers"]))]
    same = result["identical"] and all(tower["identical"] for tower in result["towers"])
    return [
        say("validation.fullsize.text", **_counts(result, "parameters", "matrices", "prunable", "rounds")),
        table(say("validation.fullsize.towers", targets=_targets(result)), map(_tower, result["towers"])),
        say(
            "validation.fullsize.budget",
            targets=_targets(result),
            zeros=", ".join(f"{count:,}" for count in zeros),
            wanted=_yes(zeros == result["removed"]),
            identical=_yes(same),
        ),
        *_scores(result["scores"]),
        say("validation.fullsize.memory", peak=f"{result['peak_gb']:.1f}"),
        _gpu(result["gpu"]),
    ]


def _yes(true: bool) -> str:
    return say("validation.yes") if true else say("validation.no")


def _counts(result: Result, *names: str) -> dict[str, str]:
    return {name: f"{result[name]:,}" for name in names}


def _targets(result: Result) -> str:
    return ", ".join(f"{target:.0%}" for target in result["targets"])


def _tower(tower: Result) -> list[str]:
    """A tower's row."""
    return [
        f"`{tower['tower']}`",
        f"{tower['matrices']:,}",
        f"{tower['weights']:,}",
        f"{tower['dense_gb']:.1f} + {tower['ranks_gb']:.1f} GB",
        f"{tower['rank_seconds']:.0f} s",
        ", ".join(f"{seconds:.1f}" for seconds in tower["apply_seconds"]) + " s",
        f"{tower['restore_seconds']:.1f} s",
        f"{tower['peak_gb']:.1f} GB",
    ]


def _scores(scores: Result) -> list[str]:
    """Replay beside whole passes, matrix by matrix."""
    rows = []
    for row in scores["rows"]:
        replay, naive = row["replay"], row["naive"]
        rows.append(
            [
                f"`{row['layer']}`",
                f"{naive['seconds']:.1f} s",
                f"{replay['seconds']:.1f} s",
                f"{naive['seconds'] / replay['seconds']:.1f}x",
                f"{max(abs(a - b) for a, b in zip(replay['losses'], naive['losses'])):.0e}",
            ]
        )
    facts = {"eps": f"{scores['eps']:g}", "loss": f"{scores['loss']:.3f}", "seconds": f"{scores['pass_seconds']:.1f}"}
    facts |= {
        "rounds": str(scores["rounds"]),
        "megabytes": f"{scores['replay_gb'] * 1000:.0f}",
        "peak": f"{scores['peak_gb']:.1f}",
    }
    return [say("validation.fullsize.scores", **facts), table(say("validation.fullsize.layers"), rows)]


def _gpu(found: Result | None) -> str:
    """Applying against copying on a GPU, or that there was none."""
    if found is None:
        return say("validation.fullsize.no_gpu")
    numbers = {"apply": f"{found['apply_gb_s']:.0f}", "copy": f"{found['copy_gb_s']:.0f}"}
    return say("validation.fullsize.gpu", **numbers, share=f"{found['share']:.0%}")
