"""Samples from CSV and JSONL tables, and what holds for every source: the choice of rows, notes, and bounds."""

import json
import os

import pytest

from ecoflap.data import samples as sets
from ecoflap.data.columns import answers_of
from ecoflap.data.registry import check_source, samples_for
from ecoflap.errors import EcoflapError
from tests.data.made import picture
from tests.tiny import samples


def read(source, count=100, seed=0, **more):
    return samples_for("some/model", str(source), count, seed, **more)


def table(folder, text, name="samples.csv"):
    for i, colour in enumerate(("red", "white", "blue")):
        picture(folder / f"{i}.png", colour)
    (folder / name).write_text(text)
    return folder


def test_identities_of_sets_stay_what_they_were(sample_folder):
    """Bundles and recipes that people have name them."""
    assert samples_for("demo", None, 8, 0).fingerprint == "0efadf12542c5c34"
    assert samples_for("demo", None, 5, 3, "evaluation").fingerprint == "b61c91b7c316124f"
    assert read(sample_folder).fingerprint == "a5d7fb840c791676"
    assert read(sample_folder, 2).fingerprint == "1364a156d55078ee"
    assert read(sample_folder, 2, seed=1).fingerprint == "44df9f359db48fb5"


def test_fewer_samples_are_some_of_the_same(tmp_path):
    rows = "\n".join(f"{i % 3}.png,which {i} ?,{i}" for i in range(40))
    folder = table(tmp_path, "image,question,answer\n" + rows)
    for seed in range(3):
        chosen = [[int(sample.answer) for sample in read(folder, n, seed).samples] for n in (5, 20, 40)]
        assert set(chosen[0]) < set(chosen[1]) < set(chosen[2])
        assert all(part == sorted(part) for part in chosen)
    assert read(folder, 5, 0).samples != read(folder, 5, 1).samples


def test_evaluation_takes_other_rows_than_calibration_while_there_are_some(tmp_path):
    folder = table(tmp_path, "image,question,answer\n" + "\n".join(f"{i % 3}.png,which {i} ?,{i}" for i in range(40)))
    chosen = {sample.answer for sample in read(folder, 15).samples}
    asked = [{sample.answer for sample in read(folder, n, split="evaluation").samples} for n in (10, 25, 40)]
    assert not chosen & asked[1]
    assert asked[0] < asked[1] < asked[2]


def test_rows_that_cannot_be_used_are_named_and_counted(sample_folder, tmp_path_factory):
    picture(tmp_path_factory.mktemp("elsewhere") / "out.png").rename(sample_folder.parent / "out.png")
    (sample_folder / "cut.png").write_bytes((sample_folder / "0.png").read_bytes()[:60])
    (sample_folder / "text.png").write_text("no picture")
    os.mkfifo(sample_folder / "pipe.png")
    (sample_folder / "out.png").symlink_to(sample_folder.parent / "out.png")
    bad = ["missing.png,what,yes", "../out.png,what,yes", "out.png,what,yes", "0.png,,yes", "cut.png,what,yes"]
    bad += ["text.png,what,yes", f"{sample_folder.parent / 'out.png'},what,yes", "x" * 300 + ",what,yes"]
    bad += ["pipe.png,what,yes"]
    path = sample_folder / "samples.csv"
    path.write_text(path.read_text() + "\n" + "\n".join(bad))
    found = read(sample_folder)
    assert [sample.question for sample in found.samples] == [sample.question for sample in samples()]
    parts = ["missing.png", "outside", "outside", "no question", "damaged", "not a picture", "outside"]
    assert [part in text for part, text in zip(parts, found.skipped)] == [True] * 7
    assert "Line 5 of samples.csv" in found.skipped[0]
    assert "could not be used: 9. The" in found.notes[0]
    assert "has 3 of the 100 samples asked for" in found.notes[1]
    assert found.fingerprint == "a5d7fb840c791676"


def test_a_row_twice_is_two_samples(tmp_path):
    found = read(table(tmp_path, "image,question,answer\n0.png,what ?,a\n0.png,what ?,a\n"))
    assert len(found.samples) == 2
    assert found.notes == [f"{tmp_path.name} has 2 of the 100 samples asked for."]


def test_what_the_model_does_not_look_at_is_not_needed(tmp_path):
    table(tmp_path, "question,answer\nwhat is red ?,a colour\n", "text.csv")
    table(tmp_path, "image,label\n0.png,cat\n", "labels.csv")
    text = read(tmp_path / "text.csv", asks="text").samples[0]
    assert (text.image, text.question, text.answer) == (None, "what is red ?", "a colour")
    seen = read(tmp_path / "labels.csv", asks="picture").samples[0]
    assert (seen.image.size, seen.question, seen.answer) == ((12, 10), "", "cat")
    for name, missing in (("text.csv", "lacks the column image"), ("labels.csv", "lacks the column question")):
        with pytest.raises(EcoflapError, match=missing):
            read(tmp_path / name)
    assert (
        read(tmp_path / "text.csv", asks="text").fingerprint
        != read(tmp_path / "labels.csv", asks="picture").fingerprint
    )


def test_the_demo_gives_a_model_what_it_asks_for():
    whole, seen, read_ = (
        samples_for("demo", None, 4, 0, asks=asks).samples for asks in ("picture and text", "picture", "text")
    )
    assert [s.question for s in seen] == [""] * 4 and [s.image for s in read_] == [None] * 4
    assert [s.answer for s in whole] == [s.answer for s in seen] == [s.answer for s in read_]


def test_jsonl_gives_a_list_of_accepted_answers(tmp_path):
    rows = [
        {"image": "0.png", "question": "which ?", "answers": ["navy", "blue", "blue"], "kind": "colour"},
        {"image": "1.png", "question": "how many ?", "answer": 3},
        {"image": "2.png", "question": "is it \ud800 ?", "answer": True, "answers": []},
    ]
    lines = [json.dumps(rows[0]), "", json.dumps(rows[1]), "{broken", "[1, 2]", json.dumps(rows[2])]
    found = read(table(tmp_path, "\n".join(lines), "mine.jsonl"))
    assert [s.answer for s in found.samples] == ["3", "yes"]
    assert ["Line 1" in found.skipped[0], "Line 4" in found.skipped[1], "Line 5" in found.skipped[2]] == [True] * 3
    (tmp_path / "mine.jsonl").write_text(json.dumps(rows[0]))
    sample = read(tmp_path).samples[0]
    assert (sample.answer, sample.references, sample.kind) == ("blue", ("navy", "blue", "blue"), "colour")


@pytest.mark.parametrize(
    ("cell", "answers"),
    [
        (" a  cat ", ["a  cat"]),
        ("", []),
        (None, []),
        (2, ["2"]),
        (2.5, ["2.5"]),
        (float("nan"), []),
        (False, ["no"]),
        (["a", " ", "b"], ["a", "b"]),
        ([{"answer": "a", "answer_id": 1}, {"answer": "b"}], ["a", "b"]),
        ({"text": ["a", "b"], "start": [1, 2]}, ["a", "b"]),
        ({"other": "a"}, []),
    ],
)
def test_answers_in_every_form(cell, answers):
    assert answers_of(cell) == answers


def test_numbers_of_classes_become_their_names():
    assert answers_of([1, 0], ("cat", "dog")) == ["dog", "cat"]
    assert answers_of(-1, ("cat", "dog")) == []


def test_pictures_may_lie_elsewhere(tmp_path):
    picture(tmp_path / "pictures" / "0.png", "green")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "q@1.csv").write_text("file_name,prompt,answer\n0.png,what ?,green\n")
    with pytest.raises(EcoflapError, match="put @FOLDER behind the source"):
        read(tmp_path / "tables" / "q@1.csv")
    found = read(f"{tmp_path}/tables/q@1.csv@{tmp_path}/pictures")
    assert found.samples[0].image.getpixel((0, 0)) == (0, 128, 0)
    with pytest.raises(EcoflapError, match="no folder .*nowhere of pictures"):
        read(f"{tmp_path}/tables/q@1.csv@{tmp_path}/nowhere")


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("a,b\n", "samples.csv", "lacks the column image, question, answer: it has a, b"),
        ("image,question,answer\n", "samples.csv", "no usable sample: it has no rows"),
        ("image,question,answer\nx.png,q,a\n", "samples.csv", "no usable sample: .* could not be used: 1"),
        ("", "x.jsonl", "lacks the column"),
        ("nothing\n{}\n", "x.jsonl", "Line 1 of x.jsonl is not a JSON object"),
        ("image,question,answer\n\0", "samples.csv", "no usable sample|cannot be read as a table"),
        (b"\xff\xfe\x00", "samples.csv", "cannot be read as a table"),
    ],
)
def test_a_table_without_samples_is_named(tmp_path, text, name, sentence):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(EcoflapError, match=sentence) as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere", "neither a file nor a folder"),
        ("./no/where", "neither a file nor a folder"),
        ("a/b/c", "neither a file nor a folder"),
        ("empty", "holds no samples that can be read"),
        ("empty/x.txt", "holds no samples that can be read"),
        ("pipe.csv", "holds no samples that can be read"),
    ],
)
def test_a_source_that_is_none_is_refused_before_long_work(tmp_path, monkeypatch, source, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "x.txt").write_text("x")
    os.mkfifo(tmp_path / "pipe.csv")
    for refuse in (check_source, read):
        with pytest.raises(EcoflapError, match=sentence):
            refuse(source)


def test_of_several_tables_one_is_to_be_named(tmp_path):
    table(tmp_path, "image,question,answer\n0.png,q,a\n", "a.csv")
    table(tmp_path, "", "b.jsonl")
    with pytest.raises(EcoflapError, match="several files of samples: a.csv, b.jsonl"):
        read(tmp_path)
    assert read(tmp_path / "a.csv").samples[0].answer == "a"
    table(tmp_path, "image,question,answer\n1.png,q,c\n")
    assert read(tmp_path).samples[0].answer == "c"


@pytest.mark.parametrize("count", [0, -1, 250_001, 10**30])
def test_numbers_that_no_machine_holds_are_refused(count):
    with pytest.raises(EcoflapError, match=r"has to be from 1 to 250,000"):
        samples_for("demo", None, count, 0)


def test_pictures_that_no_machine_holds_are_refused(sample_folder, monkeypatch):
    monkeypatch.setattr(sets, "MOST_BYTES", 2 * 3 * 40 * 32)
    assert len(read(sample_folder, 2).samples) == 2
    with pytest.raises(EcoflapError, match="Ask for at most 2"):
        read(sample_folder, 3)


def test_scenes_that_no_machine_holds_are_not_drawn():
    with pytest.raises(EcoflapError, match="demo has pictures too large for 50,000 samples.*at most 43,690"):
        samples_for("demo", None, 50_000, 0)
