"""Calibration and evaluation samples: from the demo's scenes, or a folder of pictures with questions and answers."""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ecoflap.errors import EcoflapError
from ecoflap.pictures import open_picture
from ecoflap.types import Sample

TABLE = "samples.csv"
COLUMNS = ("image", "question", "answer")


@dataclass(frozen=True)
class Samples:
    """A named set of samples.

    Attributes:
        name: what people read.
        samples: at least one.
        skipped: one sentence for every row that could not be used.
    """

    name: str
    samples: tuple[Sample, ...]
    skipped: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Identity of the set: 16 hex digits over pictures, questions and answers."""
        digest = hashlib.sha256()
        for sample in self.samples:
            digest.update(f"{sample.image.size}{sample.question}\0{sample.answer}\0".encode())
            digest.update(sample.image.tobytes())
        return digest.hexdigest()[:16]


def samples_for(model: str, source: str | None, count: int, seed: int, split: str = "calibration") -> Samples:
    """`count` samples for `model`.

    Args:
        model: what `--model` said; the demo brings its own samples.
        source: `demo`, a folder with samples.csv, or None for what the model brings.
        count: how many; a folder may have fewer.
        seed: of the demo's scenes, or of the choice from a folder.
        split: the demo's split, calibration or evaluation, which never share a scene.

    Raises:
        EcoflapError: the model brings none and no source was given, or the source cannot be used.
    """
    if count < 1:
        raise EcoflapError("samples_count", value=count)
    if seed < 0:
        raise EcoflapError("samples_seed", value=seed)
    source = source or ("demo" if model == "demo" else None)
    if source is None:
        raise EcoflapError("calibration_missing", model=model)
    if source == "demo":
        from ecoflap.demo import questions

        return Samples(f"demo {split}, seed {seed}", tuple(questions.samples(split, count, seed)))
    return from_folder(Path(source), count, seed)


def from_folder(folder: Path, count: int, seed: int = 0) -> Samples:
    """Up to `count` samples of a folder with pictures and a samples.csv of image, question and answer.

    Rows that cannot be used are skipped and named in `skipped`.

    Raises:
        EcoflapError: no such table, a column is missing, or no row is usable.
    """
    rows = list(_rows(folder))
    found: dict[int, Sample] = {}
    skipped: dict[int, str] = {}
    for i in sorted(range(len(rows)), key=lambda i: hashlib.sha256(f"{seed}/{i}".encode()).digest()):
        if len(found) == count:
            break
        try:
            found[i] = _sample(folder, *rows[i])
        except EcoflapError as error:
            skipped[i] = str(error)
    said = tuple(skipped[i] for i in sorted(skipped))
    if not found:
        raise EcoflapError("samples_empty", folder=folder, reason=said[0] if said else "it has no rows.")
    return Samples(folder.name, tuple(found[i] for i in sorted(found)), said)


def _rows(folder: Path) -> Iterable[tuple[dict[str, str], int]]:
    """Rows of the folder's table, each with its line."""
    path = folder / TABLE
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise EcoflapError("samples_columns", path=path, missing=", ".join(missing), columns=",".join(COLUMNS))
            for row in reader:
                yield row, reader.line_num
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EcoflapError("samples_table", folder=folder, table=TABLE, columns=",".join(COLUMNS)) from error


def _sample(folder: Path, row: dict[str, str], line: int) -> Sample:
    """One row as a sample; the picture has to lie inside the folder."""
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    empty = [name for name, value in values.items() if not value]
    if empty:
        raise EcoflapError("samples_row", line=line, empty=", ".join(empty))
    try:
        picture = (folder / values["image"]).resolve()
    except (OSError, ValueError) as error:
        raise EcoflapError("samples_name", line=line) from error
    if not picture.is_relative_to(folder.resolve()):
        raise EcoflapError("samples_outside", line=line, name=values["image"])
    return Sample(open_picture(picture), values["question"], values["answer"])
