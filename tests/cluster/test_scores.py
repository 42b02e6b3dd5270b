"""Scores from two workers: those of one process, also where a worker is killed or a journal is gone on with."""

import os
import signal

import pytest

from ecoflap import store
from ecoflap.errors import Cancelled
from ecoflap.importance.settings import Settings
from ecoflap.types import Loading


@pytest.fixture
def opened(t5_folder, sample_folder):
    """A tiny BLIP-2 as the command line opens it."""
    from ecoflap.engine import Engine
    from ecoflap.models.registry import open_model

    return Engine(open_model(str(t5_folder), Loading("cpu")), str(sample_folder))


def spread(two, engine, settings):
    return two.units(engine, settings, engine.model.spec)


def here(engine, settings):
    """The scores of one process, with a cache of its own."""
    with store.apart():
        return engine.score(settings)


def same(one, other):
    """Whether two bundles say the same; when they were made is their own affair."""
    facts = [bundle.facts | {"created": ""} for bundle in (one, other)]
    return one.layers == other.layers and facts[0] == facts[1]


@pytest.mark.parametrize("method", ["zeroth-order", "joint", "local"])
def test_scores_are_those_of_one_process(two, opened, method):
    """`joint` decides its units in three rounds, each from the values of those before."""
    settings, steps = Settings(method, samples=4, batch_size=2), []
    bundle = opened.score(settings, steps.append, spread=spread(two, opened, settings))
    assert same(bundle, here(opened, settings))
    assert two.pool.lost == 0 and steps[-1].done == steps[-1].total
    asked_again = opened.score(settings, spread=None)
    assert asked_again.fingerprint == bundle.fingerprint, "it is in the cache"


def test_a_killed_worker_changes_nothing(two, opened):
    """Without room for replay, which workers have to tell."""
    settings, killed = Settings(samples=4, batch_size=2, replay_bytes=1), []

    def kill(step):
        if step.done >= 10 and not killed:  # it has others to do meanwhile
            killed.append(next(iter(two.pool.there.values())))
            os.kill(killed[0][1], signal.SIGKILL)

    bundle = opened.score(settings, kill, spread=spread(two, opened, settings))
    assert killed and two.pool.lost == 1
    assert same(bundle, here(opened, settings)) and bundle.facts["note"].startswith("2 of 2 batches")


def test_a_run_that_is_stopped_goes_on_where_it_was(two, opened):
    settings, steps = Settings(samples=4, batch_size=2), []
    with pytest.raises(Cancelled):
        opened.score(settings, lambda step: step.done < 30, spread=spread(two, opened, settings))
    bundle = opened.score(settings, steps.append, spread=spread(two, opened, settings))
    assert steps[0].done >= 30 and steps[-1].done == steps[-1].total == 2 * len(bundle.layers)
    assert same(bundle, here(opened, settings))
