"""The document: what is stored and nothing else, a missing section included; the command's options."""

import json
import sys
from xml.etree import ElementTree

import pytest

from ecoflap.errors import EcoflapError
from ecoflap.validation import __main__ as command
from ecoflap.validation import report, stored, tables
from ecoflap.validation.figures import Panel, Series, figure


def point(eps):
    quantiles = {"median": 0.75, "low": 0.25, "high": 1.5}
    return {"eps": eps, "ratio": quantiles, "error": quantiles, "layers": 0.875, "blocks": 0.5}


GRADIENTS = {
    "batches": 2,
    "batch_size": 8,
    "seeds": 5,
    "eps": 0.001,
    "layers": 129,
    "blocks": 19,
    "expected": 0.79788,
    "plateau_draws": 3,
    "rows": [
        {
            "draws": 4,
            "ratio": {"median": 0.75, "low": 0.25, "high": 1.5},
            "layers": {"mean": 0.9375, "interval": [0.875, 1.0]},
            "blocks": {"mean": 0.5, "interval": [0.25, 0.75]},
        }
    ],
    "pooled": {"draws": 20, "ratio": {"median": 0.8, "low": 0.7, "high": 0.9}, "within_two_errors": 0.95},
    "plateau": {"float32": [point(1e-4), point(1e-1)], "float64": [point(1e-4), point(1e-1)]},
}
METHODS = {
    "samples": 32,
    "draws": 16,
    "shipped_draws": 112,
    "layers": 129,
    "blocks": 19,
    "pairs": [
        {"one": "a", "other": "b", "layers": 0.25, "blocks": -0.5},
        {"one": "a", "other": "c", "layers": None, "blocks": 1.0},
    ],
}


def document(section, result):
    return stored.made(section, lambda: result)


def test_a_table_has_its_columns_and_rows():
    assert tables.table("a | b", [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_rendering_shows_what_is_stored_and_says_what_is_missing():
    text = report.render({"gradients": document("gradients", GRADIENTS), "methods": document("methods", METHODS)})
    assert "| 4 | 0.75 (0.25 to 1.50) | 0.938 (0.875 to 1.000) | 0.500 (0.250 to 0.750) |" in text
    assert "40 draws of every layer: score / norm 0.80 (0.70 to 0.90); 95% of the layers" in text
    assert "| 0.0001 | 0.75 (0.25 to 1.50) | 8e-01 (2e+00) | 0.875 |" in text
    assert "| a / b | 0.25 | -0.50 |\n| a / c | - | 1.00 |" in text
    assert "Not measured yet: `python -m ecoflap.validation sequential`." in text
    assert "Not measured yet: `python -m ecoflap.validation methods`." not in text
    assert text.count("Made by `python -m ecoflap.validation ") == 2
    assert text.index("exact gradients") < text.index("Methods against") < text.index("Sequential Wanda")


def test_a_gpu_is_shown_where_there_was_one():
    found = {"apply_gb_s": 300.0, "copy_gb_s": 400.0, "share": 0.75}
    assert "moves 300 GB/s, a copy of the same weights 400 GB/s: 75%" in tables._gpu(found)
    assert "was not measured" in tables._gpu(None)


def test_writing_makes_the_page_and_its_figure(tmp_path):
    stored.write(document("gradients", GRADIENTS), tmp_path)
    report.write(tmp_path)
    assert (tmp_path / "validation.md").read_text() == report.render(stored.read(tmp_path))
    drawn = (tmp_path / "validation" / "gradients.svg").read_text()
    assert drawn == report.gradients_figure(GRADIENTS)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["gradients.json", "gradients.svg", "validation.md"]


def test_what_is_no_stored_result_is_named(tmp_path):
    path = tmp_path / "validation" / "methods.json"
    path.parent.mkdir()
    path.write_text('{"format": "something/1"}')
    with pytest.raises(EcoflapError, match=r"methods\.json has the format something/1, and ecoflap-validation/1"):
        stored.read(tmp_path)


def test_the_page_in_the_project_is_what_the_stored_results_render_to():
    found = stored.read()
    assert (stored.DOCS / "validation.md").read_text() == report.render(found)
    if "gradients" in found:
        drawn = (stored.DOCS / report.FIGURE).read_text()
        assert drawn == report.gradients_figure(found["gradients"]["result"])


def test_a_figure_is_well_formed_and_keeps_points_inside():
    line = Series("one", [(0.01, 1.0), (1.0, 50.0)], [(0.01, 0.5, 2.0), (1.0, 0.5, 60.0)])
    panel = Panel("title", "x", "y", [line], 0, 2, (0, 1, 2))
    root = ElementTree.fromstring(figure([panel], "a chart"))
    assert root.attrib["aria-label"] == "a chart"
    assert panel.down(50.0) == panel.down(2.0) < panel.down(1.0) < panel.down(0)
    assert panel.across(0.01) < panel.across(0.1) < panel.across(1.0)
    assert (panel.across(0.01) + panel.across(1.0)) / 2 == pytest.approx(panel.across(0.1))


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["validation", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        command.main()
    return stop.value.code, capsys.readouterr()


def test_one_section_is_renewed_and_the_others_stay(monkeypatch, capsys, tmp_path):
    stored.write(document("gradients", GRADIENTS), tmp_path)
    before = (tmp_path / "validation" / "gradients.json").read_bytes()

    def measure(progress):
        progress("pairs", 1, 2)
        progress("pairs", 2, 2)
        return METHODS

    monkeypatch.setitem(command.MEASURES, "methods", measure)
    code, said = run(monkeypatch, capsys, "methods", "--docs", tmp_path)
    assert code == 0 and said.out == ""
    assert "methods pairs 2/2" in said.err
    assert (tmp_path / "validation" / "gradients.json").read_bytes() == before
    renewed = json.loads((tmp_path / "validation" / "methods.json").read_text())
    assert renewed["result"] == METHODS and renewed["command"] == "python -m ecoflap.validation methods"
    assert (tmp_path / "validation.md").read_text() == report.render(stored.read(tmp_path))


def test_rendering_alone_measures_nothing(monkeypatch, capsys, tmp_path):
    for section in command.MEASURES:
        monkeypatch.setitem(command.MEASURES, section, None)
    code, _ = run(monkeypatch, capsys, "--render", "--docs", tmp_path)
    assert code == 0
    assert (tmp_path / "validation.md").read_text().count("Not measured yet") == len(stored.SECTIONS)


def test_an_unknown_section_is_named_with_the_choices(monkeypatch, capsys, tmp_path):
    code, said = run(monkeypatch, capsys, "speed", "--docs", tmp_path)
    assert code == 2
    assert "SECTION is 'speed'. Choose one of: gradients, methods, sequential, fullsize." in said.err


def test_every_section_has_its_measure_its_title_and_its_table():
    assert tuple(command.MEASURES) == tuple(report.SECTIONS) == stored.SECTIONS
