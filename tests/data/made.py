"""Small sets of samples in the shapes of the real ones, written by tests."""

import json
from pathlib import Path

from PIL import Image

COLOURS = ("red", "green", "blue", "white", "black")
TEN = ("blue", "blue", "blue", "navy", "blue", "blue", "dark blue", "blue", "navy", "blue")


def picture(path: Path, colour: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 10), colour).save(path)
    return path


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def coco_name(number: int, split: str = "val2014") -> str:
    return f"COCO_{split}_{number:012d}.jpg"


def captions(folder: Path, count: int = 5, split: str = "val2014") -> Path:
    """A captions file as COCO's, two captions for each of its pictures, which are in a folder of the split's name."""
    images = [{"id": 42 + i, "file_name": coco_name(42 + i, split), "height": 10, "width": 12} for i in range(count)]
    rows = [
        {"image_id": image["id"], "id": 1000 * k + image["id"], "caption": f" A {colour} picture{', really' * k}. "}
        for k in range(2)
        for image, colour in zip(images, COLOURS)
    ]
    for image, colour in zip(images, COLOURS):
        picture(folder / split / image["file_name"], colour)
    document = {"info": {"year": 2014}, "images": images, "licenses": [], "annotations": rows}
    return write(folder / "annotations" / f"captions_{split}.json", document)


def vqa(folder: Path, count: int = 5, split: str = "val2014", first: int = 42) -> tuple[Path, Path]:
    """Questions and annotations as VQAv2's, under names that say nothing, and pictures in a folder of the split."""
    ids = [first + i for i in range(count)]
    for number, colour in zip(ids, COLOURS):
        picture(folder / split / coco_name(number, split), colour)
    questions = [
        {"image_id": number, "question": f"What colour is picture {number}?", "question_id": number * 1000}
        for number in ids
    ]
    annotations = [
        {
            "question_type": "what color is the",
            "multiple_choice_answer": "blue",
            "answers": [{"answer": text, "answer_confidence": "yes", "answer_id": k + 1} for k, text in enumerate(TEN)],
            "image_id": number,
            "answer_type": "other" if number % 2 else "yes/no",
            "question_id": number * 1000,
        }
        for number in ids
    ]
    head = {"info": {}, "data_type": "mscoco", "data_subtype": split, "license": {}}
    asked = write(folder / f"one-{split}.json", head | {"task_type": "Open-Ended", "questions": questions})
    return asked, write(folder / f"other-{split}.json", head | {"annotations": annotations})
