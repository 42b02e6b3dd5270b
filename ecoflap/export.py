"""A pruned model as a folder that loads like the one it came from."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from ecoflap.errors import EcoflapError
from ecoflap.types import Allocation, Recipe

if TYPE_CHECKING:
    from ecoflap.engine import Engine

# Configuration, tokenizer and processor; an index of sharded weights belongs to the weights.
KEPT = (".json", ".txt", ".model", ".jinja")
INDEX = ".index.json"


def check_new(out: Path) -> None:
    """Raise where `out` exists and is not an empty folder; asked before long work."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EcoflapError("out_exists", out=out)


def save_pruned(engine: "Engine", allocation: Allocation, recipe: Recipe, out: Path) -> None:
    """Write the pruned model to the new folder `out`: weights, the source's other files as they are, recipe.json.

    Everything is written to a folder beside `out` first, which is then renamed.

    Raises:
        EcoflapError: `out` exists and is not an empty folder, or cannot be written.
    """
    check_new(out)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        beside.mkdir(parents=True)
        left = (INDEX, "config.json") if engine.model.resized else (INDEX,)
        with engine.state(allocation, recipe) as model:
            model.module.save_pretrained(beside)
        # The library rewrites some configurations in ways that its older versions misread: the source's own win.
        for path in sorted(model.folder.iterdir()):
            if path.is_file() and path.name.endswith(KEPT) and not path.name.endswith(left):
                shutil.copyfile(path, beside / path.name)
        recipe.write(beside / "recipe.json")
        if out.exists():
            out.rmdir()
        beside.rename(out)
    except (OSError, SafetensorError) as error:
        raise EcoflapError("out_unwritable", out=out, reason=getattr(error, "strerror", None) or error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
