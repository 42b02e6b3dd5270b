"""LAVIS where it is not, and Hugging Face's models where transformers is too old: one sentence each."""

import pytest
import torch

from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.models import registry
from ecoflap.models.lavis import folder
from ecoflap.types import Recipe


def refused(spec):
    with pytest.raises(EcoflapError) as caught:
        registry.open_model(str(spec))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_lavis_its_models_are_refused_with_the_way_to_it(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    (tmp_path / "lavis.json").write_text("{}")
    for spec in ("lavis:blip2_t5/pretrain_flant5xl", "lavis:nonsense", tmp_path):
        said = refused(spec)
        assert "pip install -r requirements-lavis.txt" in said
        assert "Python up to 3.11" in said and "environment of its own" in said


def test_a_folder_of_lavis_is_known_by_its_file(tmp_path):
    assert registry.source_of(str(tmp_path)).module == "huggingface"
    (tmp_path / "lavis.json").write_text("{}")
    assert registry.source_of(str(tmp_path)).module == registry.source_of("lavis:a/b").module == "lavis"


@pytest.mark.parametrize("version", ["4.26.1", "none"])
def test_with_an_old_transformers_its_models_are_refused(version, monkeypatch, t5_folder):
    def found(name):
        if version == "none":
            raise registry.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(registry, "version", found)
    for spec in ("demo", t5_folder, "owner/name"):
        said = refused(spec)
        assert f"need transformers 5 or newer, and this environment has {version}." in said
        assert "pip install -r requirements.txt" in said


def test_the_embedded_models_scores_are_allocated_without_its_model(monkeypatch):
    monkeypatch.setattr(registry, "version", lambda name: "4.26.1")
    explorer = Explorer.open("demo")
    assert explorer.allocate(Recipe(0.5)).achieved == pytest.approx(0.5, abs=1e-6)
    with pytest.raises(EcoflapError, match="need transformers 5 or newer"):
        explorer.wait()
    assert "need transformers 5 or newer" in explorer.status().error


def test_weights_that_do_not_fit_on_the_disk_are_what_writing_a_folder_reports(monkeypatch, tmp_path):
    def full(*given):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 704 vs 598")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="model.pth could not be written whole"):
        folder.write(tmp_path, "blip2_t5/tiny", torch.nn.Linear(2, 2))


def test_a_mark_nested_without_end_names_no_model(tmp_path):
    (tmp_path / "lavis.json").write_text("[" * 10**5)
    with pytest.raises(EcoflapError, match=r"names no model of LAVIS \(it is nested too deeply\)"):
        folder.name_in(tmp_path)
