"""The model card of a pruned model: the source's own, with a section on how it was pruned."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from ecoflap.allocation import registry as allocators
from ecoflap.pruning import registry as pruners
from ecoflap.texts import say
from ecoflap.types import Allocation, Recipe, ScoreBundle

# Within what weights are compared, in words; a pattern says it itself.
WITHIN = {"paper": "card.within.paper", "row": "card.within.row", "matrix": "card.within.matrix"}
# In the command: the pruned folder, which people rename and move, and the one to be written.
THIS, OUT = "PRUNED", "OUT"
BEGIN, END = "<!-- ecoflap -->", "<!-- /ecoflap -->"


@dataclass(frozen=True)
class Origin:
    """Where a pruned model comes from.

    Attributes:
        spec: what `--model` said.
        bundle: the scores that it was allocated by.
        samples: (name, number) of the samples that the pruner was calibrated on; None where it needs none.
        calibration: where they came from, as `--calibration` said; None for what the model brings.
    """

    spec: str
    bundle: ScoreBundle
    samples: tuple[str, int] | None = None
    calibration: str | None = None


def command(recipe: Recipe, origin: Origin) -> str:
    """The command that prunes the model anew from the pruned folder's recipe and scores.

    Source and samples are named as they were, so it is given where these names lead to them.
    """
    words = ["python", "-m", "ecoflap", "prune", "--model", origin.spec]
    words += ["--recipe", f"{THIS}/recipe.json", "--scores", f"{THIS}/scores.json"]
    words += ["--calibration", origin.calibration] if origin.calibration else []
    return shlex.join([*words, "--out", OUT])


def section(allocation: Allocation, recipe: Recipe, origin: Origin, packed: bool) -> str:
    """The section in Markdown; `packed` says whether the folder `sparse` lies beside the weights."""
    rows = [
        (say("card.source"), f"`{origin.spec}`"),
        (say("card.target"), f"{allocation.target:.2%}"),
        (say("card.achieved"), _achieved(allocation, recipe)),
        (say("card.allocation"), _allocation(recipe, origin.bundle)),
        (say("card.pruner"), _pruner(recipe)),
        (say("card.samples"), _samples(recipe, origin)),
    ]
    lines = [BEGIN, "## " + say("card.title"), "", say("card.lead"), "", "| " + say("card.what") + " | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    lines += ["", say("card.again", this=THIS, out=OUT), "", "```", command(recipe, origin), "```"]
    lines += ["", say("card.zeros")]
    return "\n".join([*lines, *(["", say("card.packed")] if packed else []), END]) + "\n"


def _achieved(allocation: Allocation, recipe: Recipe) -> str:
    """Achieved sparsity with its denominator."""
    zero, total = allocation.total - allocation.total_kept, allocation.total
    parts = ", ".join(recipe.modalities)
    return say(
        "card.achieved.value", share=f"{allocation.achieved:.4%}", zero=f"{zero:,}", total=f"{total:,}", of=parts
    )


def _allocation(recipe: Recipe, bundle: ScoreBundle) -> str:
    """Who decided how many weights each layer keeps."""
    if recipe.fixed:
        return say("card.allocation.pattern", pattern=recipe.pattern)
    allocator = allocators.find(recipe.allocator)
    facts = {"title": allocator.title, "granularity": recipe.granularity, "cap": f"{recipe.cap:.0%}"}
    return say("card.allocation.value", **facts, method=bundle.method, fingerprint=bundle.fingerprint)


def _pruner(recipe: Recipe) -> str:
    """Which weights went inside a layer."""
    pruner = pruners.find(recipe.pruner)
    within = say("card.within.group", pattern=recipe.pattern) if recipe.fixed else say(WITHIN[recipe.scope])
    return say("card.pruner.value", title=pruner.title, link=pruner.link, within=within)


def _samples(recipe: Recipe, origin: Origin) -> str:
    """What the pruner was calibrated on."""
    if origin.samples is None or not pruners.find(recipe.pruner).calibrated:
        return say("card.samples.none")
    name, count = origin.samples
    return say("card.samples.value", count=count, name=name, fingerprint=recipe.samples, mode=recipe.calibration)


def write(path: Path, source: Path | None, name: str, text: str) -> None:
    """Write the card `path`: that of `source` with the section `text` in place of an earlier one, or at its end.

    A source without a card gives one with the heading `name`.
    """
    before = source.read_text(encoding="utf-8", errors="replace") if source is not None and source.is_file() else ""
    earlier = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END) + "\n?", re.DOTALL)
    if earlier.search(before):
        card = earlier.sub(lambda _: text, before, count=1)
    else:
        card = (before.rstrip() or f"# {name}") + "\n\n" + text
    path.write_text(card, encoding="utf-8")
