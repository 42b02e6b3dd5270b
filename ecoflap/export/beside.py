"""What a model's folder holds beside its weights, copied to another; nothing from outside through a link."""

import shutil
from fnmatch import fnmatch
from pathlib import Path

# Configuration, tokenizer, processor, code that the model needs, terms of use.
KEPT = ("*.json", "*.txt", "*.model", "*.jinja", "*.py", "LICENSE*", "NOTICE*", "USE_POLICY*", "README.md")
# What belongs to the source's weights alone; the card is written anew.
LEFT = ("*.index.json", "README.md", "scores.json")
# The folder of the same model with its zeros left out.
PACKED = "sparse"
# Folders of something else than a tokenizer, as are those that have a configuration of their own.
OTHERS = (".*", PACKED, "original", "onnx", "openvino")
# What a folder of a second tokenizer or of templates holds at least one of.
SECOND = ("*tokenizer*", "*processor*", "vocab*", "merges.txt", "*.model", "*.jinja")


def copy_files(source: Path, target: Path, left: tuple[str, ...] = LEFT) -> None:
    """Copy what a model needs besides its weights, a second tokenizer's folder too; not what `left` names.

    Links are followed inside `source` alone, and in the hub's local cache to where that keeps its files.
    """
    _copy(source, target, left)
    for path in sorted(source.iterdir()):
        if path.is_dir() and not path.is_symlink() and _is_second(path):
            _copy(path, target / path.name, left, source)


def _copy(folder: Path, target: Path, left: tuple[str, ...], source: Path | None = None) -> None:
    """Copy the files of `folder`, which lies in `source` or is it, that are to be kept."""
    for path in sorted(folder.iterdir()):
        if _is(path, KEPT) and not _is(path, left) and own(path, source or folder):
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / path.name)


def _is_second(folder: Path) -> bool:
    """Whether a folder holds a second tokenizer or templates."""
    if _is(folder, OTHERS) or (folder / "config.json").is_file():
        return False
    return any(_is(path, SECOND) for path in folder.iterdir())


def own(path: Path, source: Path) -> bool:
    """Whether `path` is a file of the model in `source`, and no link to one elsewhere."""
    root = source.resolve()
    homes = [root, root.parents[1] / "blobs"] if root.parent.name == "snapshots" else [root]
    return path.is_file() and any(path.resolve().is_relative_to(home) for home in homes)


def _is(path: Path, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in patterns)
