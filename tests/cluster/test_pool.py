"""Workers on a real cluster: jobs done once each, workers that die, fail or are not alike."""

import pytest

from ecoflap.cluster.pool import Pool
from ecoflap.cluster.sharing import Job
from ecoflap.cluster.worker import Place
from ecoflap.errors import EcoflapError
from tests.cluster.toys import Refusing, Stillborn, Toy


def pool(ray, make=Toy, facts=None):
    return Pool(ray, make, 2, Place(), {"num_cpus": 1}, facts)


def jobs(*whats):
    return [Job(str(what), number % 2, what) for number, what in enumerate(whats)]


@pytest.mark.parametrize("ahead", [1, 2])
def test_every_job_is_done_once_with_what_its_round_shares(ray, ahead):
    with pool(ray, facts={"model": "toy"}) as workers:
        workers.wait()
        assert len({process for _, process in workers.there.values()}) == 2
        for shared in (None, 100):
            found = {job.what: value for job, value in workers.run(jobs(*range(20)), shared, ahead)}
            assert found == {number: 2 * number + (shared or 0) for number in range(20)}
        assert [*workers.run([])] == [] and workers.lost == 0


def test_a_job_whose_worker_dies_is_done_by_another(ray, tmp_path):
    with pool(ray) as workers:
        found = {job.what: value for job, value in workers.run(jobs(1, tmp_path / "once", *range(2, 9)), 1, 2)}
        assert workers.lost == 1
    assert found == {number: 2 * number + 1 for number in range(1, 9)} | {tmp_path / "once": "again"}


def refused(ray, what, make=Toy, facts=None):
    with pool(ray, make, facts) as workers, pytest.raises(EcoflapError) as said:
        list(workers.run(jobs(1, what)))
    assert "Traceback" not in str(said.value) and "\n" not in str(said.value)
    return said.value


def test_a_job_that_ends_every_worker_is_given_up(ray):
    error = refused(ray, "die")
    assert error.code == "ray_lost" and "die was lost with its worker 3 times" in str(error)


@pytest.mark.parametrize(
    ("what", "words"),
    [("error", "draws is 0. It has to be above 0."), ("bug", "(ZeroDivisionError: by zero)")],
)
def test_what_goes_wrong_in_a_worker_is_said_here(ray, what, words):
    assert words in str(refused(ray, what))


@pytest.mark.parametrize(("make", "code"), [(Stillborn, "ray_start"), (Refusing, "model_not_found")])
def test_workers_that_cannot_begin_are_not_made_for_ever(ray, make, code):
    assert refused(ray, 2, make).code == code


def test_a_worker_that_is_not_like_the_others_is_named(ray):
    error = refused(ray, 2, facts={"model": "another"})
    assert error.code == "ray_differs" and "its model is toy, here it is another" in str(error)
