"""A sweep on two workers: the points of one process, in its order; a killed worker, going on, stopping."""

import os
import signal
from dataclasses import replace

import pytest

from ecoflap import sweep
from ecoflap.cluster import sweeping
from ecoflap.data.registry import samples_for
from ecoflap.errors import Cancelled
from ecoflap.evaluation import metric_for
from ecoflap.explorer import Explorer
from ecoflap.sweep import Sweep
from ecoflap.sweep_file import SweepFile

# Magnitude knows no seeds, so these are three points, and the dense one.
SMALL = Sweep(("uniform",), ("wanda", "magnitude"), (0.4,), (0, 1))
LARGE = replace(SMALL, targets=(0.4, 0.6))


@pytest.fixture
def asked(t5_folder, sample_folder):
    """What a sweep takes: the explorer, questions, how they are marked."""
    explorer = Explorer.open(str(t5_folder), calibration=str(sample_folder), prepare=False)
    engine = explorer.wait()
    found = samples_for(str(t5_folder), str(sample_folder), 3, 0, "evaluation", asks=engine.model.asks)
    yield explorer, found, metric_for("exact", found.samples)
    explorer.close()


def plain(points):
    return [replace(point, seconds=0.0) for point in points]


def here(asked, chosen):
    explorer, found, metric = asked
    return plain(sweep.measure(explorer, chosen, found, metric))


def spread(two, asked, chosen, file, tell=None):
    explorer, found, metric = asked
    return plain(sweeping.measure(two, explorer, chosen, found, metric, file.points, tell, file.add))


def test_points_are_those_of_one_process_in_the_same_order(two, asked, tmp_path):
    steps, path = [], tmp_path / "a.csv"
    points = spread(two, asked, LARGE, SweepFile(path), steps.append)
    assert points == here(asked, LARGE) and len(points) == 7
    assert {point.key: point for point in plain(SweepFile(path).points.values())} == {p.key: p for p in points}
    assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, 6, 6)
    assert steps[0].left != steps[0].left and steps[-1].left == 0.0


def test_a_killed_worker_changes_nothing(two, asked, tmp_path):
    killed = []

    def kill(step):
        if step.done and not killed:
            killed.append(next(iter(two.pool.there.values())))
            os.kill(killed[0][1], signal.SIGKILL)

    points = spread(two, asked, LARGE, SweepFile(tmp_path / "a.csv"), kill)
    assert killed and two.pool.lost == 1
    assert points == here(asked, LARGE)


def test_one_that_is_stopped_keeps_its_points_and_goes_on(two, asked, tmp_path):
    path = tmp_path / "a.csv"
    with pytest.raises(Cancelled):
        spread(two, asked, SMALL, SweepFile(path), lambda step: step.done < 2)
    kept = path.read_text()
    assert 2 < len(SweepFile(path).points) <= 4
    points = spread(two, asked, LARGE, SweepFile(path))
    assert points == here(asked, LARGE)
    assert path.read_text().startswith(kept) and path.read_text().count("\n") == 1 + len(points)
    two.close()
    two.pool = None
    assert spread(two, asked, LARGE, SweepFile(path)) == points and two.pool is None, "nothing is left to measure"
