"""The folder of a pruned model: weights in the checkpoint's types, other files as they were, recipe, scores, card."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from ecoflap import bitmask
from ecoflap.errors import EcoflapError
from ecoflap.export import card, stored
from ecoflap.export.beside import LEFT, PACKED, copy_files, own
from ecoflap.types import Allocation, Recipe
from ecoflap.types.bundle import beside

if TYPE_CHECKING:
    from ecoflap.engine import Engine
    from ecoflap.models.base import VisionLanguageModel


@dataclass(frozen=True)
class Written:
    """Bytes of weights on disk.

    Attributes:
        dense: of the source; of the pruned model where the source has no such files.
        pruned: of the pruned model in the same format, zeros included.
        packed: of the pruned model without its zeros; None where it was not asked for.
    """

    dense: int
    pruned: int
    packed: int | None

    @property
    def packed_share(self) -> float | None:
        """Size without zeros as a share of the dense one."""
        return None if self.packed is None else self.packed / self.dense


def check_new(out: Path) -> Path:
    """`out` in full, if a folder can be put there; asked before long work.

    Raises:
        EcoflapError: it exists and is not an empty folder, or is the current folder or a link, which a new folder would
            take the place of.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EcoflapError("out_exists", out=out)
    if out.is_symlink() or out.resolve() == Path.cwd():
        raise EcoflapError("out_in_use", out=out)
    return out.resolve()


def check_packed(model: "VisionLanguageModel") -> None:
    """Raise where the weights of `model` cannot be packed; asked before long work."""
    if model.folder is None:
        raise EcoflapError("sparse_format", model=model.name)


def save_pruned(
    engine: "Engine",
    allocation: Allocation,
    recipe: Recipe,
    out: Path,
    origin: card.Origin | None = None,
    packed: bool = False,
) -> Written:
    """Write the pruned model to the new folder `out`, and with `packed` once more without zeros to `out/sparse`.

    Everything is written to a folder beside `out` first, which is then renamed.

    Args:
        engine: the model.
        allocation: weights kept per layer.
        recipe: by which they are kept; written to recipe.json.
        out: the folder.
        origin: for the card and scores.json; None writes neither.
        packed: whether to write `out/sparse` too.

    Raises:
        EcoflapError: `out` cannot be taken (see `check_new`) or written, or `packed` is asked of a model
            that does not come from a folder of safetensors.
    """
    if packed:
        check_packed(engine.model)
    with _new(out) as new:
        with engine.state(allocation, recipe) as model:
            _save(model, new)
        recipe.write(new / "recipe.json")
        for path in stored.files(new):  # the library lets nobody else read them
            shutil.copymode(new / "recipe.json", path)
        if origin is not None:
            origin.bundle.write(new / "scores.json")
            source = engine.model.folder
            before = source / "README.md" if source and own(source / "README.md", source) else None
            text = card.section(allocation, recipe, origin, packed)
            card.write(new / "README.md", before, engine.model.name, text)
        return _finished(engine.model, new, packed)


@contextmanager
def _new(out: Path) -> Iterator[Path]:
    """A folder to write to, which becomes `out` if nothing goes wrong, and nothing else."""
    out = check_new(out)
    there = beside(out)
    made = [folder for folder in out.parents if not folder.exists()]
    try:
        there.mkdir(parents=True)
        yield there
        if out.exists():
            out.rmdir()
        there.rename(out)
    except (OSError, SafetensorError) as error:
        raise EcoflapError("out_unwritable", out=out, reason=getattr(error, "strerror", None) or error) from error
    finally:
        shutil.rmtree(there, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # where all went well, `out` is inside
                folder.rmdir()


def _save(model: "VisionLanguageModel", folder: Path) -> None:
    """Weights, configuration and everything that the model needs to be loaded."""
    model.save(folder)
    if model.folder is None:
        return
    rounded = stored.restore_types(stored.files(folder), stored.types(model.folder))
    # The library rewrites some configurations in ways that its older versions misread: the source's own win, but for
    # one that no longer fits the weights.
    left = (*LEFT, "config.json") if model.resized or rounded else LEFT
    copy_files(model.folder, folder, left)


def _finished(model: "VisionLanguageModel", folder: Path, packed: bool) -> Written:
    """Write the packed copy where it is asked for; the sizes of all."""
    if model.folder is None:
        size = stored.size([path for path in folder.iterdir() if path.suffix == ".pth"])
        return Written(size, size, None)
    pruned = stored.size(stored.files(folder))
    # A source that is packed itself, or whose weights lie elsewhere, says nothing of what the dense model takes.
    dense = pruned if bitmask.files(model.folder) else stored.size(stored.files(model.folder)) or pruned
    if not packed:
        return Written(dense, pruned, None)
    (folder / PACKED).mkdir()
    copy_files(folder, folder / PACKED, LEFT[:1])
    paths = bitmask.write(stored.files(folder), folder / PACKED)
    for path in paths:
        shutil.copymode(folder / "recipe.json", path)
    return Written(dense, pruned, stored.size(paths))
