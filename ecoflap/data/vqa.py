"""Samples from VQAv2 and its kin: a JSON file of questions, one of annotations with ten people's answers each.

Source of the format: https://visualqa.org/download.html, "Input Questions Format" and "Annotation Format".
"""

from functools import partial
from pathlib import Path
from typing import Any

from ecoflap.data.coco import documents, only, picture_folders
from ecoflap.data.columns import Columns, sample_of
from ecoflap.data.files import PictureFolders, by_id, mentions, read_json, records
from ecoflap.data.samples import Samples, Wanted, gather, rows_of
from ecoflap.errors import EcoflapError
from ecoflap.texts import Phrase
from ecoflap.types import Sample

COLUMNS = Columns("image", "question", "answer", "answers", "answer_type")
Answers = dict[int | str, dict[str, Any]]
# What tells the two kinds of file apart; both have question_id.
QUESTIONS, ANSWERS = ("question_id", "question"), ("question_id", "answers")


def recognises(path: Path) -> bool:
    """Whether `path` is a file of questions or of their answers, or a folder with one."""
    return bool(documents(path, *QUESTIONS) or documents(path, *ANSWERS))


def read(path: Path, part: str | None, wanted: Wanted) -> Samples:
    """Samples of a questions file and an annotations file: whichever `path` is, the other one is found by its ids.

    The answer is the most frequent one, `references` are all ten, `kind` is the answer's type (yes/no, number, other).

    Args:
        path: either file, or the folder of both.
        part: folder of the pictures; None looks beside the files.
        wanted: how many and for what.

    Raises:
        EcoflapError: a file is missing or cannot be read, or no question is usable.
    """
    questions, document, answers = _pair(path)
    asked = by_id(records(document, "questions"), "question_id")
    found = [(record, answers[key]) for key, record in asked.items() if key in answers]
    split = document.get("data_subtype")
    split = split if isinstance(split, str) else ""
    folders = picture_folders(questions, part, split)
    sample = partial(_sample, found, (questions.name, split), folders, wanted)
    return gather(path.resolve().name, rows_of(len(found), wanted, sample), wanted)


def _pair(path: Path) -> tuple[Path, dict[str, Any], Answers]:
    """The file of questions, what it holds, and the annotations that share most question ids with it."""
    if path.is_dir():
        questions, annotations = documents(path, *QUESTIONS), documents(path, *ANSWERS)
    elif mentions(path, "question"):
        questions, annotations = [path], _beside(path, *ANSWERS)
    else:
        questions, annotations = _beside(path, *QUESTIONS), [path]
    if not questions or not annotations:
        raise EcoflapError("samples_half", path=path, missing=Phrase("data.answers" if questions else "data.questions"))
    if len(questions) > 1 and len(annotations) > 1:
        only(path, questions)
    return _matching(questions, annotations)


def _beside(path: Path, *keys: str) -> list[Path]:
    """Documents with the keys beside `path`, or in the folders that the VQA tools keep side by side."""
    here = path.absolute().parent
    places = (here, here.parent / "Questions", here.parent / "Annotations")
    return [file for place in places for file in documents(place, *keys) if file.parent == place]


def _matching(questions: list[Path], annotations: list[Path]) -> tuple[Path, dict[str, Any], Answers]:
    """The two that belong together."""
    asked = {file: read_json(file) for file in questions}
    given = {file: by_id(records(read_json(file), "annotations"), "question_id") for file in annotations}
    shared = {
        (one, other): len(by_id(records(asked[one], "questions"), "question_id").keys() & given[other].keys())
        for one in questions
        for other in annotations
    }
    best = max(shared, key=shared.get)
    if not shared[best]:
        raise EcoflapError("samples_strangers", questions=best[0].name, annotations=best[1].name)
    return best[0], asked[best[0]], given[best[1]]


def _sample(
    found: list[tuple[dict[str, Any], dict[str, Any]]],
    names: tuple[str, str],
    folders: PictureFolders,
    wanted: Wanted,
    i: int,
) -> Sample:
    asked, given = found[i]
    where = Phrase("data.question", number=asked["question_id"], name=names[0])
    answers = given.get("multiple_choice_answer") or given.get("answers")
    row = given | {"question": asked.get("question"), "answer": answers, "image": asked.get("image_id")}
    opened = lambda key: folders.open(_picture_names(key, names[1]), where)  # noqa: E731
    return sample_of(row, COLUMNS, wanted, where, opened)


def _picture_names(key: Any, split: str) -> list[str]:
    """File names of the picture `key`: as COCO named them in 2014, in 2017, and the names of abstract scenes."""
    number = f"{key:012d}" if isinstance(key, int) else str(key)
    return [f"COCO_{split}_{number}.jpg", f"{number}.jpg", f"abstract_v002_{split}_{number}.png"]
