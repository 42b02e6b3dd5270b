"""Where an export may be written, and which of the source's files it takes along."""

from pathlib import Path

import pytest

from ecoflap.errors import EcoflapError
from ecoflap.export import check_new
from ecoflap.export.beside import copy_files


def test_links_that_leave_the_folder_are_not_followed(tmp_path):
    source, elsewhere = tmp_path / "m", tmp_path / "elsewhere"
    for folder in (source / "second", elsewhere):
        folder.mkdir(parents=True)
        (folder / "tokenizer.json").write_text("secret")
    (source / "config.json").write_text("{}")
    for name, place in {
        "inside.json": "second/tokenizer.json",
        "secret.json": elsewhere / "tokenizer.json",
        "loop.json": "loop.json",
        "nothing.json": "no-such-file",
        "folder": elsewhere,
        "self": ".",
        "second/self": ".",
        "second/vocab.txt": elsewhere / "tokenizer.json",
    }.items():
        (source / name).symlink_to(place)
    copy_files(source, tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")}
    assert found == {"config.json", "inside.json", "second", "second/tokenizer.json"}


def test_the_hubs_local_cache_keeps_its_files_behind_links(tmp_path):
    commit, blobs = tmp_path / "models--a--b" / "snapshots" / "c0ffee", tmp_path / "models--a--b" / "blobs"
    for folder in (commit / "second", blobs, tmp_path / "models--a--c" / "blobs"):
        folder.mkdir(parents=True)
        (folder / "1").write_text("{}")
    (commit / "config.json").symlink_to("../../blobs/1")
    (commit / "second" / "tokenizer.json").symlink_to("../../../blobs/1")
    (commit / "secret.json").symlink_to("../../../models--a--c/blobs/1")
    copy_files(commit, tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")}
    assert found == {"config.json", "second", "second/tokenizer.json"}


@pytest.mark.parametrize("out", [".", "", "link", "dangling", "../here"])
def test_the_current_folder_and_links_are_refused_at_once(out, tmp_path, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / ("there" if "link" in out else "here"))
    if out == "link":
        monkeypatch.chdir(tmp_path)
        Path("link").symlink_to("there")
    if out == "dangling":
        Path("dangling").symlink_to("nothing")
    with pytest.raises(EcoflapError, match=r"is the current folder or a link, .* Choose a new name\.$"):
        check_new(Path(out))


def test_a_new_folder_is_named_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert check_new(Path("a/../b")) == tmp_path / "b"
    assert check_new(Path("empty")) == tmp_path / "empty"
