"""Which column of a table or dataset is the picture, the question and the answer, and a row of them as a sample."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ecoflap.data.samples import Wanted
from ecoflap.errors import EcoflapError
from ecoflap.types import Sample

# Names in use, the more telling ones first.
IMAGE = ("image", "file_name", "picture", "img")
QUESTION = ("question", "prompt", "text")
CAPTION = ("caption", "captions")
ANSWER = ("answer", "multiple_choice_answer", "answers", "label", "labels", *CAPTION)
# A text beside a picture, and nothing else, is its caption, as in the library's folders of pictures.
CAPTIONS = (*CAPTION, "text")
SEVERAL = ("answers", "captions")
KIND = ("kind", "answer_type", "question_type")
# What BLIP-2's language models are given before a caption (LAVIS, its captioning configurations of BLIP-2).
CAPTION_PROMPT = "a photo of"

# Lists and records that an answer may lie in, one in another; VQA's are in two.
MOST_DEPTH = 8

OpenPicture = Callable[[Any], Image.Image]


@dataclass(frozen=True)
class Columns:
    """Names of the columns to read; None where there is none and the model needs none.

    Attributes:
        image: pictures, or names of their files.
        question: questions.
        answer: the answer, or a list of accepted ones; None only where a row may have none.
        several: lists of accepted answers, where these are apart from `answer`.
        kind: the type of question.
        labels: names of the classes, where `answer` holds their numbers.
    """

    image: str | None
    question: str | None
    answer: str | None
    several: str | None = None
    kind: str | None = None
    labels: tuple[str, ...] = ()

    @property
    def captions(self) -> bool:
        """Whether the answers are captions."""
        return self.question is None and (self.answer or "").strip().lower() in CAPTIONS

    @property
    def named(self) -> list[str]:
        """All of them that there are, each once."""
        names = (self.image, self.question, self.answer, self.several, self.kind)
        return list(dict.fromkeys(name for name in names if name))


def columns_of(
    found: Collection[str], wanted: Wanted, where: str, labels: Mapping[str, tuple[str, ...]] | None = None
) -> Columns:
    """The columns to read among those `found`.

    Without questions, the question to a caption is a prompt, and that to a class is the list of all classes.

    Args:
        found: names of all columns.
        wanted: what the model needs.
        where: where they are, for the error.
        labels: names of the classes in the columns that hold their numbers.

    Raises:
        EcoflapError: one that the model needs is missing, or one of them is there twice.
    """
    names = {name.strip().lower(): name for name in found if isinstance(name, str)}
    image = _first(names, IMAGE) if wanted.pictures else None
    question = _first(names, QUESTION) if wanted.questions else None
    answer = _first(names, ANSWER)
    beside_picture = wanted.pictures and question is not None and question.strip().lower() == "text"
    if answer is None and wanted.answers and beside_picture:
        answer, question = question, None
    classes = (labels or {}).get(answer, ())
    if question is None and wanted.questions:  # they become a list with commas; ImageNet's hold synonyms after theirs
        classes = tuple(label.split(",")[0].strip() for label in classes)
    needed = {"image": image or not wanted.pictures, "answer": answer or not wanted.answers}
    if not classes and (answer is None or answer.strip().lower() not in CAPTIONS):
        needed["question"] = question or not wanted.questions
    missing = [name for name in ("image", "question", "answer") if not needed.get(name, True)]
    if missing:
        facts = {"found": ", ".join(names.values()) or "-", "images": "/".join(IMAGE), "questions": "/".join(QUESTION)}
        raise EcoflapError(
            "samples_columns", where=where, missing=", ".join(missing), answers="/".join(ANSWER), **facts
        )
    columns = Columns(image, question, answer, _first(names, SEVERAL), _first(names, KIND), classes)
    spelled = [name.strip().lower() for name in found if isinstance(name, str)]
    double = next((name for name in columns.named if spelled.count(name.strip().lower()) > 1), None)
    if double is not None:
        raise EcoflapError("samples_double", where=where, name=double.strip())
    return columns


@dataclass(frozen=True)
class Cells:
    """What a row holds: its picture as the source keeps it, and all words; empty where none is there and none due."""

    picture: Any
    question: str
    answer: str
    references: tuple[str, ...]
    kind: str


def cells_of(row: Mapping[str, Any], columns: Columns, wanted: Wanted, where: str) -> Cells:
    """The cells of one row; see `sample_of`.

    Raises:
        EcoflapError: one that is needed is empty, or there are more cells than columns.
    """
    if None in row:  # as the csv module has it: one of the texts was cut at a comma, and nobody knows which
        raise EcoflapError("samples_surplus", where=where)
    answers = answers_of(row.get(columns.answer), columns.labels) if columns.answer else []
    references = answers_of(row.get(columns.several), ()) if columns.several else answers
    question = _question(row, columns) if wanted.questions else ""
    picture = row.get(columns.image) if wanted.pictures else None
    picture = picture.strip() if isinstance(picture, str) else picture
    cells = {
        "image": picture not in (None, "") or not wanted.pictures,
        "question": question or not wanted.questions,
        "answer": answers or not wanted.answers,
    }
    empty = [name for name, value in cells.items() if not value]
    if empty:
        raise EcoflapError("samples_row", where=where, empty=", ".join(empty))
    kind = " ".join(answers_of(row.get(columns.kind))[:1]) if columns.kind else ""
    answer = most_frequent(answers) if answers else ""
    return Cells(picture, question, answer, tuple(references) if len(references) > 1 else (), kind)


def sample_of(row: Mapping[str, Any], columns: Columns, wanted: Wanted, where: str, opened: OpenPicture) -> Sample:
    """One row as a sample.

    Args:
        row: its cells by column.
        columns: which of them to read.
        wanted: what the model needs.
        where: which row it is, for errors.
        opened: opens the picture that the cell holds or names.

    Raises:
        EcoflapError: a cell is empty, or the picture cannot be used.
    """
    cells = cells_of(row, columns, wanted, where)
    image = opened(cells.picture) if wanted.pictures else None
    return Sample(image, cells.question, cells.answer, cells.kind, cells.references)


def _question(row: Mapping[str, Any], columns: Columns) -> str:
    if columns.question is not None:
        value = row.get(columns.question)
        return _text(value) if isinstance(value, str) else ""
    return CAPTION_PROMPT if columns.captions else ", ".join(columns.labels)


def answers_of(value: Any, labels: tuple[str, ...] = (), depth: int = 0) -> list[str]:
    """All answers in a cell: a text, a number (of a class, where `labels` names them), or lists and records of such.

    What lies within MOST_DEPTH lists or records is nobody's answer.
    """
    if depth > MOST_DEPTH:
        return []
    if isinstance(value, str):
        return [_text(value)] if _text(value) else []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, int) and labels:
        return [labels[value]] if 0 <= value < len(labels) else []
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, float):
        return [str(value)] if math.isfinite(value) else []
    if isinstance(value, list | tuple):
        return [answer for part in value for answer in answers_of(part, labels, depth + 1)]
    if isinstance(value, Mapping):
        answer = next((value[key] for key in ("answer", "text", "caption") if key in value), None)
        return answers_of(answer, labels, depth + 1)
    return []


def _text(value: str) -> str:
    """Without blanks around it; a lone surrogate, which JSON may hold, is no text that a tokenizer takes."""
    return value.encode("utf-8", "replace").decode().strip()


def most_frequent(answers: list[str]) -> str:
    """The answer that most people gave; of several, the one that came first."""
    return Counter(answers).most_common(1)[0][0]


def _first(names: Mapping[str, str], wanted: Collection[str]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)
