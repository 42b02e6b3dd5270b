"""Where samples come from: one list of formats, tried in order, and what a source on the command line means."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ecoflap.data import coco, hub_datasets, table, vqa
from ecoflap.data.samples import MOST_BYTES, Samples, Wanted, too_large
from ecoflap.errors import EcoflapError
from ecoflap.types.loading import ASKS

DEMO = "demo"


@dataclass(frozen=True)
class Format:
    """One kind of file or folder that holds samples.

    Attributes:
        name: what it is called.
        recognises: whether a file or folder is of this kind; reads no more than it has to.
        read: (path, what follows the last @ in the source, what is wanted) -> samples.
    """

    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, str | None, Wanted], Samples]


FORMATS = (
    Format("table", table.recognises, table.read),
    Format("dataset", hub_datasets.recognises, hub_datasets.read),
    Format("vqa", vqa.recognises, vqa.read),
    Format("coco-captions", coco.recognises, coco.read),
)


def samples_for(
    model: str,
    source: str | None,
    count: int,
    seed: int,
    split: str = "calibration",
    asks: str = ASKS[0],
    labels: tuple[str, ...] = (),
) -> Samples:
    """`count` samples for `model`.

    A source is `demo`; a file or folder of one of `FORMATS`, with `@FOLDER` behind it where its pictures lie elsewhere
    (for datasets `@SPLIT`); or a dataset `OWNER/NAME`, `OWNER/NAME:CONFIGURATION`, with or without `@SPLIT`, on the
    Hugging Face hub. Which rows are chosen depends on the seed alone: fewer samples are some of the same.

    Args:
        model: what `--model` said; the demo brings its own samples.
        source: where from; None for what the model brings.
        count: how many; the source may have fewer.
        seed: of the demo's scenes, or of the choice among rows.
        split: calibration or evaluation, which never share a scene of the demo; other sources may have parts for each.
        asks: what a question to the model consists of, one of `types.loading.ASKS`; the rest of a row is not read.
        labels: of a model that chooses among its own; rows whose answer is none of them are skipped.

    Raises:
        EcoflapError: the model brings none and no source was given, or the source cannot be used.
    """
    wanted = Wanted(count, seed, asks, split, labels)
    source = source or (DEMO if model == DEMO else None)
    if source is None:
        raise EcoflapError("calibration_missing", model=model)
    if source == DEMO:
        return _demo(wanted)
    name, part = _parts(source)
    form = _format_of(name)
    return form.read(Path(name).expanduser(), part, wanted) if form else hub_datasets.read_hub(name, part, wanted)


def check_source(source: str | None) -> None:
    """Raise where a source cannot be one, or is not to be had; before long work that would find it out at its end."""
    if source in (None, DEMO):
        return
    name = _parts(source)[0]
    if _format_of(name) is None:
        hub_datasets.check_at_hand(name)


def _format_of(name: str) -> Format | None:
    """The format of a file or folder; None for what may be a dataset on the hub.

    Raises:
        EcoflapError: it is of no known format, or neither a path nor an id.
    """
    path = Path(name).expanduser()
    if not path.exists():
        if name.startswith((".", "/", "~")) or name.count("/") != 1 or name.endswith("/"):
            raise EcoflapError("samples_source", source=name)
        return None
    known = FORMATS if path.is_file() or path.is_dir() else ()
    found = next((form for form in known if form.recognises(path)), None)
    if found is None:
        raise EcoflapError("samples_none", path=path)
    return found


def _demo(wanted: Wanted) -> Samples:
    from ecoflap.demo import questions
    from ecoflap.demo.scenes import SIDE

    fit = MOST_BYTES // (3 * SIDE**2)
    if wanted.count > fit:
        raise too_large(DEMO, wanted.count, fit)
    found = questions.samples(wanted.split, wanted.count, wanted.seed)
    image = {} if wanted.pictures else {"image": None}
    question = {} if wanted.questions else {"question": ""}
    samples = tuple(replace(sample, **image, **question) for sample in found)
    return Samples(f"demo {wanted.split}, seed {wanted.seed}", samples, asked=wanted.count)


def _parts(source: str) -> tuple[str, str | None]:
    """The path or id, and what follows its last @; a path that holds an @ and exists is left whole."""
    if "@" not in source or Path(source).expanduser().exists():
        return source, None
    name, _, part = source.rpartition("@")
    return name, os.path.expanduser(part) or None
