"""Samples from Hugging Face datasets: saved, as parquet and arrow, streamed from a hub, and offline."""

import json
import os
import socket
import subprocess
import sys

import datasets
import pyarrow.parquet
import pytest
from PIL import Image

from ecoflap.data import hub_datasets
from ecoflap.data.registry import check_source, samples_for
from ecoflap.data.samples import Wanted, by_chance
from ecoflap.errors import EcoflapError
from tests.data.fake_datasets import serving

NAMES = ("cat", "dog", "bird")
PROGRAM = """
import json, sys
from ecoflap.data.registry import samples_for
from ecoflap.data.samples import Wanted, by_chance
from ecoflap.errors import EcoflapError
for source, count, split in json.loads(sys.argv[1]):
    try:
        found = samples_for("some/model", source, count, 0, split)
        rows = [sample.question for sample in found.samples]
        print(json.dumps([found.name, rows, found.samples[0].image.size, len(found.samples[0].references)]))
    except EcoflapError as error:
        print(json.dumps(str(error)))
"""


@pytest.fixture(autouse=True)
def own_library_cache(tmp_path, monkeypatch):
    """The library keeps what it reads; not in the cache of whoever runs the tests."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "library")
    datasets.disable_progress_bars()


def read(source, count=100, seed=0, **more):
    return samples_for("some/model", str(source), count, seed, **more)


def pictures(count=9, **columns):
    """A dataset of pictures with the given columns beside them."""
    kinds = {"label": datasets.ClassLabel(names=list(NAMES)), "answers": datasets.List(datasets.Value("string"))}
    features = {"image": datasets.Image()} | {name: kinds.get(name, datasets.Value("string")) for name in columns}
    rows = {"image": [Image.new("RGB", (8, 6), (25 * (i % 10), 0, 0)) for i in range(count)]} | columns
    return datasets.Dataset.from_dict(rows, features=datasets.Features(features))


def labelled():
    return pictures(label=[i % 3 for i in range(9)])


def asked(count=9):
    return pictures(count, question=[f"q {i}" for i in range(count)], answers=[["a"] * 7 + ["b"] * 3] * count)


def test_a_saved_dataset_gives_the_same_as_its_parquet_and_arrow_files(tmp_path):
    asked().save_to_disk(tmp_path / "saved")
    asked().to_parquet(tmp_path / "files" / "data" / "train-00000-of-00001.parquet")
    sources = [tmp_path / "saved", tmp_path / "files", next((tmp_path / "files" / "data").iterdir())]
    sources.append(next((tmp_path / "saved").glob("*.arrow")))
    found = [read(source, 4) for source in sources]
    assert len({part.fingerprint for part in found}) == 1
    assert [sample.question for sample in found[0].samples] == [f"q {i}" for i in sorted(map(int, _first(9, 4)))]
    assert {(s.answer, len(s.references)) for s in found[0].samples} == {("a", 10)}
    assert found[0].samples[0].image.mode == "RGB"


def _first(count, wanted):
    """Rows that the seed 0 chooses first."""
    return by_chance(count, Wanted(wanted, 0))[:wanted]


def test_classes_are_named_and_are_the_question_to_who_reads_one(tmp_path):
    labelled().save_to_disk(tmp_path / "saved")
    seen = read(tmp_path / "saved", asks="picture").samples
    assert [(s.question, s.answer) for s in seen] == [("", NAMES[i % 3]) for i in range(9)]
    both = read(tmp_path / "saved").samples
    assert {s.question for s in both} == {"cat, dog, bird"}


def test_a_class_with_synonyms_is_its_first_one_in_a_list(tmp_path):
    names = datasets.ClassLabel(names=["tench, Tinca tinca", "goldfish"])
    rows = {"image": [Image.new("RGB", (8, 6))] * 2, "label": [0, 1]}
    features = datasets.Features({"image": datasets.Image(), "label": names})
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(tmp_path / "saved")
    assert [s.answer for s in read(tmp_path / "saved", asks="picture").samples] == ["tench, Tinca tinca", "goldfish"]
    assert [(s.question, s.answer) for s in read(tmp_path / "saved").samples] == [
        ("tench, goldfish", "tench"),
        ("tench, goldfish", "goldfish"),
    ]


def test_captions_are_known_by_their_column(tmp_path):
    for name in ("caption", "text"):
        pictures(2, **{name: ["a cat", "a dog"]}).to_parquet(tmp_path / f"{name}.parquet")
        found = read(tmp_path / f"{name}.parquet")
        assert found.captions
        assert [(s.question, s.answer) for s in found.samples] == [("a photo of", "a cat"), ("a photo of", "a dog")]


def test_a_text_set_needs_no_picture(tmp_path):
    table = datasets.Dataset.from_dict({"text": ["it is red", "it is blue"], "label": ["warm", "cold"]})
    table.to_parquet(tmp_path / "x.parquet")
    found = read(tmp_path / "x.parquet", asks="text")
    assert [(s.image, s.question, s.answer) for s in found.samples] == [
        (None, "it is red", "warm"),
        (None, "it is blue", "cold"),
    ]
    with pytest.raises(EcoflapError, match="lacks the column image: it has text, label"):
        read(tmp_path / "x.parquet")


def test_splits_are_chosen_by_purpose_or_by_name(tmp_path):
    rows = asked()
    parts = {"train": rows.select(range(3)), "validation": rows.select(range(3, 5)), "other": rows.select([5])}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "saved")
    for split in ("train", "validation"):
        parts[split].to_parquet(tmp_path / "files" / f"{split}-00000-of-00001.parquet")
    for source in (tmp_path / "saved", tmp_path / "files"):
        assert len(read(source).samples) == 3
        assert len(read(source, split="evaluation").samples) == 2
        assert read(f"{source}@validation").name.endswith("@validation")
    assert read(f"{tmp_path / 'saved'}@other").samples[0].question == "q 5"
    with pytest.raises(EcoflapError, match="no split 'test'. Choose one of: train, validation, other"):
        read(f"{tmp_path / 'saved'}@test")
    parts["train"].save_to_disk(tmp_path / "single")
    with pytest.raises(EcoflapError, match="no split 'train'. Choose one of: it has none"):
        read(f"{tmp_path / 'single'}@train")


def test_rows_that_cannot_be_used_are_skipped(tmp_path):
    """Broken bytes, a file elsewhere, no picture, no class."""
    cells = [{"bytes": b"\x89PNG broken", "path": None}, {"bytes": None, "path": str(tmp_path / "secret.png")}, None]
    Image.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    rows = labelled().cast_column("image", datasets.Image(decode=False)).to_list()
    rows += [{"image": cell, "label": 0} for cell in cells] + [{"image": rows[0]["image"], "label": -1}]
    table = datasets.Dataset.from_list(rows, features=labelled().features).data.table
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")  # as it is: the library would pack the file elsewhere
    (tmp_path / "set").mkdir()
    (tmp_path / "x.parquet").rename(tmp_path / "set" / "x.parquet")
    found = read(tmp_path / "set", asks="picture")
    assert len(found.samples) == 9
    parts = ["'Row 9 of set' is not a picture", "outside the folder", "no image", "no answer"]
    assert [part in text for part, text in zip(parts, found.skipped)] == [True] * 4


def test_columns_that_are_not_there_are_named(tmp_path):
    pictures(2, something=["a", "b"]).save_to_disk(tmp_path / "saved")
    with pytest.raises(EcoflapError, match="saved lacks the column question, answer: it has image, something"):
        read(tmp_path / "saved")


@pytest.mark.parametrize("name", ["../other/data-00000-of-00001.arrow", "link.arrow"])
def test_a_saved_dataset_of_files_elsewhere_is_refused(tmp_path, name):
    for folder in ("saved", "other"):
        asked().save_to_disk(tmp_path / folder)
    state = tmp_path / "saved" / "state.json"
    (tmp_path / "saved" / "link.arrow").symlink_to(tmp_path / "other" / "data-00000-of-00001.arrow")
    state.write_text(json.dumps(json.loads(state.read_text()) | {"_data_files": [{"filename": name}]}))
    with pytest.raises(EcoflapError, match=r"saved names .*\.arrow, which lies outside its folder"):
        read(tmp_path / "saved")


def test_a_split_elsewhere_is_refused(tmp_path):
    asked().save_to_disk(tmp_path / "other")
    datasets.DatasetDict({"train": asked()}).save_to_disk(tmp_path / "saved")
    assert len(read(tmp_path / "saved").samples) == 9
    (tmp_path / "saved" / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "../other"]}))
    with pytest.raises(EcoflapError, match=r"other/state\.json, which lies outside its folder"):
        read(tmp_path / "saved")


def test_a_saved_dataset_nested_without_end_is_one_sentence(tmp_path):
    (tmp_path / "state.json").write_text("[" * 10**5)
    with pytest.raises(EcoflapError, match="cannot be read: it is nested too deeply. Check"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "state.json"])
def test_files_that_are_broken_are_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"PAR1 nothing else {")
    with pytest.raises(EcoflapError, match="cannot be read") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def test_without_the_library_one_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    labelled().save_to_disk(tmp_path / "saved")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(EcoflapError, match="pip install datasets"):
        read(tmp_path / "saved")


def test_a_name_offline_is_one_sentence_and_nothing_else_is_tried(monkeypatch):
    def refuse(*args, **more):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for offline, sentence in (("1", "HF_HUB_OFFLINE forbids"), ("0", "did not answer within")):
        monkeypatch.setenv("HF_HUB_OFFLINE", offline)
        with pytest.raises(EcoflapError, match=sentence):
            read("owner/things")
    assert datasets.config.HF_HUB_OFFLINE is False


def test_a_name_that_is_not_to_be_had_is_refused_before_long_work(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "library" / "owner___my_things").mkdir(parents=True)
    check_source("owner/MyThings:small@train")
    with pytest.raises(EcoflapError, match="'owner/others' is not on this machine, and HF_HUB_OFFLINE forbids"):
        check_source("owner/others:small@train")


def test_a_name_offline_is_read_from_the_librarys_own_copy(monkeypatch):
    calls = []

    def kept(name, configuration, **more):
        calls.append((name, configuration, more, datasets.config.HF_HUB_OFFLINE))
        return datasets.DatasetDict(train=asked(600))

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets, "load_dataset", kept)
    found = read("owner/things:small", 3)
    assert calls == [("owner/things", "small", {}, True)]
    assert [int(s.question[2:]) for s in found.samples] == sorted(_first(hub_datasets.WINDOW, 3))
    assert datasets.config.HF_HUB_OFFLINE is False


def test_a_name_is_streamed_and_no_more_is_fetched_than_a_window(tmp_path):
    root = tmp_path / "hub" / "data"
    rows = datasets.concatenate_datasets([asked(600), asked(50)])
    rows.to_parquet(root / "train-00000-of-00002.parquet", batch_size=100)
    asked(2000).to_parquet(root / "train-00001-of-00002.parquet", batch_size=100)
    asked(20).to_parquet(root / "validation-00000-of-00001.parquet")
    # The library takes its address from the environment when it is imported.
    more = {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    asked_for = [
        ["owner/things", 3, "calibration"],
        ["owner/things", 100, "evaluation"],
        ["owner/things@test", 3, "calibration"],
        ["owner/nothing", 3, "calibration"],
    ]
    with serving("owner/things", root.parent) as hub:
        command = [sys.executable, "-c", PROGRAM, json.dumps(asked_for)]
        environment = os.environ | more | {"HF_ENDPOINT": hub.address}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        sent = dict(hub.sent)
    assert done.returncode == 0, done.stderr
    first, second, third, fourth = map(json.loads, done.stdout.splitlines())
    assert first == ["owner/things@train", [f"q {i}" for i in sorted(_first(512, 3))], [8, 6], 10]
    assert second[:2] == ["owner/things@validation", [f"q {i}" for i in range(20)]]
    assert "no split 'test'. Choose one of: train, validation" in third
    assert "shows no dataset owner/nothing" in fourth
    assert "data/train-00001-of-00002.parquet" not in sent
