"""The page of results: every number from the CSV files, a figure that can be parsed, and measuring what is missing."""

import csv
import re
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest

from ecoflap.comparing import Measured
from ecoflap.errors import EcoflapError
from ecoflap.results import measuring, report
from ecoflap.results.__main__ import DOCS
from ecoflap.results.measuring import BLANK, Plan, measure_all
from ecoflap.sweep import DENSE
from ecoflap.sweep_file import SweepFile
from tests.test_comparing import point

TARGETS = (0.4, 0.5, 0.6, 0.7)


def swept(gain, name="joint"):
    """A sweep of three allocators; that of `name` has `gain` more of 100 right answers than the others."""
    generator = np.random.default_rng(0)

    def marks(right):
        return generator.permutation([1.0] * right + [0.0] * (100 - right)).tolist()

    right = {0.4: 97, 0.5: 90, 0.6: 75, 0.7: 45}
    points = [point(DENSE, 0.0, 0, marks(98)), point(BLANK, 0.0, 0, marks(20))]
    for target in TARGETS:
        for seed in range(5):
            ordered = [1.0] * right[target] + [0.0] * (100 - right[target])
            more = [1.0] * min(100, right[target] + gain)
            points.append(point("uniform", target, seed, ordered))
            points.append(point("ecoflap", target, seed, ordered))
            points.append(point(name, target, seed, more + [0.0] * (100 - len(more))))
    return points


COSTS = [{"method": "joint", "seed": "0", "seconds": "40", "peak_bytes": "700000000", "block_forwards": "1000"}]

EARLIER = swept(3, "response")


def test_a_method_that_is_better_is_called_so():
    text = report.page(swept(12), COSTS, 1e5, EARLIER)
    assert "`joint` is above `uniform` at every one of them; in their mean it is above `ecoflap`." in text
    assert re.search(r"\| `joint` \| \+11\.3 \(\+\d", text) and "| `joint` | 40 | 0.70 | 1,000 |" in text
    assert (
        "Not measured yet: `response`, " in text and "`uniform`," not in text.split("Not measured yet")[1].split(".")[0]
    )
    assert "{" not in text and "98.0% of the questions, and 20.0% where the picture is blank" in text


def test_where_there_is_no_difference_it_is_said():
    text = report.page(swept(0), COSTS, 1e5, EARLIER)
    assert "not surely above `uniform` at 50%, 60%, 70%; in their mean it is above none of ECoFLaP's" in text
    assert "+0.0 (+0.0 to +0.0), no difference" in text
    assert "*At 40% and below the methods tie.* Here, `ecoflap` less `uniform`, 40%, in points: +0.0" in text


def test_methods_that_were_measured_at_some_targets_are_compared_there():
    partly = [each for each in swept(12) if each.allocator != "ecoflap" or each.target != 0.6]
    text = report.page(partly, COSTS, 1e5, EARLIER)
    assert "in the mean over 50%, 70%, with" in text and "telling" not in text
    assert "above `uniform` at every one of them; in their mean it is above none of ECoFLaP's" in text


def test_one_seed_decides_nothing():
    text = report.page([each for each in swept(12) if each.seed == 0], COSTS, 1e5, EARLIER)
    assert "not surely above `uniform` at 50%, 60%, 70%; in their mean it is above none of ECoFLaP's" in text


def test_telling_targets_leave_out_what_is_nearly_dense_or_guessing():
    points = swept(0)
    found = Measured(each for each in points if each.allocator != BLANK)
    blank = next(each for each in points if each.allocator == BLANK)
    assert report.telling(found, blank) == [0.5, 0.6, 0.7]


def test_the_figure_is_whole_and_names_every_line():
    text = report.figure(swept(5))
    root = ElementTree.fromstring(text)
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"Joint: measured together", "ECoFLaP: by importance", "Uniform: the same everywhere"} <= set(words)
    heights = [
        float(element.get("y")) for element in root.iter() if (element.text or "").startswith(("Joint", "ECo", "Uni"))
    ]
    assert min(np.diff(sorted(heights))) >= 16, "names do not touch"


def test_what_the_files_lack_is_measured_once(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "METHODS", ("first-order",))
    monkeypatch.setattr(measuring, "SAMPLES", 8)
    plan = Plan(tmp_path, tmp_path / "work", (1,), ("uniform", "ecoflap-abs"), (0.6,), 8)
    said = []
    measure_all(plan, said.append)
    points = SweepFile(tmp_path / "demo.csv").points.values()
    assert [(each.allocator, each.seed) for each in points] == [
        (BLANK, 0),
        (DENSE, 0),
        ("uniform", 1),
        ("ecoflap-abs", 1),
    ]
    row = next(csv.DictReader((tmp_path / "costs.csv").open()))
    assert row["method"] == "first-order" and float(row["seconds"]) > 0 and int(row["peak_bytes"]) > 1e8
    assert float(row["block_forwards"]) <= measuring.loop_forwards()
    before = (tmp_path / "demo.csv").read_bytes(), (tmp_path / "costs.csv").read_bytes()
    measure_all(plan, said.append)
    assert ((tmp_path / "demo.csv").read_bytes(), (tmp_path / "costs.csv").read_bytes()) == before


def test_a_command_that_fails_is_named(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(measuring, "METHODS", ("no-such-method",))
    with pytest.raises(EcoflapError, match="score --method no-such-method.*ended with code"):
        measure_all(Plan(tmp_path, tmp_path / "work", (0,)), lambda words: None)
    assert not (tmp_path / "costs.csv").exists()


def test_a_page_without_its_methods_is_refused_by_name():
    without = [each for each in swept(5) if each.allocator != "joint"]
    with pytest.raises(EcoflapError, match="needs joint measured"):
        report.page(without, COSTS, 1e5, EARLIER)


def test_the_committed_page_is_what_the_committed_files_give(tmp_path):
    shutil.copytree(DOCS / "results", tmp_path / "results")
    report.write(tmp_path, measuring.loop_forwards())
    for name in ("results.md", "results/accuracy.svg"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (DOCS / name).read_text(encoding="utf-8")


def test_a_difference_that_one_seed_decides_is_not_called_sure():
    points = [each for each in swept(0) if each.allocator != "joint"]
    for target, right in ((0.4, 97), (0.5, 90), (0.6, 75), (0.7, 45)):
        for seed in range(5):
            more = right + (10 if seed == 0 else 1)
            marks = [1.0] * min(100, more) + [0.0] * max(0, 100 - more)
            points.append(point("joint", target, seed, marks))
    text = report.page(points, COSTS, 1e5, EARLIER)
    assert "| `ecoflap` | +10.0, +1.0, +1.0, +1.0, +1.0 | -2.2 to +7.8 |" in text
    assert "in their mean it is above none of ECoFLaP's, not surely above `ecoflap`." in text
