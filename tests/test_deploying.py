"""What a host of pages reads: README.md's header, the requirements, the options that docs/deploying.md names."""

import re
from pathlib import Path

import yaml

import app

ROOT = Path(__file__).resolve().parents[1]
KINDS = {"gradio", "docker", "static"}
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def lines(name):
    """Requirements of a file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def header():
    return yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def test_the_header_is_one_that_hugging_face_spaces_takes():
    found = header()
    assert found["sdk"] in KINDS and (ROOT / found["app_file"]).is_file()
    assert {found["colorFrom"], found["colorTo"]} <= COLOURS and len(found["short_description"]) <= 60
    assert f"gradio=={found['sdk_version']}" in lines("requirements.txt")
    assert isinstance(found["python_version"], str) and isinstance(found["sdk_version"], str)


def test_the_readme_goes_on_with_its_title():
    assert (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)[2].startswith("\n# ECoFLaP explorer\n")


def test_scores_alone_need_a_part_of_what_everything_needs():
    small, whole = lines("requirements-scores.txt"), lines("requirements.txt")
    assert set(small) < set(whole)
    assert not [line for line in small if re.match("torch|transformers|safetensors|accelerate|datasets", line)]


def test_every_option_of_the_documents_is_one():
    known = {name for action in app.options()._actions for name in action.option_strings}
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("deploying.md", "api.md"))
    for line in re.findall(r"python app\.py.*", text):
        assert set(re.findall(r"--[a-z-]+", line)) <= known
    for name in ("--host", "--port", "--auth", "--share", "--root-path", "--offer", "--mcp"):
        assert name in known and name in text
