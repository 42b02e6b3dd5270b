"""Samples from COCO captions and from VQA questions with their annotations."""

import json
import shutil

import pytest

from ecoflap.data.registry import samples_for
from ecoflap.errors import EcoflapError
from tests.data.made import COLOURS, TEN, captions, coco_name, picture, vqa, write


def read(source, count=100, seed=0, **more):
    return samples_for("some/model", str(source), count, seed, **more)


def test_captions_are_one_sample_per_picture(tmp_path):
    file = captions(tmp_path)
    found = read(file)
    assert [s.answer for s in found.samples] == [f"A {colour} picture." for colour in COLOURS]
    assert found.samples[0].references == ("A red picture.", "A red picture, really.")
    assert {s.question for s in found.samples} == {"a photo of"}
    assert [s.image.getpixel((5, 5))[0] > 200 for s in found.samples] == [True, False, False, True, False]
    assert found.captions
    assert read(tmp_path).fingerprint == found.fingerprint
    assert read(file, 2).samples == read(file.parent, 2).samples


@pytest.mark.parametrize(
    "place", ["annotations", "images", "images/val2014", "annotations/val2014", "Images/mscoco/val2014"]
)
def test_pictures_are_found_where_people_keep_them(tmp_path, place):
    file = captions(tmp_path)
    for image in (tmp_path / "val2014").iterdir():
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        shutil.move(image, tmp_path / place / image.name)
    assert len(read(file).samples) == 5


def test_pictures_elsewhere_are_named_behind_an_at(tmp_path):
    file = captions(tmp_path)
    other = tmp_path / "far" / "away"
    shutil.move(tmp_path / "val2014", other / "val2014")
    with pytest.raises(EcoflapError, match="could not be used: 5.*put @FOLDER behind the source"):
        read(file)
    assert read(f"{file}@{other}").fingerprint == read(f"{file}@{other / 'val2014'}").fingerprint


def test_the_pictures_folder_may_be_in_the_home_folder(tmp_path, monkeypatch):
    file = captions(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.move(tmp_path / "val2014", tmp_path / "pictures")
    assert len(read(f"{file}@~/pictures").samples) == 5


def test_captions_that_lead_outside_or_nowhere_are_skipped(tmp_path):
    picture(tmp_path / "secret.png")
    file = captions(tmp_path / "set")
    document = json.loads(file.read_text())
    pictures = tmp_path / "set" / "val2014"
    (pictures / "link.jpg").symlink_to(tmp_path / "secret.png")
    (tmp_path / "set" / "images").symlink_to(tmp_path)
    names = ["../../secret.png", "link.jpg", str(tmp_path / "secret.png"), "secret.png", None, 7, "\0"]
    document["images"] += [{"id": 500 + i, "file_name": name} for i, name in enumerate(names)]
    document["images"] += [{"id": 42, "file_name": "link.jpg"}, "not an image", {"file_name": "no id"}, {"id": [1]}]
    document["annotations"] += [{"image_id": 500 + i, "caption": "a secret"} for i in range(len(names))]
    document["annotations"] += [{"image_id": 999, "caption": "of no picture"}, {"image_id": 42}, 5, {"image_id": {}}]
    found = read(write(file, document))
    assert [s.answer for s in found.samples] == [f"A {colour} picture." for colour in COLOURS]
    assert len(found.skipped) == len(names)
    parts = [
        "outside",
        "outside",
        "outside",
        "names the picture 'secret.png'",
        "no image",
        "names the picture '7'",
        "no possible",
    ]
    assert [part in text for part, text in zip(parts, found.skipped)] == [True] * 7


@pytest.mark.parametrize("given", ["one-val2014.json", "other-val2014.json", ""])
def test_a_vqa_set_is_found_from_either_file_or_the_folder(tmp_path, given):
    vqa(tmp_path)
    found = read(tmp_path / given)
    assert [s.question for s in found.samples] == [f"What colour is picture {42 + i}?" for i in range(5)]
    assert {s.answer for s in found.samples} == {"blue"}
    assert {s.references for s in found.samples} == {TEN}
    assert [s.kind for s in found.samples] == ["yes/no", "other", "yes/no", "other", "yes/no"]
    assert not found.captions


def test_annotations_are_matched_by_their_ids(tmp_path):
    asked, given = vqa(tmp_path)
    vqa(tmp_path, split="train2014", first=100)
    assert read(asked).samples[0].question == read(given).samples[0].question == "What colour is picture 42?"
    with pytest.raises(EcoflapError, match="several files of samples: one-train2014.json, one-val2014.json"):
        read(tmp_path)
    (tmp_path / "other-val2014.json").unlink()
    with pytest.raises(EcoflapError, match="share no question"):
        read(asked)
    (tmp_path / "other-train2014.json").unlink()
    with pytest.raises(
        EcoflapError, match=r"half of a VQA set: the file of its answers \(annotations\) is not beside it"
    ):
        read(asked)


def test_the_folders_of_the_vqa_tools_are_known(tmp_path):
    asked, given = vqa(tmp_path)
    for file, name in ((asked, "Questions"), (given, "Annotations")):
        (tmp_path / name).mkdir()
        shutil.move(file, tmp_path / name / file.name)
    (tmp_path / "Images" / "mscoco").mkdir(parents=True)
    shutil.move(tmp_path / "val2014", tmp_path / "Images" / "mscoco" / "val2014")
    for source in (tmp_path, tmp_path / "Questions" / asked.name, tmp_path / "Annotations" / given.name):
        assert len(read(source).samples) == 5


def test_pictures_named_as_in_2017_are_found(tmp_path):
    vqa(tmp_path, split="val2017")
    for i in range(5):
        (tmp_path / "val2017" / coco_name(42 + i, "val2017")).rename(tmp_path / "val2017" / f"{42 + i:012d}.jpg")
    assert len(read(tmp_path).samples) == 5


def test_questions_that_cannot_be_used_are_skipped(tmp_path):
    asked, given = vqa(tmp_path)
    (tmp_path / "val2014" / coco_name(43)).write_bytes(b"\xff\xd8\xff broken")
    (tmp_path / "val2014" / coco_name(44)).unlink()
    questions, annotations = json.loads(asked.read_text()), json.loads(given.read_text())
    questions["questions"][3]["question"] = 5
    questions["questions"] += [questions["questions"][0] | {"question": "again ?"}, None, {"question_id": []}]
    annotations["annotations"][4].update(multiple_choice_answer="", answers=None)
    write(asked, questions)
    write(given, annotations)
    found = read(tmp_path)
    assert [s.question for s in found.samples] == ["What colour is picture 42?"]
    assert len(found.skipped) == 4
    parts = [coco_name(43), coco_name(44), "no question", "no answer"]
    assert [part in text for part, text in zip(parts, found.skipped)] == [True] * 4


def test_a_question_without_one_chosen_answer_takes_the_most_frequent(tmp_path):
    _, given = vqa(tmp_path, count=1)
    annotations = json.loads(given.read_text())
    del annotations["annotations"][0]["multiple_choice_answer"]
    annotations["annotations"][0]["answers"][0]["answer"] = "navy"
    write(given, annotations)
    assert read(tmp_path).samples[0].answer == "blue"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"images": [], "annotations": [{"caption": "x"', "not the JSON that was expected"),
        ('[{"images": 1, "caption": 2}]', "it holds a list, not an object"),
        ('{"images": {}, "caption": 2}', "no usable sample: it has no rows"),
        ("[" * 100_000 + '{"images": 1, "caption": 2}', "nested too deeply"),
        ('{"question_id": 1, "question": ', "half of a VQA set"),
        ("", "holds no samples that can be read"),
        ('{"annotations": [{"bbox": []}], "images": []}', "holds no samples that can be read"),
    ],
)
def test_bad_json_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "x.json").write_text(text)
    for source in (tmp_path, tmp_path / "x.json"):
        with pytest.raises(EcoflapError, match=sentence) as caught:
            read(source)
        assert "\n" not in str(caught.value)
