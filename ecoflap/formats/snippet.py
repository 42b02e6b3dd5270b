"""Code and a command that rebuild the pruned model of a recipe, to the bit: for a notebook and for a shell."""

import shlex
from dataclasses import dataclass, field, fields

from ecoflap.texts import say
from ecoflap.types import Loading, Recipe

# What a recipe says of its surroundings, which the command line takes as files.
_SURROUNDINGS = ("model", "bundle", "samples")
# Fields whose option is called otherwise.
_OPTIONS = {"calibration": "calibration-mode", "overrides": "override"}
_OUT = "pruned-model"


@dataclass(frozen=True)
class Source:
    """What a recipe is applied to.

    Attributes:
        spec: of the model, as `--model` takes it.
        scores: the score file; empty where the model's own scores are meant.
        calibration: where samples come from; None for what the model brings.
        loading: how the model is loaded.
    """

    spec: str
    scores: str = ""
    calibration: str | None = None
    loading: Loading = field(default_factory=Loading)


def python(recipe: Recipe, source: Source, language: str = "en") -> str:
    """Code that leaves the pruned model in `model`, a torch module."""
    given = [f"    {item.name}={getattr(recipe, item.name)!r}," for item in fields(recipe)]
    chosen = [f"{name}={value!r}" for name, value in _loading(source.loading).items()]
    opened = [repr(source.spec), repr(source.scores or None), f"Loading({', '.join(chosen)})", repr(source.calibration)]
    notes = [say("snippet.lead", language), *([say("snippet.scores", language)] if source.scores else [])]
    lines = [
        *(f"# {note}" for note in notes),
        "from ecoflap.explorer import Explorer",
        "from ecoflap.types import Loading, Recipe",
        "",
        "recipe = Recipe(",
        *given,
        ")",
        f"explorer = Explorer.open({', '.join(opened)}, prepare=False)",
        "engine = explorer.wait()",
        "allocation = explorer.allocate(recipe)",
        "engine.prune(allocation, recipe)",
        "model = engine.model.module  # " + say("snippet.module", language),
        'print(f"{allocation.achieved:.4%} of {allocation.total:,} weights are zero")',
        "",
    ]
    return "\n".join(lines)


def command(recipe: Recipe, source: Source) -> str:
    """The command that writes the pruned model to a folder; every field of the recipe is an option."""
    words = ["python", "-m", "ecoflap", "prune", "--model", source.spec]
    words += ["--scores", source.scores] if source.scores else []
    words += ["--calibration", source.calibration] if source.calibration else []
    for name, value in _loading(source.loading).items():
        words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
    for item in fields(recipe):
        if item.name not in _SURROUNDINGS:
            words += _option(item.name, getattr(recipe, item.name))
    return shlex.join([*words, "--out", _OUT])


def _option(name: str, value: object) -> list[str]:
    """A field of the recipe as words of the command line."""
    option = f"--{_OPTIONS.get(name, name.replace('_', '-'))}"
    if name == "overrides":
        return [word for layer, sparsity in value.items() for word in (option, f"{layer}={sparsity!r}")]
    if value is None:
        return []
    return [option, ",".join(value) if name == "modalities" else str(value)]


def _loading(loading: Loading) -> dict[str, object]:
    """What was chosen of how to load, where it is not what is chosen anyway."""
    usual = Loading()
    names = [item.name for item in fields(loading)]
    return {name: getattr(loading, name) for name in names if getattr(loading, name) != getattr(usual, name)}
