import json

import pytest
from PIL import Image

from ecoflap.accuracy import Share
from ecoflap.demo.evaluate import accuracy, blanked, load_answerer, main
from ecoflap.demo.model import fresh_model, save_model
from ecoflap.demo.questions import samples
from ecoflap.types import Sample

PICTURE = Image.new("RGB", (40, 30), "red")
SAMPLES = [Sample(PICTURE, f"question {i}", str(i % 3), "count" if i < 6 else "where") for i in range(10)]


def test_shares_are_counted_over_all_and_by_type():
    found = accuracy(lambda pictures, questions: ["0"] * len(questions), SAMPLES)
    assert found.overall == Share(4, 10)
    assert found.by_type == {"count": Share(2, 6), "where": Share(2, 4)}


def test_every_sample_is_asked_once_in_batches_of_the_size():
    asked = []

    def answer(pictures, questions):
        asked.append(questions)
        return [question[-1] for question in questions]

    accuracy(answer, SAMPLES, batch=4)
    assert [len(part) for part in asked] == [4, 4, 2]
    assert sorted(question for part in asked for question in part) == sorted(sample.question for sample in SAMPLES)


def test_no_samples_is_said():
    with pytest.raises(ValueError, match="give at least one"):
        accuracy(lambda pictures, questions: [], [])


def test_blank_pictures_keep_size_question_and_answer():
    (blank,) = blanked(SAMPLES[:1])
    assert blank.image.size == (40, 30) and blank.image.getcolors() == [(1200, (128, 128, 128))]
    assert (blank.question, blank.answer, blank.kind) == ("question 0", "0", "count")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("demo") / "model"
    save_model(fresh_model(), place)
    return place


def test_any_saved_model_answers_through_the_libraries_own_path(folder):
    asked = samples("calibration", 3)
    answers = load_answerer(folder)([s.image for s in asked], [s.question for s in asked])
    assert len(answers) == 3 and all(isinstance(answer, str) for answer in answers)


def test_the_command_prints_one_json_document(folder, capsys):
    main(["--model", str(folder), "--questions", "4", "--seed", "5", "--kinds", "size", "where", "--format", "json"])
    rows = json.loads(capsys.readouterr().out)
    assert list(rows) == ["overall", "size", "where"]
    assert rows["overall"]["total"] == 4 and len(rows["size"]["interval"]) == 2


def test_a_folder_without_a_model_is_refused_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--model", str(tmp_path)])
    assert stop.value.code == 2
    assert "holds no config.json" in capsys.readouterr().err
