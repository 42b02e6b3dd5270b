"""A named set of samples, and how rows of whatever source become one: chosen by seed, skipped where unusable."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PIL import Image

from ecoflap.accuracy import label_of
from ecoflap.errors import EcoflapError
from ecoflap.texts import Phrase, say
from ecoflap.types import Sample
from ecoflap.types.answer import check_choice
from ecoflap.types.loading import ASKS

# Pictures are kept unpacked, as the model wants them again for every sparsity.
MOST_BYTES = 8 * 2**30


@dataclass(frozen=True)
class Wanted:
    """What is asked of a source: `count` samples chosen by `seed`, for a model that `asks` so, from its `split`.

    `split` is calibration or evaluation; it matters where a source has several parts. `labels` are those of a model
    that chooses among its own, and rows whose answer is none of them are skipped. Without `answers` a row may have
    none.
    """

    count: int
    seed: int
    asks: str = ASKS[0]
    split: str = "calibration"
    labels: tuple[str, ...] = ()
    answers: bool = True

    def __post_init__(self) -> None:
        check_choice(self.count, self.seed)

    @property
    def pictures(self) -> bool:
        """Whether the model looks at pictures."""
        return self.asks != "text"

    @property
    def questions(self) -> bool:
        """Whether the model reads questions."""
        return self.asks != "picture"


@dataclass(frozen=True)
class Samples:
    """A named set of samples.

    Attributes:
        name: what people read.
        samples: at least one.
        skipped: one sentence for every row that could not be used.
        asked: how many were asked for; the source may have fewer.
        captions: whether the answers are captions, which no two people write alike.
    """

    name: str
    samples: tuple[Sample, ...]
    skipped: tuple[str, ...] = ()
    asked: int = 0
    captions: bool = False

    @property
    def fingerprint(self) -> str:
        """Identity of the set: 16 hex digits over pictures, questions and answers."""
        digest = hashlib.sha256()
        for sample in self.samples:
            image = sample.image or Image.new("RGB", (0, 0))
            digest.update(f"{image.size}{sample.question}\0{sample.answer}\0".encode())
            digest.update(image.tobytes())
        return digest.hexdigest()[:16]

    @property
    def notes(self) -> list[str]:
        """What the user should know: rows that were skipped, and fewer samples than asked for."""
        notes = []
        if self.skipped:
            notes.append(say("data.skipped", name=self.name, count=f"{len(self.skipped):,}", first=self.skipped[0]))
        if len(self.samples) < self.asked:
            facts = {"count": f"{len(self.samples):,}", "asked": f"{self.asked:,}"}
            notes.append(say("data.short", name=self.name, **facts))
        return notes


def by_chance(count: int, wanted: Wanted) -> list[int]:
    """0 to count - 1 in the order of the seed: whoever takes fewer takes the first of those that others take.

    Evaluation begins at the other end than calibration, so that the two share no row of a source unless it has too few.
    """
    order = sorted(range(count), key=lambda i: hashlib.sha256(f"{wanted.seed}/{i}".encode()).digest())
    return order[::-1] if wanted.split == "evaluation" else order


def too_large(name: str, asked: int, fit: int) -> EcoflapError:
    """The error of a source whose first `fit` pictures fill `MOST_BYTES`."""
    facts = {"asked": f"{asked:,}", "most": MOST_BYTES // 2**30, "fit": f"{fit:,}"}
    return EcoflapError("samples_memory", name=name, **facts)


Row = tuple[int, Callable[[], Sample]]


def rows_of(count: int, wanted: Wanted, read: Callable[[int], Sample]) -> Iterator[Row]:
    """All rows of a source with `count` of them in their order by chance, each to be read when its turn comes."""
    return ((i, lambda i=i: read(i)) for i in by_chance(count, wanted))


def gather(name: str, rows: Iterable[Row], wanted: Wanted, captions: bool = False) -> Samples:
    """The first samples of `rows` that can be used, in the order of the source.

    Args:
        name: of the source.
        rows: (place in the source, what reads the sample or raises EcoflapError) in the order to try them.
        wanted: how many.
        captions: whether the answers are captions.

    Raises:
        EcoflapError: no row is usable, or the pictures are more than `MOST_BYTES`.
    """
    found: dict[int, Sample] = {}
    skipped: dict[int, str] = {}
    size = 0
    for i, read in rows:
        try:
            sample = read()
            if wanted.labels:
                label_of(sample.answer, wanted.labels)
        except EcoflapError as error:
            skipped[i] = error.phrase
            continue
        size += 3 * sample.image.width * sample.image.height if sample.image else 0
        if size > MOST_BYTES:
            raise too_large(name, wanted.count, len(found))
        found[i] = sample
        if len(found) == wanted.count:
            break
    said = tuple(skipped[i] for i in sorted(skipped))
    if not found:
        count = f"{len(said):,}"
        reason = Phrase("data.none_usable", count=count, first=said[0]) if said else Phrase("data.no_rows")
        raise EcoflapError("samples_empty", name=name, reason=reason)
    return Samples(name, tuple(found[i] for i in sorted(found)), said, wanted.count, captions)
